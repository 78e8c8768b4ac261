//! Tickets: taking units, writing tickets down, showing them to their owner. What becomes of them with
//! their order is in `order_state`.

use crate::extract::listing::Rows;
use chrono::{NaiveDate, NaiveTime};
use sqlx::{FromRow, MySqlConnection, MySqlPool, QueryBuilder};

/// What buying a ticket needs to know.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Offer {
    pub session_id: u64,
    pub session_name: String,
    pub place: String,
    pub pic_url: String,
    pub held_on: NaiveDate,
    pub ends_at: NaiveTime,
    pub is_on: bool,
    pub type_name: String,
    pub price_minor: i64,
    pub per_user_limit: i16,
}

/// A ticket of a shopper.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct TicketRow {
    pub id: u64,
    pub order_id: u64,
    pub code: String,
    pub status: u8,
    pub type_id: u64,
    pub type_name: String,
    pub price_minor: i64,
    pub session_id: u64,
    pub session_name: String,
    pub place: String,
    pub pic_url: String,
    pub held_on: NaiveDate,
    pub starts_at: NaiveTime,
    pub ends_at: NaiveTime,
}

/// A kind of ticket with its session.
pub async fn offer(db: &mut MySqlConnection, ticket_type: u64) -> sqlx::Result<Option<Offer>> {
    sqlx::query_as(
        "select s.id as session_id, s.name as session_name, s.place, s.pic_url, s.held_on, s.ends_at, s.is_on, \
         t.name as type_name, t.price_minor, t.per_user_limit \
         from ticket_type t join fishing_session s on s.id = t.fishing_session_id \
         where t.id = ? and t.deleted = false and s.deleted = false",
    )
    .bind(ticket_type)
    .fetch_optional(db)
    .await
}

/// Takes free units; false when there are not that many. From here to the end of the transaction
/// nobody else buys tickets of this kind.
pub async fn take(db: &mut MySqlConnection, ticket_type: u64, units: i64) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update ticket_type set stock = stock - ? where id = ? and deleted = false and stock >= ?",
    )
    .bind(units)
    .bind(ticket_type)
    .bind(units)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many tickets of a kind a shopper holds, unpaid and used ones included.
pub async fn held(db: &mut MySqlConnection, user: u64, ticket_type: u64) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from ticket where user_id = ? and ticket_type_id = ? and status < 3")
        .bind(user)
        .bind(ticket_type)
        .fetch_one(db)
        .await
}

/// Writes the tickets of an order down, unpaid, each with a code nobody can guess.
pub async fn insert(
    db: &mut MySqlConnection,
    user: u64,
    order: u64,
    ticket_type: u64,
    units: u16,
) -> sqlx::Result<()> {
    let mut query =
        QueryBuilder::new("insert into ticket (user_id, order_id, ticket_type_id, unit, status, code) ");
    query.push_values(1..=units, |mut row, unit| {
        row.push_bind(user)
            .push_bind(order)
            .push_bind(ticket_type)
            .push_bind(unit)
            .push_bind(0_u8)
            .push_bind(crate::random::hex_128());
    });
    query.build().execute(db).await?;
    Ok(())
}

/// How many tickets a shopper ever had.
pub async fn count_own(db: &MySqlPool, user: u64) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from ticket where user_id = ?").bind(user).fetch_one(db).await
}

/// Some of a shopper's tickets, newest first.
pub async fn list_own(db: &MySqlPool, user: u64, rows: Rows) -> sqlx::Result<Vec<TicketRow>> {
    sqlx::query_as(
        "select k.id as id, k.order_id, k.code, k.status, t.id as type_id, t.name as type_name, t.price_minor, \
         s.id as session_id, s.name as session_name, s.place, s.pic_url, s.held_on, s.starts_at, s.ends_at \
         from ticket k join ticket_type t on t.id = k.ticket_type_id \
         join fishing_session s on s.id = t.fishing_session_id \
         where k.user_id = ? order by k.added_at desc, k.id desc limit ? offset ?",
    )
    .bind(user)
    .bind(rows.count)
    .bind(rows.offset)
    .fetch_all(db)
    .await
}
