//! Files people uploaded: what they are. Their bytes are in the object store.

use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use sqlx::{FromRow, MySql, MySqlPool, QueryBuilder};

/// A row of `storage`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct StorageRow {
    pub id: u64,
    pub object_key: String,
    pub name: String,
    pub content_type: String,
    pub size: u32,
    pub url: String,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// A new file.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct NewFile<'a> {
    pub object_key: &'a str,
    pub name: &'a str,
    pub content_type: &'a str,
    pub size: u32,
    pub url: &'a str,
}

/// What staff narrow the list by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The key.
    pub object_key: Option<String>,
    /// Part of the name.
    pub name: Option<String>,
}

macro_rules! select_file {
    ($tail:literal) => {
        concat!(
            "select id, object_key, name, content_type, size, url, added_at, updated_at from storage ",
            $tail
        )
    };
}

/// Adds a file.
pub async fn insert(db: &MySqlPool, file: &NewFile<'_>) -> sqlx::Result<u64> {
    let done =
        sqlx::query("insert into storage (object_key, name, content_type, size, url) values (?, ?, ?, ?, ?)")
            .bind(file.object_key)
            .bind(file.name)
            .bind(file.content_type)
            .bind(file.size)
            .bind(file.url)
            .execute(db)
            .await?;
    Ok(done.last_insert_id())
}

/// A file.
pub async fn find(db: &MySqlPool, id: u64) -> sqlx::Result<Option<StorageRow>> {
    sqlx::query_as(select_file!("where id = ? and deleted = false")).bind(id).fetch_optional(db).await
}

/// The file of a key.
pub async fn find_by_key(db: &MySqlPool, key: &str) -> sqlx::Result<Option<StorageRow>> {
    sqlx::query_as(select_file!("where object_key = ? and deleted = false"))
        .bind(key)
        .fetch_optional(db)
        .await
}

fn narrowed(select: &'static str, filter: &Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where deleted = false");
    if let Some(key) = &filter.object_key {
        // Compared as bytes of the column's own character set; a key with others matches nothing.
        query.push(" and object_key = ").push_bind(key.clone());
    }
    if let Some(name) = &filter.name {
        query.push(" and name like ").push_bind(super::anywhere(name)).push(" escape '!'");
    }
    query
}

/// How many files match.
pub async fn count(db: &MySqlPool, filter: &Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from storage ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of the files that match.
pub async fn list(
    db: &MySqlPool,
    filter: &Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<StorageRow>> {
    let mut query = narrowed(select_file!(""), filter);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

/// Gives a file another name; false when there is none.
pub async fn rename(db: &MySqlPool, id: u64, name: &str) -> sqlx::Result<bool> {
    let done =
        sqlx::query("update storage set name = ?, updated_at = now(3) where id = ? and deleted = false")
            .bind(name)
            .bind(id)
            .execute(db)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Hides a file; false when there is none.
pub async fn delete(db: &MySqlPool, key: &str) -> sqlx::Result<bool> {
    let done = sqlx::query("update storage set deleted = true where object_key = ? and deleted = false")
        .bind(key)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}
