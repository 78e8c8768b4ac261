//! Topics: articles that lead to goods.

use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use serde::Serialize;
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// What staff write.
#[derive(Clone, Debug, PartialEq, FromRow, Serialize)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Topic {
    pub title: String,
    pub subtitle: String,
    pub content: String,
    pub price_minor: i64,
    pub read_count: String,
    pub pic_url: String,
    pub sort_order: i32,
    /// A JSON array of numbers.
    pub goods_ids: String,
}

impl Default for Topic {
    fn default() -> Self {
        let empty = String::new;
        Self {
            title: empty(),
            subtitle: empty(),
            content: empty(),
            price_minor: 0,
            read_count: "1k".to_owned(),
            pic_url: empty(),
            sort_order: 100,
            goods_ids: "[]".to_owned(),
        }
    }
}

impl Topic {
    /// The goods it leads to, in its order.
    pub fn goods(&self) -> Vec<u64> {
        serde_json::from_str(&self.goods_ids).unwrap_or_default()
    }
}

/// A row of `topic`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct TopicRow {
    pub id: u64,
    #[sqlx(flatten)]
    pub topic: Topic,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

macro_rules! select_topic {
    ($tail:literal) => {
        concat!(
            "select id, title, subtitle, content, price_minor, read_count, pic_url, sort_order, \
             cast(goods_ids as char) as goods_ids, added_at, updated_at from topic ",
            $tail
        )
    };
}

/// A topic.
pub async fn find(db: &MySqlPool, id: u64) -> sqlx::Result<Option<TopicRow>> {
    sqlx::query_as(select_topic!("where id = ? and deleted = false")).bind(id).fetch_optional(db).await
}

/// A topic, locked.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<Topic>> {
    let row: Option<TopicRow> = sqlx::query_as(select_topic!("where id = ? and deleted = false for update"))
        .bind(id)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| row.topic))
}

/// The newest topics.
pub async fn newest(db: &MySqlPool, limit: i64) -> sqlx::Result<Vec<TopicRow>> {
    sqlx::query_as(select_topic!("where deleted = false order by added_at desc, id desc limit ?"))
        .bind(limit)
        .fetch_all(db)
        .await
}

/// The first topics but one.
pub async fn others(db: &MySqlPool, id: u64, limit: i64) -> sqlx::Result<Vec<TopicRow>> {
    sqlx::query_as(select_topic!("where deleted = false and id <> ? order by id limit ?"))
        .bind(id)
        .bind(limit)
        .fetch_all(db)
        .await
}

/// How many topics there are but one.
pub async fn count_others(db: &MySqlPool, id: u64) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from topic where deleted = false and id <> ?")
        .bind(id)
        .fetch_one(db)
        .await
}

/// What a list may be narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Contained in the title.
    pub title: Option<String>,
    /// Contained in the subtitle.
    pub subtitle: Option<String>,
}

fn narrowed(select: &'static str, filter: &Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where deleted = false");
    for (column, text) in [("title", &filter.title), ("subtitle", &filter.subtitle)] {
        if let Some(text) = text {
            query.push(" and ").push(column).push(" like ");
            query.push_bind(super::anywhere(text)).push(" escape '!'");
        }
    }
    query
}

/// How many topics match.
pub async fn count(db: &MySqlPool, filter: &Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from topic ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of the topics that match.
pub async fn list(
    db: &MySqlPool,
    filter: &Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<TopicRow>> {
    let mut query = narrowed(select_topic!(""), filter);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

/// Adds a topic.
pub async fn insert(db: &mut MySqlConnection, topic: &Topic) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "insert into topic (title, subtitle, content, price_minor, read_count, pic_url, sort_order, goods_ids) \
         values (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&topic.title)
    .bind(&topic.subtitle)
    .bind(&topic.content)
    .bind(topic.price_minor)
    .bind(&topic.read_count)
    .bind(&topic.pic_url)
    .bind(topic.sort_order)
    .bind(&topic.goods_ids)
    .execute(db)
    .await?;
    Ok(done.last_insert_id())
}

/// Writes a topic.
pub async fn update(db: &mut MySqlConnection, id: u64, topic: &Topic) -> sqlx::Result<()> {
    sqlx::query(
        "update topic set title = ?, subtitle = ?, content = ?, price_minor = ?, read_count = ?, pic_url = ?, \
         sort_order = ?, goods_ids = ?, updated_at = now(3) where id = ?",
    )
    .bind(&topic.title)
    .bind(&topic.subtitle)
    .bind(&topic.content)
    .bind(topic.price_minor)
    .bind(&topic.read_count)
    .bind(&topic.pic_url)
    .bind(topic.sort_order)
    .bind(&topic.goods_ids)
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a topic away.
pub async fn delete(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("update topic set deleted = true where id = ?").bind(id).execute(db).await?;
    Ok(())
}
