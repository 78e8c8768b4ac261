//! Questions about goods, and the shop's answers.

use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// A row of `goods_question` with the nickname of who asked, empty when the account is gone.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct QuestionRow {
    pub id: u64,
    pub goods_id: u64,
    pub user_id: u64,
    pub nickname: String,
    pub question: String,
    pub answer: String,
    pub answered_at: Option<NaiveDateTime>,
    pub hidden: bool,
    pub added_at: NaiveDateTime,
}

/// What a list is narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The goods.
    pub goods_id: Option<u64>,
    /// Whether there is an answer.
    pub answered: Option<bool>,
    /// Part of the question.
    pub question: Option<String>,
    /// Leaves out what staff have hidden.
    pub shown_only: bool,
}

macro_rules! select_question {
    ($tail:literal) => {
        concat!(
            "select q.id as id, q.goods_id, q.user_id, coalesce(s.nickname, '') as nickname, q.question, \
             q.answer, q.answered_at, q.hidden, q.added_at as added_at \
             from goods_question q left join shopper s on s.id = q.user_id and s.deleted = false ",
            $tail
        )
    };
}

/// Makes the questions of one shopper wait for each other; false when the account is gone.
pub async fn lock_author(db: &mut MySqlConnection, user: u64) -> sqlx::Result<bool> {
    let found: Option<u64> =
        sqlx::query_scalar("select id from shopper where id = ? and deleted = false for update")
            .bind(user)
            .fetch_optional(db)
            .await?;
    Ok(found.is_some())
}

/// How many questions a shopper asked within the last hour, deleted ones included.
pub async fn asked_within_the_hour(db: &mut MySqlConnection, user: u64) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "select count(*) from goods_question \
         where user_id = ? and added_at > date_sub(now(3), interval 1 hour)",
    )
    .bind(user)
    .fetch_one(db)
    .await
}

/// Adds a question.
pub async fn insert(db: &mut MySqlConnection, goods: u64, user: u64, question: &str) -> sqlx::Result<u64> {
    let done = sqlx::query("insert into goods_question (goods_id, user_id, question) values (?, ?, ?)")
        .bind(goods)
        .bind(user)
        .bind(question)
        .execute(db)
        .await?;
    Ok(done.last_insert_id())
}

/// A question.
pub async fn find(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<QuestionRow>> {
    sqlx::query_as(select_question!("where q.id = ? and q.deleted = false")).bind(id).fetch_optional(db).await
}

fn narrowed(select: &'static str, filter: &Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where q.deleted = false");
    if let Some(goods) = filter.goods_id {
        query.push(" and q.goods_id = ").push_bind(goods);
    }
    if filter.shown_only {
        query.push(" and q.hidden = false");
    }
    if let Some(answered) = filter.answered {
        query.push(if answered { " and q.answered_at is not null" } else { " and q.answered_at is null" });
    }
    if let Some(text) = &filter.question {
        query.push(" and q.question like ").push_bind(super::anywhere(text)).push(" escape '!'");
    }
    query
}

/// How many questions match.
pub async fn count(db: &MySqlPool, filter: &Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from goods_question q ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of the questions that match.
pub async fn list(
    db: &MySqlPool,
    filter: &Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<QuestionRow>> {
    let mut query = narrowed(select_question!(""), filter);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

/// Writes the answer; false when there is no such question.
pub async fn answer(db: &mut MySqlConnection, id: u64, answer: &str) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update goods_question set answer = ?, answered_at = now(3) where id = ? and deleted = false",
    )
    .bind(answer)
    .bind(id)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Hides a question from shoppers, or shows it again; false when there is none.
pub async fn hide(db: &MySqlPool, id: u64, hidden: bool) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update goods_question set hidden = ?, updated_at = now(3) where id = ? and deleted = false",
    )
    .bind(hidden)
    .bind(id)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a question away; false when there is none.
pub async fn delete(db: &MySqlPool, id: u64) -> sqlx::Result<bool> {
    let done = sqlx::query("update goods_question set deleted = true where id = ? and deleted = false")
        .bind(id)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}
