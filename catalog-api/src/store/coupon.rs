//! Coupons as staff made them, and how they are read. `coupon_write` changes them, `coupon_user` holds
//! what was claimed.

use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use sqlx::{Executor, FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// Claimable in the list.
pub const CLAIMABLE: u8 = 0;
/// Given at registration.
pub const AT_REGISTRATION: u8 = 1;
/// Redeemed by a code.
pub const BY_CODE: u8 = 2;
/// Sold in flash sales only.
pub const FLASH_SALE: u8 = 3;

/// A row of `coupon`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct CouponRow {
    pub id: u64,
    pub name: String,
    pub description: String,
    pub tag: String,
    pub total: i32,
    pub stock: i32,
    pub claimed: i32,
    pub discount_minor: i64,
    pub min_minor: i64,
    pub per_user_limit: i16,
    pub kind: u8,
    pub status: u8,
    pub goods_scope: u8,
    /// A JSON array of numbers.
    pub goods_scope_ids: String,
    pub code: Option<String>,
    pub time_kind: u8,
    pub days: u16,
    pub starts_at: Option<NaiveDateTime>,
    pub ends_at: Option<NaiveDateTime>,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// Whether its window is over, by the database's clock.
    pub is_over: bool,
}

macro_rules! select_coupon {
    ($tail:literal) => {
        concat!(
            "select id, name, description, tag, total, stock, claimed, discount_minor, min_minor, \
             per_user_limit, kind, status, goods_scope, cast(goods_scope_ids as char) as goods_scope_ids, \
             code, time_kind, days, starts_at, ends_at, added_at, updated_at, \
             time_kind = 1 and coalesce(ends_at <= now(3), false) as is_over from coupon ",
            $tail
        )
    };
}

/// A coupon.
pub async fn find<'c>(db: impl Executor<'c, Database = MySql>, id: u64) -> sqlx::Result<Option<CouponRow>> {
    sqlx::query_as(select_coupon!("where id = ? and deleted = false")).bind(id).fetch_optional(db).await
}

/// A coupon, locked: whoever claims it next waits.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<CouponRow>> {
    sqlx::query_as(select_coupon!("where id = ? and deleted = false for update"))
        .bind(id)
        .fetch_optional(db)
        .await
}

/// The coupon in force that a code redeems, locked.
pub async fn lock_of_code(db: &mut MySqlConnection, code: &str) -> sqlx::Result<Option<CouponRow>> {
    sqlx::query_as(select_coupon!(
        "where code = ? and kind = 2 and status = 0 and deleted = false for update"
    ))
    .bind(code)
    .fetch_optional(db)
    .await
}

/// Ids of the coupons that are given at registration.
pub async fn at_registration(db: &mut MySqlConnection) -> sqlx::Result<Vec<u64>> {
    sqlx::query_scalar(
        "select id from coupon where kind = 1 and status = 0 and deleted = false and per_user_limit > 0 \
         and not (time_kind = 1 and coalesce(ends_at <= now(3), false)) order by id limit 100",
    )
    .fetch_all(db)
    .await
}

/// The newest coupons anybody can claim; for a shopper without those the shopper ever claimed.
pub async fn newest_claimable(db: &MySqlPool, user: Option<u64>, limit: u32) -> sqlx::Result<Vec<CouponRow>> {
    sqlx::query_as(select_coupon!(
        "where kind = 0 and status = 0 and deleted = false and not exists (select 1 from coupon_user u \
         where u.user_id = ? and u.coupon_id = coupon.id) order by added_at desc, id desc limit ?"
    ))
    .bind(user.unwrap_or(0))
    .bind(limit)
    .fetch_all(db)
    .await
}

/// What a list of coupons may be narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Contained in the name, letter case ignored.
    pub name: Option<String>,
    /// Kind.
    pub kind: Option<i64>,
    /// Status.
    pub status: Option<i64>,
}

fn narrowed(select: &'static str, filter: &Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where deleted = false");
    if let Some(name) = &filter.name {
        query.push(" and name like ").push_bind(super::anywhere(name)).push(" escape '!'");
    }
    if let Some(kind) = filter.kind {
        query.push(" and kind = ").push_bind(kind);
    }
    if let Some(status) = filter.status {
        query.push(" and status = ").push_bind(status);
    }
    query
}

/// How many coupons match.
pub async fn count(db: &MySqlPool, filter: &Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from coupon ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of the coupons that match.
pub async fn list(
    db: &MySqlPool,
    filter: &Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<CouponRow>> {
    let mut query = narrowed(select_coupon!(""), filter);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}
