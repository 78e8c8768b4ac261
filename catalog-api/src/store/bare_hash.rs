//! MD5 hashes that an import left, as long as they lie there bare.

use super::{admin_desk, shopper_account};
use sqlx::MySqlPool;

/// Where passwords are.
#[derive(Clone, Copy, Debug)]
pub enum Table {
    /// Shoppers.
    Shopper,
    /// Staff.
    Admin,
}

/// Id and hash of the next accounts that have one, by id.
pub async fn after(db: &MySqlPool, table: Table, id: u64, limit: u32) -> sqlx::Result<Vec<(u64, String)>> {
    let select = match table {
        Table::Shopper => {
            "select id, password_hash from shopper where id > ? and password_hash like '$md5$%' \
             and password_hash not like '%$argon2id$%' order by id limit ?"
        }
        Table::Admin => {
            "select id, password_hash from admin where id > ? and password_hash like '$md5$%' \
             and password_hash not like '%$argon2id$%' order by id limit ?"
        }
    };
    sqlx::query_as(select).bind(id).bind(limit).fetch_all(db).await
}

/// Replaces one by another of the same password.
pub async fn replace(db: &MySqlPool, table: Table, id: u64, old: &str, new: &str) -> sqlx::Result<bool> {
    match table {
        Table::Shopper => shopper_account::replace_hash(db, id, old, new).await,
        Table::Admin => admin_desk::replace_hash(db, id, old, new).await,
    }
}
