//! The goods editor.

use crate::harness::{Call, World, join_all};
use serde_json::{Value, json};

fn new_goods(name: &str) -> Value {
    json!({
        "goods": {
            "goodsSn": format!("sn-{name}"), "name": name, "counterPrice": "99.90", "isNew": true, "isHot": 0,
            "isOnSale": true, "picUrl": "/wx/art/cup-1.png", "gallery": ["/wx/art/cup-2.png"], "unit": "件",
            "keywords": "cup,茶", "categoryId": 0, "brandId": "", "brief": "fired twice 🍵",
            "detail": "<p>good<script>alert(1)</script></p>", "retailPrice": 1, "id": 55, "deleted": true
        },
        "specifications": [
            { "specification": "glaze", "value": "green", "picUrl": "" },
            { "specification": "glaze", "value": "white", "picUrl": "" }
        ],
        "products": [
            { "id": 0, "specifications": ["green"], "price": "38.00", "number": "10", "url": "" },
            { "id": 1, "specifications": ["white"], "price": 36.5, "number": 20, "url": "/wx/art/cup-3.png" }
        ],
        "attributes": [{ "attribute": "made in", "value": "龙泉" }]
    })
}

async fn make(world: &World, token: &str, name: &str) -> Value {
    let created = world.call(Call::post("/admin/goods/create", new_goods(name)).staff(token)).await;
    assert_eq!(created.errno(), 0, "{}", created.text);
    let id: u64 = sqlx::query_scalar("select id from goods where name = ? and deleted = false")
        .bind(name)
        .fetch_one(&world.db)
        .await
        .unwrap();
    detail(world, token, id).await
}

async fn detail(world: &World, token: &str, id: u64) -> Value {
    world.ok(Call::get(&format!("/admin/goods/detail?id={id}")).staff(token)).await
}

#[tokio::test]
async fn goods_with_two_skus_are_put_on_the_shelf() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let made = make(&world, &token, "cup").await;
    let goods = &made["goods"];
    assert_eq!(goods["retailPrice"], json!(36.5), "the lowest price of the SKUs");
    assert_eq!(goods["counterPrice"], json!(99.9));
    assert_eq!((&goods["isNew"], &goods["isHot"]), (&json!(true), &json!(false)));
    assert_eq!((&goods["deleted"], &goods["version"]), (&json!(false), &json!(0)));
    assert_eq!(goods["detail"], "<p>good</p>");
    assert_eq!(goods["gallery"], json!(["/wx/art/cup-2.png"]));
    assert_ne!(goods["id"], 55);
    assert_eq!(made["products"].as_array().unwrap().len(), 2);
    assert_eq!(made["products"][1]["specifications"], json!(["white"]));
    assert_eq!(
        (&made["products"][0]["number"], &made["products"][0]["numberAsRead"]),
        (&json!(10), &json!(10))
    );
    assert_eq!(made["specifications"][1]["value"], "white");
    assert_eq!(made["attributes"][0]["attribute"], "made in");
    assert_eq!(made["categoryIds"], json!([]));
    let id = goods["id"].as_u64().unwrap();
    let shop = world.ok(Call::get(&format!("/wx/goods/detail?id={id}"))).await;
    assert_eq!(shop["info"]["name"], "cup");
    assert!(shop["productList"][0].get("numberAsRead").is_none(), "the editor's member is for staff");
    assert_eq!(world.call(Call::get("/admin/goods/detail?id=99999").staff(&token)).await.errno(), 402);

    let again = world.call(Call::post("/admin/goods/create", new_goods("cup")).staff(&token)).await;
    assert_eq!(again.errno(), 611);
    // A name stays taken while its goods are off the shelf.
    sqlx::query("update goods set on_sale = false").execute(&world.db).await.unwrap();
    let again = world.call(Call::post("/admin/goods/create", new_goods("cup")).staff(&token)).await;
    assert_eq!(again.errno(), 611);
    assert_eq!(
        world.ok(Call::get("/admin/goods/list?goodsSn=sn-cup").staff(&token)).await["total"],
        1,
        "nothing was left of the refused ones"
    );
    for table in ["sku", "goods_specification", "goods_attribute"] {
        let count = format!("select count(*) from {table} where goods_id <> {id}");
        let rest: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(count)).fetch_one(&world.db).await.unwrap();
        assert_eq!(rest, 0, "{table}");
    }
}

#[tokio::test]
async fn what_the_editor_sends_is_checked_member_by_member() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let refused = async |change: &dyn Fn(&mut Value), errno: i64, what: &str| {
        let mut body = new_goods("cup");
        change(&mut body);
        let answer = world.call(Call::post("/admin/goods/create", body).staff(&token)).await;
        assert_eq!(answer.errno(), errno, "{what}: {}", answer.text);
    };
    for member in ["goods", "specifications", "products", "attributes"] {
        refused(&|body| body[member] = Value::Null, 401, member).await;
        refused(&|body| body[member] = json!("x"), 402, member).await;
    }
    refused(&|body| body["goods"]["name"] = json!(""), 401, "no name").await;
    refused(&|body| body["goods"]["goodsSn"] = json!(""), 401, "no number").await;
    refused(&|body| body["goods"]["name"] = json!("x".repeat(128)), 402, "long name").await;
    refused(&|body| body["goods"]["brief"] = json!("x".repeat(10_240)), 402, "ten kilobytes").await;
    refused(&|body| body["goods"]["brandId"] = json!(9_999), 402, "unknown brand").await;
    refused(&|body| body["goods"]["categoryId"] = json!(9_999), 402, "unknown category").await;
    refused(&|body| body["goods"]["categoryId"] = json!(-1), 402, "negative category").await;
    refused(&|body| body["goods"]["picUrl"] = json!("javascript:alert(1)"), 402, "address that runs").await;
    refused(&|body| body["goods"]["gallery"] = json!(["data:text/html,x"]), 402, "gallery").await;
    refused(&|body| body["goods"]["gallery"] = json!("x"), 402, "gallery no list").await;
    refused(&|body| body["goods"]["counterPrice"] = json!(-1), 402, "negative price").await;
    refused(&|body| body["products"] = json!([]), 402, "no SKU").await;
    refused(&|body| body["products"][0]["number"] = json!(-1), 401, "negative stock").await;
    refused(&|body| body["products"][0]["number"] = Value::Null, 401, "no stock").await;
    refused(&|body| body["products"][0]["number"] = json!(3_000_000_000_u64), 402, "too much stock").await;
    refused(&|body| body["products"][0]["price"] = json!(""), 401, "no price").await;
    refused(&|body| body["products"][0]["price"] = json!("1e3"), 402, "odd price").await;
    refused(&|body| body["products"][0]["specifications"] = json!([]), 401, "no values").await;
    refused(&|body| body["products"][0]["specifications"] = json!("green"), 402, "values no list").await;
    refused(&|body| body["attributes"][0]["value"] = json!(""), 401, "attribute").await;
    refused(&|body| body["specifications"][0]["specification"] = Value::Null, 401, "specification").await;
    refused(&|body| body["products"] = json!(vec![body["products"][0].clone(); 201]), 402, "too many").await;
    let none: i64 = sqlx::query_scalar("select count(*) from goods").fetch_one(&world.db).await.unwrap();
    assert_eq!(none, 0);
}

#[tokio::test]
async fn an_edit_touches_what_was_edited_and_refreshes_carts() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let shopper = world.shopper("lin", "").await;
    let mut body = make(&world, &token, "cup").await;
    let id = body["goods"]["id"].as_u64().unwrap();
    let sku = body["products"][0]["id"].as_u64().unwrap();
    sqlx::query(
        "insert into cart (user_id, goods_id, sku_id, goods_sn, goods_name, price_minor, quantity, specifications) \
         values (?, ?, ?, 'old', 'old', 1, 2, '[\"green\"]')",
    )
    .bind(shopper)
    .bind(id)
    .bind(sku)
    .execute(&world.db)
    .await
    .unwrap();
    // As the stock client does it: edited rows have no time of change.
    body["goods"]["name"] = json!("big cup");
    body["goods"]["brandId"] = Value::Null;
    body["goods"]["shareUrl"] = json!("https://evil.example");
    body["products"][0]["price"] = json!("12.00");
    body["products"][0]["updateTime"] = json!("");
    body["products"][1]["price"] = json!("1.00");
    body["specifications"][0]["picUrl"] = json!("/wx/art/cup-9.png");
    body["specifications"][0]["value"] = json!("renamed");
    body["specifications"][0]["updateTime"] = json!("");
    body["attributes"][0]["value"] = json!("景德镇");
    body["attributes"][0]["updateTime"] = json!("");
    body["attributes"].as_array_mut().unwrap().push(json!({ "attribute": "new", "value": "one" }));
    world.ok(Call::post("/admin/goods/update", body.clone()).staff(&token)).await;

    let after = detail(&world, &token, id).await;
    assert_eq!(after["goods"]["name"], "big cup");
    assert_eq!((&after["goods"]["version"], &after["goods"]["shareUrl"]), (&json!(1), &json!("")));
    assert_eq!(after["goods"]["retailPrice"], 12, "the price range follows");
    assert_eq!(after["products"][0]["price"], 12);
    assert_eq!(after["products"][1]["price"], json!(36.5), "a row with its time of change was not edited");
    assert_eq!(after["specifications"][0]["picUrl"], "/wx/art/cup-9.png");
    assert_eq!(after["specifications"][0]["value"], "green", "SKUs are chosen by it");
    assert_eq!(after["attributes"][0]["value"], "景德镇");
    assert_eq!(after["attributes"][1]["attribute"], "new");
    let (name, price): (String, i64) =
        sqlx::query_as("select goods_name, price_minor from cart").fetch_one(&world.db).await.unwrap();
    assert_eq!((name.as_str(), price), ("big cup", 1_200));

    let mut body = after.clone();
    body["attributes"][0]["deleted"] = json!(true);
    world.ok(Call::post("/admin/goods/update", body.clone()).staff(&token)).await;
    let after = detail(&world, &token, id).await;
    assert_eq!(after["attributes"].as_array().unwrap().len(), 1);
    // Rows of other goods cannot be reached.
    let other = make(&world, &token, "bowl").await;
    for part in ["products", "specifications"] {
        let mut body = after.clone();
        body[part] = json!([other[part][0].clone()]);
        body[part][0]["updateTime"] = json!("");
        assert_eq!(
            world.call(Call::post("/admin/goods/update", body).staff(&token)).await.errno(),
            402,
            "{part}"
        );
    }
    let mut body = after.clone();
    body["goods"]["name"] = json!("bowl");
    assert_eq!(world.call(Call::post("/admin/goods/update", body).staff(&token)).await.errno(), 611);
    let mut body = after;
    body["goods"]["id"] = json!(99_999);
    assert_eq!(world.call(Call::post("/admin/goods/update", body).staff(&token)).await.errno(), 402);
}

#[tokio::test]
async fn of_twenty_who_save_at_once_one_wins_and_the_others_are_told() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let body = make(&world, &token, "cup").await;
    let id = body["goods"]["id"].as_u64().unwrap();
    let saves = (0..20).map(|number| {
        let mut body = body.clone();
        body["goods"]["brief"] = json!(format!("by {number}"));
        world.call(Call::post("/admin/goods/update", body).staff(&token))
    });
    let answers: Vec<i64> = join_all(saves).await.iter().map(|answer| answer.errno()).collect();
    assert_eq!(answers.iter().filter(|errno| **errno == 0).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|errno| **errno == 504).count(), 19, "{answers:?}");
    assert_eq!(detail(&world, &token, id).await["goods"]["version"], 1);
    // A client that does not send the version back is told apart by the time it read.
    let mut old = body;
    old["goods"].as_object_mut().unwrap().remove("version");
    old["goods"]["updateTime"] = json!("2020-01-01 00:00:00");
    let refused = world.call(Call::post("/admin/goods/update", old).staff(&token)).await;
    assert_eq!(refused.errno(), 504);
}

#[tokio::test]
async fn units_that_are_sold_while_goods_are_edited_stay_sold() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let read = make(&world, &token, "cup").await;
    let id = read["goods"]["id"].as_u64().unwrap();
    let sku = read["products"][0]["id"].as_u64().unwrap();
    let sell = async |units: i64| {
        sqlx::query("update sku set stock = stock - ? where id = ? and stock >= ?")
            .bind(units)
            .bind(sku)
            .bind(units)
            .execute(&world.db)
            .await
            .unwrap();
    };
    let save = async |read: &Value, number: i64| {
        let mut body = read.clone();
        body["products"][0]["number"] = json!(number);
        body["products"][0]["updateTime"] = json!("");
        world.call(Call::post("/admin/goods/update", body).staff(&token)).await.errno()
    };
    // Ten were shown; three are bought; five are added.
    sell(3).await;
    assert_eq!(save(&read, 15).await, 0);
    let read = detail(&world, &token, id).await;
    assert_eq!(read["products"][0]["number"], 12);
    // Taking away more than is left is refused and changes nothing.
    sell(10).await;
    assert_eq!(save(&read, 0).await, 504);
    assert_eq!(detail(&world, &token, id).await["products"][0]["number"], 2);
    // Twenty purchases of one unit beside edits of the price: none is lost.
    let read = detail(&world, &token, id).await;
    assert_eq!(save(&read, 102).await, 0);
    let read = detail(&world, &token, id).await;
    let edits = async { save(&read, read["products"][0]["number"].as_i64().unwrap()).await };
    let (_, errno) = tokio::join!(join_all((0..20).map(|_| sell(1))), edits);
    assert_eq!(errno, 0);
    assert_eq!(detail(&world, &token, id).await["products"][0]["number"], 82);
}

#[tokio::test]
async fn deleted_goods_are_gone_with_all_that_belongs_to_them() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let made = make(&world, &token, "cup").await;
    let id = made["goods"]["id"].as_u64().unwrap();
    assert_eq!(world.ok(Call::get("/wx/goods/count")).await, 1);
    assert_eq!(world.call(Call::post("/admin/goods/delete", json!({})).staff(&token)).await.errno(), 401);
    for _ in 0..2 {
        world.ok(Call::post("/admin/goods/delete", made["goods"].clone()).staff(&token)).await;
    }
    assert_eq!(world.ok(Call::get("/wx/goods/count")).await, 0, "the caches know at once");
    assert_eq!(world.call(Call::get(&format!("/wx/goods/detail?id={id}"))).await.errno(), 402);
    let live: i64 = sqlx::query_scalar("select count(*) from sku where deleted = false")
        .fetch_one(&world.db)
        .await
        .unwrap();
    assert_eq!(live, 0);
    make(&world, &token, "cup").await;
}

#[tokio::test]
async fn goods_are_exported_whole_and_without_formulas() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    sqlx::query(
        "insert into goods (goods_sn, name, gallery, detail, brief, retail_price_minor) \
         select concat('sn', seq), concat('goods ', seq), '[]', '', '=1+1', 1250 from seq_1_to_1203",
    )
    .execute(&world.db)
    .await
    .unwrap();
    sqlx::query("update goods set name = '@SUM(\"a\")' where goods_sn = 'sn7'")
        .execute(&world.db)
        .await
        .unwrap();
    let answer = world.call(Call::get("/admin/goods/list?export=csv").staff(&token)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
    assert!(answer.headers["content-disposition"].to_str().unwrap().contains("goods.csv"));
    let lines: Vec<&str> = answer.text.trim_end().split("\r\n").collect();
    assert_eq!(lines.len(), 1_204, "a head and every row");
    assert!(lines[0].starts_with("\u{feff}\"id\",\"goodsSn\""), "{}", lines[0]);
    assert!(lines[7].contains("\"'@SUM(\"\"a\"\")\"") && lines[7].contains("\"'=1+1\""), "{}", lines[7]);
    assert!(lines[7].contains(",12.50,"), "{}", lines[7]);
    let narrowed = world.call(Call::get("/admin/goods/list?export=csv&goodsSn=sn9").staff(&token)).await;
    assert_eq!(narrowed.text.trim_end().split("\r\n").count(), 2);
    assert_eq!(world.call(Call::get("/admin/goods/list?export=xls").staff(&token)).await.errno(), 402);
    let whole = world.ok(Call::get("/admin/goods/list?limit=0").staff(&token)).await;
    assert_eq!(whole["list"].as_array().unwrap().len(), 1_203, "the coupon page asks for all");
    let choices = world.ok(Call::get("/admin/goods/catAndBrand").staff(&token)).await;
    assert_eq!(choices, json!({ "categoryList": [], "brandList": [] }));
}
