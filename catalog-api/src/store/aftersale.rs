//! After-sales: one live row per order, whose status the order repeats.

use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// States of an after-sale, and of an order's `aftersale_status`.
pub mod status {
    /// No after-sale.
    pub const NONE: u8 = 0;
    /// Asked for by the owner.
    pub const REQUESTED: u8 = 1;
    /// Accepted by staff.
    pub const ACCEPTED: u8 = 2;
    /// The money is back.
    pub const REFUNDED: u8 = 3;
    /// Rejected by staff.
    pub const REJECTED: u8 = 4;
    /// Withdrawn by the owner.
    pub const CANCELLED: u8 = 5;
}

/// The kind in which the goods come back.
pub const WITH_GOODS: u8 = 2;

/// A row of `aftersale`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct AftersaleRow {
    pub id: u64,
    pub aftersale_sn: String,
    pub order_id: u64,
    pub user_id: u64,
    pub kind: u8,
    pub reason: String,
    pub amount_minor: i64,
    /// A JSON array of text.
    pub pictures: String,
    pub comment: String,
    pub status: u8,
    pub handled_at: Option<NaiveDateTime>,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub deleted: bool,
}

macro_rules! select_aftersale {
    ($tail:literal) => {
        concat!(
            "select id, aftersale_sn, order_id, user_id, kind, reason, amount_minor, \
             cast(pictures as char) as pictures, comment, status, handled_at, added_at, updated_at, deleted \
             from aftersale ",
            $tail
        )
    };
}

/// What an after-sale list is narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this owner's.
    pub owner: Option<u64>,
    /// Only this order's.
    pub order: Option<u64>,
    /// Only this number.
    pub number: Option<String>,
    /// Only this state.
    pub status: Option<i64>,
}

fn narrowed(select: &'static str, filter: &Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where deleted = false");
    if let Some(owner) = filter.owner {
        query.push(" and user_id = ").push_bind(owner);
    }
    if let Some(order) = filter.order {
        query.push(" and order_id = ").push_bind(order);
    }
    if let Some(number) = &filter.number {
        query.push(" and aftersale_sn = ").push_bind(number.clone());
    }
    if let Some(status) = filter.status {
        query.push(" and status = ").push_bind(status);
    }
    query
}

/// How many there are.
pub async fn count(db: &MySqlPool, filter: &Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from aftersale ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of them.
pub async fn list(
    db: &MySqlPool,
    filter: &Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<AftersaleRow>> {
    let mut query = narrowed(select_aftersale!(""), filter);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

/// The live after-sale of an order whose owner was checked.
pub async fn of_order(db: &MySqlPool, order: u64) -> sqlx::Result<Option<AftersaleRow>> {
    sqlx::query_as(select_aftersale!("where order_id = ? and deleted = false"))
        .bind(order)
        .fetch_optional(db)
        .await
}

/// An after-sale by id, not locked.
pub async fn find(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<AftersaleRow>> {
    sqlx::query_as(select_aftersale!("where id = ? and deleted = false")).bind(id).fetch_optional(db).await
}

/// The order an after-sale is about, which never changes.
pub async fn order_of(db: &MySqlPool, id: u64) -> sqlx::Result<Option<u64>> {
    sqlx::query_scalar("select order_id from aftersale where id = ? and deleted = false")
        .bind(id)
        .fetch_optional(db)
        .await
}

/// An after-sale by id, locked, even when its order was deleted meanwhile. The order is locked first.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<AftersaleRow>> {
    sqlx::query_as(select_aftersale!("where id = ? for update")).bind(id).fetch_optional(db).await
}

/// An after-sale to be.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct NewAftersale<'a> {
    pub order_id: u64,
    pub user_id: u64,
    pub kind: u8,
    pub reason: &'a str,
    pub amount_minor: i64,
    /// A JSON array of text.
    pub pictures: &'a str,
    pub comment: &'a str,
}

/// Inserts one; false when the number is taken.
pub async fn insert(db: &mut MySqlConnection, number: &str, new: &NewAftersale<'_>) -> sqlx::Result<bool> {
    let inserted = sqlx::query(
        "insert into aftersale (aftersale_sn, order_id, user_id, kind, reason, amount_minor, pictures, \
         comment, status) values (?, ?, ?, ?, ?, ?, ?, ?, 1)",
    )
    .bind(number)
    .bind(new.order_id)
    .bind(new.user_id)
    .bind(new.kind)
    .bind(new.reason)
    .bind(new.amount_minor)
    .bind(new.pictures)
    .bind(new.comment)
    .execute(db)
    .await;
    match inserted {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Hides the after-sales of an order.
pub async fn delete_of_order(db: &mut MySqlConnection, order: u64) -> sqlx::Result<()> {
    sqlx::query("update aftersale set deleted = true where order_id = ? and deleted = false")
        .bind(order)
        .execute(db)
        .await?;
    Ok(())
}

/// From one state to another; false when it was not in the first one.
pub async fn set_status(
    db: &mut MySqlConnection,
    id: u64,
    from: u8,
    to: u8,
    by_staff: bool,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update aftersale set status = ?, handled_at = if(?, now(3), handled_at) where id = ? and status = ?",
    )
    .bind(to)
    .bind(by_staff)
    .bind(id)
    .bind(from)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
