//! Address books.

use chrono::NaiveDateTime;
use sqlx::{FromRow, MySqlConnection, MySqlPool};

/// A row of `address`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct AddressRow {
    pub id: u64,
    pub user_id: u64,
    pub name: String,
    pub province: String,
    pub city: String,
    pub county: String,
    pub detail: String,
    pub area_code: String,
    pub postal_code: String,
    pub tel: String,
    pub is_default: bool,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// Addresses of a shopper.
pub async fn list(db: &MySqlPool, user_id: u64) -> sqlx::Result<Vec<AddressRow>> {
    sqlx::query_as(
        "select id, user_id, name, province, city, county, detail, area_code, postal_code, tel, is_default, \
         added_at, updated_at from address where user_id = ? and deleted = false order by id",
    )
    .bind(user_id)
    .fetch_all(db)
    .await
}

/// A new default address.
#[derive(Clone, Debug)]
pub struct NewAddress<'a> {
    /// Whose.
    pub user_id: u64,
    /// Recipient.
    pub name: &'a str,
    /// Street line.
    pub detail: &'a str,
    /// Telephone.
    pub tel: &'a str,
}

/// Adds default addresses in one statement, all in one district.
pub async fn insert_defaults(db: &mut MySqlConnection, addresses: &[NewAddress<'_>]) -> sqlx::Result<()> {
    let mut query = sqlx::QueryBuilder::new(
        "insert into address (user_id, name, province, city, county, detail, area_code, tel, is_default) ",
    );
    query.push_values(addresses, |mut row, address| {
        row.push_bind(address.user_id)
            .push_bind(address.name)
            .push_bind("Zhejiang")
            .push_bind("Hangzhou")
            .push_bind("Xihu")
            .push_bind(address.detail)
            .push_bind("330106")
            .push_bind(address.tel)
            .push_bind(true);
    });
    query.build().execute(db).await?;
    Ok(())
}

/// How many addresses a shopper has.
pub async fn count(db: &mut MySqlConnection, user_id: u64) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from address where user_id = ? and deleted = false")
        .bind(user_id)
        .fetch_one(db)
        .await
}
