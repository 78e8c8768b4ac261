//! The cart.

use crate::harness::{Buyer, Call, Goods, World, config, join_all};
use catalog_api::carts;
use catalog_api::error::Failure;
use catalog_api::state::App;
use serde_json::{Value, json};

fn form(goods: Goods, number: Value) -> Value {
    json!({ "goodsId": goods.id, "productId": goods.sku, "number": number })
}

async fn cart(world: &World, buyer: &Buyer) -> Value {
    world.ok(buyer.get("/wx/cart/index")).await
}

#[tokio::test]
async fn a_cart_is_filled_changed_and_emptied() {
    let world = World::new().await;
    let (tea, cup) = (world.goods("tea", 10).await, world.goods("cup", 10).await);
    let [lin]: [Buyer; 1] = world.buyers(1).await.try_into().unwrap();
    let count = async |call: Call| world.ok(call).await.as_i64().unwrap();
    assert_eq!(count(Call::get("/wx/cart/goodscount")).await, 0, "anonymous");

    assert_eq!(world.add_to_cart(&lin, tea, json!("2")).await.data(), 2, "as a form sends it");
    assert_eq!(world.add_to_cart(&lin, tea, json!(3)).await.data(), 5);
    assert_eq!(world.add_to_cart(&lin, cup, json!(1.9)).await.data(), 6, "a fraction is cut off");
    assert_eq!(count(lin.get("/wx/cart/goodscount")).await, 6);
    let row = world.buy_now(&lin, tea, 4).await;
    assert_eq!(world.buy_now(&lin, tea, 4).await, row, "one row for one SKU");

    let whole = cart(&world, &lin).await;
    let first = &whole["cartList"][0];
    let expected = json!({
        "id": row, "userId": lin.id, "goodsId": tea.id, "productId": tea.sku, "goodsSn": "tea",
        "goodsName": "tea", "price": 50, "number": 4, "specifications": ["one"], "checked": true,
        "picUrl": "", "deleted": false, "addTime": first["addTime"], "updateTime": first["updateTime"],
    });
    assert_eq!(*first, expected);
    assert!(first["addTime"].is_string() && first["updateTime"].is_string());
    let total =
        json!({ "goodsCount": 5, "goodsAmount": 250, "checkedGoodsCount": 5, "checkedGoodsAmount": 250 });
    assert_eq!(whole["cartTotal"], total);

    let unchecked = lin.post("/wx/cart/checked", json!({ "productIds": [tea.sku, "7"], "isChecked": 0 }));
    let whole = world.ok(unchecked).await;
    assert_eq!(whole["cartList"][0]["checked"], false);
    let total =
        json!({ "goodsCount": 5, "goodsAmount": 250, "checkedGoodsCount": 1, "checkedGoodsAmount": 50 });
    assert_eq!(whole["cartTotal"], total);
    assert_eq!(world.buy_now(&lin, tea, 3).await, row);
    assert_eq!(cart(&world, &lin).await["cartList"][0]["checked"], false, "buying now leaves the mark");
    let checked =
        lin.post("/wx/cart/checked", json!({ "productIds": [tea.sku.to_string()], "isChecked": "1" }));
    assert_eq!(world.ok(checked).await["cartList"][0]["checked"], true);

    // The whole row is posted back, as the clients do.
    let mut posted = cart(&world, &lin).await["cartList"][0].clone();
    posted["number"] = json!("7");
    let answer = world.call(lin.post("/wx/cart/update", posted)).await;
    assert_eq!(answer.data(), Value::Null);
    assert_eq!(cart(&world, &lin).await["cartList"][0]["number"], 7);
    let left = world.ok(lin.post("/wx/cart/delete", json!({ "productIds": [tea.sku] }))).await;
    assert_eq!(left["cartList"].as_array().unwrap().len(), 1);
    assert_eq!(left["cartList"][0]["goodsId"], cup.id);
    let left = world.ok(lin.post("/wx/cart/delete", json!({ "productIds": [cup.sku, cup.sku] }))).await;
    assert_eq!(left["cartList"], json!([]));
    world.finish().await;
}

#[tokio::test]
async fn what_cannot_go_into_a_cart_is_refused_in_the_order_of_the_contract() {
    let world = World::new().await;
    let (tea, cup) = (world.goods("tea", 10).await, world.goods("cup", 40_000).await);
    let off = world.goods("off", 10).await;
    sqlx::query("update goods set on_sale = false where id = ?")
        .bind(off.id)
        .execute(&world.db)
        .await
        .unwrap();
    let [lin]: [Buyer; 1] = world.buyers(1).await.try_into().unwrap();
    let row = world.buy_now(&lin, tea, 2).await;
    let refused = async |call: Call, errno: i64, member: &str| {
        let answer = world.call(call).await;
        assert_eq!(answer.errno(), errno, "{}", answer.text);
        assert!(answer.errmsg().starts_with(member), "{member}: {}", answer.text);
    };
    let long = "9".repeat(10_000);
    for path in ["/wx/cart/add", "/wx/cart/fastadd", "/wx/cart/update"] {
        let with = |member: &str, value: Value| {
            let mut form = form(tea, json!(1));
            form["id"] = json!(row);
            form[member] = value;
            form
        };
        // Types come before the log-in, what is missing after it.
        for number in
            [json!("many"), json!([]), json!({}), json!(true), json!(40_000), json!(-40_000), json!(1e30)]
        {
            refused(Call::post(path, with("number", number)), 402, "number").await;
        }
        refused(Call::post(path, with("goodsId", json!("1.5"))), 402, "goodsId").await;
        refused(Call::post(path, with("productId", json!(long))), 402, "productId").await;
        refused(Call::raw(axum::http::Method::POST, path, b"[]".to_vec()), 402, "body").await;
        refused(Call::post(path, json!({})), 501, "").await;
        refused(Call::post(path, with("number", json!(1))), 501, "").await;
        for member in ["goodsId", "productId", "number"] {
            refused(lin.post(path, with(member, Value::Null)), 401, member).await;
            refused(lin.post(path, with(member, json!(""))), 401, member).await;
        }
        for number in [0, -1] {
            refused(lin.post(path, with("number", json!(number))), 401, "number").await;
        }
    }
    for path in ["/wx/cart/add", "/wx/cart/fastadd"] {
        let one = |goods: u64, sku: u64, number: i64| {
            lin.post(path, json!({ "goodsId": goods, "productId": sku, "number": number }))
        };
        refused(one(off.id, off.sku, 1), 710, "").await;
        refused(one(999_999, tea.sku, 1), 710, "").await;
        refused(one(tea.id, 999_999, 1), 711, "").await;
        refused(one(tea.id, cup.sku, 1), 711, "").await;
        refused(one(tea.id, tea.sku, 11), 711, "").await;
        refused(lin.post(path, json!({ "goodsId": -1, "productId": i64::MAX, "number": 1 })), 710, "").await;
    }
    // The sum counts, and a row holds no more than its column.
    refused(lin.post("/wx/cart/add", form(tea, json!(9))), 711, "").await;
    assert_eq!(world.add_to_cart(&lin, cup, json!(32_767)).await.errno(), 0);
    refused(lin.post("/wx/cart/add", form(cup, json!(1))), 711, "").await;

    let update = |id: u64, goods: Goods, number: i64| {
        lin.post(
            "/wx/cart/update",
            json!({ "id": id, "goodsId": goods.id, "productId": goods.sku, "number": number }),
        )
    };
    refused(update(999_999, tea, 1), 402, "id").await;
    refused(update(row, cup, 1), 402, "goodsId").await;
    refused(update(row, Goods { id: tea.id, sku: cup.sku }, 1), 402, "productId").await;
    refused(update(row, tea, 11), 710, "").await;
    refused(lin.post("/wx/cart/update", form(tea, json!(1))), 401, "id").await;
    sqlx::query("update goods set on_sale = false where id = ?")
        .bind(tea.id)
        .execute(&world.db)
        .await
        .unwrap();
    refused(update(row, tea, 1), 710, "").await;

    for path in ["/wx/cart/checked", "/wx/cart/delete"] {
        for (ids, errno) in
            [(json!(null), 401), (json!([]), 401), (json!("1"), 402), (json!({}), 402), (json!(["x"]), 402)]
        {
            refused(lin.post(path, json!({ "productIds": ids, "isChecked": 1 })), errno, "productIds").await;
        }
        refused(Call::raw(axum::http::Method::POST, path, Vec::new()), 402, "body").await;
        refused(Call::post(path, json!({ "productIds": [1], "isChecked": 1 })), 501, "").await;
    }
    refused(lin.post("/wx/cart/checked", json!({ "productIds": [tea.sku] })), 401, "isChecked").await;
    world.finish().await;
}

#[tokio::test]
async fn nobody_reaches_the_cart_of_somebody_else() {
    let world = World::new().await;
    let tea = world.goods("tea", 10).await;
    let [lin, mei]: [Buyer; 2] = world.buyers(2).await.try_into().unwrap();
    let row = world.buy_now(&lin, tea, 2).await;
    let update = json!({ "id": row, "goodsId": tea.id, "productId": tea.sku, "number": 9 });
    assert_eq!(world.call(mei.post("/wx/cart/update", update.clone())).await.errno(), 402);
    assert_eq!(world.call(Call::post("/wx/cart/update", update)).await.errno(), 501);
    for path in ["/wx/cart/checkout", "/wx/coupon/selectlist"] {
        let of_row = format!("{path}?cartId={row}");
        assert_eq!(world.call(lin.get(&of_row)).await.errno(), 0);
        let (strange, unknown) =
            (world.call(mei.get(&of_row)).await, world.call(mei.get(&format!("{path}?cartId=999999"))).await);
        assert_eq!((strange.errno(), strange.text), (402, unknown.text), "as if it did not exist");
        assert_eq!(world.call(Call::get(&of_row)).await.errno(), 501);
    }
    for (path, body) in [
        ("/wx/cart/checked", json!({ "productIds": [tea.sku], "isChecked": 0 })),
        ("/wx/cart/delete", json!({ "productIds": [tea.sku] })),
    ] {
        assert_eq!(world.ok(mei.post(path, body)).await["cartList"], json!([]));
    }
    let whole = cart(&world, &lin).await;
    assert_eq!(
        (&whole["cartList"][0]["number"], &whole["cartList"][0]["checked"]),
        (&json!(2), &json!(true))
    );
    world.finish().await;
}

#[tokio::test]
async fn simultaneous_adds_lose_no_unit_and_make_one_row() {
    let world = World::new().await;
    let tea = world.goods("tea", 30).await;
    let [lin]: [Buyer; 1] = world.buyers(1).await.try_into().unwrap();
    let answers = join_all((0..50).map(|_| world.add_to_cart(&lin, tea, json!(1)))).await;
    let added = answers.iter().filter(|answer| answer.errno() == 0).count();
    let refused = answers.iter().filter(|answer| answer.errno() == 711).count();
    assert_eq!((added, refused), (30, 20));
    let whole = cart(&world, &lin).await;
    assert_eq!(whole["cartList"].as_array().unwrap().len(), 1);
    assert_eq!(whole["cartList"][0]["number"], 30);
    let ids = join_all((0..20).map(|_| world.buy_now(&lin, tea, 5))).await;
    assert!(ids.iter().all(|id| json!(id) == whole["cartList"][0]["id"]));
    assert_eq!(cart(&world, &lin).await["cartTotal"]["goodsCount"], 5);
    world.finish().await;
}

#[tokio::test]
async fn what_left_the_shelf_leaves_the_cart_and_edits_reach_it() {
    let world = World::new().await;
    let (tea, cup, rod) =
        (world.goods("tea", 10).await, world.goods("cup", 10).await, world.goods("rod", 10).await);
    let [lin]: [Buyer; 1] = world.buyers(1).await.try_into().unwrap();
    for goods in [tea, cup, rod] {
        world.add_to_cart(&lin, goods, json!(1)).await.data();
    }
    for (change, id) in [
        ("update goods set on_sale = false where id = ?", tea.id),
        ("update sku set deleted = true where id = ?", cup.sku),
        ("update goods set name = 'rod 2', pic_url = '/rod.png' where id = ?", rod.id),
        ("update sku set price_minor = 1234 where id = ?", rod.sku),
    ] {
        sqlx::query(change).bind(id).execute(&world.db).await.unwrap();
    }
    let mut db = world.db.acquire().await.unwrap();
    catalog_api::store::cart_write::refresh(&mut db, rod.id).await.unwrap();
    let whole = cart(&world, &lin).await;
    assert_eq!(whole["cartList"].as_array().unwrap().len(), 1);
    let row = &whole["cartList"][0];
    assert_eq!(
        (&row["goodsName"], &row["price"], &row["picUrl"]),
        (&json!("rod 2"), &json!(12.34), &json!("/rod.png"))
    );
    assert_eq!(world.number("select count(*) from cart where user_id = ?", lin.id).await, 1);
    world.finish().await;
}

#[tokio::test]
async fn an_order_takes_its_rows_out_with_an_event_and_a_second_one_finds_nothing() {
    let world = World::new().await;
    let app = App::new(config(&world)).unwrap();
    let (tea, cup) = (world.goods("tea", 10).await, world.goods("cup", 10).await);
    let [lin]: [Buyer; 1] = world.buyers(1).await.try_into().unwrap();
    world.buy_now(&lin, tea, 2).await;
    let cup_row = world.buy_now(&lin, cup, 1).await;
    let uncheck = json!({ "productIds": [cup.sku], "isChecked": 0 });
    world.ok(lin.post("/wx/cart/checked", uncheck)).await;

    // A transaction that ends otherwise changes nothing.
    let mut tx = app.db.begin().await.unwrap();
    let selection = carts::for_order(&mut tx, lin.id, 0).await.unwrap();
    carts::ordered(&mut tx, lin.id, 1, &selection).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(world.number("select count(*) from cart where user_id = ?", lin.id).await, 2);

    let order = async |cart_id: u64, order: u64| -> Result<usize, Failure> {
        let mut tx = app.db.begin().await?;
        let selection = carts::for_order(&mut tx, lin.id, cart_id).await?;
        carts::ordered(&mut tx, lin.id, order, &selection).await?;
        tx.commit().await?;
        Ok(selection.rows.len())
    };
    let outcomes = join_all((1..=8).map(|number| order(0, number))).await;
    let taken: Vec<usize> = outcomes.into_iter().filter_map(Result::ok).collect();
    assert_eq!(taken, [1], "the one checked row goes into one order");
    assert_eq!(order(cup_row, 9).await.unwrap(), 1, "checked or not");
    assert!(matches!(order(cup_row, 10).await, Err(Failure::Refused(refusal)) if refusal.errno == 402));
    let events: Vec<(u64, String)> =
        sqlx::query_as("select user_id, cast(cart_lines as char) from cart_event order by id")
            .fetch_all(&world.db)
            .await
            .unwrap();
    let lines = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].0, lin.id);
    assert_eq!(lines(&events[0].1), json!([{ "skuId": tea.sku, "goodsId": tea.id, "quantity": 2 }]));
    assert_eq!(lines(&events[1].1), json!([{ "skuId": cup.sku, "goodsId": cup.id, "quantity": 1 }]));

    world.buy_now(&lin, tea, 1).await;
    sqlx::query("update goods set on_sale = false where id = ?")
        .bind(tea.id)
        .execute(&world.db)
        .await
        .unwrap();
    assert!(matches!(order(0, 11).await, Err(Failure::Refused(refusal)) if refusal.errno == 710));
    world.finish().await;
}
