//! Fishing sessions, for staff.

use crate::calendar::{show_date, show_hour};
use crate::envelope::{Answer, Envelope, Money, Nothing, Page, Reply, Zone};
use crate::error::{Failure, Refusal};
use crate::extract::{Entity, Query};
use crate::fishing::{self, input};
use crate::routes::entity_id::{EntityId, id};
use crate::state::App;
use crate::store::fishing as store;
use crate::store::fishing::{Filter, SessionRow, TypeRow};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A fishing session.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FishingSession {
    id: u64,
    name: String,
    place: String,
    pic_url: String,
    /// yyyy-MM-dd
    date: String,
    /// HH:mm
    start_time: String,
    /// HH:mm
    end_time: String,
    /// on or off
    state: &'static str,
    ticket_types: Vec<TicketType>,
    add_time: String,
    update_time: String,
}

/// A kind of ticket.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TicketType {
    id: u64,
    name: String,
    price: Money,
    /// All there are, sold ones and those in a flash sale included.
    stock: i64,
    /// Those that can be bought.
    remaining: i64,
    limit_per_user: i16,
}

impl FishingSession {
    /// Of rows; kinds of other sessions are left out.
    pub fn show(row: SessionRow, types: &[TypeRow], zone: Zone) -> Self {
        let own = types.iter().filter(|ticket| ticket.fishing_session_id == row.id);
        let ticket_types = own.map(|ticket| TicketType {
            id: ticket.id,
            name: ticket.name.clone(),
            price: Money(ticket.price_minor),
            stock: ticket.units,
            remaining: ticket.remaining,
            limit_per_user: ticket.per_user_limit,
        });
        Self {
            ticket_types: ticket_types.collect(),
            id: row.id,
            name: row.name,
            place: row.place,
            pic_url: row.pic_url,
            date: show_date(row.held_on),
            start_time: show_hour(row.starts_at),
            end_time: show_hour(row.ends_at),
            state: on_or_off(row.is_on),
            add_time: zone.show(row.added_at),
            update_time: zone.show(row.updated_at),
        }
    }
}

/// The word for it.
pub fn on_or_off(is_on: bool) -> &'static str {
    if is_on { "on" } else { "off" }
}

/// What creating or changing a session sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct FishingForm {
    /// Only where a session is changed.
    id: Option<u64>,
    name: Option<String>,
    place: Option<String>,
    pic_url: Option<String>,
    date: Option<String>,
    start_time: Option<String>,
    end_time: Option<String>,
    state: Option<String>,
    /// Kinds with an id are changed, those without are added, those left out are removed.
    ticket_types: Option<Vec<TicketTypeForm>>,
}

/// A kind of ticket as it is to be.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct TicketTypeForm {
    id: Option<u64>,
    name: Option<String>,
    price: Option<Money>,
    stock: Option<i64>,
    limit_per_user: Option<i64>,
}

/// The state a list is narrowed by.
pub fn wanted_state(query: &Query) -> Result<Option<bool>, Refusal> {
    match query.text("state") {
        None => Ok(None),
        Some("on") => Ok(Some(true)),
        Some("off") => Ok(Some(false)),
        Some(_) => Err(Refusal::wrong("state")),
    }
}

/// Rows with their kinds of tickets.
pub async fn with_types(app: &App, rows: Vec<SessionRow>) -> Result<Vec<FishingSession>, Failure> {
    let ids: Vec<u64> = rows.iter().map(|row| row.id).collect();
    let types = store::types(&app.db, &ids).await?;
    Ok(rows.into_iter().map(|row| FishingSession::show(row, &types, app.zone)).collect())
}

/// Sessions. Failures: 402.
#[utoipa::path(get, path = "/admin/fishing/list", tag = "staff: fishing",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("name" = Option<String>, Query), ("place" = Option<String>, Query),
        ("date" = Option<String>, Query), ("state" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<FishingSession>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<FishingSession>> {
    let listing = query.listing()?;
    let filter = Filter {
        name: query.text_within("name", 63)?.map(str::to_owned),
        place: query.text_within("place", 127)?.map(str::to_owned),
        held_on: query.date("date")?,
        is_on: wanted_state(&query)?,
        not_over_at: None,
    };
    let rows = listing.rows(store::count(&app.db, &filter).await?)?;
    let found = store::list(&app.db, &filter, listing, rows).await?;
    Ok(Reply::data(rows.page(with_types(&app, found).await?)))
}

/// One session. Failures: 402 unknown.
#[utoipa::path(get, path = "/admin/fishing/read", tag = "staff: fishing", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<FishingSession>)), security(("staff" = []), ("bearer" = [])))]
pub async fn read(State(app): State<Arc<App>>, query: Query) -> Answer<FishingSession> {
    one(&app, query.required_id("id")?).await
}

async fn one(app: &App, id: u64) -> Answer<FishingSession> {
    let (row, types) = fishing::read(app, id).await?;
    Ok(Reply::data(FishingSession::show(row, &types, app.zone)))
}

/// Add a session. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/fishing/create", tag = "staff: fishing", request_body = FishingForm,
    responses((status = 200, body = Envelope<FishingSession>)), security(("staff" = []), ("bearer" = [])))]
pub async fn create(State(app): State<Arc<App>>, body: Entity) -> Answer<FishingSession> {
    let id = fishing::create(&app, &input::edit(&body)?).await?;
    one(&app, id).await
}

/// Change a session. Failures: 401, 402, 505, 685 stock below what is sold, 686 live tickets of a kind
/// that is removed.
#[utoipa::path(post, path = "/admin/fishing/update", tag = "staff: fishing", request_body = FishingForm,
    responses((status = 200, body = Envelope<FishingSession>)), security(("staff" = []), ("bearer" = [])))]
pub async fn update(State(app): State<Arc<App>>, body: Entity) -> Answer<FishingSession> {
    let id = id(&body)?;
    fishing::update(&app, id, &input::edit(&body)?).await?;
    one(&app, id).await
}

/// Delete a session. Failures: 401, 402, 686 live tickets.
#[utoipa::path(post, path = "/admin/fishing/delete", tag = "staff: fishing", request_body = EntityId,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, body: Entity) -> Answer<Nothing> {
    fishing::delete(&app, id(&body)?).await?;
    Ok(Reply::done())
}
