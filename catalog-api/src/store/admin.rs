//! Accounts, roles and permissions of staff.

use sqlx::{FromRow, MySqlConnection, MySqlPool};

/// What log-in needs of an account.
#[derive(Debug, FromRow)]
pub struct Credentials {
    /// The account.
    pub id: u64,
    /// Its name as it was given.
    pub username: String,
    /// The stored hash.
    pub password_hash: String,
    /// Picture.
    pub avatar: String,
}

/// The account of a name.
pub async fn credentials(db: &MySqlPool, username: &str) -> sqlx::Result<Option<Credentials>> {
    sqlx::query_as(
        "select id, username, password_hash, avatar from admin where username = ? and deleted = false",
    )
    .bind(username)
    .fetch_optional(db)
    .await
}

/// Remembers a log-in with this hash; false when the account is gone or has another one.
pub async fn logged_in(db: &MySqlPool, id: u64, ip: &str, hash: &str) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update admin set last_login_at = now(3), last_login_ip = ? \
         where id = ? and password_hash = ? and deleted = false",
    )
    .bind(ip)
    .bind(id)
    .bind(hash)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// An account as the gate needs it.
#[derive(Debug, FromRow)]
pub struct Account {
    /// Its name.
    pub username: String,
    /// Picture.
    pub avatar: String,
    /// Whether its password may be known to everybody.
    pub must_change_password: bool,
}

/// An account that still exists.
pub async fn account(db: &MySqlPool, id: u64) -> sqlx::Result<Option<Account>> {
    sqlx::query_as(
        "select username, avatar, must_change_password from admin where id = ? and deleted = false",
    )
    .bind(id)
    .fetch_optional(db)
    .await
}

/// Permissions of the enabled roles of an account, as they are now.
pub async fn permissions(db: &MySqlPool, id: u64) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select distinct p.permission from admin a \
         join role r on json_contains(a.role_ids, cast(r.id as char)) and r.enabled = true and r.deleted = false \
         join role_permission p on p.role_id = r.id where a.id = ? and a.deleted = false",
    )
    .bind(id)
    .fetch_all(db)
    .await
}

/// Names of the enabled roles of an account.
pub async fn role_names(db: &MySqlPool, id: u64) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select r.name from admin a \
         join role r on json_contains(a.role_ids, cast(r.id as char)) and r.enabled = true and r.deleted = false \
         where a.id = ? and a.deleted = false order by r.id",
    )
    .bind(id)
    .fetch_all(db)
    .await
}

/// The account number of a name.
pub async fn id_of(db: &mut MySqlConnection, username: &str) -> sqlx::Result<Option<u64>> {
    sqlx::query_scalar("select id from admin where username = ? and deleted = false")
        .bind(username)
        .fetch_optional(db)
        .await
}

/// Adds an account; `role_ids` is a JSON array.
pub async fn insert(
    db: &mut MySqlConnection,
    username: &str,
    password_hash: &str,
    role_ids: &str,
) -> sqlx::Result<u64> {
    let done = sqlx::query("insert into admin (username, password_hash, role_ids) values (?, ?, ?)")
        .bind(username)
        .bind(password_hash)
        .bind(role_ids)
        .execute(db)
        .await?;
    Ok(done.last_insert_id())
}

/// The role of a name.
pub async fn role_id_of(db: &mut MySqlConnection, name: &str) -> sqlx::Result<Option<u64>> {
    sqlx::query_scalar("select id from role where name = ? and deleted = false")
        .bind(name)
        .fetch_optional(db)
        .await
}

/// Adds a role.
pub async fn insert_role(db: &mut MySqlConnection, name: &str, description: &str) -> sqlx::Result<u64> {
    let done = sqlx::query("insert into role (name, description) values (?, ?)")
        .bind(name)
        .bind(description)
        .execute(db)
        .await?;
    Ok(done.last_insert_id())
}

/// Gives a role a permission.
pub async fn grant(db: &mut MySqlConnection, role_id: u64, permission: &str) -> sqlx::Result<()> {
    sqlx::query("insert into role_permission (role_id, permission) values (?, ?)")
        .bind(role_id)
        .bind(permission)
        .execute(db)
        .await?;
    Ok(())
}
