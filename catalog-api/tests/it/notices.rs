//! Notices for staff and the letter box of each of them.

use crate::harness::{Answer, Call, World};
use serde_json::{Value, json};

async fn post(world: &World, token: &str, path: &str, body: Value) -> Answer {
    world.call(Call::post(path, body).staff(token)).await
}

#[tokio::test]
async fn a_notice_reaches_everybody_and_changes_until_somebody_reads_it() {
    let world = World::new().await;
    world.staff("reader", &[]).await;
    let (root, reader) = (world.staff_token("root").await, world.staff_token("reader").await);
    for (body, errno) in [
        (json!({ "content": "x" }), 401),
        (json!({ "title": "x".repeat(64) }), 402),
        (json!({ "title": "t", "content": "x".repeat(16_001) }), 402),
    ] {
        assert_eq!(post(&world, &root, "/admin/notice/create", body).await.errno(), errno);
    }
    let content = "<p>tea <b>at five</b></p><script>alert(1)</script><img src=x onerror=alert(1)>";
    let notice = post(&world, &root, "/admin/notice/create", json!({ "title": "tea", "content": content }))
        .await
        .data();
    let id = notice["id"].as_u64().unwrap();
    let stored = notice["content"].as_str().unwrap();
    assert!(stored.contains("<b>at five</b>") && !stored.contains("script") && !stored.contains("onerror"));

    let unread = async |token: &str| world.ok(Call::get("/admin/profile/nnotice").staff(token)).await;
    assert_eq!((unread(&root).await, unread(&reader).await), (json!(1), json!(1)));
    let update = async |body: Value| post(&world, &root, "/admin/notice/update", body).await.errno();
    assert_eq!(update(json!({ "id": id })).await, 401);
    assert_eq!(update(json!({ "title": "t" })).await, 401);
    assert_eq!(update(json!({ "id": 999_999, "title": "t" })).await, 401);
    assert_eq!(update(json!({ "id": id, "title": "coffee" })).await, 0);
    let box_of = async |token: &str, kind: &str| {
        world.ok(Call::get(&format!("/admin/profile/lsnotice?type={kind}&title=")).staff(token)).await
    };
    let letters = box_of(&reader, "unread").await;
    assert_eq!((&letters["total"], &letters["list"][0]["noticeTitle"]), (&json!(1), &json!("coffee")));
    assert!(letters["list"][0].get("readTime").is_none());

    assert_eq!(post(&world, &reader, "/admin/profile/catnotice", json!({})).await.errno(), 401);
    assert_eq!(
        post(&world, &reader, "/admin/profile/catnotice", json!({ "noticeId": 999_999 })).await.errno(),
        402
    );
    let opened = post(&world, &reader, "/admin/profile/catnotice", letters["list"][0].clone()).await.data();
    assert_eq!(
        (&opened["title"], &opened["admin"], &opened["avatar"]),
        (&json!("coffee"), &json!("root"), &json!(""))
    );
    assert_eq!((unread(&root).await, unread(&reader).await), (json!(1), json!(0)));
    assert!(box_of(&reader, "read").await["list"][0]["readTime"].is_string());
    assert_eq!(box_of(&reader, "all").await["total"], 1);
    assert_eq!(update(json!({ "id": id, "title": "too late" })).await, 660);

    let detail = world.ok(Call::get(&format!("/admin/notice/read?id={id}")).staff(&root)).await;
    assert_eq!(detail["notice"]["title"], "coffee");
    assert_eq!(detail["noticeAdminList"].as_array().unwrap().len(), 2);
    let list = world.ok(Call::get("/admin/notice/list?title=OFF&content=five").staff(&root)).await;
    assert_eq!(list["total"], 1);

    // Somebody else's letter is nobody's business.
    let own = box_of(&root, "all").await["list"][0]["id"].clone();
    assert_eq!(post(&world, &reader, "/admin/profile/brmnotice", json!({ "ids": [own] })).await.errno(), 0);
    assert_eq!(post(&world, &reader, "/admin/profile/bcatnotice", json!({ "ids": [own] })).await.errno(), 0);
    assert_eq!((box_of(&root, "all").await["total"].clone(), unread(&root).await), (json!(1), json!(1)));
    assert_eq!(post(&world, &root, "/admin/profile/bcatnotice", json!({ "ids": [own] })).await.errno(), 0);
    assert_eq!(unread(&root).await, json!(0));
    assert_eq!(post(&world, &root, "/admin/profile/bcatnotice", json!({})).await.errno(), 401);
    assert_eq!(post(&world, &root, "/admin/profile/bcatnotice", json!({ "ids": "1" })).await.errno(), 402);
    assert_eq!(post(&world, &root, "/admin/profile/rmnotice", json!({})).await.errno(), 401);
    assert_eq!(post(&world, &root, "/admin/profile/rmnotice", json!({ "id": own })).await.errno(), 0);
    assert_eq!(box_of(&root, "all").await["total"], 0);

    let more =
        post(&world, &root, "/admin/notice/create", json!({ "title": "more" })).await.data()["id"].clone();
    assert_eq!(post(&world, &root, "/admin/notice/batch-delete", json!({ "ids": [] })).await.errno(), 401);
    assert_eq!(post(&world, &root, "/admin/notice/batch-delete", json!({ "ids": [more] })).await.errno(), 0);
    assert_eq!(
        post(&world, &root, "/admin/notice/delete", json!({ "id": id, "title": "x" })).await.errno(),
        0
    );
    assert_eq!(box_of(&reader, "all").await["total"], 0);
    assert_eq!(world.ok(Call::get("/admin/notice/list").staff(&root)).await["total"], 0);
}
