//! Accounts of staff as staff see and change them.

use crate::extract::listing::{Listing, Rows};
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// A row of `admin`, as far as anybody sees it.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct AdminRow {
    pub id: u64,
    pub username: String,
    pub avatar: String,
    /// A JSON array of numbers.
    pub role_ids: String,
}

const SELECT: &str = "select id, username, avatar, cast(role_ids as char) as role_ids from admin ";

fn named(select: &'static str, username: Option<&str>) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where deleted = false");
    if let Some(username) = username {
        query.push(" and username like ").push_bind(super::anywhere(username)).push(" escape '!'");
    }
    query
}

/// How many accounts have a name with this in it.
pub async fn count(db: &MySqlPool, username: Option<&str>) -> sqlx::Result<i64> {
    named("select count(*) from admin ", username).build_query_scalar().fetch_one(db).await
}

/// Some of them.
pub async fn list(
    db: &MySqlPool,
    username: Option<&str>,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<AdminRow>> {
    let mut query = named(SELECT, username);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

/// One account.
pub async fn find(db: &MySqlPool, id: u64) -> sqlx::Result<Option<AdminRow>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("where deleted = false and id = ").push_bind(id);
    query.build_query_as().fetch_optional(db).await
}

/// One account, locked against other changes.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<AdminRow>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("where deleted = false and id = ").push_bind(id).push(" for update");
    query.build_query_as().fetch_optional(db).await
}

/// Sets the picture of an account.
pub async fn set_avatar(db: &mut MySqlConnection, id: u64, avatar: &str) -> sqlx::Result<()> {
    sqlx::query("update admin set avatar = ? where id = ?").bind(avatar).bind(id).execute(db).await?;
    Ok(())
}

/// Changes an account; what is absent stays.
pub async fn edit(
    db: &mut MySqlConnection,
    id: u64,
    username: &str,
    avatar: Option<&str>,
    role_ids: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update admin set username = ?, avatar = coalesce(?, avatar), role_ids = coalesce(?, role_ids) \
         where id = ? and deleted = false",
    )
    .bind(username)
    .bind(avatar)
    .bind(role_ids)
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes an account.
pub async fn delete(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("update admin set deleted = true where id = ? and deleted = false")
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// The stored hash of an account.
pub async fn hash(db: &MySqlPool, id: u64) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("select password_hash from admin where id = ? and deleted = false")
        .bind(id)
        .fetch_optional(db)
        .await
}

/// Sets a new password, which nobody but its owner knows; false when it was changed meanwhile.
pub async fn set_password(
    db: &mut MySqlConnection,
    id: u64,
    old_hash: &str,
    new_hash: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update admin set password_hash = ?, must_change_password = false \
         where id = ? and password_hash = ? and deleted = false",
    )
    .bind(new_hash)
    .bind(id)
    .bind(old_hash)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Replaces a hash by another one of the same password; not when it was changed meanwhile.
pub async fn replace_hash(db: &MySqlPool, id: u64, old: &str, new: &str) -> sqlx::Result<bool> {
    let done = sqlx::query("update admin set password_hash = ? where id = ? and password_hash = ?")
        .bind(new)
        .bind(id)
        .bind(old)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// How many accounts there are, the deleted ones as well.
pub async fn ever(db: &mut MySqlConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from admin").fetch_one(db).await
}

/// The account has to change its password before anything else.
pub async fn demand_new_password(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("update admin set must_change_password = true where id = ?").bind(id).execute(db).await?;
    Ok(())
}
