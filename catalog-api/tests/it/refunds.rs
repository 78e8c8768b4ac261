//! Money that goes back: exactly once, whatever it was paid with, and never without its order.

use crate::harness::{Bought, Call, Goods, Person, World};
use serde_json::json;

struct Shop {
    world: World,
    staff: String,
    lin: Person,
    tea: Goods,
}

async fn shop(settings: &[(&str, &str)]) -> Shop {
    let world = World::with(settings).await;
    let staff = world.staff_token("root").await;
    let tea = world.goods("tea", 20).await;
    let lin = world.person("lin").await;
    Shop { world, staff, lin, tea }
}

impl Shop {
    async fn refund(&self, order: &Bought, money: serde_json::Value) -> i64 {
        let form = json!({ "orderId": order.id, "refundMoney": money });
        self.world.call(Call::post("/admin/order/refund", form).staff(&self.staff)).await.errno()
    }
}

#[tokio::test]
async fn a_refund_is_written_into_the_order_and_its_coupon_comes_back() {
    let shop = shop(&[]).await;
    let Shop { world, lin, tea, .. } = &shop;
    let order = world.ordinary(lin.id, *tea, 3, 202).await;
    let (_, claim) = world.claimed(lin.id, 100).await;
    sqlx::query("update coupon_user set status = 1, used_at = now(3), order_id = ? where id = ?")
        .bind(order.id)
        .bind(claim)
        .execute(&world.db)
        .await
        .unwrap();
    for (money, errno) in
        [(json!(1), 402), (json!("abc"), 402), (json!(null), 402), (json!([]), 402), (json!(-158), 402)]
    {
        assert_eq!(shop.refund(&order, money.clone()).await, errno, "{money}");
    }
    let without = Call::post("/admin/order/refund", json!({ "orderId": order.id })).staff(&shop.staff);
    assert_eq!(world.call(without).await.errno(), 401);
    let unknown = Bought { id: 999_999, sn: String::new() };
    assert_eq!(shop.refund(&unknown, json!(1)).await, 401);
    assert_eq!(shop.refund(&order, json!("158.00")).await, 0, "text with two places is the same number");
    assert_eq!(shop.refund(&order, json!(158)).await, 620);
    let row = world.ok(Call::get(&format!("/admin/order/detail?id={}", order.id)).staff(&shop.staff)).await;
    let row = &row["order"];
    assert_eq!((&row["refundAmount"], &row["refundType"]), (&json!(158), &json!("local")));
    assert!(row["refundTime"].is_string() && row["endTime"].is_string());
    assert!(row["refundContent"].as_str().unwrap().starts_with("local-refund-"));
    let unused = "select count(*) from coupon_user where id = ? and status = 0 and order_id is null";
    assert_eq!(world.number(unused, claim).await, 1);
    assert_eq!(world.sku_stock(*tea).await, 23);
    let logged = "select count(*) from operation_log where action = 'POST /admin/order/refund' and succeeded = true \
        and json_value(changes, '$.after.orderStatus') = 203 and id > ?";
    assert_eq!(world.number(logged, 0).await, 1);
    shop.world.finish().await;
}

#[tokio::test]
async fn what_was_paid_by_hand_goes_back_by_hand() {
    let shop = shop(&[]).await;
    let Shop { world, lin, tea, staff } = &shop;
    let order = world.ordinary(lin.id, *tea, 1, 101).await;
    let pay = async |form| world.call(Call::post("/admin/order/pay", form).staff(staff)).await.errno();
    let form = |money| json!({ "orderId": order.id, "newMoney": money, "reference": "bank 77", "reason": "by wire" });
    for money in [json!("x"), json!(-1), json!(null), json!({})] {
        assert_eq!(pay(form(money.clone())).await, 402, "{money}");
    }
    assert_eq!(pay(json!({ "orderId": order.id })).await, 401);
    assert_eq!(pay(form(json!(41.5))).await, 0);
    assert_eq!(pay(form(json!(41.5))).await, 624);
    let other = world.ordinary(lin.id, *tea, 1, 101).await;
    let twice = json!({ "orderId": other.id, "newMoney": 1, "reference": "bank 77" });
    assert_eq!(pay(twice).await, 402, "one reference is one payment");
    assert_eq!(
        pay(json!({ "orderId": other.id, "newMoney": 1 })).await,
        0,
        "as the stock front end sends it"
    );
    let row = world.ok(Call::get(&format!("/admin/order/detail?id={}", order.id)).staff(staff)).await;
    assert_eq!((&row["order"]["actualPrice"], row["order"].get("payTime")), (&json!(41.5), None));

    let ask = Call::post("/wx/order/refund", json!({ "orderId": order.id })).shop(&lin.token);
    assert_eq!(world.call(ask).await.errno(), 0);
    assert_eq!(shop.refund(&order, json!(41.5)).await, 0);
    assert_eq!(world.order_status(&order).await, 203);
    let by_hand = "select count(*) from orders where id = ? and refund_type = 'by hand'";
    assert_eq!(world.number(by_hand, order.id).await, 1);
    shop.world.finish().await;
}

#[tokio::test]
async fn money_nobody_knows_the_way_of_is_not_sent() {
    let shop = shop(&[]).await;
    let order = shop.world.ordinary(shop.lin.id, shop.tea, 1, 202).await;
    sqlx::query("delete from payment where order_id = ?")
        .bind(order.id)
        .execute(&shop.world.db)
        .await
        .unwrap();
    assert_eq!(shop.refund(&order, json!(58)).await, 621);
    assert_eq!(shop.world.order_status(&order).await, 202);
    shop.world.finish().await;
}

#[tokio::test]
async fn a_decision_outlives_a_provider_that_is_not_there() {
    let shop = shop(&[("MALL_CATALOG__PAY__PROVIDER", "none")]).await;
    let Shop { world, lin, tea, .. } = &shop;
    let order = world.ordinary(lin.id, *tea, 1, 202).await;
    assert_eq!(shop.refund(&order, json!(58)).await, 621);
    assert_eq!(shop.refund(&order, json!(58)).await, 621, "deciding again is the same decision");
    assert_eq!(
        world.number("select count(*) from refund where order_id = ? and state = 0", order.id).await,
        1
    );
    let prepay = world.ordinary(lin.id, *tea, 1, 101).await;
    for what in ["prepay", "h5pay"] {
        let call = Call::post(&format!("/wx/order/{what}"), json!({ "orderId": prepay.id })).shop(&lin.token);
        assert_eq!(world.call(call).await.errno(), 724, "{what}");
    }
    // Another instance has a provider, and its timers finish the work.
    let other = world.another_instance();
    world.until("the order is refunded", async || world.order_status(&order).await == 203).await;
    assert_eq!(world.sku_stock(*tea).await, 21);
    drop(other);
    shop.world.finish().await;
}

#[tokio::test]
async fn coupons_and_tickets_that_were_used_cannot_be_given_back() {
    let shop = shop(&[]).await;
    let Shop { world, lin, staff, .. } = &shop;
    let coupon = world.coupon(3, 20).await;
    let form = json!({
        "name": "coupons", "couponId": coupon, "price": 9.9, "stock": 10,
        "startTime": crate::harness::shown(-60), "endTime": crate::harness::shown(3600),
    });
    let sale = world.sale(staff, form).await["id"].as_u64().unwrap();
    world.engine_moves(sale, "open").await;
    let ask = async |order: &Bought| {
        let call = Call::post("/wx/order/refund", json!({ "orderId": order.id })).shop(&lin.token);
        world.call(call).await.errno()
    };
    for (used, errno) in [(false, 0), (true, 725)] {
        let order = world.buys(sale, lin.id, 1, 3600).await;
        let pay = Call::post(&format!("/dev/pay/{}", order.sn), json!({})).send(world.private).await.unwrap();
        assert!(pay.text.contains("SUCCESS"), "{}", pay.text);
        let granted = "select count(*) from coupon_user where flash_sn = ? and status = 0";
        let count: i64 = sqlx::query_scalar(granted).bind(&order.sn).fetch_one(&world.db).await.unwrap();
        assert_eq!(count, 1);
        if used {
            sqlx::query("update coupon_user set status = 1 where flash_sn = ?")
                .bind(&order.sn)
                .execute(&world.db)
                .await
                .unwrap();
        }
        assert_eq!(ask(&order).await, errno, "used: {used}");
        let left: i64 =
            sqlx::query_scalar("select cast(status as signed) from coupon_user where flash_sn = ?")
                .bind(&order.sn)
                .fetch_one(&world.db)
                .await
                .unwrap();
        assert_eq!(left, if used { 1 } else { 3 }, "what is on its way back cannot be used");
    }
    for (status, errno) in [(1, 0), (2, 725)] {
        let order = world.ordinary(lin.id, shop.tea, 1, 201).await;
        sqlx::query("update orders set kind = 2 where id = ?")
            .bind(order.id)
            .execute(&world.db)
            .await
            .unwrap();
        sqlx::query(
            "insert into ticket (user_id, order_id, ticket_type_id, unit, status, code) values (?, ?, 1, 1, ?, ?)",
        )
        .bind(lin.id)
        .bind(order.id)
        .bind(status)
        .bind(catalog_api::random::hex_128())
        .execute(&world.db)
        .await
        .unwrap();
        assert_eq!(ask(&order).await, errno, "ticket in {status}");
    }
    shop.world.finish().await;
}
