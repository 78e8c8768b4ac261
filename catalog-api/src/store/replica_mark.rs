//! The mark by which it is known how far a copy of the database has come (`replica`).

use sqlx::MySqlPool;

/// Counts the mark up; what it is now.
pub async fn write(db: &MySqlPool) -> sqlx::Result<u64> {
    let written = sqlx::query(
        "insert into replica_mark (id, mark) values (1, last_insert_id(1)) \
         on duplicate key update mark = last_insert_id(mark + 1)",
    )
    .execute(db)
    .await?;
    Ok(written.last_insert_id())
}

/// The mark; 0 where it was never written.
pub async fn read(db: &MySqlPool) -> sqlx::Result<u64> {
    let mark = sqlx::query_scalar("select mark from replica_mark where id = 1").fetch_optional(db).await?;
    Ok(mark.unwrap_or(0))
}
