//! Work that is due at a time. The row is the memory, the claim is a row lock, so a process that dies
//! with a task leaves it for the next one.

use sqlx::{FromRow, MySqlConnection, MySqlPool, QueryBuilder};

/// An unpaid order lapses; the subject is the order.
pub const ORDER_UNPAID: &str = "order_unpaid";
/// A sale that staff deleted while its desk stood is hidden, and goes when it is reconciled.
pub const SALE_DELETE: &str = "sale_delete";

/// A shipped order counts as received; the subject is the order.
pub const ORDER_RECEIVED: &str = "order_received";
/// The time to review an order is over; the subject is the order.
pub const REVIEW_OVER: &str = "review_over";
/// Payments that were prepared for an order and are not wanted any more are closed at the provider.
pub const PAYMENT_CLOSE: &str = "payment_close";

/// The share poster of goods is made; the subject is the goods.
pub const GOODS_POSTER: &str = "goods_poster";
/// The share poster of a group is made; the subject is the opener's record.
pub const GROUP_POSTER: &str = "group_poster";

/// An offer of group buying ends; the subject is the offer.
pub const GROUPON_EXPIRY: &str = "groupon_expiry";
/// Coupons whose time is over are marked, again and again; there is one such task, whose subject is 0.
pub const COUPON_EXPIRY: &str = "coupon_expiry";

/// What this version knows how to do in batches; other kinds wait for a newer one.
const KINDS: &[&str] =
    &[ORDER_UNPAID, ORDER_RECEIVED, REVIEW_OVER, SALE_DELETE, GROUPON_EXPIRY, COUPON_EXPIRY];

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
    let mut query = QueryBuilder::new(
        "select id, kind, subject_id, attempts from due_task where due_at <= now(3) and kind in (",
    );
    let mut kinds = query.separated(", ");
    for kind in KINDS {
        kinds.push_bind(kind);
    }
    query.push(") order by due_at limit ").push_bind(limit).push(" for update skip locked");
    query.build_query_as().fetch_all(db).await
}

/// Claims one task of a kind that is done by itself, past what others have claimed.
pub async fn claim_one(db: &mut MySqlConnection, kind: &str) -> sqlx::Result<Option<Task>> {
    sqlx::query_as(
        "select id, kind, subject_id, attempts from due_task where due_at <= now(3) and kind = ? \
         order by due_at limit 1 for update skip locked",
    )
    .bind(kind)
    .fetch_optional(db)
    .await
}

/// The task is done.
pub async fn finish(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("delete from due_task where id = ?").bind(id).execute(db).await?;
    Ok(())
}

/// The task is done, unless it was asked for again since it was put off.
pub async fn finish_unless_asked(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("delete from due_task where id = ? and due_at > now(3)").bind(id).execute(db).await?;
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

/// Asks for a task some seconds from now; asking again moves it.
pub async fn ask_in(db: &mut MySqlConnection, kind: &str, subject_id: u64, seconds: u32) -> sqlx::Result<()> {
    sqlx::query(
        "insert into due_task (kind, subject_id, due_at) values (?, ?, date_add(now(3), interval ? second)) \
         on duplicate key update due_at = values(due_at)",
    )
    .bind(kind)
    .bind(subject_id)
    .bind(seconds)
    .execute(db)
    .await?;
    Ok(())
}

/// Asks for the closing of an order's prepared payments, where there are any.
pub async fn close_payments(db: &mut MySqlConnection, order: u64) -> sqlx::Result<()> {
    sqlx::query(
        "insert into due_task (kind, subject_id, due_at) \
         select distinct ?, order_id, now(3) from payment_request where order_id = ? and closed = false \
         on duplicate key update due_at = values(due_at)",
    )
    .bind(PAYMENT_CLOSE)
    .bind(order)
    .execute(db)
    .await?;
    Ok(())
}

/// Asks for one kind of task for many subjects.
pub async fn ask_many(db: &MySqlPool, kind: &str, subjects: &[u64]) -> sqlx::Result<()> {
    if subjects.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::new("insert into due_task (kind, subject_id, due_at) ");
    query.push_values(subjects, |mut row, subject| {
        row.push_bind(kind).push_bind(subject).push("now(3)");
    });
    query.push(" on duplicate key update kind = values(kind)");
    query.build().execute(db).await?;
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

/// Orders that were shipped so many days ago and have no task, at most `limit`.
pub async fn shipped_long_ago(db: &MySqlPool, days: u32, limit: u32) -> sqlx::Result<Vec<u64>> {
    sqlx::query_scalar(
        "select o.id from orders o left join due_task t on t.kind = 'order_received' and t.subject_id = o.id \
         where o.status = 301 and o.shipped_at <= date_sub(now(3), interval ? day) and o.deleted = false \
         and t.id is null order by o.shipped_at limit ?",
    )
    .bind(days)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Orders whose time to be reviewed ended so and have no task, at most `limit`.
pub async fn reviewable_long_ago(db: &MySqlPool, days: u32, limit: u32) -> sqlx::Result<Vec<u64>> {
    sqlx::query_scalar(
        "select o.id from orders o left join due_task t on t.kind = 'review_over' and t.subject_id = o.id \
         where o.comments > 0 and o.confirmed_at <= date_sub(now(3), interval ? day) \
         and t.id is null order by o.id limit ?",
    )
    .bind(days)
    .bind(limit)
    .fetch_all(db)
    .await
}
