//! Creating, changing and listing sales.

use crate::harness::{Call, World, shown};
use serde_json::{Value, json};

async fn create(world: &World, token: &str, form: Value) -> crate::harness::Answer {
    world.call(Call::post("/admin/seckill/create", form).staff(token)).await
}

async fn update(world: &World, token: &str, form: Value) -> crate::harness::Answer {
    world.call(Call::post("/admin/seckill/update", form).staff(token)).await
}

#[tokio::test]
async fn arming_takes_the_units_out_of_the_sku() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let goods = world.goods("tea", 30).await;
    let mut form = world.sale_form(goods, 20);
    form["price"] = json!("9.90");
    form["payWithinMinutes"] = json!("10");
    form["unknown"] = json!({ "ignored": [1] });
    let sale = world.sale(&token, form).await;
    assert_eq!(sale["price"], json!(9.9));
    for (member, value) in [
        ("name", json!("a sale")),
        ("kind", json!("goods")),
        ("goodsId", json!(goods.id)),
        ("productId", json!(goods.sku)),
        ("stock", json!(20)),
        ("state", json!("armed")),
        ("version", json!(1)),
        ("remaining", json!(20)),
        ("sold", json!(0)),
        ("paid", json!(0)),
        ("limitPerOrder", json!(5)),
        ("tokenMultiplier", json!(5)),
        ("payWithinMinutes", json!(10)),
        ("payWithinSeconds", json!(600)),
    ] {
        assert_eq!(sale[member], value, "{member}");
    }
    assert!(sale.get("couponId").is_none());
    assert_eq!(world.sku_stock(goods).await, 10);
    let books = world.ok(Call::get(&format!("/admin/seckill/books?id={}", sale["id"])).staff(&token)).await;
    assert_eq!(
        books,
        json!({ "put_on_sale": 20, "free": 20, "unpaid": 0, "paid": 0, "returning": 0, "booked_back": 0,
            "dead": 0, "given_back": 0, "moved": 0, "orders": 0, "gap": 0 })
    );
    // Ten are left.
    assert_eq!(create(&world, &token, world.sale_form(goods, 11)).await.errno(), 680);
    assert_eq!(world.sku_stock(goods).await, 10);
    let changes: String = sqlx::query_scalar(
        "select cast(changes as char) from operation_log where action like '%create' limit 1",
    )
    .fetch_one(&world.db)
    .await
    .unwrap();
    assert!(changes.contains("\"put_on_sale\":20"), "{changes}");
    world.finish().await;
}

#[tokio::test]
async fn what_is_missing_is_401_and_what_is_wrong_is_402_with_its_name() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let (goods, other) = (world.goods("tea", 30).await, world.goods("cup", 30).await);
    for member in ["name", "goodsId", "productId", "price", "stock", "startTime", "endTime"] {
        let mut form = world.sale_form(goods, 5);
        form[member] = Value::Null;
        let answer = create(&world, &token, form).await;
        assert_eq!((answer.errno(), answer.errmsg()), (401, format!("{member} is missing")));
    }
    for (member, value) in [
        ("endTime", json!(shown(-60))),
        ("endTime", json!("tomorrow")),
        ("price", json!(-0.01)),
        ("price", json!(1.234)),
        ("price", json!("cheap")),
        ("stock", json!(0)),
        ("stock", json!(-5)),
        ("stock", json!(9_223_372_036_854_775_807_i64)),
        ("limitPerOrder", json!(6)),
        ("limitPerOrder", json!(0)),
        ("productId", json!(other.sku)),
        ("productId", json!(999_999)),
        ("kind", json!("slot")),
        ("kind", json!("coupon")),
    ] {
        let mut form = world.sale_form(goods, 5);
        form[member] = value;
        let answer = create(&world, &token, form).await;
        assert_eq!(answer.errno(), 402, "{member}");
        assert!(answer.errmsg().starts_with(member), "{} names {member}", answer.errmsg());
    }
    sqlx::query("update goods set on_sale = false where id = ?")
        .bind(goods.id)
        .execute(&world.db)
        .await
        .unwrap();
    let answer = create(&world, &token, world.sale_form(goods, 5)).await;
    assert_eq!(answer.errno(), 402);
    assert!(answer.errmsg().starts_with("productId"));
    let body = Call::raw(axum::http::Method::POST, "/admin/seckill/create", b"[]".to_vec()).staff(&token);
    assert_eq!(world.call(body).await.errno(), 402);
    let sales = world.ok(Call::get("/admin/seckill/list").staff(&token)).await;
    assert_eq!(sales["total"], 0);
    assert_eq!((world.sku_stock(goods).await, world.sku_stock(other).await), (30, 30));
}

#[tokio::test]
async fn coupons_have_calls_of_their_own() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let coupon = world.coupon(3, 60).await;
    let form = |coupon: u64| {
        json!({ "name": "coupons", "couponId": coupon, "price": 0, "stock": 50, "startTime": shown(0),
            "endTime": shown(60) })
    };
    let create =
        async |form| world.call(Call::post("/admin/coupon-seckill/create", form).staff(&token)).await;
    let sale = create(form(coupon)).await.data();
    assert_eq!(
        (&sale["kind"], &sale["couponId"], &sale["price"]),
        (&json!("coupon"), &json!(coupon), &json!(0))
    );
    assert_eq!(world.number("select cast(stock as signed) from coupon where id = ?", coupon).await, 10);
    assert_eq!(create(form(coupon)).await.errno(), 680);
    assert_eq!(create(form(world.coupon(0, 60).await)).await.errno(), 684);
    assert_eq!(create(form(999_999)).await.errno(), 402);
    assert_eq!(
        create(json!({ "name": "x", "price": 0, "stock": 1, "startTime": shown(0), "endTime": shown(9) }))
            .await
            .errno(),
        401
    );
    let (expired, withdrawn) = (world.coupon(3, 60).await, world.coupon(3, 60).await);
    sqlx::query("update coupon set time_kind = 1, ends_at = date_sub(now(3), interval 1 day) where id = ?")
        .bind(expired)
        .execute(&world.db)
        .await
        .unwrap();
    sqlx::query("update coupon set status = 2 where id = ?")
        .bind(withdrawn)
        .execute(&world.db)
        .await
        .unwrap();
    assert_eq!(create(form(expired)).await.errno(), 684);
    assert_eq!(create(form(withdrawn)).await.errno(), 684);

    // Each group changes its own; the wider one shows both.
    let id = &sale["id"];
    let close = json!({ "id": id });
    assert_eq!(
        world.call(Call::post("/admin/seckill/close", close.clone()).staff(&token)).await.errno(),
        402
    );
    let goods = world.goods("tea", 5).await;
    let other = world.sale(&token, world.sale_form(goods, 5)).await;
    let read = Call::get(&format!("/admin/coupon-seckill/read?id={}", other["id"])).staff(&token);
    assert_eq!(world.call(read).await.errno(), 402);
    let total = async |path: &str| world.ok(Call::get(path).staff(&token)).await["total"].take();
    assert_eq!(total("/admin/seckill/list").await, 2);
    assert_eq!(total("/admin/coupon-seckill/list").await, 1);
    assert_eq!(world.call(Call::post("/admin/coupon-seckill/close", close).staff(&token)).await.errno(), 0);
    world.finish().await;
}

#[tokio::test]
async fn tickets_can_be_put_on_sale_too() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let session = sqlx::query(
        "insert into fishing_session (name, held_on, starts_at, ends_at) \
         values ('pond', date_add(curdate(), interval 3 day), '06:00', '11:00')",
    )
    .execute(&world.db)
    .await
    .unwrap()
    .last_insert_id();
    let ticket = sqlx::query(
        "insert into ticket_type (fishing_session_id, name, price_minor, stock) values (?, 'seat', 6800, 8)",
    )
    .bind(session)
    .execute(&world.db)
    .await
    .unwrap()
    .last_insert_id();
    let form = json!({ "name": "seats", "kind": "ticket", "ticketTypeId": ticket, "price": 20, "stock": 8,
        "startTime": shown(0), "endTime": shown(60) });
    let sale = world.sale(&token, form.clone()).await;
    assert_eq!((&sale["kind"], &sale["ticketTypeId"]), (&json!("ticket"), &json!(ticket)));
    assert_eq!(create(&world, &token, form).await.errno(), 680);
    assert_eq!(world.number("select cast(stock as signed) from ticket_type where id = ?", ticket).await, 0);
    world.finish().await;
}

#[tokio::test]
async fn a_change_is_versioned_and_a_row_that_is_posted_back_changes_nothing() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let goods = world.goods("tea", 30).await;
    let sale = world.sale(&token, world.sale_form(goods, 20)).await;
    let same = update(&world, &token, sale.clone()).await.data();
    assert_eq!(same["version"], 1);
    let mut edited = sale.clone();
    edited["price"] = json!("12.34");
    edited["name"] = json!("dearer");
    let after = update(&world, &token, edited.clone()).await.data();
    assert_eq!(
        (&after["version"], &after["price"], &after["name"]),
        (&json!(2), &json!(12.34), &json!("dearer"))
    );
    assert_eq!(after["startTime"], sale["startTime"]);
    // The first version is old now.
    assert_eq!(update(&world, &token, edited).await.errno(), 504);
    assert_eq!(update(&world, &token, json!({ "id": sale["id"] })).await.errno(), 401);
    assert_eq!(update(&world, &token, json!({ "id": 999_999, "version": 1 })).await.errno(), 402);
    let (id, version) = (&sale["id"], 2);
    for (member, value) in [
        ("endTime", json!(shown(-100))),
        ("price", json!(-1)),
        ("limitPerOrder", json!(6)),
        ("name", json!("")),
        ("stockDelta", json!("2.5")),
    ] {
        let answer = update(&world, &token, json!({ "id": id, "version": version, member: value })).await;
        assert_eq!(answer.errno(), 402, "{member}");
        assert!(answer.errmsg().starts_with(member), "{}", answer.errmsg());
    }
    world.finish().await;
}

#[tokio::test]
async fn while_a_sale_is_open_only_price_window_and_units_change_and_later_nothing() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let goods = world.goods("tea", 30).await;
    let sale = world.sale(&token, world.sale_form(goods, 20)).await;
    let id = sale["id"].as_u64().unwrap();
    world.engine_moves(id, "open").await;
    for (member, value) in [
        ("name", json!("x")),
        ("picUrl", json!("x")),
        ("limitPerUser", json!(9)),
        ("cooldownSeconds", json!(9)),
        ("payWithinMinutes", json!(9)),
        ("minUserLevel", json!(1)),
        ("tokenMultiplier", json!(9)),
    ] {
        let answer = update(&world, &token, json!({ "id": id, "version": 1, member: value })).await;
        assert_eq!(answer.errno(), 681, "{member}");
        assert!(answer.errmsg().starts_with(member), "{}", answer.errmsg());
    }
    let price = json!({ "id": id, "version": 1, "price": 8, "endTime": shown(7200) });
    assert_eq!(update(&world, &token, price).await.data()["version"], 2);
    world.engine_moves(id, "closing").await;
    let answer = update(&world, &token, json!({ "id": id, "version": 2, "stockDelta": 1 })).await;
    assert_eq!((answer.errno(), answer.errmsg().starts_with("stockDelta")), (681, true));
    world.finish().await;
}

#[tokio::test]
async fn units_are_asked_for_and_never_taken_twice() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let goods = world.goods("tea", 30).await;
    let sale = world.sale(&token, world.sale_form(goods, 20)).await;
    let id = sale["id"].as_u64().unwrap();
    let delta = |version: u32, delta: i64| json!({ "id": id, "version": version, "stockDelta": delta });
    assert_eq!(update(&world, &token, delta(1, 11)).await.errno(), 680);
    assert_eq!(update(&world, &token, delta(1, 10)).await.data()["version"], 2);
    assert_eq!(world.sku_stock(goods).await, 0);
    // The engine has not booked it: the sale is as it was.
    assert_eq!(world.number("select free from flash_sale where id = ?", id).await, 20);
    assert_eq!(update(&world, &token, delta(2, -21)).await.errno(), 682);
    assert_eq!(update(&world, &token, delta(2, -15)).await.errno(), 0);
    assert_eq!(update(&world, &token, delta(3, -6)).await.errno(), 682, "15 of the 20 are spoken for");
    assert_eq!(update(&world, &token, delta(3, -5)).await.errno(), 0);
    let rows: Vec<(i64, u8, String)> =
        sqlx::query_as("select delta, state, asked_by from stock_change order by id")
            .fetch_all(&world.db)
            .await
            .unwrap();
    let root = || "root".to_owned();
    assert_eq!(rows, [(10, 0, root()), (-15, 0, root()), (-5, 0, root())]);

    // Two at once: one has an old version.
    let sale = world.sale(&token, world.sale_form(world.goods("cup", 20).await, 10)).await;
    let edit = json!({ "id": sale["id"], "version": 1, "stockDelta": 10 });
    let (first, second) = tokio::join!(update(&world, &token, edit.clone()), update(&world, &token, edit));
    let mut answers = [first.errno(), second.errno()];
    answers.sort_unstable();
    assert_eq!(answers, [0, 504]);
    world.finish().await;
}

#[tokio::test]
async fn lists_are_narrowed_sorted_and_paged() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let (tea, cup) = (world.goods("tea", 30).await, world.goods("cup", 30).await);
    for (name, goods, from) in [("100% tea", tea, 0), ("Tea_cup", cup, 3600), ("lamp", cup, 7200)] {
        let mut form = world.sale_form(goods, 1);
        form["name"] = json!(name);
        form["startTime"] = json!(shown(from));
        form["endTime"] = json!(shown(from + 600));
        world.sale(&token, form).await;
    }
    let names = async |query: &str| {
        let data = world
            .ok(Call::get(&format!("/admin/seckill/list?sort=id&order=asc&{query}")).staff(&token))
            .await;
        let names =
            data["list"].as_array().unwrap().iter().map(|sale| sale["name"].as_str().unwrap().to_owned());
        (names.collect::<Vec<_>>(), data["total"].as_i64().unwrap())
    };
    assert_eq!(names("").await.1, 3);
    assert_eq!(names("name=TEA").await.0, ["100% tea", "Tea_cup"]);
    assert_eq!(names("name=%25").await.0, ["100% tea"]);
    assert_eq!(names("name=_").await.0, ["Tea_cup"]);
    assert_eq!(names(&format!("goodsId={}&state=armed&kind=goods", cup.id)).await.0, ["Tea_cup", "lamp"]);
    assert_eq!(names("state=open&kind=&name=").await.0, Vec::<String>::new());
    let space = |seconds| shown(seconds).replace(' ', "%20");
    assert_eq!(names(&format!("start={}&end={}", space(700), space(5000))).await.0, ["Tea_cup"]);
    assert_eq!(names("limit=2&page=2").await, (vec!["lamp".to_owned()], 3));
    assert_eq!(names("limit=0").await.0.len(), 3);
    for query in ["state=closed", "kind=x", "goodsId=x", "start=x", "sort=name", "limit=x"] {
        let answer = world.call(Call::get(&format!("/admin/seckill/list?{query}")).staff(&token)).await;
        assert_eq!(answer.errno(), 402, "{query}");
    }
    world.finish().await;
}
