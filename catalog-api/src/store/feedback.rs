//! What shoppers tell the shop, and what the shop replied by text message.

use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// What the outbox of texts knows a reply by.
pub const SMS_SUBJECT: &str = "feedback";

/// A row of `feedback`, with what became of the text that carried the reply.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct FeedbackRow {
    pub id: u64,
    pub user_id: u64,
    pub username: String,
    pub mobile: String,
    pub feed_type: String,
    pub content: String,
    pub status: u8,
    pub has_picture: bool,
    /// A JSON array of text.
    pub pic_urls: String,
    pub reply: String,
    pub replied_at: Option<NaiveDateTime>,
    /// 0 queued, 1 sent, 2 given up; nothing when there is no reply.
    pub sms_state: Option<u8>,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// New feedback.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct NewFeedback<'a> {
    pub user_id: u64,
    pub mobile: &'a str,
    pub feed_type: &'a str,
    pub content: &'a str,
    pub pic_urls: &'a [String],
}

/// What staff narrow the list by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The author.
    pub user_id: Option<u64>,
    /// Part of the author's name.
    pub username: Option<String>,
    /// Whether the shop has replied.
    pub replied: Option<bool>,
}

/// Adds feedback, with the author's name as it is now.
pub async fn insert(db: &MySqlPool, new: &NewFeedback<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "insert into feedback (user_id, username, mobile, feed_type, content, status, has_picture, pic_urls) \
         select id, username, ?, ?, ?, 1, ?, ? from shopper where id = ?",
    )
    .bind(new.mobile)
    .bind(new.feed_type)
    .bind(new.content)
    .bind(!new.pic_urls.is_empty())
    .bind(serde_json::json!(new.pic_urls).to_string())
    .bind(new.user_id)
    .execute(db)
    .await?;
    Ok(())
}

fn narrowed(select: &'static str, filter: &Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where f.deleted = false");
    if let Some(user) = filter.user_id {
        query.push(" and f.user_id = ").push_bind(user);
    }
    if let Some(name) = &filter.username {
        query.push(" and f.username like ").push_bind(super::anywhere(name)).push(" escape '!'");
    }
    if let Some(replied) = filter.replied {
        query.push(if replied { " and f.replied_at is not null" } else { " and f.replied_at is null" });
    }
    query
}

/// How much feedback matches.
pub async fn count(db: &MySqlPool, filter: &Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from feedback f ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of the feedback that matches.
pub async fn list(
    db: &MySqlPool,
    filter: &Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<FeedbackRow>> {
    // One reply is one text, so that there is at most one row of the outbox.
    let mut query = narrowed(
        "select f.id as id, f.user_id, f.username, f.mobile, f.feed_type, f.content, f.status, f.has_picture, \
         cast(f.pic_urls as char) as pic_urls, f.reply, f.replied_at, \
         (select o.state from sms_outbox o where o.subject_kind = 'feedback' and o.subject_id = f.id \
         order by o.id limit 1) as sms_state, f.added_at as added_at, f.updated_at from feedback f ",
        filter,
    );
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

/// The number feedback is replied to, and whether it was already; the row is locked.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<(String, bool)>> {
    sqlx::query_as(
        "select mobile, replied_at is not null from feedback where id = ? and deleted = false for update",
    )
    .bind(id)
    .fetch_optional(db)
    .await
}

/// Writes the reply down.
pub async fn reply(db: &mut MySqlConnection, id: u64, content: &str) -> sqlx::Result<()> {
    sqlx::query("update feedback set reply = ?, replied_at = now(3) where id = ?")
        .bind(content)
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}
