//! A month of the size that was asked for: a thousand shoppers a day, about a million rows.

use crate::harness::{Call, World};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Tables that grow with every order.
const GROWING: [&str; 6] = ["orders", "order_goods", "payment", "refund", "aftersale", "comment"];
/// Longest wait for a page, in the build of the tests and beside them.
const PATIENCE: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_million_rows_of_a_thousand_shoppers_are_listed_without_a_wait() {
    let world = World::new().await;
    // Categories and brands, which the goods are of.
    assert!(world.command(&["seed"]).status().unwrap().success());
    let amounts = ["seed", "--goods", "1000", "--users", "1000", "--orders", "310000"];
    assert!(world.command(&amounts).status().unwrap().success(), "the rows are made");
    let mut rows = 0;
    for table in GROWING {
        let count = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        rows += sqlx::query_scalar::<_, i64>(count).fetch_one(&world.db).await.unwrap();
    }
    assert!(rows >= 1_000_000, "{rows} rows");

    let staff = world.staff_token("root").await;
    // The first look brings the figures up to date.
    world.ok(Call::get("/admin/stat/order").staff(&staff)).await;
    for path in [
        "/admin/order/list?limit=20",
        "/admin/order/list?limit=20&orderStatusArray=201",
        "/admin/aftersale/list?limit=20",
        "/admin/comment/list?limit=20",
        "/admin/user/list?limit=20",
        "/admin/stat/order",
        "/admin/stat/goods",
    ] {
        let since = Instant::now();
        let page = world.ok(Call::get(path).staff(&staff)).await;
        assert!(since.elapsed() < PATIENCE, "{path}: {:?}", since.elapsed());
        let of = page.get("list").or_else(|| page.get("rows")).and_then(Value::as_array);
        assert!(of.is_some_and(|of| !of.is_empty()), "{path}: {page}");
    }
}
