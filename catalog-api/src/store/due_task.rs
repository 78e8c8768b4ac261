//! Work that is due at a time. The row is the memory, the claim is a row lock, so a process that dies
//! with a task leaves it for the next one.

use sqlx::{FromRow, MySqlConnection, MySqlPool};

/// An unpaid order lapses; the subject is the order.
pub const ORDER_UNPAID: &str = "order_unpaid";
/// A sale that staff deleted while its desk stood is hidden, and goes when it is reconciled.
pub const SALE_DELETE: &str = "sale_delete";

/// A claimed task.
#[derive(Debug, FromRow)]
pub struct Task {
    /// Id.
    pub id: u64,
    /// One of the constants above, or a kind a newer version knows.
    pub kind: String,
    /// What it is about.
    pub subject_id: u64,
    /// Earlier tries that failed.
    pub attempts: u32,
}

/// Claims what is due, past what others have claimed.
pub async fn claim(db: &mut MySqlConnection, limit: u32) -> sqlx::Result<Vec<Task>> {
    sqlx::query_as(
        "select id, kind, subject_id, attempts from due_task \
         where due_at <= now(3) and kind in ('order_unpaid', 'sale_delete') \
         order by due_at limit ? for update skip locked",
    )
    .bind(limit)
    .fetch_all(db)
    .await
}

/// The task is done.
pub async fn finish(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("delete from due_task where id = ?").bind(id).execute(db).await?;
    Ok(())
}

/// The task is looked at again later; a failure is counted and its text kept.
pub async fn postpone(
    db: &mut MySqlConnection,
    id: u64,
    seconds: u32,
    failure: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update due_task set due_at = date_add(now(3), interval ? second), attempts = attempts + ?, \
         last_error = ? where id = ?",
    )
    .bind(seconds)
    .bind(u32::from(failure.is_some()))
    .bind(failure.unwrap_or_default())
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// Asks for a task now; asking again changes nothing.
pub async fn ask(db: &mut MySqlConnection, kind: &str, subject_id: u64) -> sqlx::Result<()> {
    sqlx::query(
        "insert into due_task (kind, subject_id, due_at) values (?, ?, now(3)) \
         on duplicate key update kind = values(kind)",
    )
    .bind(kind)
    .bind(subject_id)
    .execute(db)
    .await?;
    Ok(())
}

/// Unpaid orders that are over their time and have no task, at most `limit`.
pub async fn overdue_orders_without_task(db: &MySqlPool, limit: u32) -> sqlx::Result<Vec<u64>> {
    sqlx::query_scalar(
        "select o.id from orders o left join due_task t on t.kind = 'order_unpaid' and t.subject_id = o.id \
         where o.status = 101 and o.pay_by <= now(3) and t.id is null order by o.pay_by limit ?",
    )
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Asks for the lapse of orders.
pub async fn ask_lapses(db: &MySqlPool, orders: &[u64]) -> sqlx::Result<()> {
    let mut query = sqlx::QueryBuilder::new("insert into due_task (kind, subject_id, due_at) ");
    query.push_values(orders, |mut row, order| {
        row.push_bind(ORDER_UNPAID).push_bind(order).push("now(3)");
    });
    query.push(" on duplicate key update kind = values(kind)");
    query.build().execute(db).await?;
    Ok(())
}
