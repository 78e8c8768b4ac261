//! The letter box of a member of staff: notices as they came to one account. Every statement names the
//! account.

use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use sqlx::{FromRow, MySql, MySqlPool, QueryBuilder};

/// A row of `notice_admin`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct LetterRow {
    pub id: u64,
    pub notice_id: u64,
    pub notice_title: String,
    pub admin_id: u64,
    pub read_at: Option<NaiveDateTime>,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

const SELECT: &str =
    "select id, notice_id, notice_title, admin_id, read_at, added_at, updated_at from notice_admin ";

/// What a list of letters may be narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Contained in the title, letter case ignored.
    pub title: Option<String>,
    /// Read ones, or the others.
    pub is_read: Option<bool>,
}

fn narrowed(select: &'static str, admin_id: u64, filter: &Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where deleted = false and admin_id = ").push_bind(admin_id);
    if let Some(title) = &filter.title {
        query.push(" and notice_title like ").push_bind(super::anywhere(title)).push(" escape '!'");
    }
    match filter.is_read {
        None => {}
        Some(true) => {
            query.push(" and read_at is not null");
        }
        Some(false) => {
            query.push(" and read_at is null");
        }
    }
    query
}

/// How many letters match.
pub async fn count(db: &MySqlPool, admin_id: u64, filter: &Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from notice_admin ", admin_id, filter).build_query_scalar().fetch_one(db).await
}

/// Some of the letters that match.
pub async fn list(
    db: &MySqlPool,
    admin_id: u64,
    filter: &Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<LetterRow>> {
    let mut query = narrowed(SELECT, admin_id, filter);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

/// All letters of a notice.
pub async fn of_notice(db: &MySqlPool, notice_id: u64) -> sqlx::Result<Vec<LetterRow>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("where deleted = false and notice_id = ").push_bind(notice_id).push(" order by id");
    query.build_query_as().fetch_all(db).await
}

/// A notice as it is opened.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Opened {
    pub title: String,
    pub content: String,
    pub updated_at: NaiveDateTime,
    /// Name and picture of the author; nothing when there is none.
    pub author: Option<String>,
    pub avatar: Option<String>,
}

/// A notice in an own letter box.
pub async fn open(db: &MySqlPool, admin_id: u64, notice_id: u64) -> sqlx::Result<Option<Opened>> {
    sqlx::query_as(
        "select n.title, n.content, n.updated_at, a.username as author, a.avatar \
         from notice_admin l join notice n on n.id = l.notice_id left join admin a on a.id = n.admin_id \
         where l.notice_id = ? and l.admin_id = ? and l.deleted = false and n.deleted = false",
    )
    .bind(notice_id)
    .bind(admin_id)
    .fetch_optional(db)
    .await
}

/// A notice in an own letter box was read now, unless it was before.
pub async fn read_notice(db: &MySqlPool, admin_id: u64, notice_id: u64) -> sqlx::Result<()> {
    sqlx::query(
        "update notice_admin set read_at = now(3) \
         where notice_id = ? and admin_id = ? and read_at is null and deleted = false",
    )
    .bind(notice_id)
    .bind(admin_id)
    .execute(db)
    .await?;
    Ok(())
}

/// Own letters were read now, unless they were before.
pub async fn read(db: &MySqlPool, admin_id: u64, ids: &[u64]) -> sqlx::Result<()> {
    change(db, "update notice_admin set read_at = now(3) where read_at is null", admin_id, ids).await
}

/// Deletes own letters.
pub async fn delete(db: &MySqlPool, admin_id: u64, ids: &[u64]) -> sqlx::Result<()> {
    change(db, "update notice_admin set deleted = true where true", admin_id, ids).await
}

async fn change(db: &MySqlPool, change: &'static str, admin_id: u64, ids: &[u64]) -> sqlx::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::new(change);
    query.push(" and deleted = false and admin_id = ").push_bind(admin_id).push(" and id in (");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(*id);
    }
    query.push(")").build().execute(db).await?;
    Ok(())
}
