//! What staff set while the mall runs.

use sqlx::{MySqlConnection, MySqlPool};

/// Every stored name and value.
pub async fn all(db: &MySqlPool) -> sqlx::Result<Vec<(String, String)>> {
    sqlx::query_as("select name, value from setting").fetch_all(db).await
}

/// The stored value of a name, locked against other changes.
pub async fn lock(db: &mut MySqlConnection, name: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("select value from setting where name = ? for update")
        .bind(name)
        .fetch_optional(db)
        .await
}

/// Stores a value.
pub async fn put(db: &mut MySqlConnection, name: &str, value: &str) -> sqlx::Result<()> {
    sqlx::query("insert into setting (name, value) values (?, ?) on duplicate key update value = ?")
        .bind(name)
        .bind(value)
        .bind(value)
        .execute(db)
        .await?;
    Ok(())
}
