//! Favourites: goods and topics, at most one live row per shopper and thing.

use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// A row of `collect`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct CollectRow {
    pub id: u64,
    pub user_id: u64,
    pub kind: u8,
    pub value_id: u64,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// A favourite with what it is of.
#[derive(Clone, Debug, FromRow)]
pub struct FavouriteRow {
    /// The favourite.
    pub id: u64,
    /// The goods or the topic.
    pub value_id: u64,
    /// Name of the goods, title of the topic.
    pub name: String,
    /// Brief of the goods, subtitle of the topic.
    pub brief: String,
    /// Picture.
    pub pic_url: String,
    /// Price.
    pub price_minor: i64,
}

/// What staff narrow the list by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// The owner.
    pub user_id: Option<u64>,
    /// The goods or the topic.
    pub value_id: Option<u64>,
}

/// Whether a shopper has it among the favourites.
pub async fn has(db: &MySqlPool, user: u64, kind: u8, value: u64) -> sqlx::Result<bool> {
    let found: Option<u64> = sqlx::query_scalar(
        "select id from collect where user_id = ? and kind = ? and value_id = ? and deleted = false",
    )
    .bind(user)
    .bind(kind)
    .bind(value)
    .fetch_optional(db)
    .await?;
    Ok(found.is_some())
}

/// Makes changes of one shopper's favourites wait for each other.
pub async fn lock_owner(db: &mut MySqlConnection, user: u64) -> sqlx::Result<()> {
    let _locked: Option<u64> = sqlx::query_scalar("select id from shopper where id = ? for update")
        .bind(user)
        .fetch_optional(db)
        .await?;
    Ok(())
}

/// Takes it out of the favourites; false when it was not there.
pub async fn remove(db: &mut MySqlConnection, user: u64, kind: u8, value: u64) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update collect set deleted = true where user_id = ? and kind = ? and value_id = ? and deleted = false",
    )
    .bind(user)
    .bind(kind)
    .bind(value)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Adds it to the favourites; that it is there already is no error.
pub async fn add(db: &mut MySqlConnection, user: u64, kind: u8, value: u64) -> sqlx::Result<()> {
    let done = sqlx::query("insert into collect (user_id, kind, value_id) values (?, ?, ?)")
        .bind(user)
        .bind(kind)
        .bind(value)
        .execute(db)
        .await;
    match done {
        Ok(_) => Ok(()),
        Err(error) if error.as_database_error().is_some_and(|error| error.is_unique_violation()) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether there is something to add to the favourites.
pub async fn target_exists(db: &MySqlPool, kind: u8, value: u64) -> sqlx::Result<bool> {
    let statement = if kind == super::comment::ON_TOPIC {
        "select id from topic where id = ? and deleted = false"
    } else {
        "select id from goods where id = ? and deleted = false"
    };
    let found: Option<u64> = sqlx::query_scalar(statement).bind(value).fetch_optional(db).await?;
    Ok(found.is_some())
}

/// How many favourites of a kind a shopper has; what is gone is not counted.
pub async fn count_own(db: &MySqlPool, user: u64, kind: u8) -> sqlx::Result<i64> {
    let statement = if kind == super::comment::ON_TOPIC {
        "select count(*) from collect c join topic t on t.id = c.value_id and t.deleted = false \
         where c.user_id = ? and c.kind = ? and c.deleted = false"
    } else {
        "select count(*) from collect c join goods g on g.id = c.value_id and g.deleted = false \
         where c.user_id = ? and c.kind = ? and c.deleted = false"
    };
    sqlx::query_scalar(statement).bind(user).bind(kind).fetch_one(db).await
}

/// Some of a shopper's favourites of a kind.
pub async fn list_own(
    db: &MySqlPool,
    user: u64,
    kind: u8,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<FavouriteRow>> {
    // The names that are sorted by are names of the answer, so that they are the favourite's.
    let mut query = QueryBuilder::new(if kind == super::comment::ON_TOPIC {
        "select c.id as id, c.value_id, t.title as name, t.subtitle as brief, t.pic_url, \
         t.price_minor as price_minor, c.added_at as added_at \
         from collect c join topic t on t.id = c.value_id and t.deleted = false where c.user_id = "
    } else {
        "select c.id as id, c.value_id, g.name, g.brief, g.pic_url, g.retail_price_minor as price_minor, \
         c.added_at as added_at \
         from collect c join goods g on g.id = c.value_id and g.deleted = false where c.user_id = "
    });
    query.push_bind(user).push(" and c.kind = ").push_bind(kind).push(" and c.deleted = false");
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

fn narrowed(select: &'static str, filter: Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where deleted = false");
    if let Some(user) = filter.user_id {
        query.push(" and user_id = ").push_bind(user);
    }
    if let Some(value) = filter.value_id {
        query.push(" and value_id = ").push_bind(value);
    }
    query
}

/// How many favourites match.
pub async fn count(db: &MySqlPool, filter: Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from collect ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of the favourites that match.
pub async fn list(
    db: &MySqlPool,
    filter: Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<CollectRow>> {
    let mut query =
        narrowed("select id, user_id, kind, value_id, added_at, updated_at from collect ", filter);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}
