//! Reviews of goods and remarks on topics.

use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// `kind` of a review of goods.
pub const ON_GOODS: u8 = 0;
/// `kind` of a remark on a topic.
pub const ON_TOPIC: u8 = 1;

/// Characters of a text at most, as the column has them.
pub const CONTENT_CHARS_MAX: usize = 1023;
/// Characters of the shop's answer at most.
pub const REPLY_CHARS_MAX: usize = 511;
/// Pictures one comment may have.
pub const PICTURES_MAX: usize = 9;

/// A row of `comment`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct CommentRow {
    pub id: u64,
    pub kind: u8,
    pub value_id: u64,
    pub user_id: u64,
    pub content: String,
    pub star: u8,
    pub has_picture: bool,
    /// A JSON array of text.
    pub pic_urls: String,
    pub reply: String,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// A comment with its author; the names are empty when the account is gone.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migrations")]
pub struct AuthoredRow {
    pub id: u64,
    pub content: String,
    pub star: u8,
    /// A JSON array of text.
    pub pic_urls: String,
    pub reply: String,
    pub nickname: String,
    pub avatar: String,
    pub added_at: NaiveDateTime,
}

/// A new comment.
#[derive(Clone, Debug)]
pub struct NewComment<'a> {
    /// [`ON_GOODS`] or [`ON_TOPIC`].
    pub kind: u8,
    /// The goods or the topic.
    pub value_id: u64,
    /// The author.
    pub user_id: u64,
    /// The text.
    pub content: &'a str,
    /// 0 to 5.
    pub star: u8,
    /// Addresses of pictures.
    pub pic_urls: &'a [String],
}

/// How many comments there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct Counts {
    /// Of any kind.
    pub whole: i64,
    /// With pictures.
    pub with_picture: i64,
}

/// What becomes of an answer of the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replied {
    /// It stands there now.
    First,
    /// The comment has an answer, and keeps it.
    Again,
    /// There is no such comment.
    Unknown,
}

/// What staff narrow the list by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// The author.
    pub user_id: Option<u64>,
    /// The goods.
    pub goods_id: Option<u64>,
    /// Whether the shop has answered.
    pub replied: Option<bool>,
}

/// Adds a comment.
pub async fn insert(db: &mut MySqlConnection, new: &NewComment<'_>) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "insert into comment (kind, value_id, user_id, content, star, has_picture, pic_urls) \
         values (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(new.kind)
    .bind(new.value_id)
    .bind(new.user_id)
    .bind(new.content)
    .bind(new.star)
    .bind(!new.pic_urls.is_empty())
    .bind(serde_json::json!(new.pic_urls).to_string())
    .execute(db)
    .await?;
    Ok(done.last_insert_id())
}

macro_rules! select_comment {
    ($tail:literal) => {
        concat!(
            "select id, kind, value_id, user_id, content, star, has_picture, \
             cast(pic_urls as char) as pic_urls, reply, added_at, updated_at from comment ",
            $tail
        )
    };
}

/// A comment.
pub async fn find(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<CommentRow>> {
    sqlx::query_as(select_comment!("where id = ? and deleted = false")).bind(id).fetch_optional(db).await
}

/// How many comments some goods or a topic have.
pub async fn counts(db: &MySqlPool, kind: u8, value_id: u64) -> sqlx::Result<Counts> {
    sqlx::query_as(
        "select count(*) as whole, cast(coalesce(sum(has_picture), 0) as signed) as with_picture \
         from comment where kind = ? and value_id = ? and deleted = false",
    )
    .bind(kind)
    .bind(value_id)
    .fetch_one(db)
    .await
}

/// Some comments on goods or a topic, newest first.
pub async fn page(
    db: &MySqlPool,
    kind: u8,
    value_id: u64,
    with_picture: bool,
    (offset, count): (i64, i64),
) -> sqlx::Result<Vec<AuthoredRow>> {
    let mut query = QueryBuilder::new(
        "select c.id as id, c.content, c.star, cast(c.pic_urls as char) as pic_urls, c.reply, \
         coalesce(s.nickname, '') as nickname, coalesce(s.avatar, '') as avatar, c.added_at as added_at \
         from comment c left join shopper s on s.id = c.user_id and s.deleted = false \
         where c.deleted = false and c.kind = ",
    );
    query.push_bind(kind).push(" and c.value_id = ").push_bind(value_id);
    if with_picture {
        query.push(" and c.has_picture = true");
    }
    query.push(" order by c.added_at desc, c.id desc limit ").push_bind(count);
    query.push(" offset ").push_bind(offset);
    query.build_query_as().fetch_all(db).await
}

/// The newest comments on goods or a topic.
pub async fn newest(db: &MySqlPool, kind: u8, value_id: u64, count: i64) -> sqlx::Result<Vec<AuthoredRow>> {
    page(db, kind, value_id, false, (0, count)).await
}

fn narrowed(select: &'static str, filter: Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where deleted = false");
    if let Some(user) = filter.user_id {
        query.push(" and user_id = ").push_bind(user);
    }
    if let Some(goods) = filter.goods_id {
        query.push(" and kind = 0 and value_id = ").push_bind(goods);
    }
    if let Some(replied) = filter.replied {
        query.push(if replied { " and replied_at is not null" } else { " and replied_at is null" });
    }
    query
}

/// How many comments match.
pub async fn count(db: &MySqlPool, filter: Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from comment ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of the comments that match.
pub async fn list(
    db: &MySqlPool,
    filter: Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<CommentRow>> {
    let mut query = narrowed(select_comment!(""), filter);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

/// Answers a comment, once.
pub async fn reply(db: &mut MySqlConnection, id: u64, content: &str) -> sqlx::Result<Replied> {
    let done = sqlx::query(
        "update comment set reply = ?, replied_at = now(3) where id = ? and reply = '' and deleted = false",
    )
    .bind(content)
    .bind(id)
    .execute(&mut *db)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(Replied::First);
    }
    Ok(if find(db, id).await?.is_some() { Replied::Again } else { Replied::Unknown })
}

/// Hides a comment; false when there is none.
pub async fn delete(db: &MySqlPool, id: u64) -> sqlx::Result<bool> {
    let done = sqlx::query("update comment set deleted = true where id = ? and deleted = false")
        .bind(id)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}
