//! Work nobody calls for.

use crate::harness::{Call, World};
use serde_json::json;

#[tokio::test]
async fn an_order_nobody_pays_lapses_by_the_databases_clock() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let goods = world.goods("tea", 100).await;
    let sale = world.sale(&staff, world.sale_form(goods, 100)).await["id"].as_u64().unwrap();
    let lin = world.shopper("lin", "").await;
    let later = world.buys(sale, lin, 1, 600).await;
    // One with a task, as whoever makes an order writes it, and one whose task was forgotten.
    let (due, forgotten) = (world.buys(sale, lin, 2, 0).await, world.buys(sale, lin, 3, 0).await);
    for order in [&due, &later] {
        sqlx::query("insert into due_task (kind, subject_id, due_at) values ('order_unpaid', ?, now(3))")
            .bind(order.id)
            .execute(&world.db)
            .await
            .unwrap();
    }
    for order in [&due, &forgotten] {
        world.until("the order lapses", async || world.order_status(order).await == 103).await;
        let ended = "select count(*) from orders where id = ? and ended_at is not null";
        assert_eq!(world.number(ended, order.id).await, 1);
    }
    assert_eq!(world.units_asked_back(sale).await, 5);
    assert_eq!(world.order_status(&later).await, 101, "its time is not over, whatever its task says");
    let tasks = "select count(*) from due_task where kind = 'order_unpaid' and subject_id <> ?";
    world.until("tasks that are done are gone", async || world.number(tasks, later.id).await == 0).await;
    let token = world.shop_token("lin").await;
    let cancel = Call::post("/wx/order/cancel", json!({ "orderId": due.id })).shop(&token);
    assert_eq!(world.call(cancel).await.errno(), 725);
    world.finish().await;
}

#[tokio::test]
async fn several_instances_lapse_every_order_once() {
    let world = World::with(&[("MALL_CATALOG__TIMERS__BATCH", "3")]).await;
    let staff = world.staff_token("root").await;
    let goods = world.goods("tea", 200).await;
    let sale = world.sale(&staff, world.sale_form(goods, 200)).await["id"].as_u64().unwrap();
    let lin = world.shopper("lin", "").await;
    let others: Vec<_> = (0..2).map(|_| world.another_instance()).collect();
    for _ in 0..100 {
        world.buys(sale, lin, 1, 0).await;
    }
    world
        .until("every order lapses", async || {
            world.number("select count(*) from orders where sale_id = ? and status = 103", sale).await == 100
        })
        .await;
    assert_eq!(world.units_asked_back(sale).await, 100);
    drop(others);
    world.finish().await;
}

#[tokio::test]
async fn a_task_that_cannot_be_done_holds_up_no_other_and_is_kept() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let goods = world.goods("tea", 10).await;
    let sale = world.sale(&staff, world.sale_form(goods, 10)).await["id"].as_u64().unwrap();
    let lin = world.shopper("lin", "").await;
    // Rows that contradict each other: the sale's row of this order is paid already.
    let broken = world.buys(sale, lin, 1, 5).await;
    sqlx::query("update flash_order set state = 1 where order_id = ?")
        .bind(broken.id)
        .execute(&world.db)
        .await
        .unwrap();
    sqlx::query("update orders set pay_by = now(3) where id = ?")
        .bind(broken.id)
        .execute(&world.db)
        .await
        .unwrap();
    let good = world.buys(sale, lin, 1, 0).await;
    world.until("the other order lapses", async || world.order_status(&good).await == 103).await;
    let failed = "select count(*) from due_task where subject_id = ? and attempts > 0 and last_error <> ''";
    world.until("the failure is kept", async || world.number(failed, broken.id).await == 1).await;
    assert_eq!(world.order_status(&broken).await, 101, "rolled back as a whole");
    assert_eq!(world.units_asked_back(sale).await, 1);
    world.finish().await;
}

#[tokio::test]
async fn a_shipped_order_counts_as_received_after_the_days_the_shop_sets() {
    let world = World::new().await;
    let goods = world.goods("tea", 10).await;
    let lin = world.person("lin").await;
    let (old, young) =
        (world.ordinary(lin.id, goods, 1, 301).await, world.ordinary(lin.id, goods, 1, 301).await);
    for (order, days) in [(&old, 8), (&young, 3)] {
        sqlx::query("update orders set shipped_at = date_sub(now(3), interval ? day) where id = ?")
            .bind(days)
            .bind(order.id)
            .execute(&world.db)
            .await
            .unwrap();
    }
    world.until("it counts as received", async || world.order_status(&old).await == 402).await;
    let stamped = "select count(*) from orders where id = ? and confirmed_at is not null and comments = 0";
    assert_eq!(world.number(stamped, old.id).await, 1);
    assert_eq!(world.order_status(&young).await, 301);
    // The days count from now on, for orders that are on their way as well.
    sqlx::query("insert into setting (name, value) values ('litemall_order_unconfirm', '2') on duplicate key update value = '2'")
        .execute(&world.db)
        .await
        .unwrap();
    world.until("the shorter time counts", async || world.order_status(&young).await == 402).await;
    let tasks = "select count(*) from due_task where kind = 'order_received' and id > ?";
    world.until("tasks that are done are gone", async || world.number(tasks, 0).await == 0).await;
    world.finish().await;
}
