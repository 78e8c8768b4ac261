//! The spine of a payment: one notice of the provider becomes a paid order, or a refund. Whatever is
//! repeated or reordered, a payment applies once and money that is not wanted goes back once.

use crate::error::{Failure, Fault};
use crate::metrics::Counter;
use crate::orders::texts;
use crate::provider::pay::Notice;
use crate::state::App;
use crate::store::order_state::{self, Moved};
use crate::store::payment::{self, NewRefund, Noted, Purpose};
use contract::ledger::order_status::{CANCELLED, LAPSED, UNPAID};

/// What became of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The order is paid.
    Paid,
    /// The money goes back.
    Refunding,
    /// It was applied before.
    Again,
    /// It names no order of ours, or a known transaction with other particulars.
    Unknown,
}

/// Applies a notice whose signature was checked.
pub async fn apply(app: &App, provider: &str, notice: &Notice) -> Result<Applied, Failure> {
    let applied = crate::store::retrying(|| attempt(app, provider, notice)).await?;
    match applied {
        Applied::Paid => app.metrics.count(Counter::Paid),
        Applied::Refunding => app.metrics.count(Counter::Unwanted),
        Applied::Again | Applied::Unknown => {}
    }
    Ok(applied)
}

async fn attempt(app: &App, provider: &str, notice: &Notice) -> Result<Applied, Failure> {
    let mut tx = app.db.begin().await?;
    // The order's lock makes notices of one order wait for each other.
    let Some(order) = order_state::lock_by_sn(&mut tx, &notice.order_sn).await? else {
        return Ok(Applied::Unknown);
    };
    let refusal = if notice.amount_minor != order.actual_minor {
        Some("wrong amount")
    } else {
        match order.status {
            UNPAID => None,
            CANCELLED | LAPSED => Some("order ended before payment"),
            _ => Some("order was paid before"),
        }
    };
    let outcome = if refusal.is_none() { payment::APPLIED } else { payment::UNWANTED };
    let Noted::First(id) = payment::note(&mut tx, order.id, provider, notice, outcome).await? else {
        let known = payment::known(&mut tx, provider, &notice.transaction_id).await?;
        let same = known == Some((order.id, notice.amount_minor));
        return Ok(if same { Applied::Again } else { Applied::Unknown });
    };
    let applied = match refusal {
        None => {
            let moved = order_state::mark_paid(
                &mut tx,
                &order,
                &notice.transaction_id,
                notice.amount_minor,
                notice.paid_at,
            );
            if moved.await? == Moved::NotThere {
                return Err(Fault::Broken("a locked order changed").into());
            }
            texts::paid(app, &mut tx, &order).await?;
            Applied::Paid
        }
        Some(reason) => {
            let back = NewRefund {
                order: order.id,
                payment: id,
                amount_minor: notice.amount_minor,
                reason,
                purpose: Purpose::Unwanted,
                aftersale: None,
            };
            payment::ask_refund(&mut tx, back).await?;
            Applied::Refunding
        }
    };
    tx.commit().await?;
    Ok(applied)
}
