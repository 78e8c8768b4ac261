//! Money that goes back: first the decision is written down, then it is sent, and what follows from it
//! is booked in the transaction that notes the provider's yes.
//!
//! A decision is never lost and never doubled: one payment has one refund row, the provider knows the
//! row's payment and sends its money once, and a row that was not confirmed is sent again by the timers.

use super::texts;
use crate::envelope::chain;
use crate::error::{Failure, Fault};
use crate::metrics::Counter;
use crate::provider::pay::{MoneyBack, Pay};
use crate::state::App;
use crate::store::aftersale::{self, WITH_GOODS, status};
use crate::store::error_number;
use crate::store::order_state::{self, Locked, Moved, Returned};
use crate::store::order_write;
use crate::store::payment::{self, NewRefund, OFFLINE, OpenRefund, Purpose};
use sqlx::{MySql, MySqlConnection, Transaction};
use std::time::Duration;

/// What is to go back, and why.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// How much.
    pub amount_minor: i64,
    /// Text for people.
    pub reason: &'a str,
    /// Why.
    pub purpose: Purpose,
    /// The after-sale, if it is for one.
    pub aftersale: Option<u64>,
}

/// The server's number for a key that is there already.
const TAKEN: u16 = 1062;

/// What a decision left to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// The provider has to be asked.
    ToSend(u64),
    /// Nothing: no money came, or it came by hand and goes back by hand.
    Settled,
    /// Money is said to have come, and nobody knows how.
    Unknown,
}

/// Writes a decision down, in the transaction in which the order is locked. Deciding again is the same
/// decision.
pub async fn decide(
    app: &App,
    db: &mut MySqlConnection,
    order: &Locked,
    decision: Decision<'_>,
) -> Result<Decided, Failure> {
    let Some(paid) = payment::applied(db, order.id).await? else {
        if decision.amount_minor > 0 {
            return Ok(Decided::Unknown);
        }
        book(app, db, order, &decision, "nothing was paid", "").await?;
        return Ok(Decided::Settled);
    };
    if let Some(known) = payment::refund_of(db, paid.id).await? {
        return Ok(Decided::ToSend(known));
    }
    let asked = NewRefund {
        order: order.id,
        payment: paid.id,
        amount_minor: decision.amount_minor,
        reason: decision.reason,
        purpose: decision.purpose,
        aftersale: decision.aftersale,
    };
    let refund = match payment::ask_refund(db, asked).await {
        // Somebody decided the same in this moment, and what was read above was older than that.
        Err(error) if error_number(&error) == Some(TAKEN) => {
            let known = payment::refund_of(db, paid.id).await?;
            return Ok(Decided::ToSend(known.ok_or(error)?));
        }
        asked => asked?,
    };
    if decision.amount_minor > 0 && paid.provider != OFFLINE {
        return Ok(Decided::ToSend(refund));
    }
    let reference = format!("{OFFLINE}-{refund}");
    payment::refund_done(db, refund, &reference).await?;
    book(app, db, order, &decision, "by hand", &reference).await?;
    Ok(Decided::Settled)
}

/// What became of sending one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The money is back.
    Done,
    /// The provider did not say yes; the timers try again.
    Refused,
    /// There was none to send.
    None,
}

/// Sends this refund now. Whoever is sending it already is waited for.
pub async fn send(app: &App, id: u64) -> Result<Sent, Failure> {
    let Some(pay) = app.pay.as_deref() else { return Ok(Sent::Refused) };
    crate::store::retrying(|| async {
        let mut tx = app.db.begin().await?;
        match payment::claim_this_refund(&mut tx, pay.name(), id).await? {
            // Paid through a provider that is not set up any more.
            None => Ok(Sent::Refused),
            Some(refund) if refund.state != 0 => Ok(Sent::Done),
            Some(refund) => exchange(app, pay, tx, &refund).await,
        }
    })
    .await
}

/// Sends one refund whose turn it is.
pub async fn send_next(app: &App, pay: &dyn Pay) -> Result<Sent, Failure> {
    let mut tx = app.db.begin().await?;
    match payment::claim_refund(&mut tx, pay.name()).await? {
        None => Ok(Sent::None),
        Some(refund) => exchange(app, pay, tx, &refund).await,
    }
}

/// How long one call to the provider may take; the refund's row is locked for so long.
const PROVIDER_DEADLINE: Duration = Duration::from_secs(5);

async fn exchange(
    app: &App,
    pay: &dyn Pay,
    mut tx: Transaction<'_, MySql>,
    refund: &OpenRefund,
) -> Result<Sent, Failure> {
    let back = MoneyBack {
        payment_id: refund.payment_id,
        transaction_id: refund.transaction_id.clone(),
        paid_minor: refund.paid_minor,
        amount_minor: refund.amount_minor,
    };
    // Sent twice if the commit below fails, which the provider recognises by the payment.
    let problem = match tokio::time::timeout(PROVIDER_DEADLINE, pay.refund(&back)).await {
        Ok(Ok(provider_id)) => {
            payment::refund_done(&mut tx, refund.id, &provider_id).await?;
            finish(app, &mut tx, pay, refund, &provider_id).await?;
            tx.commit().await?;
            app.metrics.count(Counter::Refunded);
            return Ok(Sent::Done);
        }
        Ok(Err(fault)) => chain(&fault),
        Err(_) => "no answer in time".to_owned(),
    };
    tracing::error!(refund.id, refund.attempts, fault = problem, "a refund was not accepted");
    payment::refund_failed(&mut tx, refund.id).await?;
    tx.commit().await?;
    Ok(Sent::Refused)
}

async fn finish(
    app: &App,
    db: &mut MySqlConnection,
    pay: &dyn Pay,
    refund: &OpenRefund,
    provider_id: &str,
) -> Result<(), Failure> {
    if refund.purpose() == Purpose::Unwanted {
        return Ok(());
    }
    let order = order_state::lock_any(db, refund.order_id).await?;
    let order = order.ok_or(Fault::Broken("a refund's order is not there"))?;
    let decision = Decision {
        amount_minor: refund.amount_minor,
        reason: "",
        purpose: refund.purpose(),
        aftersale: refund.aftersale_id,
    };
    book(app, db, &order, &decision, pay.name(), provider_id).await
}

/// What follows from money being back.
async fn book(
    app: &App,
    db: &mut MySqlConnection,
    order: &Locked,
    decision: &Decision<'_>,
    way: &str,
    reference: &str,
) -> Result<(), Failure> {
    match decision.purpose {
        Purpose::Unwanted => Ok(()),
        Purpose::Order => {
            let returned = Returned { amount_minor: decision.amount_minor, way, reference };
            match order_state::mark_refunded(db, order, returned).await? {
                Moved::Done => Ok(texts::refunded(app, db, order).await?),
                Moved::NotThere => Err(Fault::Broken("a refunded order did not wait for it").into()),
            }
        }
        Purpose::Aftersale => {
            let id = decision.aftersale.ok_or(Fault::Broken("a refund names no after-sale"))?;
            let row = aftersale::lock(db, id).await?.ok_or(Fault::Broken("an after-sale is not there"))?;
            if !aftersale::set_status(db, id, status::ACCEPTED, status::REFUNDED, true).await? {
                return Err(Fault::Broken("a refunded after-sale was not accepted").into());
            }
            order_write::set_aftersale_status(db, order.id, status::REFUNDED).await?;
            if row.kind == WITH_GOODS {
                order_state::take_goods_back(db, order).await?;
            }
            Ok(texts::refunded(app, db, order).await?)
        }
    }
}
