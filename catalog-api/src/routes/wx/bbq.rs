//! Barbecue stands and bookings, for shoppers.

use super::fishing::NewActivityOrder;
use crate::bbq::{self, Wish};
use crate::envelope::{Answer, Envelope, Page, Reply};
use crate::error::Refusal;
use crate::extract::{Caller, Entity, Query};
use crate::routes::admin::bbq::{BbqSlot, BbqStand, Booking};
use crate::state::App;
use crate::store::bbq::booking::{self, Filter};
use axum::extract::State;
use std::sync::Arc;
use utoipa::ToSchema;

/// What booking sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct BookingForm {
    stand_id: u64,
    slot_id: u64,
    /// yyyy-MM-dd, today to 30 days ahead
    date: String,
}

/// Stands that can be booked on a day, and which of their slots are free. Failures: 402.
#[utoipa::path(get, path = "/wx/bbq/slots", tag = "shop: barbecue",
    params(("date" = String, Query), ("standId" = Option<i64>, Query)),
    responses((status = 200, body = Envelope<Vec<BbqStand>>)))]
pub async fn slots(State(app): State<Arc<App>>, query: Query) -> Answer<Vec<BbqStand>> {
    let date = query.date("date")?.ok_or_else(|| Refusal::wrong_because("date", "is missing"))?;
    let stands = bbq::day(&app, date, query.id("standId")?).await?;
    let shown = stands.into_iter().map(|(row, slots)| {
        let slots = slots.iter().map(|(slot, free)| BbqSlot::show(slot, Some(*free))).collect();
        BbqStand::show(row, slots, app.zone)
    });
    Ok(Reply::data(shown.collect()))
}

/// Book a slot. Failures: 401, 402, 501, 785 slot taken, 786 stand off.
#[utoipa::path(post, path = "/wx/bbq/book", tag = "shop: barbecue", request_body = BookingForm,
    responses((status = 200, body = Envelope<NewActivityOrder>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn book(State(app): State<Arc<App>>, caller: Caller, body: Entity) -> Answer<NewActivityOrder> {
    let (stand, slot, date) = (body.int("standId")?, body.int("slotId")?, body.date("date")?);
    let shopper = caller.shopper()?;
    let id = |id: Option<i64>, name: &str| {
        id.map(|id| u64::try_from(id).unwrap_or(0)).ok_or_else(|| Refusal::missing(name))
    };
    let wish = Wish {
        stand: id(stand, "standId")?,
        slot: id(slot, "slotId")?,
        date: date.ok_or_else(|| Refusal::missing("date"))?,
    };
    Ok(Reply::data(NewActivityOrder::show(bbq::book(&app, shopper.id, wish).await?)))
}

/// Own bookings, newest first. Failures: 402, 501.
#[utoipa::path(get, path = "/wx/bbq/my", tag = "shop: barbecue",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query)),
    responses((status = 200, body = Envelope<Page<Booking>>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn my(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Answer<Page<Booking>> {
    let listing = query.listing()?;
    let shopper = caller.shopper()?;
    let filter = Filter { user_id: Some(shopper.id), ..Filter::default() };
    let rows = listing.rows(booking::count(&app.db, filter).await?)?;
    let found = booking::list(&app.db, filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| Booking::show(row, app.zone)).collect())))
}
