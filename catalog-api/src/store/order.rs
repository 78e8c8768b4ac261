//! Reading orders. The owner stands in the condition of every statement that a shopper can cause.

use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// A row of `orders`, as far as its owner sees it.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct OrderRow {
    pub id: u64,
    pub order_sn: String,
    pub kind: u8,
    pub status: u16,
    pub aftersale_status: u8,
    pub consignee: String,
    pub mobile: String,
    pub address: String,
    pub message: String,
    pub goods_minor: i64,
    pub freight_minor: i64,
    pub coupon_minor: i64,
    pub actual_minor: i64,
    pub groupon_minor: i64,
    pub ship_sn: Option<String>,
    pub ship_channel: Option<String>,
    pub shipped_at: Option<NaiveDateTime>,
    pub pay_by: NaiveDateTime,
    pub added_at: NaiveDateTime,
}

/// A line of an order.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct LineRow {
    pub id: u64,
    pub order_id: u64,
    pub goods_id: u64,
    pub goods_name: String,
    pub goods_sn: String,
    pub sku_id: u64,
    pub quantity: i32,
    pub price_minor: i64,
    /// A JSON array of text.
    pub specifications: String,
    pub pic_url: String,
    pub comment_id: i64,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

macro_rules! select_order {
    ($tail:literal) => {
        concat!(
            "select id, order_sn, kind, status, aftersale_status, consignee, mobile, address, message, \
             goods_minor, freight_minor, coupon_minor, actual_minor, groupon_minor, ship_sn, ship_channel, \
             shipped_at, pay_by, added_at from orders ",
            $tail
        )
    };
}

/// An order of a shopper.
pub async fn find(db: &MySqlPool, id: u64, owner: u64) -> sqlx::Result<Option<OrderRow>> {
    sqlx::query_as(select_order!("where id = ? and user_id = ? and deleted = false"))
        .bind(id)
        .bind(owner)
        .fetch_optional(db)
        .await
}

fn narrowed(select: &'static str, owner: u64, status: Option<u16>) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where deleted = false and user_id = ").push_bind(owner);
    if let Some(status) = status {
        query.push(" and status = ").push_bind(status);
    }
    query
}

/// How many orders a shopper has.
pub async fn count(db: &MySqlPool, owner: u64, status: Option<u16>) -> sqlx::Result<i64> {
    narrowed("select count(*) from orders ", owner, status).build_query_scalar().fetch_one(db).await
}

/// Some of a shopper's orders.
pub async fn list(
    db: &MySqlPool,
    owner: u64,
    status: Option<u16>,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<OrderRow>> {
    let mut query = narrowed(select_order!(""), owner, status);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

macro_rules! select_line {
    ($tail:literal) => {
        concat!(
            "select id, order_id, goods_id, goods_name, goods_sn, sku_id, quantity, price_minor, \
             cast(specifications as char) as specifications, pic_url, comment_id, added_at, updated_at \
             from order_goods ",
            $tail
        )
    };
}

/// A line, whoever owns its order.
pub async fn line(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<LineRow>> {
    sqlx::query_as(select_line!("where id = ? and deleted = false")).bind(id).fetch_optional(db).await
}

/// What became of the review of a line whose order is locked, as it is committed now: 0 nothing yet, -1
/// its time is over, otherwise the comment.
pub async fn comment_of_line(db: &mut MySqlConnection, line: u64) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar("select comment_id from order_goods where id = ? for update")
        .bind(line)
        .fetch_optional(db)
        .await
}

/// A line with the owner of its order.
pub async fn line_and_owner(db: &MySqlPool, id: u64) -> sqlx::Result<Option<(LineRow, u64)>> {
    let mut db = db.acquire().await?;
    let Some(line) = line(&mut db, id).await? else { return Ok(None) };
    let owner: Option<u64> = sqlx::query_scalar("select user_id from orders where id = ?")
        .bind(line.order_id)
        .fetch_optional(&mut *db)
        .await?;
    Ok(owner.map(|owner| (line, owner)))
}

/// An order of a shopper by what is written on its parcel.
pub async fn find_parcel(
    db: &MySqlPool,
    owner: u64,
    channel: &str,
    number: &str,
) -> sqlx::Result<Option<OrderRow>> {
    sqlx::query_as(select_order!(
        "where user_id = ? and ship_channel = ? and ship_sn = ? and deleted = false order by id desc limit 1"
    ))
    .bind(owner)
    .bind(channel)
    .bind(number)
    .fetch_optional(db)
    .await
}

/// The lines of some orders, whose owner was checked.
pub async fn lines(db: &MySqlPool, orders: &[u64]) -> sqlx::Result<Vec<LineRow>> {
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::new(select_line!("where deleted = false and order_id in ("));
    let mut ids = query.separated(", ");
    for order in orders {
        ids.push_bind(order);
    }
    query.push(") order by id");
    query.build_query_as().fetch_all(db).await
}

/// Amount of an order by its number, for the local provider's call-backs.
pub async fn amount(db: &MySqlPool, order_sn: &str) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar("select actual_minor from orders where order_sn = ?")
        .bind(order_sn)
        .fetch_optional(db)
        .await
}
