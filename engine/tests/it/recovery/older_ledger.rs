//! The ledger goes back to an older state: a backup was restored, or a replica that lagged was promoted.
//! The log brings back what was promised since; the desk follows the ledger.

use super::sell;
use crate::harness::{Mall, Spec};

/// What the engine writes, and what lapses with it.
const TABLES: [&str; 9] = [
    "flash_sale",
    "flash_order",
    "stock_log",
    "stock_return",
    "stock_change",
    "dead_letter",
    "log_position",
    "orders",
    "order_goods",
];

/// Columns of a table that can be written.
async fn columns(mall: &Mall, table: &str) -> String {
    let columns: Vec<String> = sqlx::query_scalar(
        "select cast(column_name as char) from information_schema.columns where table_schema = database() \
         and table_name = ? and generation_expression is null or table_schema = database() \
         and table_name = ? and generation_expression = ''",
    )
    .bind(table)
    .bind(table)
    .fetch_all(&mall.db)
    .await
    .expect("columns");
    assert!(!columns.is_empty(), "{table} has columns");
    columns.join(", ")
}

/// A backup of one moment.
async fn back_up(mall: &Mall) {
    for table in TABLES {
        mall.run(&format!("create table kept_{table} like {table}")).await;
    }
    let mut sql = String::from("start transaction with consistent snapshot;\n");
    for table in TABLES {
        let columns = columns(mall, table).await;
        sql += &format!("insert into kept_{table} ({columns}) select {columns} from {table};\n");
    }
    in_one(mall, &(sql + "commit;\n")).await;
}

/// Everything as it was then, in one moment too.
async fn restore(mall: &Mall) {
    let mut sql = String::from("set session foreign_key_checks = 0;\nstart transaction;\n");
    // In the order in which settlement takes its locks.
    sql += "select next_offset from log_position for update;\nselect id from flash_sale for update;\n";
    for table in TABLES {
        let columns = columns(mall, table).await;
        sql += &format!(
            "delete from {table};\ninsert into {table} ({columns}) select {columns} from kept_{table};\n"
        );
    }
    in_one(mall, &(sql + "commit;\n")).await;
}

/// Runs statements on one connection of their own; from the start again when they meet a deadlock.
async fn in_one(mall: &Mall, sql: &str) {
    use sqlx::Connection as _;
    for _ in 0..20 {
        let mut connection =
            sqlx::MySqlConnection::connect(&mall.stores.database_url).await.expect("the database answers");
        let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
        match done {
            Ok(_) => return,
            Err(error) if error.to_string().contains("Deadlock") => {}
            Err(error) => panic!("{error}: {sql}"),
        }
    }
    panic!("a deadlock every time");
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_running_engine_everything_promised_since_is_settled_again_and_the_desk_follows() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec { units: 40, ..Spec::default() }).await;
    let first = sell(&mall, sale, 10).await;
    back_up(&mall).await;
    let before = mall.generation(sale).await;
    sell(&mall, sale, 8).await;
    // Two units come home and one of them is sold again: the restored ledger knows nothing of it.
    for (_, sn) in &first[..2] {
        mall.lapse(sn).await;
    }
    crate::harness::eventually("they are home", 10, async || {
        match mall.number("select count(*) from stock_return").await {
            0 => Ok(()),
            other => Err(other.to_string()),
        }
    })
    .await;
    sell(&mall, sale, 1).await;
    restore(&mall).await;
    mall.wait_recovered(sale, before).await;
    sell(&mall, sale, 3).await;
    assert_eq!(mall.rows(sale).await, 22, "what was promised before and after");
    assert_eq!(mall.number("select count(*) from dead_letter").await, 0);
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn generations_the_restored_ledger_does_not_know_are_never_used_again() {
    let mut mall = Mall::start().await;
    let sale = mall.sale(Spec { units: 40, ..Spec::default() }).await;
    sell(&mall, sale, 5).await;
    back_up(&mall).await;
    for _ in 0..3 {
        let asked = mall.command().args(["recover", &sale.to_string()]).output().expect("recover runs");
        assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stdout));
        sell(&mall, sale, 3).await;
    }
    let known = mall.generation(sale).await;
    assert_eq!(known, 4);
    drop(mall.engine.take());
    restore(&mall).await;
    assert_eq!(mall.generation(sale).await, 1);
    mall.start_engine("all").await;
    mall.wait_recovered(sale, known).await;
    sell(&mall, sale, 2).await;
    assert_eq!(mall.rows(sale).await, 16);
    assert_eq!(mall.number("select count(*) from dead_letter").await, 0);
    mall.finish().await;
}
