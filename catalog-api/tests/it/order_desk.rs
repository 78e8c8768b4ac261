//! Orders as staff work with them: list, filters, file, detail, edit, shipping.

use crate::harness::{Answer, Bought, Call, Goods, Person, World, shown};
use serde_json::{Value, json};

struct Desk {
    world: World,
    staff: String,
    lin: Person,
    tea: Goods,
}

async fn desk() -> Desk {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let tea = world.goods("tea", 100).await;
    let lin = world.person("lin").await;
    Desk { world, staff, lin, tea }
}

impl Desk {
    async fn get(&self, path: &str) -> Answer {
        self.world.call(Call::get(&format!("/admin/order/{path}")).staff(&self.staff)).await
    }

    async fn post(&self, what: &str, form: Value) -> Answer {
        self.world.call(Call::post(&format!("/admin/order/{what}"), form).staff(&self.staff)).await
    }

    async fn row(&self, order: &Bought) -> Value {
        self.get(&format!("detail?id={}", order.id)).await.data()["order"].take()
    }
}

#[tokio::test]
async fn the_list_is_narrowed_by_what_the_page_sends() {
    let desk = desk().await;
    let mei = desk.world.person("100%_mei").await;
    let mut orders = Vec::new();
    for (owner, state) in [(desk.lin.id, 101), (desk.lin.id, 201), (mei.id, 301), (mei.id, 401)] {
        orders.push(desk.world.ordinary(owner, desk.tea, 2, state).await);
    }
    let total =
        async |query: &str| desk.get(&format!("list?{query}")).await.data()["total"].as_i64().unwrap();
    let whole =
        "page=1&limit=20&nickname=&consignee=&orderSn=&start=&end=&timeArray=&sort=add_time&order=desc";
    assert_eq!(total(whole).await, 4, "as the page sends it");
    assert_eq!(total("orderStatusArray=101&orderStatusArray=201").await, 2);
    assert_eq!(total("orderStatusArray=101,301,401").await, 3);
    assert_eq!(total("nickname=MEI").await, 2, "letter case does not count");
    assert_eq!(total("nickname=%25_").await, 2, "and % and _ are themselves");
    assert_eq!(total("nickname=%25%25").await, 0);
    assert_eq!(total("consignee=a").await, 4);
    assert_eq!(total(&format!("orderSn={}", orders[2].sn)).await, 1);
    let time = |seconds| shown(seconds).replace(' ', "%20");
    assert_eq!(total(&format!("start={}&end={}", time(-60), time(60))).await, 4);
    assert_eq!(total(&format!("start={}", time(60))).await, 0);
    assert_eq!(total(&format!("end={}", time(-60))).await, 0);
    for wrong in [
        "orderStatusArray=x",
        "start=yesterday",
        "sort=price",
        "order=up",
        "limit=10001",
        "page=x",
        "export=pdf",
    ] {
        assert_eq!(desk.get(&format!("list?{wrong}")).await.errno(), 402, "{wrong}");
    }
    assert_eq!(desk.get(&format!("list?consignee={}", "x".repeat(10_000))).await.errno(), 402);

    let page = desk.get("list?limit=3&sort=id&order=asc&page=9").await.data();
    assert_eq!(
        (&page["pages"], &page["page"], page["list"].as_array().unwrap().len()),
        (&json!(2), &json!(2), 1)
    );
    let row = &desk.get("list?sort=id&order=asc").await.data()["list"][3];
    assert_eq!(
        (&row["orderStatus"], &row["userName"], &row["userId"]),
        (&json!(401), &json!("100%_mei"), &json!(mei.id))
    );
    assert_eq!((&row["actualPrice"], &row["freightPrice"]), (&json!(108), &json!(8)));
    assert_eq!((&row["shipChannel"], &row["shipSn"]), (&json!("ZTO"), &json!("773")));
    let line = &row["goodsVoList"][0];
    assert_eq!(
        (&line["number"], &line["price"], &line["specifications"]),
        (&json!(2), &json!(50), &json!(["one"]))
    );
    desk.world.finish().await;
}

#[tokio::test]
async fn the_file_has_every_row_that_matches_and_no_formula() {
    let desk = desk().await;
    for number in 0..1_100 {
        sqlx::query(
            "insert into orders (user_id, order_sn, status, consignee, mobile, address, message, goods_minor, \
             order_minor, actual_minor, pay_by) values (?, ?, 101, ?, '139', 'x', '=cmd|calc', 1234, 1234, 1234, now(3))",
        )
        .bind(desk.lin.id)
        .bind(format!("n{number}"))
        .bind(if number % 2 == 0 { "+even" } else { "odd \"quoted\", 四" })
        .execute(&desk.world.db)
        .await
        .unwrap();
    }
    let answer = desk.get("list?export=csv&limit=1").await;
    assert_eq!(answer.status, 200);
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
    assert!(answer.headers["content-disposition"].to_str().unwrap().contains("orders.csv"));
    let lines: Vec<&str> = answer.text.trim_end().split("\r\n").collect();
    assert_eq!(lines.len(), 1 + 1_100);
    assert!(lines[1].contains("\"n1099\"") && lines[1_100].contains("\"n0\""), "the newest first");
    assert!(
        lines[1_100].contains("\"'+even\"") && lines[1_100].contains("\"'=cmd|calc\""),
        "{}",
        lines[1_100]
    );
    assert!(lines[1].contains("\"odd \"\"quoted\"\", 四\"") && lines[1].contains(",12.34,"), "{}", lines[1]);
    let even = desk.get("list?export=csv&consignee=even").await;
    assert_eq!(even.text.trim_end().split("\r\n").count(), 1 + 550);
    desk.world.staff("nobody", &["admin:order:read"]).await;
    let token = desk.world.staff_token("nobody").await;
    assert_eq!(desk.world.call(Call::get("/admin/order/list?export=csv").staff(&token)).await.errno(), 506);
    desk.world.finish().await;
}

#[tokio::test]
async fn staff_see_an_order_whole_and_ship_it() {
    let desk = desk().await;
    let order = desk.world.ordinary(desk.lin.id, desk.tea, 2, 201).await;
    let detail = desk.get(&format!("detail?id={}", order.id)).await.data();
    assert_eq!(detail["user"]["nickname"], "lin");
    assert_eq!(
        (&detail["order"]["orderSn"], &detail["order"]["integralPrice"]),
        (&json!(order.sn), &json!(0))
    );
    assert_eq!(detail["orderGoods"][0]["goodsSn"], "");
    for (query, errno) in [("detail", 402), ("detail?id=999999", 402), ("detail?id=x", 402)] {
        assert_eq!(desk.get(query).await.errno(), errno, "{query}");
    }
    let channels = desk.get("channel").await.data();
    assert_eq!(channels[0], json!({ "code": "ZTO", "name": "ZTO Express" }));
    assert_eq!(channels.as_array().unwrap().len(), 13);

    let form = json!({ "orderId": order.id, "shipSn": "773", "shipChannel": "YD" });
    for member in ["orderId", "shipSn", "shipChannel"] {
        let mut form = form.clone();
        form.as_object_mut().unwrap().remove(member);
        assert_eq!(desk.post("ship", form).await.errno(), 401, "{member}");
    }
    let mut unknown = form.clone();
    unknown["orderId"] = json!(999_999);
    assert_eq!(desk.post("ship", unknown).await.errno(), 401);
    let mut long = form.clone();
    long["shipSn"] = json!("7".repeat(64));
    assert_eq!(desk.post("ship", long).await.errno(), 402);
    assert_eq!(desk.post("ship", form.clone()).await.errno(), 0);
    assert_eq!(desk.post("ship", form).await.errno(), 620);
    let row = desk.row(&order).await;
    assert_eq!(
        (&row["orderStatus"], &row["shipSn"], &row["shipChannel"]),
        (&json!(301), &json!("773"), &json!("YD"))
    );
    assert!(row["shipTime"].is_string());
    let logged = "select count(*) from operation_log where action = 'POST /admin/order/ship' and succeeded = true \
        and json_value(changes, '$.after.shipSn') = '773' and json_value(changes, '$.before.orderStatus') = 201 and id > ?";
    assert_eq!(desk.world.number(logged, 0).await, 1);
    desk.world.finish().await;
}

#[tokio::test]
async fn of_two_edits_of_the_same_order_one_is_told_that_it_was_too_late() {
    let desk = desk().await;
    let order = desk.world.ordinary(desk.lin.id, desk.tea, 1, 101).await;
    let row = desk.row(&order).await;
    let edit = |member: &str, value: Value| {
        let mut form = json!({ "id": order.id, "updateTime": row["updateTime"] });
        form[member] = value;
        form
    };
    for (form, errno) in [
        (json!({ "updateTime": row["updateTime"] }), 401),
        (json!({ "id": order.id }), 401),
        (edit("id", json!(999_999)), 402),
        (edit("updateTime", json!("yesterday")), 402),
        (edit("consignee", json!("x".repeat(64))), 402),
        (edit("consignee", json!(" ")), 402),
        (edit("address", json!("x".repeat(401))), 402),
        (edit("message", json!("x".repeat(513))), 402),
        (edit("price", json!(1)), 401),
        (edit("price", json!("x")), 402),
    ] {
        assert_eq!(desk.post("update", form.clone()).await.errno(), errno, "{form}");
    }
    for price in [json!(0), json!(-1), json!(99_999_999_999_999_i64)] {
        let mut form = edit("price", price.clone());
        form["reason"] = json!("a test");
        assert_eq!(desk.post("update", form).await.errno(), 402, "{price}");
    }
    let calls = ["B", "C", "D", "E"].map(|name| desk.post("update", edit("consignee", json!(name))));
    let codes: Vec<i64> = crate::harness::join_all(calls).await.iter().map(Answer::errno).collect();
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == 504).count(), 3, "{codes:?}");
    let now = desk.row(&order).await;
    assert_ne!((&now["updateTime"], &now["consignee"]), (&row["updateTime"], &row["consignee"]));

    // The whole row posted back changes nothing but what was edited, and nothing staff may not set.
    let mut whole = now.clone();
    for (member, value) in [
        ("orderStatus", json!(401)),
        ("actualPrice", json!(0)),
        ("userId", json!(1)),
        ("deleted", json!(true)),
    ] {
        whole[member] = value;
    }
    (whole["mobile"], whole["price"], whole["reason"]) = (json!("137"), json!("41.50"), json!("a stain"));
    assert_eq!(desk.post("update", whole).await.errno(), 0);
    let edited = desk.row(&order).await;
    assert_eq!(
        (&edited["mobile"], &edited["actualPrice"], &edited["orderPrice"]),
        (&json!("137"), &json!(41.5), &json!(41.5))
    );
    assert_eq!((&edited["orderStatus"], &edited["userId"]), (&json!(101), &json!(desk.lin.id)));
    let logged = "select count(*) from operation_log where action = 'POST /admin/order/update' and succeeded = true \
        and json_value(changes, '$.after.reason') = 'a stain' and id > ?";
    assert_eq!(desk.world.number(logged, 0).await, 1);
    desk.world.finish().await;
}

#[tokio::test]
async fn a_deleted_order_is_gone_for_everybody() {
    let desk = desk().await;
    let order = desk.world.ordinary(desk.lin.id, desk.tea, 1, 203).await;
    for (form, errno) in
        [(json!({}), 401), (json!({ "orderId": 999_999 }), 401), (json!({ "orderId": order.id }), 0)]
    {
        assert_eq!(desk.post("delete", form.clone()).await.errno(), errno, "{form}");
    }
    assert_eq!(desk.post("delete", json!({ "orderId": order.id })).await.errno(), 401);
    assert_eq!(desk.get("list").await.data()["total"], 0);
    assert_eq!(desk.get(&format!("detail?id={}", order.id)).await.errno(), 402);
    let path = format!("/wx/order/detail?orderId={}", order.id);
    assert_eq!(desk.world.call(Call::get(&path).shop(&desk.lin.token)).await.errno(), 720);
    let lines = "select count(*) from order_goods where order_id = ? and deleted = true";
    assert_eq!(desk.world.number(lines, order.id).await, 1);
    desk.world.finish().await;
}
