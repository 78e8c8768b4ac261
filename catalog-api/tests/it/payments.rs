//! Payments: a notice applies once, whatever is repeated, late, wrong or forged.

use crate::harness::{Answer, Bought, Call, World, join_all, shown};
use catalog_api::clock::unix_s;
use catalog_api::provider::pay::{LocalPay, Notice, SIGNATURE_HEADER, SignedNotice, TIMESTAMP_HEADER};
use serde_json::json;

struct Shop {
    world: World,
    sale: u64,
    lin: u64,
    token: String,
}

async fn shop(stock: i64) -> Shop {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let goods = world.goods("tea", stock).await;
    let sale = world.sale(&staff, world.sale_form(goods, stock)).await["id"].as_u64().unwrap();
    world.engine_moves(sale, "open").await;
    let lin = world.shopper("lin", "").await;
    let token = world.shop_token("lin").await;
    Shop { world, sale, lin, token }
}

fn provider() -> LocalPay {
    LocalPay::new("dev-only-local-pay-secret-do-not-use-elsewhere", "127.0.0.1:9080".parse().unwrap())
}

fn signed(transaction: &str, order_sn: &str, amount_minor: i64) -> SignedNotice {
    let paid_at = "2025-11-11T12:00:00".parse().unwrap();
    let notice =
        Notice { transaction_id: transaction.into(), order_sn: order_sn.into(), amount_minor, paid_at };
    provider().sign(&notice, unix_s())
}

async fn notify(world: &World, signed: &SignedNotice) -> Answer {
    let call = Call::raw(axum::http::Method::POST, "/wx/order/pay-notify", signed.body.clone().into_bytes())
        .header(TIMESTAMP_HEADER, &signed.timestamp)
        .header(SIGNATURE_HEADER, &signed.signature);
    world.call(call).await
}

async fn cancel(world: &World, token: &str, order: &Bought) -> i64 {
    world.call(Call::post("/wx/order/cancel", json!({ "orderId": order.id })).shop(token)).await.errno()
}

/// Payments and refunds of an order: (applied, unwanted, refunds).
async fn money(world: &World, order: &Bought) -> (i64, i64, i64) {
    let count = async |query| world.number(query, order.id).await;
    (
        count("select count(*) from payment where order_id = ? and outcome = 0").await,
        count("select count(*) from payment where order_id = ? and outcome = 1").await,
        count("select count(*) from refund where order_id = ?").await,
    )
}

#[tokio::test]
async fn a_notice_that_is_sent_twenty_times_at_once_applies_once() {
    let Shop { world, sale, lin, token } = shop(10).await;
    let order = world.buys(sale, lin, 2, 600).await;
    let notice = signed("t1", &order.sn, 1980);
    for answer in join_all((0..20).map(|_| notify(&world, &notice))).await {
        assert_eq!((answer.status, answer.text.contains("SUCCESS")), (200, true), "{}", answer.text);
    }
    assert_eq!(world.order_status(&order).await, 201);
    assert_eq!(money(&world, &order).await, (1, 0, 0));
    let paid = "select cast(state as signed) from flash_order where order_id = ?";
    assert_eq!(world.number(paid, order.id).await, 1);
    let stamped = "select count(*) from orders where id = ? and pay_id = 't1' and paid_at is not null";
    assert_eq!(world.number(stamped, order.id).await, 1);
    assert_eq!(cancel(&world, &token, &order).await, 725);
    world.finish().await;
}

#[tokio::test]
async fn cancel_and_payment_race_and_exactly_one_wins() {
    let Shop { world, sale, lin, token } = shop(200).await;
    let (mut paid, mut cancelled) = (0, 0);
    for round in 0..200 {
        let order = world.buys(sale, lin, 1, 600).await;
        let notice = signed(&format!("t{round}"), &order.sn, 990);
        // Who goes first alternates, so that neither always wins.
        let (cancel_errno, answer) = if round % 2 == 0 {
            tokio::join!(cancel(&world, &token, &order), notify(&world, &notice))
        } else {
            let (answer, errno) = tokio::join!(notify(&world, &notice), cancel(&world, &token, &order));
            (errno, answer)
        };
        assert_eq!(answer.status, 200, "{}", answer.text);
        match (world.order_status(&order).await, cancel_errno) {
            (201, 725) => {
                paid += 1;
                assert_eq!(money(&world, &order).await, (1, 0, 0));
            }
            (102, 0) => {
                cancelled += 1;
                assert_eq!(money(&world, &order).await, (0, 1, 1));
            }
            other => panic!("round {round} ended as {other:?}"),
        }
    }
    assert!(paid > 0 && cancelled > 0, "both happened: {paid} paid, {cancelled} cancelled");
    assert_eq!(world.units_asked_back(sale).await, cancelled);
    world.finish().await;
}

#[tokio::test]
async fn a_payment_that_is_late_wrong_or_second_goes_back_once() {
    let Shop { world, sale, lin, token } = shop(10).await;
    let late = world.buys(sale, lin, 1, 600).await;
    assert_eq!(cancel(&world, &token, &late).await, 0);
    for _ in 0..3 {
        assert_eq!(notify(&world, &signed("late", &late.sn, 990)).await.status, 200);
    }
    assert_eq!(world.order_status(&late).await, 102, "a call-back revives nothing");
    assert_eq!(money(&world, &late).await, (0, 1, 1));

    let wrong = world.buys(sale, lin, 1, 600).await;
    for (transaction, amount) in [("less", 989), ("more", 991)] {
        assert_eq!(notify(&world, &signed(transaction, &wrong.sn, amount)).await.status, 200);
    }
    assert_eq!(world.order_status(&wrong).await, 101);
    assert_eq!(notify(&world, &signed("right", &wrong.sn, 990)).await.status, 200);
    assert_eq!(notify(&world, &signed("again", &wrong.sn, 990)).await.status, 200);
    assert_eq!(world.order_status(&wrong).await, 201);
    assert_eq!(money(&world, &wrong).await, (1, 3, 3));

    world
        .until("the provider has confirmed every refund", async || {
            world.number("select count(*) from refund where state = ?", 0).await == 0
        })
        .await;
    let sent = "select count(*) from refund where state = ? and provider_refund_id is not null";
    assert_eq!(world.number(sent, 1).await, 4);
    let amounts: Vec<(String, i64, i64)> = sqlx::query_as(
        "select p.transaction_id, r.amount_minor, p.amount_minor from refund r join payment p \
         on p.id = r.payment_id order by p.transaction_id",
    )
    .fetch_all(&world.db)
    .await
    .unwrap();
    let expected = [("again", 990), ("late", 990), ("less", 989), ("more", 991)];
    assert_eq!(amounts, expected.map(|(name, amount)| (name.to_owned(), amount, amount)));
    world.finish().await;
}

#[tokio::test]
async fn a_forged_or_foreign_notice_changes_nothing() {
    let Shop { world, sale, lin, .. } = shop(10).await;
    let order = world.buys(sale, lin, 1, 600).await;
    let other = world.buys(sale, lin, 1, 600).await;
    let good = signed("t1", &order.sn, 990);
    let forged = LocalPay::new("another secret", world.private).sign(
        &Notice {
            transaction_id: "t1".into(),
            order_sn: order.sn.clone(),
            amount_minor: 990,
            paid_at: "2025-11-11T12:00:00".parse().unwrap(),
        },
        unix_s(),
    );
    let cheaper = SignedNotice { body: good.body.replace("990", "991"), ..good.clone() };
    let moved = SignedNotice { timestamp: (unix_s() + 1).to_string(), ..good.clone() };
    let unsigned = SignedNotice { signature: String::new(), ..good.clone() };
    for bad in [&forged, &cheaper, &moved, &unsigned] {
        let answer = notify(&world, bad).await;
        assert_eq!((answer.status, answer.text.contains("FAIL")), (401, true), "{}", answer.text);
    }
    assert_eq!(notify(&world, &signed("t2", "7-00000000000000000000000000", 990)).await.status, 404);
    assert_eq!(money(&world, &order).await, (0, 0, 0));
    // A transaction belongs to one order.
    assert_eq!(notify(&world, &good).await.status, 200);
    assert_eq!(notify(&world, &signed("t1", &other.sn, 990)).await.status, 404);
    assert_eq!((world.order_status(&order).await, world.order_status(&other).await), (201, 101));
    world.finish().await;
}

#[tokio::test]
async fn a_paid_coupon_order_grants_one_coupon_for_each_unit() {
    let Shop { world, lin, .. } = shop(1).await;
    let staff = world.staff_token("root").await;
    let coupon = world.coupon(3, 10).await;
    let form = json!({ "name": "coupons", "couponId": coupon, "price": 1.5, "stock": 10, "limitPerOrder": 3,
        "startTime": shown(-60), "endTime": shown(600) });
    let sale = world.sale(&staff, form).await["id"].as_u64().unwrap();
    let order = world.buys(sale, lin, 3, 600).await;
    let notice = signed("t1", &order.sn, 450);
    join_all((0..5).map(|_| notify(&world, &notice))).await;
    let granted: Vec<(u64, u64, u16, u8, bool)> = sqlx::query_as(
        "select user_id, coupon_id, flash_unit, status, ends_at = date_add(starts_at, interval 30 day) \
         from coupon_user where flash_sn = ? order by flash_unit",
    )
    .bind(&order.sn)
    .fetch_all(&world.db)
    .await
    .unwrap();
    assert_eq!(granted, [1, 2, 3].map(|unit| (lin, coupon, unit, 0, true)));
    world.finish().await;
}

#[tokio::test]
async fn tickets_follow_their_order() {
    let Shop { world, sale, lin, token } = shop(10).await;
    let (paid, cancelled) = (world.buys(sale, lin, 2, 600).await, world.buys(sale, lin, 1, 600).await);
    for (order, unit) in [(&paid, 0), (&paid, 1), (&cancelled, 0)] {
        sqlx::query(
            "insert into ticket (user_id, order_id, ticket_type_id, unit, code) values (?, ?, 1, ?, ?)",
        )
        .bind(lin)
        .bind(order.id)
        .bind(unit)
        .bind(catalog_api::random::hex_128())
        .execute(&world.db)
        .await
        .unwrap();
    }
    assert_eq!(notify(&world, &signed("t1", &paid.sn, 1980)).await.status, 200);
    assert_eq!(cancel(&world, &token, &cancelled).await, 0);
    let statuses = "select cast(sum(status) as signed) from ticket where order_id = ?";
    assert_eq!(world.number(statuses, paid.id).await, 2, "both valid");
    assert_eq!(world.number(statuses, cancelled.id).await, 3, "void");
    world.finish().await;
}
