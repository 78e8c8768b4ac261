//! Fishing: buying tickets, and what staff do with sessions. Buying takes units by a guarded update of
//! the kind of ticket, whose row is then this transaction's until it ends; everything else that decides
//! is looked at behind it.

// What staff change.
mod desk;
// What came in a body, and what of it may be accepted.
pub mod input;

pub use desk::{create, delete, update};

use crate::calendar;
use crate::error::{Failure, Refusal, SESSION_OVER, TICKETS_LIMIT, TICKETS_SOLD_OUT};
use crate::orders::place::{self, Placed};
use crate::state::App;
use crate::store::fishing::ticket::{self, Offer};
use crate::store::fishing::{self, SessionRow, TypeRow};
use crate::store::order_write::{NewLine, NewOrder};
use crate::store::{retrying, shopper};
use contract::ledger::SaleKind;

/// Tickets of one purchase at most, as many as the table can number.
const UNITS_MAX: i64 = 1_000;

/// A session with its kinds of tickets.
pub async fn read(app: &App, id: u64) -> Result<(SessionRow, Vec<TypeRow>), Failure> {
    let session = fishing::find(&app.db, id).await?.ok_or_else(|| Refusal::wrong("id"))?;
    let types = fishing::types(&app.db, &[id]).await?;
    Ok((session, types))
}

/// Buys tickets: an ordinary unpaid order.
pub async fn buy(app: &App, user: u64, ticket_type: u64, number: i64) -> Result<Placed, Failure> {
    if !(1..=UNITS_MAX).contains(&number) {
        return Err(Refusal::wrong("number").into());
    }
    let pay_within_s = app.settings.read(&app.db).await?.order_unpaid_minutes().saturating_mul(60);
    let buyer = shopper::profile(&app.db, user).await?.ok_or(crate::error::LOGIN_REQUIRED)?;
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let unknown = || Refusal::wrong("ticketTypeId");
        let taken = ticket::take(&mut tx, ticket_type, number).await?;
        let offer = ticket::offer(&mut tx, ticket_type).await?.ok_or_else(unknown)?;
        if is_over(app, &offer) {
            return Err(SESSION_OVER.into());
        }
        if !taken {
            return Err(TICKETS_SOLD_OUT.into());
        }
        if ticket::held(&mut tx, user, ticket_type).await? + number > i64::from(offer.per_user_limit) {
            return Err(TICKETS_LIMIT.into());
        }
        let total_minor = offer.price_minor.saturating_mul(number);
        let order = NewOrder {
            user_id: user,
            kind: SaleKind::Ticket.code(),
            consignee: &buyer.nickname,
            mobile: &buyer.mobile,
            address: &offer.place,
            message: "",
            goods_minor: total_minor,
            freight_minor: 0,
            coupon_minor: 0,
            groupon_minor: 0,
            actual_minor: total_minor,
            pay_within_s: u32::try_from(pay_within_s).unwrap_or(u32::MAX),
        };
        let line = NewLine {
            goods_id: 0,
            goods_name: &offer.session_name,
            goods_sn: "",
            sku_id: 0,
            // Both are within UNITS_MAX.
            quantity: number as i32,
            price_minor: offer.price_minor,
            specifications: &serde_json::json!([offer.type_name, offer.held_on.to_string()]).to_string(),
            pic_url: &offer.pic_url,
        };
        let placed = place::place(&mut tx, app.zone, &order, &[line]).await?;
        ticket::insert(&mut tx, user, placed.id, ticket_type, number as u16).await?;
        place::settle_if_free(&mut tx, &placed).await?;
        tx.commit().await?;
        Ok(placed)
    })
    .await
}

fn is_over(app: &App, offer: &Offer) -> bool {
    !offer.is_on || offer.held_on.and_time(offer.ends_at) <= calendar::now(app.zone)
}
