//! Bookings of stands. The unique key on stand, day and slot among live bookings decides who gets a
//! slot; there is no other lock that could be lost.

use super::SlotRow;
use crate::extract::listing::{Listing, Rows};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// A row of `bbq_booking` with the name of its stand.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct BookingRow {
    pub id: u64,
    pub stand_id: u64,
    pub stand_name: String,
    pub slot_id: u64,
    pub held_on: NaiveDate,
    pub user_id: u64,
    pub order_id: u64,
    pub starts_at: NaiveTime,
    pub ends_at: NaiveTime,
    pub state: u8,
    pub added_at: NaiveDateTime,
}

/// What became of a try to book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booked {
    /// The slot is this booking's.
    First(u64),
    /// Somebody has the slot.
    Taken,
}

/// What a list is narrowed by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// The stand.
    pub stand_id: Option<u64>,
    /// The day.
    pub held_on: Option<NaiveDate>,
    /// The state.
    pub state: Option<u8>,
    /// The owner.
    pub user_id: Option<u64>,
}

/// Books a slot; its order is still to come.
pub async fn insert(
    db: &mut MySqlConnection,
    slot: &SlotRow,
    held_on: NaiveDate,
    user: u64,
) -> sqlx::Result<Booked> {
    let inserted = sqlx::query(
        "insert into bbq_booking (stand_id, slot_id, held_on, user_id, starts_at, ends_at) \
         values (?, ?, ?, ?, ?, ?)",
    )
    .bind(slot.stand_id)
    .bind(slot.id)
    .bind(held_on)
    .bind(user)
    .bind(slot.starts_at)
    .bind(slot.ends_at)
    .execute(db)
    .await;
    match inserted {
        Ok(done) => Ok(Booked::First(done.last_insert_id())),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(Booked::Taken),
        Err(error) => Err(error),
    }
}

/// The order a booking is paid with.
pub async fn set_order(db: &mut MySqlConnection, booking: u64, order: u64) -> sqlx::Result<()> {
    sqlx::query("update bbq_booking set order_id = ? where id = ?")
        .bind(order)
        .bind(booking)
        .execute(db)
        .await?;
    Ok(())
}

/// The order was paid.
pub async fn paid(db: &mut MySqlConnection, order: u64) -> sqlx::Result<()> {
    sqlx::query("update bbq_booking set state = 1 where order_id = ? and state = 0")
        .bind(order)
        .execute(db)
        .await?;
    Ok(())
}

/// The order lapsed, was cancelled or is refunded: the slot is free again.
pub async fn free(db: &mut MySqlConnection, order: u64) -> sqlx::Result<()> {
    sqlx::query("update bbq_booking set state = 2 where order_id = ? and state < 2")
        .bind(order)
        .execute(db)
        .await?;
    Ok(())
}

/// The slots that are taken on a day.
pub async fn taken(db: &MySqlPool, held_on: NaiveDate, stands: &[u64]) -> sqlx::Result<Vec<u64>> {
    let mut query = QueryBuilder::new("select slot_id from bbq_booking where live = 1 and held_on = ");
    query.push_bind(held_on).push(" and stand_id in (");
    crate::store::push_ids(&mut query, stands);
    query.push(")");
    query.build_query_scalar().fetch_all(db).await
}

/// Which of a stand's slots have live bookings that are not in the past.
pub async fn slots_in_use(db: &mut MySqlConnection, stand: u64, today: NaiveDate) -> sqlx::Result<Vec<u64>> {
    sqlx::query_scalar(
        "select distinct slot_id from bbq_booking where stand_id = ? and held_on >= ? and live = 1",
    )
    .bind(stand)
    .bind(today)
    .fetch_all(db)
    .await
}

fn narrowed(select: &'static str, filter: Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where b.order_id is not null");
    if let Some(user) = filter.user_id {
        query.push(" and b.user_id = ").push_bind(user);
    }
    if let Some(stand) = filter.stand_id {
        query.push(" and b.stand_id = ").push_bind(stand);
    }
    if let Some(day) = filter.held_on {
        query.push(" and b.held_on = ").push_bind(day);
    }
    if let Some(state) = filter.state {
        query.push(" and b.state = ").push_bind(state);
    }
    query
}

/// How many bookings match.
pub async fn count(db: &MySqlPool, filter: Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from bbq_booking b ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of the bookings that match.
pub async fn list(
    db: &MySqlPool,
    filter: Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<BookingRow>> {
    let mut query = narrowed(
        "select b.id as id, b.stand_id, s.name as stand_name, b.slot_id, b.held_on, b.user_id, b.order_id, \
         b.starts_at, b.ends_at, b.state, b.added_at as added_at \
         from bbq_booking b join bbq_stand s on s.id = b.stand_id ",
        filter,
    );
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}
