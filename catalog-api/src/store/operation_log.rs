//! Who did what in the back office.

use sqlx::MySqlPool;

/// One call.
#[derive(Debug)]
pub struct Operation<'a> {
    /// Name of the account, or "anonymous".
    pub actor: &'a str,
    /// Where from.
    pub ip: &'a str,
    /// 1 for log-in and log-out, 0 for the rest.
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
pub async fn insert(db: &MySqlPool, operation: &Operation<'_>) -> sqlx::Result<()> {
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
