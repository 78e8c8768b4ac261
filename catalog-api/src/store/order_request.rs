//! Submits that carried an Idempotency-Key. The row is inserted before anything else of the order, so
//! that a repetition waits for the first one and then reads what became of it.

use sqlx::{FromRow, MySqlConnection, MySqlPool};

/// What became of a submit.
#[derive(Clone, Debug, FromRow)]
pub struct Answered {
    /// Hash of what was asked.
    pub request_hash: Vec<u8>,
    /// The order.
    pub order_id: u64,
    /// Whether there was nothing to pay.
    pub paid: bool,
    /// The opener's record of the group, 0 without one.
    pub groupon_id: u64,
}

/// Claims a key; false when it was used before.
pub async fn claim(db: &mut MySqlConnection, user: u64, key: &str, hash: &[u8]) -> sqlx::Result<bool> {
    let inserted =
        sqlx::query("insert into order_request (user_id, request_key, request_hash) values (?, ?, ?)")
            .bind(user)
            .bind(key)
            .bind(hash)
            .execute(db)
            .await;
    match inserted {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error),
    }
}

/// What became of a key's submit. A plain read, which sees what was committed while [`claim`] waited as
/// long as it is the first one of its transaction; a locking one would make repetitions wait in a ring.
pub async fn answered(db: &mut MySqlConnection, user: u64, key: &str) -> sqlx::Result<Option<Answered>> {
    sqlx::query_as(
        "select request_hash, order_id, paid, groupon_id from order_request \
         where user_id = ? and request_key = ?",
    )
    .bind(user)
    .bind(key)
    .fetch_optional(db)
    .await
}

/// Writes down what became of a submit.
pub async fn answer(
    db: &mut MySqlConnection,
    user: u64,
    key: &str,
    order: u64,
    paid: bool,
    groupon: u64,
) -> sqlx::Result<()> {
    sqlx::query(
        "update order_request set order_id = ?, paid = ?, groupon_id = ? \
         where user_id = ? and request_key = ?",
    )
    .bind(order)
    .bind(paid)
    .bind(groupon)
    .bind(user)
    .bind(key)
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes keys older than so many days, at most `limit`.
pub async fn forget(db: &MySqlPool, days: u32, limit: u32) -> sqlx::Result<()> {
    sqlx::query("delete from order_request where added_at < date_sub(now(3), interval ? day) limit ?")
        .bind(days)
        .bind(limit)
        .execute(db)
        .await?;
    Ok(())
}
