//! Fishing sessions and tickets, for shoppers.

use crate::calendar::{self, show_date, show_hour};
use crate::envelope::{Answer, Envelope, Money, Page, Reply};
use crate::error::Refusal;
use crate::extract::{Caller, Entity, Query};
use crate::fishing;
use crate::orders::place::Placed;
use crate::routes::admin::fishing::{FishingSession, with_types};
use crate::state::App;
use crate::store::fishing as store;
use crate::store::fishing::Filter;
use crate::store::fishing::ticket::{self, TicketRow};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// An order that was just made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewActivityOrder {
    order_id: u64,
    order_sn: String,
    actual_price: Money,
}

impl NewActivityOrder {
    /// Of an order.
    pub fn show(placed: Placed) -> Self {
        Self { order_id: placed.id, order_sn: placed.order_sn, actual_price: Money(placed.actual_minor) }
    }
}

/// What buying tickets sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct TicketForm {
    ticket_type_id: u64,
    number: i64,
}

/// A ticket.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    id: u64,
    order_id: u64,
    /// What is shown at the pond.
    code: String,
    session: TicketSession,
    r#type: TicketKind,
    /// unpaid, valid, used or refunded
    state: &'static str,
}

/// What a ticket is for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TicketSession {
    id: u64,
    name: String,
    place: String,
    pic_url: String,
    date: String,
    start_time: String,
    end_time: String,
}

/// Of which kind a ticket is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TicketKind {
    id: u64,
    name: String,
    price: Money,
}

/// Sessions that are on and not past, soonest first. Failures: 402.
#[utoipa::path(get, path = "/wx/fishing/list", tag = "shop: fishing",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("date" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<FishingSession>>)))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<FishingSession>> {
    let listing = query.listing()?;
    let filter = Filter {
        held_on: query.date("date")?,
        is_on: Some(true),
        not_over_at: Some(calendar::now(app.zone)),
        ..Filter::default()
    };
    let rows = listing.rows(store::count(&app.db, &filter).await?)?;
    let found = store::upcoming(&app.db, &filter, rows).await?;
    Ok(Reply::data(rows.page(with_types(&app, found).await?)))
}

/// One session. Failures: 402 unknown.
#[utoipa::path(get, path = "/wx/fishing/detail", tag = "shop: fishing", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<FishingSession>)))]
pub async fn detail(State(app): State<Arc<App>>, query: Query) -> Answer<FishingSession> {
    let (row, types) = fishing::read(&app, query.required_id("id")?).await?;
    Ok(Reply::data(FishingSession::show(row, &types, app.zone)))
}

/// Buy tickets. Failures: 401, 402, 501, 780 sold out, 781 over the limit per user, 782 session over.
#[utoipa::path(post, path = "/wx/fishing/buy", tag = "shop: fishing", request_body = TicketForm,
    responses((status = 200, body = Envelope<NewActivityOrder>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn buy(State(app): State<Arc<App>>, caller: Caller, body: Entity) -> Answer<NewActivityOrder> {
    let (ticket_type, number) = (body.int("ticketTypeId")?, body.int("number")?);
    let shopper = caller.shopper()?;
    let ticket_type = ticket_type.ok_or_else(|| Refusal::missing("ticketTypeId"))?;
    let number = number.ok_or_else(|| Refusal::missing("number"))?;
    let ticket_type = u64::try_from(ticket_type).unwrap_or(0);
    let placed = fishing::buy(&app, shopper.id, ticket_type, number).await?;
    Ok(Reply::data(NewActivityOrder::show(placed)))
}

/// Own tickets, newest first. Failures: 402, 501.
#[utoipa::path(get, path = "/wx/fishing/my", tag = "shop: fishing",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query)),
    responses((status = 200, body = Envelope<Page<Ticket>>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn my(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Answer<Page<Ticket>> {
    let listing = query.listing()?;
    let shopper = caller.shopper()?;
    let rows = listing.rows(ticket::count_own(&app.db, shopper.id).await?)?;
    let found = ticket::list_own(&app.db, shopper.id, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(shown).collect())))
}

fn shown(row: TicketRow) -> Ticket {
    Ticket {
        id: row.id,
        order_id: row.order_id,
        code: row.code,
        session: TicketSession {
            id: row.session_id,
            name: row.session_name,
            place: row.place,
            pic_url: row.pic_url,
            date: show_date(row.held_on),
            start_time: show_hour(row.starts_at),
            end_time: show_hour(row.ends_at),
        },
        r#type: TicketKind { id: row.type_id, name: row.type_name, price: Money(row.price_minor) },
        state: match row.status {
            0 => "unpaid",
            1 => "valid",
            2 => "used",
            _ => "refunded",
        },
    }
}
