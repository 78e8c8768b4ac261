//! Common questions with their answers.

use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use serde::Serialize;
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// What staff write.
#[derive(Clone, Debug, Default, PartialEq, FromRow, Serialize)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Issue {
    pub question: String,
    pub answer: String,
}

/// A row of `issue`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct IssueRow {
    pub id: u64,
    #[sqlx(flatten)]
    pub issue: Issue,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

macro_rules! select_issue {
    ($tail:literal) => {
        concat!("select id, question, answer, added_at, updated_at from issue ", $tail)
    };
}

/// A question.
pub async fn find(db: &MySqlPool, id: u64) -> sqlx::Result<Option<IssueRow>> {
    sqlx::query_as(select_issue!("where id = ? and deleted = false")).bind(id).fetch_optional(db).await
}

/// A question, locked.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<Issue>> {
    let row: Option<IssueRow> = sqlx::query_as(select_issue!("where id = ? and deleted = false for update"))
        .bind(id)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| row.issue))
}

/// The first questions.
pub async fn first(db: &MySqlPool, limit: i64) -> sqlx::Result<Vec<IssueRow>> {
    sqlx::query_as(select_issue!("where deleted = false order by id limit ?")).bind(limit).fetch_all(db).await
}

fn narrowed(select: &'static str, question: Option<&str>) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where deleted = false");
    if let Some(question) = question {
        query.push(" and question like ").push_bind(super::anywhere(question)).push(" escape '!'");
    }
    query
}

/// How many questions contain a text.
pub async fn count(db: &MySqlPool, question: Option<&str>) -> sqlx::Result<i64> {
    narrowed("select count(*) from issue ", question).build_query_scalar().fetch_one(db).await
}

/// Some of the questions that contain a text.
pub async fn list(
    db: &MySqlPool,
    question: Option<&str>,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<IssueRow>> {
    let mut query = narrowed(select_issue!(""), question);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

/// Adds a question.
pub async fn insert(db: &mut MySqlConnection, issue: &Issue) -> sqlx::Result<u64> {
    let done = sqlx::query("insert into issue (question, answer) values (?, ?)")
        .bind(&issue.question)
        .bind(&issue.answer)
        .execute(db)
        .await?;
    Ok(done.last_insert_id())
}

/// Writes a question.
pub async fn update(db: &mut MySqlConnection, id: u64, issue: &Issue) -> sqlx::Result<()> {
    sqlx::query("update issue set question = ?, answer = ?, updated_at = now(3) where id = ?")
        .bind(&issue.question)
        .bind(&issue.answer)
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// Takes a question away.
pub async fn delete(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("update issue set deleted = true where id = ?").bind(id).execute(db).await?;
    Ok(())
}
