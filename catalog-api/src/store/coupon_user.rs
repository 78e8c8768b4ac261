//! Coupons that shoppers hold. Using one is a compare-and-set on its state, so that of any number of
//! orders at the same time one gets it; releasing it is part of the order's state machine.

use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// A claim with what its coupon says.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Claim {
    pub id: u64,
    pub coupon_id: u64,
    pub name: String,
    pub description: String,
    pub tag: String,
    pub min_minor: i64,
    pub discount_minor: i64,
    pub goods_scope: u8,
    /// A JSON array of numbers.
    pub goods_scope_ids: String,
    pub starts_at: Option<NaiveDateTime>,
    pub ends_at: Option<NaiveDateTime>,
    /// Whether coupon and claim are in force now, by the database's clock.
    pub is_in_force: bool,
}

/// A row of `coupon_user`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct ClaimRow {
    pub id: u64,
    pub user_id: u64,
    pub coupon_id: u64,
    pub status: u8,
    pub used_at: Option<NaiveDateTime>,
    pub starts_at: Option<NaiveDateTime>,
    pub ends_at: Option<NaiveDateTime>,
    pub order_id: Option<u64>,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// The claim's own window counts: editing a coupon does not change what was claimed.
macro_rules! select_claim {
    ($tail:literal) => {
        concat!(
            "select u.id, u.coupon_id, c.name, c.description, c.tag, c.min_minor, c.discount_minor, \
             c.goods_scope, cast(c.goods_scope_ids as char) as goods_scope_ids, u.starts_at, u.ends_at, \
             c.status = 0 and not c.deleted and coalesce(u.starts_at <= now(3), true) \
             and coalesce(u.ends_at >= now(3), true) as is_in_force \
             from coupon_user u join coupon c on c.id = u.coupon_id ",
            $tail
        )
    };
}

/// A shopper's unused claims, newest first, as many as an answer may hold.
pub async fn unused(db: &mut MySqlConnection, user: u64) -> sqlx::Result<Vec<Claim>> {
    sqlx::query_as(select_claim!(
        "where u.user_id = ? and u.status = 0 and u.deleted = false order by u.added_at desc, u.id desc limit 10000"
    ))
    .bind(user)
    .fetch_all(db)
    .await
}

/// The claim is used for an order, if it is the shopper's and unused at this moment.
pub async fn use_for_order(
    db: &mut MySqlConnection,
    claim: u64,
    user: u64,
    order: u64,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update coupon_user set status = 1, used_at = now(3), order_id = ? \
         where id = ? and user_id = ? and status = 0 and deleted = false",
    )
    .bind(order)
    .bind(claim)
    .bind(user)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many claims of a coupon a shopper ever had.
pub async fn held(db: &mut MySqlConnection, coupon: u64, user: u64) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "select count(*) from coupon_user where coupon_id = ? and user_id = ? and deleted = false",
    )
    .bind(coupon)
    .bind(user)
    .fetch_one(db)
    .await
}

/// Writes claims of one coupon for one shopper, with the window the coupon gives now.
pub async fn grant(
    db: &mut MySqlConnection,
    coupon: &super::coupon::CouponRow,
    user: u64,
    count: u32,
) -> sqlx::Result<()> {
    // Rows one statement writes.
    const ROWS: u32 = 500;
    let mut left = count;
    while left > 0 {
        let some = left.min(ROWS);
        let mut query =
            QueryBuilder::new("insert into coupon_user (user_id, coupon_id, starts_at, ends_at) ");
        query.push_values(0..some, |mut row, _| {
            row.push_bind(user).push_bind(coupon.id);
            if coupon.time_kind == 1 {
                row.push_bind(coupon.starts_at).push_bind(coupon.ends_at);
            } else {
                row.push("now(3)").push("date_add(now(3), interval ");
                row.push_bind_unseparated(coupon.days).push_unseparated(" day)");
            }
        });
        query.build().execute(&mut *db).await?;
        left -= some;
    }
    Ok(())
}

/// How many claims a shopper has in a state, or in any.
pub async fn count_mine(db: &MySqlPool, user: u64, status: Option<i64>) -> sqlx::Result<i64> {
    mine("select count(*) from coupon_user u ", user, status).build_query_scalar().fetch_one(db).await
}

/// Some of a shopper's claims.
pub async fn list_mine(
    db: &MySqlPool,
    user: u64,
    status: Option<i64>,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<Claim>> {
    let mut query = mine(select_claim!(""), user, status);
    // `coupon` has columns of these names as well.
    let direction = if listing.descending { "desc" } else { "asc" };
    query.push(" order by u.").push(listing.column).push(" ").push(direction);
    query.push(", u.id ").push(direction);
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

fn mine(select: &'static str, user: u64, status: Option<i64>) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where u.deleted = false and u.user_id = ").push_bind(user);
    if let Some(status) = status {
        query.push(" and u.status = ").push_bind(status);
    }
    query
}

/// What staff may narrow the list of claims by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Who holds it.
    pub user: Option<u64>,
    /// Of which coupon.
    pub coupon: Option<u64>,
    /// Status.
    pub status: Option<i64>,
}

fn narrowed(select: &'static str, filter: Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where deleted = false");
    if let Some(user) = filter.user {
        query.push(" and user_id = ").push_bind(user);
    }
    if let Some(coupon) = filter.coupon {
        query.push(" and coupon_id = ").push_bind(coupon);
    }
    if let Some(status) = filter.status {
        query.push(" and status = ").push_bind(status);
    }
    query
}

/// How many claims match.
pub async fn count(db: &MySqlPool, filter: Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from coupon_user ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of the claims that match.
pub async fn list(
    db: &MySqlPool,
    filter: Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<ClaimRow>> {
    let mut query = narrowed(
        "select id, user_id, coupon_id, status, used_at, starts_at, ends_at, order_id, added_at, updated_at \
         from coupon_user ",
        filter,
    );
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}
