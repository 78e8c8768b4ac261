//! What shoppers do to their own account: sign up, log in, change what it says.

use sqlx::{FromRow, MySqlConnection, MySqlPool};

/// Whether a name was ever given away; that of a deleted account stays taken.
pub async fn is_taken(db: &MySqlPool, username: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists(select 1 from shopper where username = ?)")
        .bind(username)
        .fetch_one(db)
        .await
}

/// The account a mobile number belongs to.
pub async fn of_mobile(db: &MySqlPool, mobile: &str) -> sqlx::Result<Option<u64>> {
    sqlx::query_scalar("select id from shopper where live_mobile = ?").bind(mobile).fetch_optional(db).await
}

/// An account that WeChat knows.
#[derive(Clone, Debug, FromRow)]
pub struct WeixinAccount {
    /// The account.
    pub id: u64,
    /// Its name.
    pub username: String,
    /// Its hash; empty when it was made by a WeChat log-in and nothing else.
    pub password_hash: String,
    /// 0 normal, 1 VIP, 2 senior VIP.
    pub level: u8,
    /// 0 usable, 1 disabled, 2 cancelled.
    pub status: u8,
}

/// The account of an openid.
pub async fn of_openid(db: &mut MySqlConnection, openid: &str) -> sqlx::Result<Option<WeixinAccount>> {
    sqlx::query_as("select id, username, password_hash, level, status from shopper where live_openid = ?")
        .bind(openid)
        .fetch_optional(db)
        .await
}

/// Name and hash of an account.
pub async fn name_and_hash(db: &MySqlPool, id: u64) -> sqlx::Result<Option<(String, String)>> {
    sqlx::query_as("select username, password_hash from shopper where id = ? and deleted = false")
        .bind(id)
        .fetch_optional(db)
        .await
}

/// What a WeChat profile says of its owner.
#[derive(Clone, Debug, Default)]
pub struct WeixinProfile<'a> {
    /// Nickname.
    pub nickname: &'a str,
    /// Picture.
    pub avatar: &'a str,
    /// 0 unknown, 1 male, 2 female.
    pub gender: u8,
}

/// Adds an account that has no password.
pub async fn insert_weixin(
    db: &mut MySqlConnection,
    username: &str,
    openid: &str,
    profile: &WeixinProfile<'_>,
) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "insert into shopper (username, weixin_openid, nickname, avatar, gender) values (?, ?, ?, ?, ?)",
    )
    .bind(username)
    .bind(openid)
    .bind(profile.nickname)
    .bind(profile.avatar)
    .bind(profile.gender)
    .execute(db)
    .await?;
    Ok(done.last_insert_id())
}

/// Remembers what opens the phone number of the last WeChat log-in.
pub async fn set_session_key(db: &mut MySqlConnection, id: u64, session_key: &str) -> sqlx::Result<()> {
    sqlx::query("update shopper set weixin_session_key = ? where id = ? and deleted = false")
        .bind(session_key)
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// What opens the phone number of the last WeChat log-in; empty when there was none.
pub async fn session_key(db: &MySqlPool, id: u64) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("select weixin_session_key from shopper where id = ? and deleted = false")
        .bind(id)
        .fetch_optional(db)
        .await
}

/// Gives an account that WeChat made a name, a password and a number; false when it has a password
/// meanwhile.
pub async fn complete(
    db: &mut MySqlConnection,
    id: u64,
    username: &str,
    password_hash: &str,
    mobile: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update shopper set username = ?, password_hash = ?, mobile = ? \
         where id = ? and password_hash = '' and status = 0 and deleted = false",
    )
    .bind(username)
    .bind(password_hash)
    .bind(mobile)
    .bind(id)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Replaces a hash by another one of the same password; not when it was changed meanwhile.
pub async fn replace_hash(db: &MySqlPool, id: u64, old: &str, new: &str) -> sqlx::Result<bool> {
    let done = sqlx::query("update shopper set password_hash = ? where id = ? and password_hash = ?")
        .bind(new)
        .bind(id)
        .bind(old)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Sets a new password; false when the account is gone.
pub async fn set_password(db: &mut MySqlConnection, id: u64, password_hash: &str) -> sqlx::Result<bool> {
    let done = sqlx::query("update shopper set password_hash = ? where id = ? and deleted = false")
        .bind(password_hash)
        .bind(id)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Sets another mobile number; false when the account is gone.
pub async fn set_mobile(db: &mut MySqlConnection, id: u64, mobile: &str) -> sqlx::Result<bool> {
    let done = sqlx::query("update shopper set mobile = ? where id = ? and deleted = false")
        .bind(mobile)
        .bind(id)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// What a shopper may change of the profile; nothing leaves a member as it is.
#[derive(Clone, Debug, Default)]
pub struct ProfileEdit {
    /// Picture.
    pub avatar: Option<String>,
    /// 0 unknown, 1 male, 2 female.
    pub gender: Option<u8>,
    /// Nickname.
    pub nickname: Option<String>,
}

/// Changes the profile; false when the account is gone.
pub async fn edit_profile(db: &mut MySqlConnection, id: u64, edit: &ProfileEdit) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update shopper set avatar = coalesce(?, avatar), gender = coalesce(?, gender), \
         nickname = coalesce(?, nickname) where id = ? and deleted = false",
    )
    .bind(&edit.avatar)
    .bind(edit.gender)
    .bind(&edit.nickname)
    .bind(id)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
