//! Fishing sessions and the kinds of tickets they have. Day and hours are those of the clocks at the
//! pond.

// Tickets people own.
pub mod ticket;

use crate::extract::listing::{Listing, Rows};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// A row of `fishing_session`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct SessionRow {
    pub id: u64,
    pub name: String,
    pub place: String,
    pub pic_url: String,
    pub held_on: NaiveDate,
    pub starts_at: NaiveTime,
    pub ends_at: NaiveTime,
    pub is_on: bool,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// A kind of ticket.
#[derive(Clone, Debug, FromRow)]
pub struct TypeRow {
    /// Id.
    pub id: u64,
    /// The session.
    pub fishing_session_id: u64,
    /// Name.
    pub name: String,
    /// Price of one.
    pub price_minor: i64,
    /// Tickets there are of it: free ones, live ones, and those a flash sale holds.
    pub units: i64,
    /// Free ones, outside of flash sales.
    pub remaining: i64,
    /// How many one shopper may hold.
    pub per_user_limit: i16,
}

/// A session as it is to be.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Session<'a> {
    pub name: &'a str,
    pub place: &'a str,
    pub pic_url: &'a str,
    pub held_on: NaiveDate,
    pub starts_at: NaiveTime,
    pub ends_at: NaiveTime,
    pub is_on: bool,
}

/// What a list is narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of the name.
    pub name: Option<String>,
    /// Part of the place.
    pub place: Option<String>,
    /// The day.
    pub held_on: Option<NaiveDate>,
    /// Whether tickets are sold.
    pub is_on: Option<bool>,
    /// Leaves out what is over by then.
    pub not_over_at: Option<NaiveDateTime>,
}

macro_rules! select_session {
    ($tail:literal) => {
        concat!(
            "select id, name, place, pic_url, held_on, starts_at, ends_at, is_on, added_at, updated_at \
             from fishing_session ",
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
    if let Some(place) = &filter.place {
        query.push(" and place like ").push_bind(super::anywhere(place)).push(" escape '!'");
    }
    if let Some(day) = filter.held_on {
        query.push(" and held_on = ").push_bind(day);
    }
    if let Some(is_on) = filter.is_on {
        query.push(" and is_on = ").push_bind(is_on);
    }
    if let Some(now) = filter.not_over_at {
        query.push(" and held_on >= ").push_bind(now.date());
        query.push(" and (held_on > ").push_bind(now.date());
        query.push(" or ends_at > ").push_bind(now.time()).push(")");
    }
    query
}

/// How many sessions match.
pub async fn count(db: &MySqlPool, filter: &Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from fishing_session ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of the sessions that match, as staff sort them.
pub async fn list(
    db: &MySqlPool,
    filter: &Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<SessionRow>> {
    let mut query = narrowed(select_session!(""), filter);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

/// Some of the sessions that match, soonest first.
pub async fn upcoming(db: &MySqlPool, filter: &Filter, rows: Rows) -> sqlx::Result<Vec<SessionRow>> {
    let mut query = narrowed(select_session!(""), filter);
    query.push(" order by held_on, starts_at, id limit ").push_bind(rows.count);
    query.push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

/// A session.
pub async fn find(db: &MySqlPool, id: u64) -> sqlx::Result<Option<SessionRow>> {
    sqlx::query_as(select_session!("where id = ? and deleted = false")).bind(id).fetch_optional(db).await
}

/// A session, locked.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<SessionRow>> {
    sqlx::query_as(select_session!("where id = ? and deleted = false for update"))
        .bind(id)
        .fetch_optional(db)
        .await
}

/// Locks the kinds of tickets of a session, so that nobody buys between a look and a change.
pub async fn lock_types(db: &mut MySqlConnection, session: u64) -> sqlx::Result<()> {
    let _locked: Vec<u64> =
        sqlx::query_scalar("select id from ticket_type where fishing_session_id = ? for update")
            .bind(session)
            .fetch_all(db)
            .await?;
    Ok(())
}

/// The kinds of tickets of some sessions. Units on their way back to a flash sale count as held by it.
pub async fn types<'e, E>(db: E, sessions: &[u64]) -> sqlx::Result<Vec<TypeRow>>
where
    E: sqlx::Executor<'e, Database = MySql>,
{
    let mut query = QueryBuilder::new(
        "select t.id as id, t.fishing_session_id, t.name, t.price_minor, \
         cast(t.stock \
         + (select count(*) from ticket k where k.ticket_type_id = t.id and k.status < 3) \
         + (select coalesce(sum(s.free), 0) from flash_sale s where s.ticket_type_id = t.id) \
         + (select coalesce(sum(r.units), 0) from stock_return r join flash_sale s on s.id = r.sale_id \
         where s.ticket_type_id = t.id and r.state = 0) as signed) as units, \
         cast(t.stock as signed) as remaining, t.per_user_limit \
         from ticket_type t where t.deleted = false and t.fishing_session_id in (",
    );
    super::push_ids(&mut query, sessions);
    query.push(") order by t.id");
    query.build_query_as().fetch_all(db).await
}

/// Adds a session.
pub async fn insert(db: &mut MySqlConnection, session: &Session<'_>) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "insert into fishing_session (name, place, pic_url, held_on, starts_at, ends_at, is_on) \
         values (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(session.name)
    .bind(session.place)
    .bind(session.pic_url)
    .bind(session.held_on)
    .bind(session.starts_at)
    .bind(session.ends_at)
    .bind(session.is_on)
    .execute(db)
    .await?;
    Ok(done.last_insert_id())
}

/// Changes a session that is locked.
pub async fn update(db: &mut MySqlConnection, id: u64, session: &Session<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "update fishing_session set name = ?, place = ?, pic_url = ?, held_on = ?, starts_at = ?, \
         ends_at = ?, is_on = ?, updated_at = now(3) where id = ?",
    )
    .bind(session.name)
    .bind(session.place)
    .bind(session.pic_url)
    .bind(session.held_on)
    .bind(session.starts_at)
    .bind(session.ends_at)
    .bind(session.is_on)
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a session away, with its kinds of tickets.
pub async fn delete(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("update ticket_type set deleted = true where fishing_session_id = ?")
        .bind(id)
        .execute(&mut *db)
        .await?;
    sqlx::query("update fishing_session set deleted = true where id = ?").bind(id).execute(db).await?;
    Ok(())
}

/// Adds a kind of ticket.
pub async fn insert_type(
    db: &mut MySqlConnection,
    session: u64,
    name: &str,
    price_minor: i64,
    units: i64,
    per_user_limit: i64,
) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "insert into ticket_type (fishing_session_id, name, price_minor, stock, per_user_limit) \
         values (?, ?, ?, ?, ?)",
    )
    .bind(session)
    .bind(name)
    .bind(price_minor)
    .bind(units)
    .bind(per_user_limit)
    .execute(db)
    .await?;
    Ok(done.last_insert_id())
}

/// Changes a kind of ticket, its free units by a difference; false when fewer are free.
pub async fn update_type(
    db: &mut MySqlConnection,
    id: u64,
    name: &str,
    price_minor: i64,
    delta: i64,
    per_user_limit: i64,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update ticket_type set name = ?, price_minor = ?, stock = stock + ?, per_user_limit = ?, \
         updated_at = now(3) where id = ? and stock + ? >= 0",
    )
    .bind(name)
    .bind(price_minor)
    .bind(delta)
    .bind(per_user_limit)
    .bind(id)
    .bind(delta)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a kind of ticket away.
pub async fn delete_type(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("update ticket_type set deleted = true where id = ?").bind(id).execute(db).await?;
    Ok(())
}

/// Whether a kind of ticket has live tickets, or a flash sale of it is not at its end.
pub async fn is_in_use(db: &mut MySqlConnection, ticket_type: u64) -> sqlx::Result<bool> {
    let tickets: Option<u64> =
        sqlx::query_scalar("select id from ticket where ticket_type_id = ? and status < 2 limit 1")
            .bind(ticket_type)
            .fetch_optional(&mut *db)
            .await?;
    let sales: Option<u64> = sqlx::query_scalar(
        "select id from flash_sale where ticket_type_id = ? and state < 6 and deleted = false limit 1",
    )
    .bind(ticket_type)
    .fetch_optional(db)
    .await?;
    Ok(tickets.is_some() || sales.is_some())
}
