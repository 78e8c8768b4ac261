//! Barbecue stands and the slots of the day in which they can be booked.

// Who has a stand when.
pub mod booking;

use crate::extract::listing::{Listing, Rows};
use chrono::{NaiveDateTime, NaiveTime};
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// A row of `bbq_stand`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct StandRow {
    pub id: u64,
    pub name: String,
    pub pic_url: String,
    pub capacity: u16,
    pub price_minor: i64,
    pub is_on: bool,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// A slot of a stand.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct SlotRow {
    pub id: u64,
    pub stand_id: u64,
    pub starts_at: NaiveTime,
    pub ends_at: NaiveTime,
}

/// A stand as it is to be.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Stand<'a> {
    pub name: &'a str,
    pub pic_url: &'a str,
    pub capacity: i64,
    pub price_minor: i64,
    pub is_on: bool,
}

/// What a list is narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of the name.
    pub name: Option<String>,
    /// Whether it can be booked.
    pub is_on: Option<bool>,
}

macro_rules! select_stand {
    ($tail:literal) => {
        concat!(
            "select id, name, pic_url, capacity, price_minor, is_on, added_at, updated_at from bbq_stand ",
            $tail
        )
    };
}

fn narrowed(select: &'static str, filter: &Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where deleted = false");
    if let Some(name) = &filter.name {
        query.push(" and name like ").push_bind(super::anywhere(name)).push(" escape '!'");
    }
    if let Some(is_on) = filter.is_on {
        query.push(" and is_on = ").push_bind(is_on);
    }
    query
}

/// How many stands match.
pub async fn count(db: &MySqlPool, filter: &Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from bbq_stand ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of the stands that match.
pub async fn list(
    db: &MySqlPool,
    filter: &Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<StandRow>> {
    let mut query = narrowed(select_stand!(""), filter);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

/// Stands that can be booked, or the one of this id if it can; at most `limit`.
pub async fn bookable(db: &MySqlPool, stand: Option<u64>, limit: i64) -> sqlx::Result<Vec<StandRow>> {
    let mut query = QueryBuilder::new(select_stand!("where deleted = false and is_on = true"));
    if let Some(stand) = stand {
        query.push(" and id = ").push_bind(stand);
    }
    query.push(" order by id limit ").push_bind(limit);
    query.build_query_as().fetch_all(db).await
}

/// A stand.
pub async fn find(db: &MySqlPool, id: u64) -> sqlx::Result<Option<StandRow>> {
    sqlx::query_as(select_stand!("where id = ? and deleted = false")).bind(id).fetch_optional(db).await
}

/// A stand, locked: bookings and changes of it wait for each other.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<StandRow>> {
    sqlx::query_as(select_stand!("where id = ? and deleted = false for update"))
        .bind(id)
        .fetch_optional(db)
        .await
}

/// A stand that does not change before the end of the transaction; bookings share it.
pub async fn share(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<StandRow>> {
    sqlx::query_as(select_stand!("where id = ? and deleted = false lock in share mode"))
        .bind(id)
        .fetch_optional(db)
        .await
}

/// The slots of some stands, by stand and hour.
pub async fn slots<'e, E>(db: E, stands: &[u64]) -> sqlx::Result<Vec<SlotRow>>
where
    E: sqlx::Executor<'e, Database = MySql>,
{
    let mut query = QueryBuilder::new(
        "select id, stand_id, starts_at, ends_at from bbq_slot where deleted = false and stand_id in (",
    );
    super::push_ids(&mut query, stands);
    query.push(") order by stand_id, starts_at, id");
    query.build_query_as().fetch_all(db).await
}

/// Adds a stand.
pub async fn insert(db: &mut MySqlConnection, stand: &Stand<'_>) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "insert into bbq_stand (name, pic_url, capacity, price_minor, is_on) values (?, ?, ?, ?, ?)",
    )
    .bind(stand.name)
    .bind(stand.pic_url)
    .bind(stand.capacity)
    .bind(stand.price_minor)
    .bind(stand.is_on)
    .execute(db)
    .await?;
    Ok(done.last_insert_id())
}

/// Changes a stand that is locked.
pub async fn update(db: &mut MySqlConnection, id: u64, stand: &Stand<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "update bbq_stand set name = ?, pic_url = ?, capacity = ?, price_minor = ?, is_on = ?, \
         updated_at = now(3) where id = ?",
    )
    .bind(stand.name)
    .bind(stand.pic_url)
    .bind(stand.capacity)
    .bind(stand.price_minor)
    .bind(stand.is_on)
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a stand away, with its slots.
pub async fn delete(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("update bbq_slot set deleted = true where stand_id = ?").bind(id).execute(&mut *db).await?;
    sqlx::query("update bbq_stand set deleted = true where id = ?").bind(id).execute(db).await?;
    Ok(())
}

/// Adds a slot.
pub async fn insert_slot(
    db: &mut MySqlConnection,
    stand: u64,
    starts_at: NaiveTime,
    ends_at: NaiveTime,
) -> sqlx::Result<()> {
    sqlx::query("insert into bbq_slot (stand_id, starts_at, ends_at) values (?, ?, ?)")
        .bind(stand)
        .bind(starts_at)
        .bind(ends_at)
        .execute(db)
        .await?;
    Ok(())
}

/// Moves a slot.
pub async fn update_slot(
    db: &mut MySqlConnection,
    id: u64,
    starts_at: NaiveTime,
    ends_at: NaiveTime,
) -> sqlx::Result<()> {
    sqlx::query("update bbq_slot set starts_at = ?, ends_at = ? where id = ?")
        .bind(starts_at)
        .bind(ends_at)
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// Takes a slot away.
pub async fn delete_slot(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("update bbq_slot set deleted = true where id = ?").bind(id).execute(db).await?;
    Ok(())
}
