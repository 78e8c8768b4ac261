//! Who did what: staff always, shoppers where it is sensitive.

use sqlx::{MySqlExecutor, MySqlPool};

/// One call.
#[derive(Debug)]
pub struct Operation<'a> {
    /// Name of the account, or "anonymous".
    pub actor: &'a str,
    /// Where from.
    pub ip: &'a str,
    /// One of [`crate::audit::kind`].
    pub kind: u8,
    /// Method and path.
    pub action: &'a str,
    /// Whether it was a success.
    pub succeeded: bool,
    /// Code and text of the answer.
    pub result: &'a str,
    /// What was changed, as JSON.
    pub changes: Option<&'a str>,
}

/// Writes a call down.
pub async fn insert(db: impl MySqlExecutor<'_>, operation: &Operation<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "insert into operation_log (actor, ip, kind, action, succeeded, result, changes) \
         values (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(operation.actor)
    .bind(operation.ip)
    .bind(operation.kind)
    .bind(operation.action)
    .bind(operation.succeeded)
    .bind(operation.result)
    .bind(operation.changes)
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes some of the rows that are older than so many days; how many there were.
pub async fn delete_older(db: &MySqlPool, days: u32, limit: u32) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "delete from operation_log where added_at < date_sub(now(3), interval ? day) order by added_at limit ?",
    )
    .bind(days)
    .bind(limit)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
