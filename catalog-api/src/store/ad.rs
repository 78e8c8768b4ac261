//! Advertisements.

use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use serde::Serialize;
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// The position of the home page's banners.
pub const HOME: i16 = 1;

/// What staff write.
#[derive(Clone, Debug, PartialEq, FromRow, Serialize)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Ad {
    pub name: String,
    pub link: String,
    pub url: String,
    pub position: i16,
    pub content: String,
    pub starts_at: Option<NaiveDateTime>,
    pub ends_at: Option<NaiveDateTime>,
    pub enabled: bool,
}

impl Default for Ad {
    fn default() -> Self {
        let empty = String::new;
        Self {
            name: empty(),
            link: empty(),
            url: empty(),
            position: HOME,
            content: empty(),
            starts_at: None,
            ends_at: None,
            enabled: false,
        }
    }
}

/// A row of `ad`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct AdRow {
    pub id: u64,
    #[sqlx(flatten)]
    pub ad: Ad,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

macro_rules! select_ad {
    ($tail:literal) => {
        concat!(
            "select id, name, link, url, position, content, starts_at, ends_at, enabled, added_at, updated_at from ad ",
            $tail
        )
    };
}

/// An advertisement.
pub async fn find(db: &MySqlPool, id: u64) -> sqlx::Result<Option<AdRow>> {
    sqlx::query_as(select_ad!("where id = ? and deleted = false")).bind(id).fetch_optional(db).await
}

/// An advertisement, locked.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<Ad>> {
    let row: Option<AdRow> = sqlx::query_as(select_ad!("where id = ? and deleted = false for update"))
        .bind(id)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| row.ad))
}

/// What is shown at a position, at most a hundred, in the order it was added.
pub async fn shown_at(db: &MySqlPool, position: i16) -> sqlx::Result<Vec<AdRow>> {
    sqlx::query_as(select_ad!(
        "where position = ? and enabled = true and deleted = false order by id limit 100"
    ))
    .bind(position)
    .fetch_all(db)
    .await
}

/// What a list may be narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Contained in the name.
    pub name: Option<String>,
    /// Contained in the text.
    pub content: Option<String>,
}

fn narrowed(select: &'static str, filter: &Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where deleted = false");
    for (column, text) in [("name", &filter.name), ("content", &filter.content)] {
        if let Some(text) = text {
            query.push(" and ").push(column).push(" like ");
            query.push_bind(super::anywhere(text)).push(" escape '!'");
        }
    }
    query
}

/// How many advertisements match.
pub async fn count(db: &MySqlPool, filter: &Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from ad ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of the advertisements that match.
pub async fn list(db: &MySqlPool, filter: &Filter, listing: Listing, rows: Rows) -> sqlx::Result<Vec<AdRow>> {
    let mut query = narrowed(select_ad!(""), filter);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

/// Adds an advertisement.
pub async fn insert(db: &mut MySqlConnection, ad: &Ad) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "insert into ad (name, link, url, position, content, starts_at, ends_at, enabled) \
         values (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&ad.name)
    .bind(&ad.link)
    .bind(&ad.url)
    .bind(ad.position)
    .bind(&ad.content)
    .bind(ad.starts_at)
    .bind(ad.ends_at)
    .bind(ad.enabled)
    .execute(db)
    .await?;
    Ok(done.last_insert_id())
}

/// Writes an advertisement.
pub async fn update(db: &mut MySqlConnection, id: u64, ad: &Ad) -> sqlx::Result<()> {
    sqlx::query(
        "update ad set name = ?, link = ?, url = ?, position = ?, content = ?, starts_at = ?, ends_at = ?, \
         enabled = ?, updated_at = now(3) where id = ?",
    )
    .bind(&ad.name)
    .bind(&ad.link)
    .bind(&ad.url)
    .bind(ad.position)
    .bind(&ad.content)
    .bind(ad.starts_at)
    .bind(ad.ends_at)
    .bind(ad.enabled)
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes an advertisement away.
pub async fn delete(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("update ad set deleted = true where id = ?").bind(id).execute(db).await?;
    Ok(())
}
