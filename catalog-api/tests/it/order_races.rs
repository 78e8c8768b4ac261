//! Races for one thing, each with exactly one winner.

use crate::harness::{Answer, Call, World, join_all};
use catalog_api::clock::unix_s;
use catalog_api::provider::pay::{LocalPay, Notice, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use serde_json::json;

/// How many of these answers have this code.
fn having(answers: &[Answer], errno: i64) -> usize {
    answers.iter().filter(|answer| answer.errno() == errno).count()
}

#[tokio::test]
async fn the_last_unit_goes_to_one_of_a_hundred_orders() {
    let world = World::new().await;
    let tea = world.goods("tea", 1).await;
    let mut people = Vec::new();
    for number in 0..100 {
        let name = format!("p{number}");
        let id: u64 = sqlx::query("insert into shopper (username) values (?)")
            .bind(&name)
            .execute(&world.db)
            .await
            .unwrap()
            .last_insert_id();
        let address = sqlx::query(
            "insert into address (user_id, name, province, city, county, tel) values (?, 'A', 'a', 'b', 'c', '1')",
        )
        .bind(id)
        .execute(&world.db)
        .await
        .unwrap()
        .last_insert_id();
        world.in_cart(id, tea, 1).await;
        people.push((id, address));
    }
    let tokens = world.sessions_of(&people.iter().map(|(id, _)| *id).collect::<Vec<_>>()).await;
    let calls = people.iter().zip(&tokens).map(|((_, address), token)| {
        let form = json!({ "cartId": 0, "addressId": address, "couponId": 0 });
        world.call(Call::post("/wx/order/submit", form).shop(token))
    });
    let answers = join_all(calls).await;
    assert_eq!((having(&answers, 0), having(&answers, 711)), (1, 99), "{:?}", answers[0]);
    assert_eq!(world.sku_stock(tea).await, 0);
    assert_eq!(world.number("select count(*) from orders where id > ?", 0).await, 1);
    assert_eq!(world.number("select count(*) from order_goods where id > ?", 0).await, 1);
    assert_eq!(
        world.number("select count(*) from cart where id > ?", 0).await,
        99,
        "the others keep their carts"
    );
    world.finish().await;
}

#[tokio::test]
async fn one_coupon_pays_for_one_of_a_hundred_orders() {
    let world = World::new().await;
    let lin = world.person("lin").await;
    let (coupon, claim) = world.claimed(lin.id, 500).await;
    let mut forms = Vec::new();
    for number in 0..100 {
        let goods = world.goods(&format!("g{number}"), 5).await;
        let row = world.in_cart(lin.id, goods, 1).await;
        let mut form = lin.order_form();
        (form["cartId"], form["couponId"], form["userCouponId"]) = (json!(row), json!(coupon), json!(claim));
        forms.push(form);
    }
    let calls =
        forms.into_iter().map(|form| world.call(Call::post("/wx/order/submit", form).shop(&lin.token)));
    let answers = join_all(calls).await;
    assert_eq!((having(&answers, 0), having(&answers, 402)), (1, 99));
    let used = "select count(*) from coupon_user where id = ? and status = 1 and order_id is not null";
    assert_eq!(world.number(used, claim).await, 1);
    assert_eq!(world.number("select count(*) from orders where user_id = ?", lin.id).await, 1);
    world.finish().await;
}

#[tokio::test]
async fn one_cart_that_is_submitted_a_hundred_times_is_one_order() {
    let world = World::new().await;
    let tea = world.goods("tea", 500).await;
    let lin = world.person("lin").await;
    world.in_cart(lin.id, tea, 1).await;
    let calls =
        (0..100).map(|_| world.call(Call::post("/wx/order/submit", lin.order_form()).shop(&lin.token)));
    let answers = join_all(calls).await;
    assert_eq!((having(&answers, 0), having(&answers, 402)), (1, 99));
    assert_eq!(world.sku_stock(tea).await, 499);
    world.finish().await;
}

#[tokio::test]
async fn one_payment_that_is_told_a_hundred_times_at_once_is_one_payment() {
    let world = World::new().await;
    let tea = world.goods("tea", 5).await;
    let lin = world.person("lin").await;
    let order = world.ordinary(lin.id, tea, 1, 101).await;
    let provider = LocalPay::new("dev-only-local-pay-secret-do-not-use-elsewhere", world.private);
    let notice = Notice {
        transaction_id: "t-1".into(),
        order_sn: order.sn.clone(),
        amount_minor: 5_800,
        paid_at: "2025-11-11T12:00:00".parse().unwrap(),
    };
    let signed = provider.sign(&notice, unix_s());
    let calls = (0..100).map(|_| {
        let body = signed.body.clone().into_bytes();
        let call = Call::raw(axum::http::Method::POST, "/wx/order/pay-notify", body)
            .header(TIMESTAMP_HEADER, &signed.timestamp)
            .header(SIGNATURE_HEADER, &signed.signature);
        world.call(call)
    });
    for answer in join_all(calls).await {
        assert_eq!((answer.status, answer.text.contains("SUCCESS")), (200, true), "{}", answer.text);
    }
    assert_eq!(world.order_status(&order).await, 201);
    let payments = "select count(*) from payment where order_id = ? and outcome = 0";
    assert_eq!(world.number(payments, order.id).await, 1);
    assert_eq!(world.number("select count(*) from refund where order_id = ?", order.id).await, 0);
    world.finish().await;
}

#[tokio::test]
async fn shipping_and_asking_for_the_money_race_and_exactly_one_wins() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let tea = world.goods("tea", 5).await;
    let lin = world.person("lin").await;
    let (mut shipped, mut asked) = (0, 0);
    for round in 0..40 {
        let order = world.ordinary(lin.id, tea, 1, 201).await;
        let ship = world.call(
            Call::post(
                "/admin/order/ship",
                json!({ "orderId": order.id, "shipSn": "1", "shipChannel": "ZTO" }),
            )
            .staff(&staff),
        );
        let ask = world.call(Call::post("/wx/order/refund", json!({ "orderId": order.id })).shop(&lin.token));
        let (ship, ask) = if round % 2 == 0 {
            tokio::join!(ship, ask)
        } else {
            let (ask, ship) = tokio::join!(ask, ship);
            (ship, ask)
        };
        match (ship.errno(), ask.errno(), world.order_status(&order).await) {
            (0, 725, 301) => shipped += 1,
            (620, 0, 202) => asked += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(shipped + asked, 40);
    world.finish().await;
}

#[tokio::test]
async fn twenty_staff_members_refund_one_order_once() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let tea = world.goods("tea", 5).await;
    let lin = world.person("lin").await;
    let order = world.ordinary(lin.id, tea, 2, 202).await;
    let form = json!({ "orderId": order.id, "refundMoney": 108 });
    let calls = (0..20).map(|_| world.call(Call::post("/admin/order/refund", form.clone()).staff(&staff)));
    let answers = join_all(calls).await;
    // Who comes while another one's call to the provider is under way is told its success.
    assert!(having(&answers, 0) >= 1 && having(&answers, 0) + having(&answers, 620) == 20);
    assert_eq!(world.order_status(&order).await, 203);
    assert_eq!(world.sku_stock(tea).await, 7, "its units came back once");
    let refunds = "select count(*) from refund where order_id = ? and state = 1 and amount_minor = 10800";
    assert_eq!(world.number(refunds, order.id).await, 1);
    world.finish().await;
}

#[tokio::test]
async fn an_edit_and_a_payment_race_and_nobody_is_charged_an_old_price() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let tea = world.goods("tea", 5).await;
    let lin = world.person("lin").await;
    let provider = LocalPay::new("dev-only-local-pay-secret-do-not-use-elsewhere", world.private);
    for round in 0..20 {
        let order = world.ordinary(lin.id, tea, 1, 101).await;
        let path = format!("/admin/order/detail?id={}", order.id);
        let row = world.ok(Call::get(&path).staff(&staff)).await["order"].take();
        let edit =
            json!({ "id": order.id, "updateTime": row["updateTime"], "price": 40, "reason": "kindness" });
        let notice = Notice {
            transaction_id: format!("t-{round}"),
            order_sn: order.sn.clone(),
            amount_minor: 5_800,
            paid_at: "2025-11-11T12:00:00".parse().unwrap(),
        };
        let signed = provider.sign(&notice, unix_s());
        let told = Call::raw(axum::http::Method::POST, "/wx/order/pay-notify", signed.body.into_bytes())
            .header(TIMESTAMP_HEADER, &signed.timestamp)
            .header(SIGNATURE_HEADER, &signed.signature);
        let edit = Call::post("/admin/order/update", edit).staff(&staff);
        let (edited, told) = tokio::join!(world.call(edit), world.call(told));
        assert_eq!(told.status, 200);
        let price = world.number("select actual_minor from orders where id = ?", order.id).await;
        let refunds = world.number("select count(*) from refund where order_id = ?", order.id).await;
        match (edited.errno(), world.order_status(&order).await) {
            // The edit came first: the old amount goes back.
            (0, 101) => assert_eq!((price, refunds), (4_000, 1)),
            (504 | 620, 201) => assert_eq!((price, refunds), (5_800, 0)),
            other => panic!("{other:?}"),
        }
    }
    world.finish().await;
}
