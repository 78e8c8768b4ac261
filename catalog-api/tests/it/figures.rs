//! Figures per day and totals: what is rolled up is what counting everything gives, whatever changed in
//! between.

use crate::harness::{Call, World};
use serde_json::{Value, json};
use sqlx::Row as _;

/// The same figures from every row there is, in the order of the answer's columns.
const RAW: [(&str, &str); 3] = [
    (
        "user",
        "select date_format(date_add(added_at, interval 8 hour), '%Y-%m-%d') as day, count(*) \
         from shopper group by day order by day",
    ),
    (
        "order",
        "select date_format(date_add(added_at, interval 8 hour), '%Y-%m-%d') as day, count(*), \
         count(distinct user_id), cast(sum(actual_minor) as signed), \
         cast(round(sum(actual_minor) / count(distinct user_id)) as signed) \
         from orders where status in (401, 402) group by day order by day",
    ),
    (
        "goods",
        "select date_format(date_add(added_at, interval 8 hour), '%Y-%m-%d') as day, count(distinct order_id), \
         cast(sum(quantity) as signed), cast(sum(quantity * price_minor) as signed) \
         from order_goods group by day order by day",
    ),
];

async fn order(world: &World, user: u64, status: u16, days_ago: i64, minor: i64) -> u64 {
    let id = sqlx::query(
        "insert into orders (user_id, order_sn, status, consignee, mobile, address, goods_minor, order_minor, \
         actual_minor, pay_by, added_at) \
         values (?, uuid(), ?, 'A', '139', 'x', ?, ?, ?, now(3), date_sub(now(3), interval ? hour))",
    )
    .bind(user)
    .bind(status)
    .bind(minor)
    .bind(minor)
    .bind(minor)
    .bind(days_ago * 24)
    .execute(&world.db)
    .await
    .unwrap()
    .last_insert_id();
    sqlx::query(
        "insert into order_goods (order_id, goods_name, quantity, price_minor, specifications, added_at) \
         values (?, 'cup', 3, ?, '[]', date_sub(now(3), interval ? hour))",
    )
    .bind(id)
    .bind(minor)
    .bind(days_ago * 24)
    .execute(&world.db)
    .await
    .unwrap();
    id
}

async fn agree(world: &World, staff: &str) {
    for (subject, query) in RAW {
        let table = world.ok(Call::get(&format!("/admin/stat/{subject}")).staff(staff)).await;
        let columns: Vec<&str> =
            table["columns"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let minor = |name: &str, value: &Value| match name {
            "amount" | "pcr" => (value.as_f64().unwrap() * 100.0).round() as i64,
            _ => value.as_i64().unwrap(),
        };
        let rolled_up: Vec<(String, Vec<i64>)> = table["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                let figures = columns[1..].iter().map(|name| minor(name, &row[*name])).collect();
                (row["day"].as_str().unwrap().to_owned(), figures)
            })
            .collect();
        let raw: Vec<(String, Vec<i64>)> = sqlx::query(query)
            .fetch_all(&world.db)
            .await
            .unwrap()
            .iter()
            .map(|row| (row.get(0), (1..columns.len()).map(|at| row.get(at)).collect()))
            .collect();
        assert_eq!(rolled_up, raw, "{subject}");
        assert!(!raw.is_empty(), "{subject} has something to compare");
    }
}

#[tokio::test]
async fn rolled_up_figures_are_those_of_the_raw_rows() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let (lin, wu) = (world.shopper("lin", "").await, world.shopper("wu", "").await);
    let mut orders = Vec::new();
    for (number, days_ago) in [0, 0, 1, 5, 5, 40].into_iter().enumerate() {
        let user = if number % 2 == 0 { lin } else { wu };
        orders.push(
            order(&world, user, if number == 2 { 301 } else { 401 }, days_ago, 1_001 + number as i64).await,
        );
    }
    sqlx::query("update shopper set added_at = date_sub(now(3), interval 3 day) where id = ?")
        .bind(wu)
        .execute(&world.db)
        .await
        .unwrap();
    agree(&world, &staff).await;
    // An old day changes: an order is received late, another is deleted, and there is a new one.
    sqlx::query("update orders set status = 402 where id = ?")
        .bind(orders[2])
        .execute(&world.db)
        .await
        .unwrap();
    sqlx::query("update orders set status = 203, deleted = true where id = ?")
        .bind(orders[5])
        .execute(&world.db)
        .await
        .unwrap();
    order(&world, wu, 401, 40, 77).await;
    world.shopper("new", "").await;
    agree(&world, &staff).await;
    // Days are cut by the clocks people read: this is four in the morning of the next day.
    let late = order(&world, lin, 401, 0, 5_000).await;
    for table in ["orders", "order_goods"] {
        let key = if table == "orders" { "id" } else { "order_id" };
        let update = format!("update {table} set added_at = '2025-10-01 20:00:00' where {key} = {late}");
        sqlx::query(sqlx::AssertSqlSafe(update)).execute(&world.db).await.unwrap();
    }
    let table = world.ok(Call::get("/admin/stat/order").staff(&staff)).await;
    assert!(table["rows"].as_array().unwrap().iter().any(|row| row["day"] == "2025-10-02"), "{table}");
    agree(&world, &staff).await;
}

#[tokio::test]
async fn the_dashboard_counts_what_is_not_deleted() {
    let world = World::new().await;
    world.staff("clerk", &[]).await;
    let staff = world.staff_token("clerk").await;
    let dashboard = async || world.ok(Call::get("/admin/dashboard").staff(&staff)).await;
    let totals = |users: i64, goods: i64, orders: i64| json!({ "userTotal": users, "goodsTotal": goods, "productTotal": goods, "orderTotal": orders });
    assert_eq!(dashboard().await, totals(0, 0, 0));
    let lin = world.shopper("lin", "").await;
    world.shopper("wu", "").await;
    world.goods("cup", 1).await;
    let kept = order(&world, lin, 101, 9, 100).await;
    order(&world, lin, 401, 0, 100).await;
    assert_eq!(dashboard().await, totals(2, 1, 2));
    sqlx::query("update orders set deleted = true where id = ?").bind(kept).execute(&world.db).await.unwrap();
    sqlx::query("update shopper set deleted = true where id = ?").bind(lin).execute(&world.db).await.unwrap();
    assert_eq!(dashboard().await, totals(1, 1, 1));
    assert_eq!(world.call(Call::get("/admin/dashboard")).await.errno(), 501);
    for subject in ["user", "order", "goods"] {
        assert_eq!(world.call(Call::get(&format!("/admin/stat/{subject}")).staff(&staff)).await.errno(), 506);
    }
}
