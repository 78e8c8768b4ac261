//! What belongs to goods: SKUs, specifications, attributes. In the order they were added.

use chrono::NaiveDateTime;
use serde::Serialize;
use sqlx::{FromRow, MySqlConnection, MySqlPool};

/// A row of `sku`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct SkuRow {
    pub id: u64,
    pub goods_id: u64,
    #[sqlx(flatten)]
    pub sku: Sku,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// What staff write of a SKU.
#[derive(Clone, Debug, PartialEq, FromRow, Serialize)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Sku {
    /// A JSON array of text.
    pub specifications: String,
    pub price_minor: i64,
    pub stock: i64,
    pub pic_url: String,
}

/// A row of `goods_specification`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct SpecificationRow {
    pub id: u64,
    pub goods_id: u64,
    pub name: String,
    pub value: String,
    pub pic_url: String,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// A row of `goods_attribute`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct AttributeRow {
    pub id: u64,
    pub goods_id: u64,
    pub name: String,
    pub value: String,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

macro_rules! select_skus {
    ($tail:literal) => {
        concat!(
            "select id, goods_id, cast(specifications as char) as specifications, price_minor, \
             cast(stock as signed) as stock, pic_url, added_at, updated_at from sku \
             where goods_id = ? and deleted = false order by id",
            $tail
        )
    };
}

/// The SKUs of goods.
pub async fn skus(db: &MySqlPool, goods: u64) -> sqlx::Result<Vec<SkuRow>> {
    sqlx::query_as(select_skus!("")).bind(goods).fetch_all(db).await
}

/// The SKUs of goods, locked.
pub async fn lock_skus(db: &mut MySqlConnection, goods: u64) -> sqlx::Result<Vec<SkuRow>> {
    sqlx::query_as(select_skus!(" for update")).bind(goods).fetch_all(db).await
}

/// The specifications of goods.
pub async fn specifications(db: &MySqlPool, goods: u64) -> sqlx::Result<Vec<SpecificationRow>> {
    sqlx::query_as(
        "select id, goods_id, name, value, pic_url, added_at, updated_at from goods_specification \
         where goods_id = ? and deleted = false order by id",
    )
    .bind(goods)
    .fetch_all(db)
    .await
}

/// The attributes of goods.
pub async fn attributes(db: &MySqlPool, goods: u64) -> sqlx::Result<Vec<AttributeRow>> {
    sqlx::query_as(
        "select id, goods_id, name, value, added_at, updated_at from goods_attribute \
         where goods_id = ? and deleted = false order by id",
    )
    .bind(goods)
    .fetch_all(db)
    .await
}
