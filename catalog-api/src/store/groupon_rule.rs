//! Offers of group buying.

use crate::extract::listing::{Listing, Rows};
use crate::pricing::GroupOff;
use chrono::NaiveDateTime;
use sqlx::{Executor, FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// The offer stands.
pub const ON: u8 = 0;
/// Its time is over.
pub const EXPIRED: u8 = 1;
/// Staff took it back.
pub const WITHDRAWN: u8 = 2;

/// A row of `groupon_rule`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct RuleRow {
    pub id: u64,
    pub goods_id: u64,
    pub goods_name: String,
    pub pic_url: String,
    pub discount_minor: i64,
    pub members: u32,
    pub expires_at: NaiveDateTime,
    pub status: u8,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub deleted: bool,
    /// Whether its time is over, by the database's clock.
    pub is_over: bool,
}

impl RuleRow {
    /// What it takes off.
    pub fn off(&self) -> GroupOff {
        GroupOff { goods_id: self.goods_id, discount_minor: self.discount_minor }
    }
}

macro_rules! select_rule {
    ($tail:literal) => {
        concat!(
            "select id, goods_id, goods_name, pic_url, discount_minor, members, expires_at, status, added_at, \
             updated_at, deleted, expires_at <= now(3) as is_over from groupon_rule ",
            $tail
        )
    };
}

/// An offer that is not deleted.
pub async fn find<'c>(db: impl Executor<'c, Database = MySql>, id: u64) -> sqlx::Result<Option<RuleRow>> {
    sqlx::query_as(select_rule!("where id = ? and deleted = false")).bind(id).fetch_optional(db).await
}

/// An offer, deleted or not, locked.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<RuleRow>> {
    sqlx::query_as(select_rule!("where id = ? for update")).bind(id).fetch_optional(db).await
}

/// Some offers, deleted or not, of which records tell.
pub async fn of_ids(db: &MySqlPool, ids: &[u64]) -> sqlx::Result<Vec<RuleRow>> {
    let mut query = QueryBuilder::new(select_rule!("where id in ("));
    super::push_ids(&mut query, ids);
    query.push(")");
    query.build_query_as().fetch_all(db).await
}

/// The offers that stand for some goods.
pub async fn on_for_goods(db: &MySqlPool, goods: u64) -> sqlx::Result<Vec<RuleRow>> {
    sqlx::query_as(select_rule!("where goods_id = ? and status = 0 and deleted = false order by id"))
        .bind(goods)
        .fetch_all(db)
        .await
}

/// What the list of staff may be narrowed by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Goods.
    pub goods: Option<u64>,
}

fn narrowed(select: &'static str, filter: Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where deleted = false");
    if let Some(goods) = filter.goods {
        query.push(" and goods_id = ").push_bind(goods);
    }
    query
}

/// How many offers match.
pub async fn count(db: &MySqlPool, filter: Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from groupon_rule ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of the offers that match.
pub async fn list(
    db: &MySqlPool,
    filter: Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<RuleRow>> {
    let mut query = narrowed(select_rule!(""), filter);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

/// An offer that stands, with its goods as the shop shows them.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migrations")]
pub struct Offer {
    pub goods_id: u64,
    pub name: String,
    pub brief: String,
    pub pic_url: String,
    pub counter_price_minor: i64,
    pub retail_price_minor: i64,
    pub discount_minor: i64,
    pub members: u32,
    pub expires_at: NaiveDateTime,
}

/// What a shopper's list of offers may be narrowed by.
#[derive(Clone, Debug, Default)]
pub struct OfferFilter {
    /// Contained in the name of the goods.
    pub keyword: Option<String>,
    /// Category of the goods.
    pub category: Option<u64>,
}

fn offers(select: &'static str, filter: &OfferFilter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("from groupon_rule r join goods g on g.id = r.goods_id and g.deleted = false ");
    query.push("where r.status = 0 and r.deleted = false and r.expires_at > now(3)");
    if let Some(keyword) = &filter.keyword {
        query.push(" and g.name like ").push_bind(super::anywhere(keyword)).push(" escape '!'");
    }
    if let Some(category) = filter.category {
        query.push(" and g.category_id = ").push_bind(category);
    }
    query
}

/// How many offers the shop shows.
pub async fn count_offers(db: &MySqlPool, filter: &OfferFilter) -> sqlx::Result<i64> {
    offers("select count(*) ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of the offers the shop shows.
pub async fn list_offers(
    db: &MySqlPool,
    filter: &OfferFilter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<Offer>> {
    let mut query = offers(SELECT_OFFER, filter);
    // Both tables have columns of these names.
    let direction = if listing.descending { "desc" } else { "asc" };
    query.push(" order by r.").push(listing.column).push(" ").push(direction);
    query.push(", r.id ").push(direction);
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

const SELECT_OFFER: &str = "select g.id as goods_id, g.name, g.brief, g.pic_url, g.counter_price_minor, \
     g.retail_price_minor, r.discount_minor, r.members, r.expires_at ";

/// The newest offers.
pub async fn newest_offers(db: &MySqlPool, limit: u32) -> sqlx::Result<Vec<Offer>> {
    let mut query = offers(SELECT_OFFER, &OfferFilter::default());
    query.push(" order by r.added_at desc, r.id desc limit ").push_bind(limit);
    query.build_query_as().fetch_all(db).await
}
