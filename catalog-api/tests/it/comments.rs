//! Comments of shoppers, and what staff do with them.

use crate::harness::{Call, World};
use serde_json::{Value, json};

fn form(goods: u64) -> Value {
    json!({ "type": "0", "valueId": goods, "content": "well fired 🍵", "star": "4", "hasPicture": 1,
        "picUrls": ["/wx/storage/fetch/a.png"], "id": 7, "userId": 99, "adminContent": "x", "deleted": true })
}

#[tokio::test]
async fn a_comment_is_posted_counted_and_listed() {
    let world = World::new().await;
    let goods = world.goods("cup", 1).await.id;
    let lin = world.shopper("lin", "").await;
    let token = world.shop_token("lin").await;
    let post = |form: Value| world.call(Call::post("/wx/comment/post", form).shop(&token));

    let posted = post(form(goods)).await.data();
    // What a shopper does not decide is not taken from the body.
    assert_eq!((&posted["userId"], &posted["adminContent"]), (&json!(lin), &json!("")));
    assert_eq!((&posted["type"], &posted["star"]), (&json!(0), &json!(4)));
    assert_eq!(posted["picUrls"], json!(["/wx/storage/fetch/a.png"]));
    let mut plain = form(goods);
    plain["hasPicture"] = json!(false);
    assert_eq!(post(plain).await.data()["picUrls"], json!([]));

    let of = |rest: &str| Call::get(&format!("/wx/comment/{rest}type=0&valueId={goods}"));
    assert_eq!(world.ok(of("count?")).await, json!({ "allCount": 2, "hasPicCount": 1 }));
    let list = world.ok(of("list?showType=0&")).await;
    assert_eq!((&list["total"], &list["list"][1]["content"]), (&json!(2), &json!("well fired 🍵")));
    assert_eq!(list["list"][0]["userInfo"], json!({ "nickName": "lin", "avatarUrl": "" }));
    let with_picture = world.ok(of("list?showType=1&")).await;
    assert_eq!(
        (&with_picture["total"], &with_picture["list"][0]["picList"]),
        (&json!(1), &posted["picUrls"])
    );
    // An account that is gone does not take the page with it.
    sqlx::query("update shopper set deleted = true").execute(&world.db).await.unwrap();
    let list = world.ok(of("list?showType=0&limit=1&page=9&")).await;
    assert_eq!((&list["page"], &list["list"][0]["userInfo"]["nickName"]), (&json!(2), &json!("")));
}

#[tokio::test]
async fn what_is_no_comment_is_refused_with_its_name() {
    let world = World::new().await;
    let goods = world.goods("cup", 1).await.id;
    world.shopper("lin", "").await;
    let token = world.shop_token("lin").await;
    for (member, value, errno) in [
        ("type", json!(null), 401),
        ("type", json!(2), 402),
        ("type", json!(1), 402),
        ("type", json!([]), 402),
        ("valueId", json!(null), 401),
        ("valueId", json!(999_999), 402),
        ("valueId", json!(-1), 402),
        ("valueId", json!("1.5"), 402),
        ("valueId", json!(1e300), 402),
        ("content", json!(""), 401),
        ("content", json!("x".repeat(1024)), 402),
        ("content", json!("x".repeat(10_240)), 402),
        ("star", json!(null), 401),
        ("star", json!(6), 402),
        ("star", json!(-1), 402),
        ("star", json!(i64::MAX), 402),
        ("picUrls", json!(["javascript:alert(1)"]), 402),
        ("picUrls", json!("x"), 402),
        ("hasPicture", json!("maybe"), 402),
    ] {
        let mut form = form(goods);
        form[member] = value.clone();
        let answer = world.call(Call::post("/wx/comment/post", form).shop(&token)).await;
        assert_eq!(answer.errno(), errno, "{member} = {}", value.to_string().len());
        assert!(
            answer.errmsg().starts_with(member) || errno == 402 && member == "type",
            "{member}: {}",
            answer.errmsg()
        );
    }
    // Wrong input is looked at before the log-in, what is missing after it.
    let anonymous = async |form: Value| world.call(Call::post("/wx/comment/post", form)).await.errno();
    assert_eq!(anonymous(json!({ "type": [] })).await, 402);
    assert_eq!(anonymous(json!({})).await, 501);
    for query in ["", "type=0", "type=2&valueId=1", "type=0&valueId=x", "type=0&valueId=1&showType=2"] {
        let list = world.call(Call::get(&format!("/wx/comment/list?{query}"))).await;
        assert_eq!(list.errno(), 402, "{query}");
    }
    assert_eq!(world.call(Call::get("/wx/comment/count?type=9&valueId=1")).await.errno(), 402);
}

#[tokio::test]
async fn staff_see_what_is_answered_and_take_comments_away() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let (cup, tea) = (world.goods("cup", 1).await.id, world.goods("tea", 1).await.id);
    let lin = world.shopper("lin", "").await;
    let token = world.shop_token("lin").await;
    for goods in [cup, cup, tea] {
        world.ok(Call::post("/wx/comment/post", form(goods)).shop(&token)).await;
    }
    let ids: Vec<u64> =
        sqlx::query_scalar("select id from comment order by id").fetch_all(&world.db).await.unwrap();
    let reply = json!({ "commentId": ids[0], "content": "thank you" });
    assert_eq!(world.call(Call::post("/admin/order/reply", reply.clone()).staff(&staff)).await.errno(), 0);
    assert_eq!(world.call(Call::post("/admin/order/reply", reply).staff(&staff)).await.errno(), 622);

    let list =
        async |query: &str| world.ok(Call::get(&format!("/admin/comment/list?{query}")).staff(&staff)).await;
    assert_eq!(list("replied=true").await["list"][0]["adminContent"], "thank you");
    assert_eq!(list("replied=false").await["total"], 2);
    assert_eq!(list(&format!("valueId={cup}&userId={lin}")).await["total"], 2);
    assert_eq!(list("userId=999999").await["total"], 0);
    assert_eq!(list("sort=id&order=asc&userId=&valueId=").await["list"][0]["id"], json!(ids[0]));
    for query in ["userId=x", "replied=maybe", "sort=star", "order=up", "limit=10001"] {
        let answer = world.call(Call::get(&format!("/admin/comment/list?{query}")).staff(&staff)).await;
        assert_eq!(answer.errno(), 402, "{query}");
    }
    let delete =
        async |body: Value| world.call(Call::post("/admin/comment/delete", body).staff(&staff)).await;
    assert_eq!(delete(json!({ "id": ids[2], "star": 4 })).await.errno(), 0);
    assert_eq!(delete(json!({ "id": ids[2] })).await.errno(), 0);
    assert_eq!(delete(json!({})).await.errno(), 401);
    assert_eq!(list("").await["total"], 2);
    let count = world.ok(Call::get(&format!("/wx/comment/count?type=0&valueId={tea}"))).await;
    assert_eq!(count["allCount"], 0);
}
