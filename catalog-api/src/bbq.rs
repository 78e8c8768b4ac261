//! Barbecue stands: booking a slot, and what staff do with stands. Who gets a slot is decided by the
//! unique key on live bookings; the stand's row is shared by bookings and taken whole by staff, so that a
//! slot cannot be moved under a booking.

// What staff change.
mod desk;
// What came in a body, and what of it may be accepted.
pub mod input;

pub use desk::{create, delete, update};

use crate::calendar;
use crate::error::{Failure, Fault, LOGIN_REQUIRED, Refusal, SLOT_TAKEN, STAND_OFF};
use crate::orders::place::{self, Placed};
use crate::state::App;
use crate::store::bbq::booking::{self, Booked};
use crate::store::bbq::{self, SlotRow, StandRow};
use crate::store::order_state::BOOKING;
use crate::store::order_write::{NewLine, NewOrder};
use crate::store::{retrying, shopper};
use chrono::{Days, NaiveDate};
use std::collections::HashSet;

/// How far ahead a stand can be booked.
const DAYS_AHEAD_MAX: u64 = 30;
/// Stands one answer shows.
const STANDS_MAX: i64 = 500;

/// A stand with its slots.
pub async fn read(app: &App, id: u64) -> Result<(StandRow, Vec<SlotRow>), Failure> {
    let stand = bbq::find(&app.db, id).await?.ok_or_else(|| Refusal::wrong("id"))?;
    let slots = bbq::slots(&app.db, &[id]).await?;
    Ok((stand, slots))
}

/// Stands that can be booked on a day, with their slots and whether each is free.
pub async fn day(
    app: &App,
    date: NaiveDate,
    stand: Option<u64>,
) -> Result<Vec<(StandRow, Vec<(SlotRow, bool)>)>, Failure> {
    check_day(app, date)?;
    let stands = bbq::bookable(&app.db, stand, STANDS_MAX).await?;
    let ids: Vec<u64> = stands.iter().map(|stand| stand.id).collect();
    let slots = bbq::slots(&app.db, &ids).await?;
    let taken: HashSet<u64> = booking::taken(&app.db, date, &ids).await?.into_iter().collect();
    let with_slots = stands.into_iter().map(|stand| {
        let own = slots.iter().filter(|slot| slot.stand_id == stand.id);
        let own = own.map(|slot| (slot.clone(), !taken.contains(&slot.id) && !has_begun(app, date, slot)));
        let own = own.collect();
        (stand, own)
    });
    Ok(with_slots.collect())
}

fn check_day(app: &App, date: NaiveDate) -> Result<(), Refusal> {
    let today = calendar::now(app.zone).date();
    let last = today.checked_add_days(Days::new(DAYS_AHEAD_MAX)).unwrap_or(today);
    if (today..=last).contains(&date) {
        Ok(())
    } else {
        Err(Refusal::wrong_because("date", "is past, or more than 30 days ahead"))
    }
}

fn has_begun(app: &App, date: NaiveDate, slot: &SlotRow) -> bool {
    date.and_time(slot.starts_at) <= calendar::now(app.zone)
}

/// What a shopper wants to book.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// The stand.
    pub stand: u64,
    /// The slot.
    pub slot: u64,
    /// The day.
    pub date: NaiveDate,
}

/// Books a slot: an ordinary unpaid order.
pub async fn book(app: &App, user: u64, wish: Wish) -> Result<Placed, Failure> {
    check_day(app, wish.date)?;
    let pay_within_s = app.settings.read(&app.db).await?.order_unpaid_minutes().saturating_mul(60);
    let pay_within_s = u32::try_from(pay_within_s).unwrap_or(u32::MAX);
    let buyer = shopper::profile(&app.db, user).await?.ok_or(LOGIN_REQUIRED)?;
    // Most who come too late are told so without a lock.
    if booking::taken(&app.db, wish.date, &[wish.stand]).await?.contains(&wish.slot) {
        return Err(SLOT_TAKEN.into());
    }
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let stand = bbq::share(&mut tx, wish.stand).await?.ok_or_else(|| Refusal::wrong("standId"))?;
        if !stand.is_on {
            return Err(STAND_OFF.into());
        }
        let slots = bbq::slots(&mut *tx, &[stand.id]).await?;
        let slot = slots.iter().find(|slot| slot.id == wish.slot).ok_or_else(|| Refusal::wrong("slotId"))?;
        if has_begun(app, wish.date, slot) {
            return Err(Refusal::wrong_because("date", "the slot has begun").into());
        }
        let Booked::First(booking) = booking::insert(&mut tx, slot, wish.date, user).await? else {
            return Err(SLOT_TAKEN.into());
        };
        let order = NewOrder {
            user_id: user,
            kind: BOOKING,
            consignee: &buyer.nickname,
            mobile: &buyer.mobile,
            address: &stand.name,
            message: "",
            goods_minor: stand.price_minor,
            freight_minor: 0,
            coupon_minor: 0,
            groupon_minor: 0,
            actual_minor: stand.price_minor,
            pay_within_s,
        };
        let hours = format!("{}–{}", calendar::show_hour(slot.starts_at), calendar::show_hour(slot.ends_at));
        let line = NewLine {
            goods_id: 0,
            goods_name: &stand.name,
            goods_sn: "",
            sku_id: 0,
            quantity: 1,
            price_minor: stand.price_minor,
            specifications: &serde_json::json!([calendar::show_date(wish.date), hours]).to_string(),
            pic_url: &stand.pic_url,
        };
        let placed = place::place(&mut tx, app.zone, &order, &[line]).await?;
        booking::set_order(&mut tx, booking, placed.id).await?;
        place::settle_if_free(&mut tx, &placed).await?;
        tx.commit().await.map_err(Fault::from)?;
        Ok(placed)
    })
    .await
}
