//! Orders as the back office reads them: all columns, every owner, narrowed by a typed filter.

use super::{anywhere, in_order_of, order_page, push_where_id_in};
use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// A whole row of `orders`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct OrderWhole {
    pub id: u64,
    pub user_id: u64,
    pub order_sn: String,
    pub kind: u8,
    pub sale_id: Option<u64>,
    pub status: u16,
    pub aftersale_status: u8,
    pub consignee: String,
    pub mobile: String,
    pub address: String,
    pub message: String,
    pub goods_minor: i64,
    pub freight_minor: i64,
    pub coupon_minor: i64,
    pub integral_minor: i64,
    pub groupon_minor: i64,
    pub order_minor: i64,
    pub actual_minor: i64,
    pub pay_id: Option<String>,
    pub paid_at: Option<NaiveDateTime>,
    pub ship_sn: Option<String>,
    pub ship_channel: Option<String>,
    pub shipped_at: Option<NaiveDateTime>,
    pub refund_minor: Option<i64>,
    pub refund_type: Option<String>,
    pub refund_content: Option<String>,
    pub refunded_at: Option<NaiveDateTime>,
    pub confirmed_at: Option<NaiveDateTime>,
    pub comments: i16,
    pub ended_at: Option<NaiveDateTime>,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub deleted: bool,
}

macro_rules! select_whole {
    ($tail:literal) => {
        concat!(
            "select id, user_id, order_sn, kind, sale_id, status, aftersale_status, consignee, mobile, address, \
             message, goods_minor, freight_minor, coupon_minor, integral_minor, groupon_minor, order_minor, \
             actual_minor, pay_id, paid_at, ship_sn, ship_channel, shipped_at, refund_minor, refund_type, \
             refund_content, refunded_at, confirmed_at, comments, ended_at, added_at, updated_at, deleted \
             from orders ",
            $tail
        )
    };
}

/// An order, whoever owns it.
pub async fn find(db: &MySqlPool, id: u64) -> sqlx::Result<Option<OrderWhole>> {
    sqlx::query_as(select_whole!("where id = ? and deleted = false")).bind(id).fetch_optional(db).await
}

/// An order of a shopper, whole.
pub async fn find_own(db: &MySqlPool, id: u64, owner: u64) -> sqlx::Result<Option<OrderWhole>> {
    sqlx::query_as(select_whole!("where id = ? and user_id = ? and deleted = false"))
        .bind(id)
        .bind(owner)
        .fetch_optional(db)
        .await
}

/// What the back office's list is narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The buyer's nickname has it somewhere.
    pub nickname: Option<String>,
    /// The recipient's name has it somewhere.
    pub consignee: Option<String>,
    /// Exactly this number.
    pub order_sn: Option<String>,
    /// Placed then or later.
    pub start: Option<NaiveDateTime>,
    /// Placed before.
    pub end: Option<NaiveDateTime>,
    /// One of these states; any when empty.
    pub statuses: Vec<i64>,
}

impl Filter {
    /// Whether it asks for nothing but states and times.
    pub fn is_of_days_and_states(&self) -> bool {
        self.nickname.is_none() && self.consignee.is_none() && self.order_sn.is_none()
    }
}

/// A row of the back office's list.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Listed {
    pub id: u64,
    pub order_sn: String,
    pub status: u16,
    pub aftersale_status: u8,
    pub actual_minor: i64,
    pub integral_minor: i64,
    pub freight_minor: i64,
    pub order_minor: i64,
    pub added_at: NaiveDateTime,
    pub user_id: u64,
    pub nickname: String,
    pub avatar: String,
    pub consignee: String,
    pub address: String,
    pub mobile: String,
    pub ship_channel: Option<String>,
    pub ship_sn: Option<String>,
    pub message: String,
    pub paid_at: Option<NaiveDateTime>,
}

fn narrow(query: &mut QueryBuilder<MySql>, filter: &Filter) {
    query.push(" where o.deleted = false");
    if let Some(nickname) = &filter.nickname {
        query.push(" and s.nickname like ").push_bind(anywhere(nickname)).push(" escape '!'");
    }
    if let Some(consignee) = &filter.consignee {
        query.push(" and o.consignee like ").push_bind(anywhere(consignee)).push(" escape '!'");
    }
    if let Some(order_sn) = &filter.order_sn {
        query.push(" and o.order_sn = ").push_bind(order_sn.clone());
    }
    if let Some(start) = filter.start {
        query.push(" and o.added_at >= ").push_bind(start);
    }
    if let Some(end) = filter.end {
        query.push(" and o.added_at < ").push_bind(end);
    }
    if !filter.statuses.is_empty() {
        query.push(" and o.status in (");
        let mut statuses = query.separated(", ");
        for status in &filter.statuses {
            statuses.push_bind(*status);
        }
        query.push(")");
    }
}

const LISTED: &str = "select o.id, o.order_sn, o.status, o.aftersale_status, o.actual_minor, o.integral_minor, \
    o.freight_minor, o.order_minor, o.added_at, o.user_id, coalesce(s.nickname, '') as nickname, \
    coalesce(s.avatar, '') as avatar, o.consignee, o.address, o.mobile, o.ship_channel, o.ship_sn, o.message, \
    o.paid_at from orders o left join shopper s on s.id = o.user_id";

/// Where orders are looked for. A nickname may have the text anywhere, so that those of all shoppers are
/// looked at, in their index, and then the orders of the few that have it.
fn found_in(filter: &Filter) -> &'static str {
    match (&filter.order_sn, &filter.nickname) {
        (None, None) | (Some(_), None) => "orders o",
        (None, Some(_)) => {
            "shopper s force index (shopper_nickname) straight_join orders o on o.user_id = s.id"
        }
        (Some(_), Some(_)) => "orders o join shopper s on s.id = o.user_id",
    }
}

/// How many there are.
pub async fn count(db: &mut MySqlConnection, filter: &Filter) -> sqlx::Result<i64> {
    let mut query = QueryBuilder::new("select count(*) from ");
    query.push(found_in(filter));
    narrow(&mut query, filter);
    query.build_query_scalar().fetch_one(db).await
}

/// Some of them. The id is always the second key and always falls, as the front end's pages expect.
pub async fn list(
    db: &MySqlPool,
    filter: &Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<Listed>> {
    if filter.is_of_days_and_states() {
        let ids = order_page::ids(db, filter, listing, rows).await?;
        return these(db, &ids).await;
    }
    let mut query = QueryBuilder::new("select o.id from ");
    query.push(found_in(filter));
    narrow(&mut query, filter);
    query.push(match (listing.column, listing.descending) {
        ("id", true) => " order by o.id desc",
        ("id", false) => " order by o.id asc",
        (_, true) => " order by o.added_at desc, o.id desc",
        (_, false) => " order by o.added_at asc, o.id desc",
    });
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    let ids: Vec<u64> = query.build_query_scalar().fetch_all(db).await?;
    these(db, &ids).await
}

/// Orders by their ids, in the order of the ids.
async fn these(db: &MySqlPool, ids: &[u64]) -> sqlx::Result<Vec<Listed>> {
    let mut query = QueryBuilder::new(LISTED);
    push_where_id_in(&mut query, "o.id", ids);
    Ok(in_order_of(ids, query.build_query_as().fetch_all(db).await?, |order: &Listed| order.id))
}

/// The next ones by falling id, before the last one seen: an export reads the table in pieces.
pub async fn before(db: &MySqlPool, filter: &Filter, id: u64, limit: u32) -> sqlx::Result<Vec<Listed>> {
    let mut query = QueryBuilder::new(LISTED);
    narrow(&mut query, filter);
    query.push(" and o.id < ").push_bind(id).push(" order by o.id desc limit ").push_bind(limit);
    query.build_query_as().fetch_all(db).await
}

/// Nickname and picture of a buyer.
pub async fn buyer(db: &MySqlPool, id: u64) -> sqlx::Result<Option<(String, String)>> {
    sqlx::query_as("select nickname, avatar from shopper where id = ?").bind(id).fetch_optional(db).await
}
