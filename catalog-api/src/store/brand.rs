//! Brands.

use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use serde::Serialize;
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// What staff write.
#[derive(Clone, Debug, PartialEq, FromRow, Serialize)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Brand {
    pub name: String,
    pub description: String,
    pub pic_url: String,
    pub sort_order: i16,
    pub floor_price_minor: i64,
}

impl Default for Brand {
    fn default() -> Self {
        let empty = String::new;
        Self { name: empty(), description: empty(), pic_url: empty(), sort_order: 50, floor_price_minor: 0 }
    }
}

/// A row of `brand`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct BrandRow {
    pub id: u64,
    #[sqlx(flatten)]
    pub brand: Brand,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

macro_rules! select_brand {
    ($tail:literal) => {
        concat!(
            "select id, name, description, pic_url, sort_order, floor_price_minor, added_at, updated_at from brand ",
            $tail
        )
    };
}

/// A brand.
pub async fn find(db: &MySqlPool, id: u64) -> sqlx::Result<Option<BrandRow>> {
    sqlx::query_as(select_brand!("where id = ? and deleted = false")).bind(id).fetch_optional(db).await
}

/// A brand, locked.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<Brand>> {
    let row: Option<BrandRow> = sqlx::query_as(select_brand!("where id = ? and deleted = false for update"))
        .bind(id)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| row.brand))
}

/// Whether there is such a brand.
pub async fn exists(db: &mut MySqlConnection, id: u64) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists(select 1 from brand where id = ? and deleted = false)")
        .bind(id)
        .fetch_one(db)
        .await
}

/// What a list may be narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// This one.
    pub id: Option<u64>,
    /// Contained in the name.
    pub name: Option<String>,
}

fn narrowed(select: &'static str, filter: &Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where deleted = false");
    if let Some(id) = filter.id {
        query.push(" and id = ").push_bind(id);
    }
    if let Some(name) = &filter.name {
        query.push(" and name like ").push_bind(super::anywhere(name)).push(" escape '!'");
    }
    query
}

/// How many brands match.
pub async fn count(db: &MySqlPool, filter: &Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from brand ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of the brands that match.
pub async fn list(
    db: &MySqlPool,
    filter: &Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<BrandRow>> {
    let mut query = narrowed(select_brand!(""), filter);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

/// The newest brands.
pub async fn newest(db: &MySqlPool, limit: i64) -> sqlx::Result<Vec<BrandRow>> {
    sqlx::query_as(select_brand!("where deleted = false order by added_at desc, id desc limit ?"))
        .bind(limit)
        .fetch_all(db)
        .await
}

/// Ids and names of all brands, in the order they were added.
pub async fn names(db: &MySqlPool) -> sqlx::Result<Vec<(u64, String)>> {
    sqlx::query_as("select id, name from brand where deleted = false order by id limit 10000")
        .fetch_all(db)
        .await
}

/// Adds a brand.
pub async fn insert(db: &mut MySqlConnection, brand: &Brand) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "insert into brand (name, description, pic_url, sort_order, floor_price_minor) values (?, ?, ?, ?, ?)",
    )
    .bind(&brand.name)
    .bind(&brand.description)
    .bind(&brand.pic_url)
    .bind(brand.sort_order)
    .bind(brand.floor_price_minor)
    .execute(db)
    .await?;
    Ok(done.last_insert_id())
}

/// Writes a brand.
pub async fn update(db: &mut MySqlConnection, id: u64, brand: &Brand) -> sqlx::Result<()> {
    sqlx::query(
        "update brand set name = ?, description = ?, pic_url = ?, sort_order = ?, floor_price_minor = ?, \
         updated_at = now(3) where id = ?",
    )
    .bind(&brand.name)
    .bind(&brand.description)
    .bind(&brand.pic_url)
    .bind(brand.sort_order)
    .bind(brand.floor_price_minor)
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a brand away.
pub async fn delete(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("update brand set deleted = true where id = ?").bind(id).execute(db).await?;
    Ok(())
}
