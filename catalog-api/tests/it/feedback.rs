//! What shoppers tell the shop, and the reply by text message.

use crate::harness::{Call, World, join_all};
use serde_json::{Value, json};

fn form() -> Value {
    json!({ "content": "the lid is loose 🙁", "feedType": "goods", "mobile": 13_800_000_001_u64,
        "hasPicture": true, "picUrls": ["https://shop.example/a.png"], "status": 9, "username": "root" })
}

#[tokio::test]
async fn a_shopper_tells_the_shop_and_staff_reply_once() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let lin = world.shopper("lin", "").await;
    let token = world.shop_token("lin").await;
    let submit = async |form: Value| world.call(Call::post("/wx/feedback/submit", form).shop(&token)).await;
    let list =
        async |query: &str| world.ok(Call::get(&format!("/admin/feedback/list?{query}")).staff(&staff)).await;
    assert_eq!(submit(form()).await.errno(), 0);
    let mut plain = form();
    plain["hasPicture"] = json!(0);
    assert_eq!(submit(plain).await.errno(), 0);

    let unreplied = list("replied=false&sort=id&order=asc").await;
    assert_eq!(unreplied["total"], 2);
    let first = &unreplied["list"][0];
    // The name is the account's, whatever the body says.
    assert_eq!(
        (&first["username"], &first["userId"], &first["status"]),
        (&json!("lin"), &json!(lin), &json!(1))
    );
    assert_eq!((&first["content"], &first["replied"]), (&json!("the lid is loose 🙁"), &json!(false)));
    assert_eq!(first["picUrls"], json!(["https://shop.example/a.png"]));
    assert_eq!(unreplied["list"][1]["picUrls"], json!([]));
    assert!(first.get("replyContent").is_none() && first.get("state").is_none());

    let id = first["id"].clone();
    let reply = |body: Value| world.call(Call::post("/admin/feedback/reply", body).staff(&staff));
    for (body, errno) in [
        (json!({ "content": "sorry" }), 401),
        (json!({ "id": id, "content": " " }), 401),
        (json!({ "id": id, "content": "x".repeat(201) }), 402),
        (json!({ "id": 999_999, "content": "sorry" }), 402),
    ] {
        assert_eq!(reply(body.clone()).await.errno(), errno, "{body}");
    }
    // Of replies at the same time one is sent.
    let calls = (0..10).map(|_| reply(json!({ "id": id, "content": "sorry, a new lid is on its way" })));
    let mut errnos: Vec<i64> = join_all(calls).await.iter().map(|answer| answer.errno()).collect();
    errnos.sort_unstable();
    assert_eq!(errnos, [[0].as_slice(), &[690; 9]].concat());
    let texts = "select count(*) from sms_outbox where subject_kind = 'feedback' and subject_id = ?";
    assert_eq!(world.number(texts, id.as_u64().unwrap()).await, 1);

    let replied = list("replied=true").await;
    let row = &replied["list"][0];
    assert_eq!((&replied["total"], &row["id"]), (&json!(1), &id));
    assert_eq!(row["replyContent"], "sorry, a new lid is on its way");
    assert!(["queued", "sent"].contains(&row["state"].as_str().unwrap()), "{row}");
    assert_eq!(row["replyTime"].as_str().unwrap().len(), 19);
    assert_eq!(list("username=LI").await["total"], 2);
    assert_eq!(list("username=%25").await["total"], 0);
    assert_eq!(list(&format!("userId={lin}&replied=0")).await["total"], 1);
}

#[tokio::test]
async fn what_is_no_feedback_is_refused() {
    let world = World::new().await;
    world.shopper("lin", "").await;
    let token = world.shop_token("lin").await;
    for (member, value, errno) in [
        ("content", json!(null), 401),
        ("content", json!("x".repeat(1_024)), 402),
        ("feedType", json!(""), 401),
        ("feedType", json!("x".repeat(64)), 402),
        ("mobile", json!(null), 401),
        ("mobile", json!("23800000001"), 401),
        ("mobile", json!("1380000000"), 401),
        ("mobile", json!({}), 402),
        ("picUrls", json!([["x"]]), 402),
        ("picUrls", json!(["data:text/html,x"]), 402),
    ] {
        let mut form = form();
        form[member] = value.clone();
        let answer = world.call(Call::post("/wx/feedback/submit", form).shop(&token)).await;
        assert_eq!(answer.errno(), errno, "{member}");
        assert!(answer.errmsg().starts_with(member), "{}", answer.errmsg());
    }
    assert_eq!(world.call(Call::post("/wx/feedback/submit", form())).await.errno(), 501);
}
