//! Barbecue stands and bookings, for staff.

use super::fishing::{on_or_off, wanted_state};
use crate::bbq::{self, input};
use crate::calendar::{show_date, show_hour};
use crate::envelope::{Answer, Envelope, Money, Nothing, Page, Reply, Zone};
use crate::error::Refusal;
use crate::extract::{Entity, Query};
use crate::routes::entity_id::{EntityId, id};
use crate::state::App;
use crate::store::bbq as store;
use crate::store::bbq::booking::{self, BookingRow};
use crate::store::bbq::{Filter, SlotRow, StandRow};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A barbecue stand.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BbqStand {
    id: u64,
    name: String,
    pic_url: String,
    /// People.
    capacity: u16,
    price: Money,
    /// on or off
    state: &'static str,
    slots: Vec<BbqSlot>,
    add_time: String,
    update_time: String,
}

/// A slot of the day.
#[derive(Debug, Serialize, ToSchema)]
pub struct BbqSlot {
    id: u64,
    /// HH:mm
    from: String,
    /// HH:mm
    to: String,
    /// Whether it can be booked; only where a day was asked for.
    free: Option<bool>,
}

impl BbqSlot {
    /// Of a row.
    pub fn show(slot: &SlotRow, free: Option<bool>) -> Self {
        Self { id: slot.id, from: show_hour(slot.starts_at), to: show_hour(slot.ends_at), free }
    }
}

impl BbqStand {
    /// Of a row and its slots.
    pub fn show(row: StandRow, slots: Vec<BbqSlot>, zone: Zone) -> Self {
        Self {
            id: row.id,
            name: row.name,
            pic_url: row.pic_url,
            capacity: row.capacity,
            price: Money(row.price_minor),
            state: on_or_off(row.is_on),
            slots,
            add_time: zone.show(row.added_at),
            update_time: zone.show(row.updated_at),
        }
    }
}

/// What creating or changing a stand sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct BbqForm {
    /// Only where a stand is changed.
    id: Option<u64>,
    name: Option<String>,
    pic_url: Option<String>,
    capacity: Option<i64>,
    price: Option<Money>,
    state: Option<String>,
    /// Slots with an id are moved, those without are added, those left out are removed.
    slots: Option<Vec<BbqSlotForm>>,
}

/// A slot as it is to be.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct BbqSlotForm {
    id: Option<u64>,
    from: String,
    to: String,
}

/// A booking.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Booking {
    id: u64,
    stand: BookedStand,
    slot_id: u64,
    user_id: u64,
    order_id: u64,
    /// yyyy-MM-dd
    date: String,
    /// HH:mm
    from: String,
    /// HH:mm
    to: String,
    /// unpaid, valid or ended
    state: &'static str,
    add_time: String,
}

/// What was booked.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookedStand {
    id: u64,
    name: String,
}

const STATES: [&str; 3] = ["unpaid", "valid", "ended"];

impl Booking {
    /// Of a row.
    pub fn show(row: BookingRow, zone: Zone) -> Self {
        Self {
            id: row.id,
            stand: BookedStand { id: row.stand_id, name: row.stand_name },
            slot_id: row.slot_id,
            user_id: row.user_id,
            order_id: row.order_id,
            date: show_date(row.held_on),
            from: show_hour(row.starts_at),
            to: show_hour(row.ends_at),
            state: STATES.get(usize::from(row.state)).copied().unwrap_or("ended"),
            add_time: zone.show(row.added_at),
        }
    }
}

/// Stands. Failures: 402.
#[utoipa::path(get, path = "/admin/bbq/list", tag = "staff: barbecue",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("name" = Option<String>, Query), ("state" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<BbqStand>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<BbqStand>> {
    let listing = query.listing()?;
    let name = query.text_within("name", 63)?.map(str::to_owned);
    let filter = Filter { name, is_on: wanted_state(&query)? };
    let rows = listing.rows(store::count(&app.db, &filter).await?)?;
    let found = store::list(&app.db, &filter, listing, rows).await?;
    let ids: Vec<u64> = found.iter().map(|row| row.id).collect();
    let slots = store::slots(&app.db, &ids).await?;
    let shown = found.into_iter().map(|row| {
        let own = slots.iter().filter(|slot| slot.stand_id == row.id);
        let own = own.map(|slot| BbqSlot::show(slot, None)).collect();
        BbqStand::show(row, own, app.zone)
    });
    Ok(Reply::data(rows.page(shown.collect())))
}

/// One stand. Failures: 402 unknown.
#[utoipa::path(get, path = "/admin/bbq/read", tag = "staff: barbecue", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<BbqStand>)), security(("staff" = []), ("bearer" = [])))]
pub async fn read(State(app): State<Arc<App>>, query: Query) -> Answer<BbqStand> {
    one(&app, query.required_id("id")?).await
}

async fn one(app: &App, id: u64) -> Answer<BbqStand> {
    let (row, slots) = bbq::read(app, id).await?;
    let slots = slots.iter().map(|slot| BbqSlot::show(slot, None)).collect();
    Ok(Reply::data(BbqStand::show(row, slots, app.zone)))
}

/// Add a stand. Failures: 401, 402, 687 slots overlap.
#[utoipa::path(post, path = "/admin/bbq/create", tag = "staff: barbecue", request_body = BbqForm,
    responses((status = 200, body = Envelope<BbqStand>)), security(("staff" = []), ("bearer" = [])))]
pub async fn create(State(app): State<Arc<App>>, body: Entity) -> Answer<BbqStand> {
    let id = bbq::create(&app, &input::edit(&body)?).await?;
    one(&app, id).await
}

/// Change a stand. Failures: 401, 402, 505, 687 slots overlap, 688 a changed slot has live bookings.
#[utoipa::path(post, path = "/admin/bbq/update", tag = "staff: barbecue", request_body = BbqForm,
    responses((status = 200, body = Envelope<BbqStand>)), security(("staff" = []), ("bearer" = [])))]
pub async fn update(State(app): State<Arc<App>>, body: Entity) -> Answer<BbqStand> {
    let id = id(&body)?;
    bbq::update(&app, id, &input::edit(&body)?).await?;
    one(&app, id).await
}

/// Delete a stand. Failures: 401, 402, 688 live bookings.
#[utoipa::path(post, path = "/admin/bbq/delete", tag = "staff: barbecue", request_body = EntityId,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, body: Entity) -> Answer<Nothing> {
    bbq::delete(&app, id(&body)?).await?;
    Ok(Reply::done())
}

/// Bookings; `state` is unpaid, valid or ended. Failures: 402.
#[utoipa::path(get, path = "/admin/bbq/booking/list", tag = "staff: barbecue",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("standId" = Option<i64>, Query), ("date" = Option<String>, Query),
        ("state" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<Booking>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn bookings(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Booking>> {
    let listing = query.listing()?;
    let state = query.text("state").map(|word| {
        let at = STATES.iter().position(|state| *state == word);
        at.map(|at| at as u8).ok_or_else(|| Refusal::wrong("state"))
    });
    let filter = booking::Filter {
        stand_id: query.id("standId")?,
        held_on: query.date("date")?,
        state: state.transpose()?,
        user_id: None,
    };
    let rows = listing.rows(booking::count(&app.db, filter).await?)?;
    let found = booking::list(&app.db, filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| Booking::show(row, app.zone)).collect())))
}
