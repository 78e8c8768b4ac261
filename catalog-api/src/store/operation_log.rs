//! Who did what: staff always, shoppers where it is sensitive.

use super::{in_order_of, push_where_id_in};
use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use sqlx::{FromRow, MySql, MySqlExecutor, MySqlPool, QueryBuilder};

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

/// A row of `operation_log`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct OperationRow {
    pub id: u64,
    pub actor: String,
    pub ip: String,
    pub kind: u8,
    pub action: String,
    pub succeeded: bool,
    pub result: String,
    pub changes: Option<String>,
    pub added_at: NaiveDateTime,
}

fn named(select: &'static str, actor: Option<&str>) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    if let Some(actor) = actor {
        // A name may have it anywhere, so that all are looked at, in the smallest index that has them.
        query
            .push("force index (operation_log_actors) where actor like ")
            .push_bind(super::anywhere(actor))
            .push(" escape '!'");
    }
    query
}

/// How many rows have a caller with this in the name.
pub async fn count(db: &MySqlPool, actor: Option<&str>) -> sqlx::Result<i64> {
    named("select count(*) from operation_log ", actor).build_query_scalar().fetch_one(db).await
}

/// Some of them.
pub async fn list(
    db: &MySqlPool,
    actor: Option<&str>,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<OperationRow>> {
    let mut query = named("select id from operation_log ", actor);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    let ids: Vec<u64> = query.build_query_scalar().fetch_all(db).await?;
    let mut query = QueryBuilder::new(
        "select id, actor, ip, kind, action, succeeded, result, cast(changes as char) as changes, added_at \
         from operation_log",
    );
    push_where_id_in(&mut query, "id", &ids);
    Ok(in_order_of(&ids, query.build_query_as().fetch_all(db).await?, |row: &OperationRow| row.id))
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
