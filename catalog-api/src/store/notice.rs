//! Notices for staff, and the letter box of each of them.

use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// A row of `notice`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct NoticeRow {
    pub id: u64,
    pub title: String,
    pub content: String,
    pub admin_id: u64,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

const SELECT: &str = "select id, title, content, admin_id, added_at, updated_at from notice ";

/// What a list of notices may be narrowed by: contained, letter case ignored.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Filter {
    pub title: Option<String>,
    pub content: Option<String>,
}

fn narrowed(select: &'static str, filter: &Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where deleted = false");
    if let Some(title) = &filter.title {
        query.push(" and title like ").push_bind(super::anywhere(title)).push(" escape '!'");
    }
    if let Some(content) = &filter.content {
        query.push(" and content like ").push_bind(super::anywhere(content)).push(" escape '!'");
    }
    query
}

/// How many notices match.
pub async fn count(db: &MySqlPool, filter: &Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from notice ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of the notices that match.
pub async fn list(
    db: &MySqlPool,
    filter: &Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<NoticeRow>> {
    let mut query = narrowed(SELECT, filter);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

/// One notice.
pub async fn find(db: &MySqlPool, id: u64) -> sqlx::Result<Option<NoticeRow>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("where deleted = false and id = ").push_bind(id);
    query.build_query_as().fetch_optional(db).await
}

/// One notice, locked against other changes.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<NoticeRow>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("where deleted = false and id = ").push_bind(id).push(" for update");
    query.build_query_as().fetch_optional(db).await
}

/// Adds a notice.
pub async fn insert(
    db: &mut MySqlConnection,
    title: &str,
    content: &str,
    admin_id: u64,
) -> sqlx::Result<u64> {
    let done = sqlx::query("insert into notice (title, content, admin_id) values (?, ?, ?)")
        .bind(title)
        .bind(content)
        .bind(admin_id)
        .execute(db)
        .await?;
    Ok(done.last_insert_id())
}

/// Puts a notice into the letter box of everybody there is.
pub async fn deliver(db: &mut MySqlConnection, id: u64, title: &str) -> sqlx::Result<()> {
    sqlx::query(
        "insert into notice_admin (notice_id, notice_title, admin_id) \
         select ?, ?, id from admin where deleted = false",
    )
    .bind(id)
    .bind(title)
    .execute(db)
    .await?;
    Ok(())
}

/// Whether anybody has read a notice.
pub async fn was_read(db: &mut MySqlConnection, id: u64) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists(select 1 from notice_admin where notice_id = ? and read_at is not null \
         and deleted = false)",
    )
    .bind(id)
    .fetch_one(db)
    .await
}

/// Changes a notice; absent content stays.
pub async fn edit(
    db: &mut MySqlConnection,
    id: u64,
    title: &str,
    content: Option<&str>,
    admin_id: u64,
) -> sqlx::Result<()> {
    sqlx::query("update notice set title = ?, content = coalesce(?, content), admin_id = ? where id = ?")
        .bind(title)
        .bind(content)
        .bind(admin_id)
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// Changes the title of a notice in the letter boxes.
pub async fn retitle(db: &mut MySqlConnection, id: u64, title: &str) -> sqlx::Result<()> {
    sqlx::query("update notice_admin set notice_title = ? where notice_id = ? and deleted = false")
        .bind(title)
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// Deletes notices.
pub async fn delete(db: &mut MySqlConnection, ids: &[u64]) -> sqlx::Result<()> {
    change_these(db, "update notice set deleted = true where deleted = false and id in (", ids).await
}

/// Deletes notices from the letter boxes.
pub async fn take_back(db: &mut MySqlConnection, ids: &[u64]) -> sqlx::Result<()> {
    change_these(db, "update notice_admin set deleted = true where deleted = false and notice_id in (", ids)
        .await
}

async fn change_these(db: &mut MySqlConnection, change: &'static str, ids: &[u64]) -> sqlx::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::new(change);
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(*id);
    }
    query.push(")").build().execute(db).await?;
    Ok(())
}
