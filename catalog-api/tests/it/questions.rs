//! Questions about goods, and the shop's answers.

use crate::harness::{Call, World, join_all};
use serde_json::{Value, json};

#[tokio::test]
async fn a_question_is_asked_answered_hidden_and_deleted() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let goods = world.goods("rod", 1).await.id;
    world.shopper("linlin", "").await;
    let token = world.shop_token("linlin").await;
    let ask = json!({ "goodsId": goods.to_string(), "question": "is it for the sea? 🐟", "answer": "yes" });
    let asked = world.ok(Call::post("/wx/qa/ask", ask).shop(&token)).await;
    assert!(asked.get("answer").is_none() && asked["hidden"] == json!(false), "{asked}");
    let id = asked["id"].clone();

    let shown = async || world.ok(Call::get(&format!("/wx/qa/list?goodsId={goods}"))).await;
    let desk =
        async |query: &str| world.ok(Call::get(&format!("/admin/qa/list?{query}")).staff(&staff)).await;
    let act = async |what: &str, body: Value| {
        world.call(Call::post(&format!("/admin/qa/{what}"), body).staff(&staff)).await
    };
    assert_eq!(shown().await["list"][0]["nickname"], "l***");
    assert_eq!(desk("answered=false&question=SEA").await["list"][0]["nickname"], "linlin");
    let answered = act("answer", json!({ "id": id, "answer": "for lakes" })).await.data();
    assert_eq!(answered["answer"], "for lakes");
    assert_eq!(shown().await["list"][0]["answeredTime"].as_str().unwrap().len(), 19);
    assert_eq!(desk("answered=true").await["total"], 1);
    assert_eq!(desk(&format!("answered=false&goodsId={goods}")).await["total"], 0);
    assert_eq!(desk("question=%25").await["total"], 0);

    assert_eq!(act("hide", json!({ "id": id })).await.errno(), 0);
    assert_eq!((&shown().await["total"], &desk("").await["list"][0]["hidden"]), (&json!(0), &json!(true)));
    assert_eq!(act("hide", json!({ "id": id, "hidden": false })).await.errno(), 0);
    assert_eq!(shown().await["total"], 1);
    assert_eq!(act("delete", json!({ "id": id })).await.errno(), 0);
    assert_eq!((&shown().await["total"], &desk("").await["total"]), (&json!(0), &json!(0)));

    for (what, body, errno) in [
        ("answer", json!({ "answer": "x" }), 401),
        ("answer", json!({ "id": id }), 401),
        ("answer", json!({ "id": id, "answer": "x" }), 402),
        ("answer", json!({ "id": 1, "answer": "x".repeat(1_024) }), 402),
        ("hide", json!({}), 401),
        ("hide", json!({ "id": 999_999 }), 402),
        ("delete", json!({}), 401),
        ("delete", json!({ "id": 999_999 }), 0),
    ] {
        assert_eq!(act(what, body.clone()).await.errno(), errno, "{what} {body}");
    }
    let logged: String = sqlx::query_scalar(
        "select cast(changes as char) from operation_log where action = 'POST /admin/qa/answer' and succeeded",
    )
    .fetch_one(&world.db)
    .await
    .unwrap();
    assert!(logged.contains("for lakes") && logged.contains("before"), "{logged}");
}

#[tokio::test]
async fn five_questions_an_hour_and_not_one_more() {
    let world = World::new().await;
    let goods = world.goods("rod", 1).await.id;
    world.shopper("lin", "").await;
    let token = world.shop_token("lin").await;
    let ask = |body: Value| world.call(Call::post("/wx/qa/ask", body).shop(&token));
    for (body, errno) in [
        (json!({ "question": "x" }), 401),
        (json!({ "goodsId": goods, "question": "  " }), 401),
        (json!({ "goodsId": 999_999, "question": "x" }), 402),
        (json!({ "goodsId": goods, "question": "鱼".repeat(201) }), 402),
        (json!({ "goodsId": [goods], "question": "x" }), 402),
        (json!([]), 402),
    ] {
        assert_eq!(ask(body.clone()).await.errno(), errno, "{body}");
    }
    assert_eq!(ask(json!({ "goodsId": goods, "question": "鱼".repeat(200) })).await.errno(), 0);
    let calls =
        (0..12).map(|number| ask(json!({ "goodsId": goods, "question": format!("question {number}") })));
    let mut errnos: Vec<i64> = join_all(calls).await.iter().map(|answer| answer.errno()).collect();
    errnos.sort_unstable();
    assert_eq!(errnos, [[0; 4].as_slice(), &[790; 8]].concat());
    // An hour later there is room again.
    sqlx::query("update goods_question set added_at = date_sub(added_at, interval 61 minute)")
        .execute(&world.db)
        .await
        .unwrap();
    assert_eq!(ask(json!({ "goodsId": goods, "question": "again" })).await.errno(), 0);
    assert_eq!(
        world.call(Call::post("/wx/qa/ask", json!({ "goodsId": goods, "question": "x" }))).await.errno(),
        501
    );
    assert_eq!(world.call(Call::get("/wx/qa/list")).await.errno(), 402);
}
