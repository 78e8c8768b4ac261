//! Starting by hand, closing, deleting.

use crate::harness::{Call, Goods, World, shown};
use serde_json::{Value, json};

async fn act(world: &World, token: &str, what: &str, id: u64) -> crate::harness::Answer {
    world.call(Call::post(&format!("/admin/seckill/{what}"), json!({ "id": id })).staff(token)).await
}

/// A sale whose window lies ahead.
async fn upcoming(world: &World, token: &str, goods: Goods, stock: i64) -> u64 {
    let mut form = world.sale_form(goods, stock);
    form["startTime"] = json!(shown(1800));
    world.sale(token, form).await["id"].as_u64().unwrap()
}

async fn shown_ids(world: &World, token: &str) -> Vec<Value> {
    let data = world.ok(Call::get("/admin/seckill/list?sort=id&order=asc").staff(token)).await;
    data["list"].as_array().unwrap().iter().map(|sale| sale["id"].clone()).collect()
}

#[tokio::test]
async fn starting_by_hand_may_be_repeated_but_not_after_the_end() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let id = upcoming(&world, &token, world.goods("tea", 30).await, 10).await;
    let started = act(&world, &token, "force-start", id).await.data();
    assert_eq!(started["version"], 2);
    let ahead = "select cast(starts_at <= now(3) as signed) from flash_sale where id = ?";
    assert_eq!(world.number(ahead, id).await, 1);
    assert_eq!(act(&world, &token, "force-start", id).await.data()["version"], 2, "again is a success");
    world.engine_moves(id, "open").await;
    assert_eq!(act(&world, &token, "force-start", id).await.errno(), 0);
    sqlx::query(
        "update flash_sale set ends_at = date_add(starts_at, interval 1000 microsecond) where id = ?",
    )
    .bind(id)
    .execute(&world.db)
    .await
    .unwrap();
    world
        .until("the window is over", async || {
            world.number("select cast(ends_at <= now(3) as signed) from flash_sale where id = ?", id).await
                == 1
        })
        .await;
    assert_eq!(act(&world, &token, "force-start", id).await.errno(), 683);
    assert_eq!(act(&world, &token, "force-start", 999_999).await.errno(), 402);
    world.finish().await;
}

#[tokio::test]
async fn closing_is_for_sales_that_can_sell() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let goods = world.goods("tea", 30).await;
    for state in ["armed", "open", "recovering"] {
        let id = upcoming(&world, &token, goods, 1).await;
        world.engine_moves(id, state).await;
        let closed = act(&world, &token, "close", id).await.data();
        assert_eq!((&closed["state"], &closed["version"]), (&json!("closing"), &json!(2)));
        assert_eq!(
            world.number("select cast(closed_by_staff as signed) from flash_sale where id = ?", id).await,
            1
        );
        assert_eq!(act(&world, &token, "close", id).await.errno(), 683);
        assert_eq!(act(&world, &token, "force-start", id).await.errno(), 683);
    }
    let id = upcoming(&world, &token, goods, 1).await;
    for state in ["closing", "drained", "reconciled", "archived"] {
        world.engine_moves(id, state).await;
        assert_eq!(act(&world, &token, "close", id).await.errno(), 683, "{state}");
    }
    world.finish().await;
}

#[tokio::test]
async fn deleting_a_sale_without_a_desk_gives_every_unit_back_at_once() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let goods = world.goods("tea", 30).await;
    let id = upcoming(&world, &token, goods, 10).await;
    let more = json!({ "id": id, "version": 1, "stockDelta": 5 });
    assert_eq!(world.call(Call::post("/admin/seckill/update", more).staff(&token)).await.errno(), 0);
    assert_eq!(world.sku_stock(goods).await, 15);
    assert_eq!(act(&world, &token, "delete", id).await.errno(), 0);
    assert_eq!(world.sku_stock(goods).await, 30);
    assert_eq!(shown_ids(&world, &token).await, Vec::<Value>::new());
    assert_eq!(act(&world, &token, "delete", id).await.errno(), 402);
    // A desk that is built against all expectation has nothing to sell, and no change is booked.
    assert_eq!(world.number("select free from flash_sale where id = ?", id).await, 0);
    assert_eq!(
        world.number("select count(*) from stock_change where sale_id = ? and state in (0, 1)", id).await,
        0
    );
    world.finish().await;
}

#[tokio::test]
async fn deleting_a_sale_with_a_desk_hides_it_and_it_goes_once_it_is_reconciled() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let goods = world.goods("tea", 30).await;
    let id = upcoming(&world, &token, goods, 10).await;
    world.engine_moves(id, "armed").await;
    assert_eq!(act(&world, &token, "delete", id).await.errno(), 0);
    assert_eq!(shown_ids(&world, &token).await, Vec::<Value>::new());
    assert_eq!(act(&world, &token, "delete", id).await.errno(), 402, "it is gone for staff");
    assert_eq!(world.sku_stock(goods).await, 20, "the engine gives the units back");
    let state = "select cast(state as signed) from flash_sale where id = ?";
    assert_eq!(world.number(state, id).await, 4);
    let deleted = "select cast(deleted as signed) from flash_sale where id = ?";
    assert_eq!(world.number(deleted, id).await, 0, "the engine has to see it");
    world.engine_moves(id, "reconciled").await;
    world.until("the row is deleted", async || world.number(deleted, id).await == 1).await;
    world.finish().await;
}

#[tokio::test]
async fn a_sale_with_orders_or_an_open_one_is_not_deleted() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let goods = world.goods("tea", 30).await;
    let begun = world.sale(&token, world.sale_form(goods, 5)).await["id"].as_u64().unwrap();
    world.engine_moves(begun, "armed").await;
    assert_eq!(act(&world, &token, "delete", begun).await.errno(), 683, "its window has begun");
    for state in ["open", "recovering", "closing", "drained"] {
        world.engine_moves(begun, state).await;
        assert_eq!(act(&world, &token, "delete", begun).await.errno(), 683, "{state}");
    }
    let user = world.shopper("lin", "").await;
    let order = world.buys(begun, user, 2, 600).await;
    assert_eq!(world.order_status(&order).await, 101);
    for state in ["open", "reconciled", "archived"] {
        world.engine_moves(begun, state).await;
        assert_eq!(act(&world, &token, "delete", begun).await.errno(), 683, "{state} with orders");
    }
    let sale = world.ok(Call::get(&format!("/admin/seckill/read?id={begun}")).staff(&token)).await;
    assert_eq!((&sale["remaining"], &sale["sold"], &sale["paid"]), (&json!(3), &json!(2), &json!(0)));
    assert_eq!(world.sku_stock(goods).await, 25);

    let empty = upcoming(&world, &token, goods, 5).await;
    world.engine_moves(empty, "reconciled").await;
    assert_eq!(act(&world, &token, "delete", empty).await.errno(), 0, "over, and nobody bought");
    world.finish().await;
}
