//! What shoppers searched for.

use super::{in_order_of, push_where_id_in};
use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use sqlx::{FromRow, MySql, MySqlPool, QueryBuilder};

/// A row of `search_history`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct SearchRow {
    pub id: u64,
    pub user_id: u64,
    pub word: String,
    pub source: String,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// Writes a search down.
pub async fn insert(db: &MySqlPool, user: u64, word: &str) -> sqlx::Result<()> {
    sqlx::query("insert into search_history (user_id, word) values (?, ?)")
        .bind(user)
        .bind(word)
        .execute(db)
        .await?;
    Ok(())
}

/// Different words a shopper searched for lately, the latest first.
pub async fn latest_words(db: &MySqlPool, user: u64) -> sqlx::Result<Vec<String>> {
    // Of the latest 200 searches, so that the work does not grow with the years.
    sqlx::query_scalar(
        "select latest.word from (select word, id from search_history where user_id = ? and deleted = false \
         order by added_at desc limit 200) latest group by latest.word order by max(latest.id) desc limit 30",
    )
    .bind(user)
    .fetch_all(db)
    .await
}

/// Forgets what a shopper searched for.
pub async fn clear(db: &MySqlPool, user: u64) -> sqlx::Result<()> {
    sqlx::query("update search_history set deleted = true where user_id = ? and deleted = false")
        .bind(user)
        .execute(db)
        .await?;
    Ok(())
}

/// What a list may be narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Whose.
    pub user_id: Option<u64>,
    /// Contained in the word.
    pub word: Option<String>,
}

/// The index to be used, where the server would take a worse one. A word may have the text anywhere, so that
/// all rows are looked at, in the smallest index that has what is asked for; without a filter, rows in the
/// order of their ids are those of the table.
fn index(filter: &Filter, column: &str) -> &'static str {
    match (filter.word.is_some(), column) {
        _ if filter.user_id.is_some() => "",
        (true, _) => "force index (search_history_words) ",
        (false, "id") => "force index (primary) ",
        (false, _) => "",
    }
}

fn among_all(select: &'static str, filter: &Filter, column: &str) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push(index(filter, column));
    query.push("where deleted = false");
    if let Some(user) = filter.user_id {
        query.push(" and user_id = ").push_bind(user);
    }
    if let Some(word) = &filter.word {
        query.push(" and word like ").push_bind(super::anywhere(word)).push(" escape '!'");
    }
    query
}

/// How many searches match.
pub async fn count(db: &MySqlPool, filter: &Filter) -> sqlx::Result<i64> {
    among_all("select count(*) from search_history ", filter, "").build_query_scalar().fetch_one(db).await
}

/// Some of the searches that match.
pub async fn list(
    db: &MySqlPool,
    filter: &Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<SearchRow>> {
    let select = "select id, user_id, word, source, added_at, updated_at from search_history ";
    let mut query = among_all("select id from search_history ", filter, listing.column);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    let ids: Vec<u64> = query.build_query_scalar().fetch_all(db).await?;
    let mut query = QueryBuilder::new(select);
    push_where_id_in(&mut query, "id", &ids);
    Ok(in_order_of(&ids, query.build_query_as().fetch_all(db).await?, |row: &SearchRow| row.id))
}
