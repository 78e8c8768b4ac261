//! WeChat Pay, against a server that checks and signs as its documents say.

use crate::harness::wechat::{APP, MERCHANT, Mood, Wechat, merchant_signed, paid};
use crate::harness::{Bought, Call, Person, World};
use serde_json::{Value, json};

const JSAPI: &str = "/v3/pay/transactions/jsapi";
const REFUNDS: &str = "/v3/refund/domestic/refunds";

async fn order(world: &World) -> (Person, Bought) {
    let tea = world.goods("tea", 50).await;
    let lin = world.person("lin").await;
    world.in_cart(lin.id, tea, 1).await;
    let order = world.submit(&lin, lin.order_form()).await;
    (lin, order)
}

async fn post(world: &World, token: &str, what: &str, order: &Bought) -> crate::harness::Answer {
    world.call(Call::post(&format!("/wx/order/{what}"), json!({ "orderId": order.id })).shop(token)).await
}

#[tokio::test]
async fn a_payment_is_prepared_with_signatures_on_both_sides() {
    let wechat = Wechat::start().await;
    let world = wechat.world().await;
    let (lin, order) = order(&world).await;
    let call = post(&world, &lin.token, "prepay", &order).await.data();
    let text = |member: &str| call[member].as_str().unwrap().to_owned();
    let signed = format!("{APP}\n{}\n{}\n{}\n", text("timeStamp"), text("nonceStr"), text("packageValue"));
    assert!(merchant_signed(&signed, &text("paySign")), "the client's call is signed by the merchant");
    assert_eq!((text("appId"), text("signType")), (APP.to_owned(), "RSA".to_owned()));
    assert!(text("packageValue").starts_with("prepay_id=wx-"));

    let asked = &wechat.bodies(JSAPI)[0];
    assert_eq!((&asked["appid"], &asked["mchid"]), (&json!(APP), &json!(MERCHANT)));
    assert_eq!(asked["amount"], json!({ "total": 5_800, "currency": "CNY" }));
    assert_eq!(asked["attach"], json!(order.sn));
    assert_eq!(asked["payer"]["openid"], "openid-of-lin");
    assert_eq!(asked["out_trade_no"], json!(format!("mall{}x5800", order.id)));
    assert!(asked["time_expire"].as_str().unwrap().ends_with("+00:00"));

    let url = post(&world, &lin.token, "h5pay", &order).await.data()["mwebUrl"].as_str().unwrap().to_owned();
    assert!(url.starts_with("https://wx.tenpay.example/"), "{url}");
    let asked = &wechat.bodies("/v3/pay/transactions/h5")[0];
    assert_eq!(asked["scene_info"], json!({ "payer_client_ip": "127.0.0.1", "h5_info": { "type": "Wap" } }));

    for mood in [Mood::Refusing, Mood::Unsigned] {
        wechat.be(mood);
        assert_eq!(post(&world, &lin.token, "prepay", &order).await.errno(), 724, "{mood:?}");
        assert_eq!(post(&world, &lin.token, "h5pay", &order).await.errno(), 724, "{mood:?}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_changed_price_and_a_cancelled_order_close_what_was_prepared() {
    let wechat = Wechat::start().await;
    let world = wechat.world().await;
    let (lin, order) = order(&world).await;
    assert_eq!(post(&world, &lin.token, "prepay", &order).await.errno(), 0);
    let staff = world.staff_token("root").await;
    let path = format!("/admin/order/detail?id={}", order.id);
    let row = world.ok(Call::get(&path).staff(&staff)).await["order"].take();
    let edit = json!({ "id": order.id, "updateTime": row["updateTime"], "price": 40, "reason": "a stain" });
    assert_eq!(world.call(Call::post("/admin/order/update", edit).staff(&staff)).await.errno(), 0);
    let closes = |amount: i64| {
        let path = format!("/v3/pay/transactions/out-trade-no/mall{}x{amount}/close", order.id);
        wechat.bodies(&path)
    };
    world.until("the old amount is closed", async || closes(5_800).len() == 1).await;
    assert_eq!(closes(5_800)[0], json!({ "mchid": MERCHANT }));
    assert_eq!(post(&world, &lin.token, "prepay", &order).await.errno(), 0);
    assert_eq!(wechat.bodies(JSAPI)[1]["amount"]["total"], 4_000);
    wechat.be(Mood::Refusing);
    assert_eq!(post(&world, &lin.token, "cancel", &order).await.errno(), 0, "it does not wait for anybody");
    world.until("closing is tried", async || !closes(4_000).is_empty()).await;
    wechat.be(Mood::Fine);
    let open = "select count(*) from payment_request where order_id = ? and closed = false";
    world.until("and tried again", async || world.number(open, order.id).await == 0).await;
    let task = "select count(*) from due_task where kind = 'payment_close' and subject_id = ?";
    assert_eq!(world.number(task, order.id).await, 0);
    world.finish().await;
}

#[tokio::test]
async fn a_call_back_counts_only_when_it_is_signed_fresh_ours_and_unchanged() {
    let wechat = Wechat::start().await;
    let world = wechat.world().await;
    let (_, order) = order(&world).await;
    let right = paid("4200001", &order.sn, 5_800);
    let (body, signature) = right.sealed("nonce");
    let mut wrong = Vec::new();
    for at in (0..body.len()).step_by(41) {
        let mut changed = body.clone();
        changed[at] ^= 1;
        wrong.push((right.clone(), changed, "nonce", signature.clone()));
    }
    wrong.push((right.clone(), body.clone(), "another", signature.clone()));
    wrong.push((right.clone(), body.clone(), "nonce", "no base64!".into()));
    for (age, told) in [-400_i64, 400].map(|age| (age, right.clone())) {
        let mut told = told;
        told.timestamp = told.timestamp.saturating_add_signed(age);
        let (body, signature) = told.sealed("nonce");
        wrong.push((told, body, "nonce", signature));
    }
    let mut told = right.clone();
    told.key_id = "PUB_KEY_ID_9999";
    wrong.push((told, body, "nonce", signature));
    for (member, value) in
        [("appid", "wx0"), ("mchid", "1"), ("trade_state", "NOTPAY"), ("transaction_id", "")]
    {
        let mut told = right.clone();
        told.transaction[member] = json!(value);
        let (body, signature) = told.sealed("nonce");
        wrong.push((told, body, "nonce", signature));
    }
    let mut told = right.clone();
    told.transaction["amount"]["currency"] = json!("USD");
    let (usd, signature) = told.sealed("nonce");
    wrong.push((told, usd, "nonce", signature));
    let mut told = right.clone();
    told.event = "REFUND.SUCCESS";
    let (refund, signature) = told.sealed("nonce");
    wrong.push((told, refund, "nonce", signature));
    for (told, body, nonce, signature) in wrong {
        let answer = told.send_as(&world, body, nonce, &signature).await;
        assert_eq!((answer.status, answer.text.contains("FAIL")), (401, true), "{told:?}");
    }
    assert_eq!(world.order_status(&order).await, 101);
    assert_eq!(world.number("select count(*) from payment where order_id = ?", order.id).await, 0);

    let unknown = paid("4200002", "no-such-order", 5_800).send(&world).await;
    assert_eq!(unknown.status, 404);
    for _ in 0..3 {
        let answer = right.send(&world).await;
        assert_eq!((answer.status, answer.text.contains("SUCCESS")), (200, true), "{}", answer.text);
    }
    assert_eq!(world.order_status(&order).await, 201);
    assert_eq!(world.number("select count(*) from payment where order_id = ?", order.id).await, 1);
    // A second payment of the same order is real money, and goes back.
    assert_eq!(paid("4200003", &order.sn, 5_800).send(&world).await.status, 200);
    world.until("it goes back", async || wechat.bodies(REFUNDS).len() == 1).await;
    assert_eq!(wechat.bodies(REFUNDS)[0]["transaction_id"], "4200003");
    world.finish().await;
}

#[tokio::test]
async fn an_order_is_refunded_once_however_often_the_provider_refuses() {
    let wechat = Wechat::start().await;
    let world = wechat.world().await;
    let (lin, order) = order(&world).await;
    assert_eq!(paid("4200009", &order.sn, 5_800).send(&world).await.status, 200);
    assert_eq!(post(&world, &lin.token, "refund", &order).await.errno(), 0);
    let staff = world.staff_token("root").await;
    let refund =
        || Call::post("/admin/order/refund", json!({ "orderId": order.id, "refundMoney": 58 })).staff(&staff);
    wechat.be(Mood::Refusing);
    assert_eq!(world.call(refund()).await.errno(), 621);
    assert_eq!(world.order_status(&order).await, 202);
    wechat.be(Mood::Fine);
    let answer = world.call(refund()).await.errno();
    // The timers may have been faster, and then the order is not waiting any more.
    assert!([0, 620].contains(&answer), "{answer}");
    assert_eq!(world.order_status(&order).await, 203);
    let numbers: std::collections::BTreeSet<String> =
        wechat.bodies(REFUNDS).iter().map(|body| body["out_refund_no"].to_string()).collect();
    assert_eq!(numbers.len(), 1, "every try has the same number: {numbers:?}");
    assert_eq!(
        wechat.bodies(REFUNDS)[0]["amount"],
        json!({ "refund": 5_800, "total": 5_800, "currency": "CNY" })
    );
    let row: Value = world.ok(Call::get(&format!("/admin/order/detail?id={}", order.id)).staff(&staff)).await;
    assert_eq!(row["order"]["refundType"], "wechat");
    assert!(row["order"]["refundContent"].as_str().unwrap().starts_with("back-mallr"));
    world.finish().await;
}
