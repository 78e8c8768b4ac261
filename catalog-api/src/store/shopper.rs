//! Accounts of shoppers.

use sqlx::{FromRow, MySqlConnection, MySqlPool};

/// What log-in needs of an account.
#[derive(Debug, FromRow)]
pub struct Credentials {
    /// The account.
    pub id: u64,
    /// Its name as it was registered.
    pub username: String,
    /// The stored hash; empty for accounts that have no password.
    pub password_hash: String,
    /// 0 normal, 1 VIP, 2 senior VIP.
    pub level: u8,
    /// 0 usable, 1 disabled, 2 cancelled.
    pub status: u8,
    /// Picture.
    pub avatar: String,
}

/// What a shopper sees of the account.
#[derive(Debug, FromRow)]
pub struct Profile {
    /// Nickname.
    pub nickname: String,
    /// Picture.
    pub avatar: String,
    /// 0 unknown, 1 male, 2 female.
    pub gender: u8,
    /// Mobile number.
    pub mobile: String,
    /// WeChat's name of the account, or empty.
    pub weixin_openid: String,
}

/// A new account.
#[derive(Clone, Debug)]
pub struct NewShopper<'a> {
    /// Name.
    pub username: &'a str,
    /// Hash, or empty for an account without a password.
    pub password_hash: &'a str,
    /// Shown name.
    pub nickname: &'a str,
    /// Mobile number.
    pub mobile: &'a str,
    /// WeChat's name of the account, or empty.
    pub openid: &'a str,
}

/// The account of a name.
pub async fn credentials(db: &MySqlPool, username: &str) -> sqlx::Result<Option<Credentials>> {
    sqlx::query_as(
        "select id, username, password_hash, level, status, avatar from shopper \
         where username = ? and deleted = false",
    )
    .bind(username)
    .fetch_optional(db)
    .await
}

/// Remembers a log-in with this hash; false when the account is gone, disabled or has another one.
pub async fn logged_in(db: &MySqlPool, id: u64, ip: &str, hash: &str) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update shopper set last_login_at = now(3), last_login_ip = ? \
         where id = ? and password_hash = ? and status = 0 and deleted = false",
    )
    .bind(ip)
    .bind(id)
    .bind(hash)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The account as its owner sees it.
pub async fn profile(db: &MySqlPool, id: u64) -> sqlx::Result<Option<Profile>> {
    sqlx::query_as(
        "select nickname, avatar, gender, mobile, weixin_openid from shopper where id = ? and deleted = false",
    )
    .bind(id)
    .fetch_optional(db)
    .await
}

/// The account number of a name.
pub async fn id_of(db: &mut MySqlConnection, username: &str) -> sqlx::Result<Option<u64>> {
    sqlx::query_scalar("select id from shopper where username = ?").bind(username).fetch_optional(db).await
}

/// Adds an account.
pub async fn insert(db: &mut MySqlConnection, shopper: &NewShopper<'_>) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "insert into shopper (username, password_hash, nickname, mobile, weixin_openid) values (?, ?, ?, ?, ?)",
    )
    .bind(shopper.username)
    .bind(shopper.password_hash)
    .bind(shopper.nickname)
    .bind(shopper.mobile)
    .bind(shopper.openid)
    .execute(db)
    .await?;
    Ok(done.last_insert_id())
}

/// Adds accounts without a password, all in one statement.
pub async fn insert_load_buyers(db: &mut MySqlConnection, names: &[String]) -> sqlx::Result<()> {
    let mut query = sqlx::QueryBuilder::new("insert into shopper (username, nickname) ");
    query.push_values(names, |mut row, name| {
        row.push_bind(name).push_bind(name);
    });
    query.build().execute(db).await?;
    Ok(())
}

/// A load buyer with the default address, 0 when there is none yet.
#[derive(Debug, FromRow)]
pub struct LoadBuyer {
    /// The account.
    pub id: u64,
    /// The account's name.
    pub username: String,
    /// The default address.
    pub address_id: u64,
    /// Level.
    pub level: u8,
}

/// Load buyers whose names lie between two, by name.
pub async fn load_buyers(db: &mut MySqlConnection, first: &str, last: &str) -> sqlx::Result<Vec<LoadBuyer>> {
    sqlx::query_as(
        "select s.id, s.username, cast(coalesce(max(a.id), 0) as unsigned) as address_id, s.level \
         from shopper s left join address a on a.user_id = s.id and a.is_default = true and a.deleted = false \
         where s.username between ? and ? and s.deleted = false group by s.id, s.username, s.level \
         order by s.username",
    )
    .bind(first)
    .bind(last)
    .fetch_all(db)
    .await
}
