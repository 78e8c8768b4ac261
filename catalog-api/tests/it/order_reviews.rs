//! Reviewing what came, and the shop's answers.

use crate::harness::{Answer, Bought, Call, Person, World, join_all};
use serde_json::{Value, json};

async fn review(world: &World, person: &Person, form: Value) -> Answer {
    world.call(Call::post("/wx/order/comment", form).shop(&person.token)).await
}

fn form(line: u64) -> Value {
    json!({ "orderGoodsId": line, "content": "四 good 🐟", "star": 5, "hasPicture": true, "picUrls": ["/wx/storage/fetch/a.png"] })
}

async fn reviewable(world: &World, order: &Bought) -> i64 {
    world.number("select cast(comments as signed) from orders where id = ?", order.id).await
}

#[tokio::test]
async fn a_line_is_reviewed_once_by_who_bought_it() {
    let world = World::new().await;
    let tea = world.goods("tea", 5).await;
    let (lin, mei) = (world.person("lin").await, world.person("mei").await);
    let order = world.ordinary(lin.id, tea, 1, 401).await;
    let line = world.line_of(&order).await;
    assert_eq!(review(&world, &lin, json!({ "content": "x", "star": 5 })).await.errno(), 401);
    assert_eq!(review(&world, &lin, form(999_999)).await.errno(), 402);
    assert_eq!(review(&world, &mei, form(line)).await.errno(), 402, "somebody else's order");
    for (member, value) in [
        ("star", json!(6)),
        ("star", json!(-1)),
        ("content", json!("x".repeat(1024))),
        ("picUrls", json!(["javascript:x"])),
        ("picUrls", json!("x")),
        ("picUrls", json!(vec!["/a.png"; 10])),
    ] {
        let mut form = form(line);
        form[member] = value.clone();
        assert_eq!(review(&world, &lin, form).await.errno(), 402, "{member} {value}");
    }
    let mut without = form(line);
    without.as_object_mut().unwrap().remove("star");
    assert_eq!(review(&world, &lin, without).await.errno(), 402);
    assert_eq!(reviewable(&world, &order).await, 1);

    let answers = join_all((0..10).map(|_| review(&world, &lin, form(line)))).await;
    let codes: Vec<i64> = answers.iter().map(Answer::errno).collect();
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == 726).count(), 9, "{codes:?}");
    assert_eq!(reviewable(&world, &order).await, 0);
    let shown = world.ok(Call::get(&format!("/wx/order/goods?ogid={line}")).shop(&lin.token)).await;
    let comment = shown["comment"].as_u64().unwrap();
    let stored: (String, u8, bool, u64) =
        sqlx::query_as("select content, star, has_picture, value_id from comment where id = ?")
            .bind(comment)
            .fetch_one(&world.db)
            .await
            .unwrap();
    assert_eq!(stored, ("四 good 🐟".to_owned(), 5, true, tea.id));
    assert_eq!(
        world.call(Call::get(&format!("/wx/order/goods?ogid={line}")).shop(&mei.token)).await.errno(),
        401
    );
    assert!(world.ok(Call::get("/wx/order/goods?ogid=999999").shop(&lin.token)).await.is_null());
    assert_eq!(world.call(Call::get("/wx/order/goods")).await.errno(), 402, "402 before 501");
    world.finish().await;
}

#[tokio::test]
async fn pictures_are_left_out_unless_the_body_says_that_there_are_some() {
    let world = World::new().await;
    let tea = world.goods("tea", 5).await;
    let lin = world.person("lin").await;
    let order = world.ordinary(lin.id, tea, 1, 402).await;
    let line = world.line_of(&order).await;
    let mut plain = form(line);
    plain["hasPicture"] = json!(false);
    assert_eq!(review(&world, &lin, plain).await.errno(), 0);
    let none =
        "select count(*) from comment where has_picture = false and json_length(pic_urls) = 0 and id > ?";
    assert_eq!(world.number(none, 0).await, 1);
    assert_eq!(reviewable(&world, &order).await, 0, "never below nothing");
    world.finish().await;
}

#[tokio::test]
async fn the_time_to_review_ends_and_leaves_what_was_reviewed() {
    let world = World::new().await;
    let tea = world.goods("tea", 5).await;
    let lin = world.person("lin").await;
    let order = world.ordinary(lin.id, tea, 1, 401).await;
    let first = world.line_of(&order).await;
    let second = sqlx::query(
        "insert into order_goods (order_id, goods_id, goods_name, sku_id, quantity, price_minor, specifications) \
         values (?, ?, 'cup', ?, 1, 100, '[]')",
    )
    .bind(order.id)
    .bind(tea.id)
    .bind(tea.sku)
    .execute(&world.db)
    .await
    .unwrap()
    .last_insert_id();
    sqlx::query("update orders set comments = 2 where id = ?")
        .bind(order.id)
        .execute(&world.db)
        .await
        .unwrap();
    assert_eq!(review(&world, &lin, form(first)).await.errno(), 0);
    sqlx::query("update orders set confirmed_at = date_sub(now(3), interval 8 day) where id = ?")
        .bind(order.id)
        .execute(&world.db)
        .await
        .unwrap();
    world.until("the time is over", async || reviewable(&world, &order).await == 0).await;
    let comment = "select comment_id from order_goods where id = ?";
    world.until("the line says so", async || world.number(comment, second).await == -1).await;
    assert!(world.number(comment, first).await > 0);
    assert_eq!(review(&world, &lin, form(second)).await.errno(), 727);
    assert_eq!(review(&world, &lin, form(first)).await.errno(), 726);
    world.finish().await;
}

#[tokio::test]
async fn the_shop_answers_a_review_once() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let tea = world.goods("tea", 5).await;
    let lin = world.person("lin").await;
    let order = world.ordinary(lin.id, tea, 1, 401).await;
    let line = world.line_of(&order).await;
    assert_eq!(review(&world, &lin, form(line)).await.errno(), 0);
    let comment = world.number("select comment_id from order_goods where id = ?", line).await;
    let reply =
        async |form: Value| world.call(Call::post("/admin/order/reply", form).staff(&staff)).await.errno();
    for (form, errno) in [
        (json!({ "content": "thanks" }), 401),
        (json!({ "commentId": 0, "content": "thanks" }), 401),
        (json!({ "commentId": comment }), 401),
        (json!({ "commentId": comment, "content": "" }), 401),
        (json!({ "commentId": 999_999, "content": "thanks" }), 401),
        (json!({ "commentId": comment, "content": "x".repeat(512) }), 402),
        (json!({ "commentId": comment, "content": "thanks" }), 0),
        (json!({ "commentId": comment, "content": "thanks again" }), 622),
    ] {
        assert_eq!(reply(form.clone()).await, errno, "{form}");
    }
    world.finish().await;
}
