//! What shoppers see of their orders and nobody else's.

use crate::harness::{Bought, Call, World, join_all};
use serde_json::{Value, json};

struct Shop {
    world: World,
    sale: u64,
    lin: u64,
    token: String,
}

async fn shop() -> Shop {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let goods = world.goods("tea", 100).await;
    let sale = world.sale(&staff, world.sale_form(goods, 100)).await["id"].as_u64().unwrap();
    world.engine_moves(sale, "open").await;
    let lin = world.shopper("lin", "openid-of-lin").await;
    let token = world.shop_token("lin").await;
    Shop { world, sale, lin, token }
}

async fn post(world: &World, token: &str, what: &str, order: Value) -> crate::harness::Answer {
    world.call(Call::post(&format!("/wx/order/{what}"), json!({ "orderId": order })).shop(token)).await
}

#[tokio::test]
async fn an_order_is_shown_whole_to_its_owner() {
    let Shop { world, sale, lin, token } = shop().await;
    let order = world.buys(sale, lin, 2, 600).await;
    let detail = world.ok(Call::get(&format!("/wx/order/detail?orderId={}", order.id)).shop(&token)).await;
    let info = &detail["orderInfo"];
    assert_eq!(info["orderSn"], json!(order.sn));
    assert_eq!((&info["goodsPrice"], &info["actualPrice"]), (&json!(19.8), &json!(19.8)));
    assert_eq!(
        (&info["handleOption"]["cancel"], &info["handleOption"]["delete"]),
        (&json!(true), &json!(false))
    );
    assert!(info.get("expNo").is_none() && info.get("expCode").is_none() && info.get("expName").is_none());
    assert_eq!(info["addTime"].as_str().unwrap().len(), "2025-11-11 20:00:00".len());
    assert_eq!(detail["expressInfo"], json!([]));
    let line = &detail["orderGoods"][0];
    assert_eq!((&line["number"], &line["price"], &line["comment"]), (&json!(2), &json!(9.9), &json!(0)));
    assert_eq!(line["specifications"], json!(["one"]));

    let list = world.ok(Call::get("/wx/order/list?showType=0&page=1&limit=10").shop(&token)).await;
    assert_eq!(list["total"], 1);
    let brief = &list["list"][0];
    assert_eq!((&brief["orderStatusText"], &brief["isGroupin"]), (&json!("unpaid"), &json!(false)));
    assert_eq!(brief["goodsList"][0]["specifications"], json!(["one"]));
    assert_eq!(world.ok(Call::get("/wx/order/list?showType=2").shop(&token)).await["total"], 0);
    assert_eq!(world.call(Call::get("/wx/order/list?showType=x")).await.errno(), 402, "402 before 501");
    assert_eq!(world.call(Call::get("/wx/order/detail")).await.errno(), 402, "402 before 501");
    assert_eq!(world.call(Call::get("/wx/order/detail?orderId=1")).await.errno(), 501);
    world.finish().await;
}

#[tokio::test]
async fn somebody_elses_order_is_unknown() {
    let Shop { world, sale, lin, .. } = shop().await;
    world.shopper("mei", "openid-of-mei").await;
    let mei = world.shop_token("mei").await;
    let order = world.buys(sale, lin, 1, 600).await;
    let detail = Call::get(&format!("/wx/order/detail?orderId={}", order.id)).shop(&mei);
    assert_eq!(world.call(detail).await.errno(), 720);
    for what in ["cancel", "prepay"] {
        let (foreign, unknown) =
            (post(&world, &mei, what, json!(order.id)).await, post(&world, &mei, what, json!(999_999)).await);
        assert_eq!((foreign.errno(), foreign.text), (402, unknown.text), "{what}");
    }
    assert_eq!(world.ok(Call::get("/wx/order/list").shop(&mei)).await["total"], 0);
    assert_eq!(world.order_status(&order).await, 101);
    world.finish().await;
}

#[tokio::test]
async fn bodies_are_read_loosely() {
    let Shop { world, sale, lin, token } = shop().await;
    let order = world.buys(sale, lin, 1, 600).await;
    for nothing in [json!(null), json!("undefined"), json!([]), json!(-1), json!("")] {
        assert_eq!(post(&world, &token, "cancel", nothing).await.errno(), 402);
    }
    let absent = Call::post("/wx/order/cancel", json!({})).shop(&token);
    assert_eq!(world.call(absent).await.errno(), 401);
    let raw = |body: &str| Call::raw(axum::http::Method::POST, "/wx/order/cancel", body.as_bytes().to_vec());
    assert_eq!(world.call(raw("")).await.errno(), 402, "402 before 501");
    assert_eq!(world.call(raw("no json")).await.errno(), 501);
    assert_eq!(world.call(raw("no json").shop(&token)).await.errno(), 401);
    assert_eq!(world.call(raw(&"x".repeat(70_000)).shop(&token)).await.errno(), 402);
    assert_eq!(post(&world, &token, "cancel", json!(order.id.to_string())).await.errno(), 0);
    world.finish().await;
}

#[tokio::test]
async fn a_cancelled_flash_sale_order_asks_its_units_back_once() {
    let Shop { world, sale, lin, token } = shop().await;
    let order = world.buys(sale, lin, 3, 600).await;
    let cancels = (0..8).map(|_| post(&world, &token, "cancel", json!(order.id)));
    let mut answers = Vec::new();
    for cancel in join_all(cancels).await {
        answers.push(cancel.errno());
    }
    answers.sort_unstable();
    assert_eq!(answers, [0, 725, 725, 725, 725, 725, 725, 725]);
    assert_eq!(world.order_status(&order).await, 102);
    assert_eq!(world.units_asked_back(sale).await, 3);
    let lapsed = "select cast(state as signed) from flash_order where order_id = ?";
    assert_eq!(world.number(lapsed, order.id).await, 2);
    assert_eq!(
        world.number("select free from flash_sale where id = ?", sale).await,
        97,
        "the engine's to move"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_cancelled_ordinary_order_gives_its_units_back_itself() {
    let Shop { world, lin, token, .. } = shop().await;
    let goods = world.goods("cup", 10).await;
    let id = sqlx::query(
        "insert into orders (user_id, order_sn, status, consignee, mobile, address, goods_minor, order_minor, \
         actual_minor, pay_by) values (?, '20251111000001', 101, 'A', '1', 'x', 100, 100, 100, \
         date_add(now(3), interval 1 hour))",
    )
    .bind(lin)
    .execute(&world.db)
    .await
    .unwrap()
    .last_insert_id();
    for units in [2, 3] {
        sqlx::query(
            "insert into order_goods (order_id, goods_id, goods_name, sku_id, quantity, price_minor, specifications) \
             values (?, ?, 'cup', ?, ?, 20, '[]')",
        )
        .bind(id)
        .bind(goods.id)
        .bind(goods.sku)
        .bind(units)
        .execute(&world.db)
        .await
        .unwrap();
    }
    let coupon = world.coupon(0, 0).await;
    sqlx::query(
        "insert into coupon_user (user_id, coupon_id, status, used_at, order_id) values (?, ?, 1, now(3), ?)",
    )
    .bind(lin)
    .bind(coupon)
    .bind(id)
    .execute(&world.db)
    .await
    .unwrap();
    assert_eq!(post(&world, &token, "cancel", json!(id)).await.errno(), 0);
    assert_eq!(post(&world, &token, "cancel", json!(id)).await.errno(), 725);
    assert_eq!(world.sku_stock(goods).await, 15, "both lines of the same SKU");
    let unused = "select count(*) from coupon_user where coupon_id = ? and status = 0 and order_id is null";
    assert_eq!(world.number(unused, coupon).await, 1);
    assert_eq!(world.number("select count(*) from stock_return where user_id = ?", lin).await, 0);
    world.finish().await;
}

#[tokio::test]
async fn a_payment_is_prepared_for_an_unpaid_order_of_an_account_with_openid() {
    let Shop { world, sale, lin, token } = shop().await;
    let order = world.buys(sale, lin, 1, 600).await;
    let call = post(&world, &token, "prepay", json!(order.id)).await.data();
    for member in ["appId", "timeStamp", "nonceStr", "packageValue", "signType", "paySign"] {
        assert!(call[member].as_str().is_some_and(|text| !text.is_empty()), "{member}");
    }
    let plain = world.shopper("plain", "").await;
    let plain_token = world.shop_token("plain").await;
    let Bought { id, .. } = world.buys(sale, plain, 1, 600).await;
    assert_eq!(post(&world, &plain_token, "prepay", json!(id)).await.errno(), 708);
    assert_eq!(post(&world, &token, "cancel", json!(order.id)).await.errno(), 0);
    assert_eq!(post(&world, &token, "prepay", json!(order.id)).await.errno(), 725);
    world.finish().await;
}
