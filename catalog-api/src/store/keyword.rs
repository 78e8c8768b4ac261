//! Words to search for.

use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use serde::Serialize;
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// What staff write.
#[derive(Clone, Debug, PartialEq, FromRow, Serialize)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Keyword {
    pub word: String,
    pub url: String,
    pub is_hot: bool,
    pub is_default: bool,
    pub sort_order: i32,
}

impl Default for Keyword {
    fn default() -> Self {
        Self { word: String::new(), url: String::new(), is_hot: false, is_default: false, sort_order: 100 }
    }
}

/// A row of `keyword`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct KeywordRow {
    pub id: u64,
    #[sqlx(flatten)]
    pub keyword: Keyword,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

macro_rules! select_keyword {
    ($tail:literal) => {
        concat!(
            "select id, word, url, is_hot, is_default, sort_order, added_at, updated_at from keyword ",
            $tail
        )
    };
}

/// A keyword.
pub async fn find(db: &MySqlPool, id: u64) -> sqlx::Result<Option<KeywordRow>> {
    sqlx::query_as(select_keyword!("where id = ? and deleted = false")).bind(id).fetch_optional(db).await
}

/// A keyword, locked.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<Keyword>> {
    let row: Option<KeywordRow> =
        sqlx::query_as(select_keyword!("where id = ? and deleted = false for update"))
            .bind(id)
            .fetch_optional(db)
            .await?;
    Ok(row.map(|row| row.keyword))
}

/// Hot keywords, at most a hundred, in the order they were added.
pub async fn hot(db: &MySqlPool) -> sqlx::Result<Vec<KeywordRow>> {
    sqlx::query_as(select_keyword!("where is_hot = true and deleted = false order by id limit 100"))
        .fetch_all(db)
        .await
}

/// The keyword that stands in the empty search field.
pub async fn default_one(db: &MySqlPool) -> sqlx::Result<Option<KeywordRow>> {
    sqlx::query_as(select_keyword!("where is_default = true and deleted = false order by id limit 1"))
        .fetch_optional(db)
        .await
}

/// Different words that contain a text.
pub async fn containing(db: &MySqlPool, text: &str, rows: Rows) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select word from keyword where deleted = false and word like ? escape '!' \
         group by word order by min(id) limit ? offset ?",
    )
    .bind(super::anywhere(text))
    .bind(rows.count)
    .bind(rows.offset)
    .fetch_all(db)
    .await
}

/// How many different words contain a text.
pub async fn count_containing(db: &MySqlPool, text: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "select count(distinct word) from keyword where deleted = false and word like ? escape '!'",
    )
    .bind(super::anywhere(text))
    .fetch_one(db)
    .await
}

/// What a list may be narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Contained in the word.
    pub word: Option<String>,
    /// Contained in the link.
    pub url: Option<String>,
}

fn narrowed(select: &'static str, filter: &Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where deleted = false");
    for (column, text) in [("word", &filter.word), ("url", &filter.url)] {
        if let Some(text) = text {
            query.push(" and ").push(column).push(" like ");
            query.push_bind(super::anywhere(text)).push(" escape '!'");
        }
    }
    query
}

/// How many keywords match.
pub async fn count(db: &MySqlPool, filter: &Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from keyword ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of the keywords that match.
pub async fn list(
    db: &MySqlPool,
    filter: &Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<KeywordRow>> {
    let mut query = narrowed(select_keyword!(""), filter);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

/// Adds a keyword.
pub async fn insert(db: &mut MySqlConnection, keyword: &Keyword) -> sqlx::Result<u64> {
    let done =
        sqlx::query("insert into keyword (word, url, is_hot, is_default, sort_order) values (?, ?, ?, ?, ?)")
            .bind(&keyword.word)
            .bind(&keyword.url)
            .bind(keyword.is_hot)
            .bind(keyword.is_default)
            .bind(keyword.sort_order)
            .execute(db)
            .await?;
    Ok(done.last_insert_id())
}

/// Writes a keyword.
pub async fn update(db: &mut MySqlConnection, id: u64, keyword: &Keyword) -> sqlx::Result<()> {
    sqlx::query(
        "update keyword set word = ?, url = ?, is_hot = ?, is_default = ?, sort_order = ?, \
         updated_at = now(3) where id = ?",
    )
    .bind(&keyword.word)
    .bind(&keyword.url)
    .bind(keyword.is_hot)
    .bind(keyword.is_default)
    .bind(keyword.sort_order)
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a keyword away.
pub async fn delete(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("update keyword set deleted = true where id = ?").bind(id).execute(db).await?;
    Ok(())
}
