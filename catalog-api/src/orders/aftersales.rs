//! After-sales, from both sides. The order is locked first and the after-sale after it, and the order
//! repeats the after-sale's status.

use super::number;
use super::refunds::{self, Decided, Decision, Sent};
use crate::envelope::Money;
use crate::error::order::{
    AFTERSALE_AMOUNT, AFTERSALE_DONE, AFTERSALE_NOT_CANCELLABLE, AFTERSALE_ORDER_STATE, AFTERSALE_STATE,
    REFUND_FAILED,
};
use crate::error::{Failure, Fault, Refusal};
use crate::state::App;
use crate::store::aftersale::{self, AftersaleRow, NewAftersale, status};
use crate::store::order_state::{self, Locked};
use crate::store::payment::Purpose;
use crate::store::{order_write, retrying};
use contract::ledger::order_status::{AUTO_RECEIVED, RECEIVED};
use sqlx::MySqlConnection;

/// What an owner asks for.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "named as the members of the body are")]
pub struct Request {
    pub order_id: u64,
    pub kind: u8,
    pub amount: Money,
    pub reason: String,
    pub pictures: Vec<String>,
    pub comment: String,
}

/// Asks for one; the order's earlier ones are over with it.
pub async fn submit(app: &App, owner: u64, request: &Request) -> Result<(), Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let found = order_state::lock_own(&mut tx, request.order_id, owner).await?;
        let order = found.ok_or_else(|| Refusal::wrong("orderId"))?;
        if !is_received(&order) {
            return Err(AFTERSALE_ORDER_STATE.into());
        }
        if request.amount.0 > order.actual_minor - order.freight_minor {
            return Err(AFTERSALE_AMOUNT.into());
        }
        if [status::ACCEPTED, status::REFUNDED].contains(&order.aftersale_status) {
            return Err(AFTERSALE_DONE.into());
        }
        aftersale::delete_of_order(&mut tx, order.id).await?;
        insert(app, &mut tx, owner, request).await?;
        order_write::set_aftersale_status(&mut tx, order.id, status::REQUESTED).await?;
        Ok(tx.commit().await?)
    })
    .await
}

async fn insert(app: &App, db: &mut MySqlConnection, owner: u64, request: &Request) -> Result<(), Failure> {
    let pictures = serde_json::Value::from(request.pictures.clone()).to_string();
    let new = NewAftersale {
        order_id: request.order_id,
        user_id: owner,
        kind: request.kind,
        reason: &request.reason,
        amount_minor: request.amount.0,
        pictures: &pictures,
        comment: &request.comment,
    };
    for _ in 0..number::TRIES {
        if aftersale::insert(db, &number::fresh(app.zone), &new).await? {
            return Ok(());
        }
    }
    Err(Fault::Broken("no after-sale number is free").into())
}

/// Withdraws an own one that nobody has looked at.
pub async fn cancel(app: &App, id: u64, owner: u64) -> Result<(), Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let unknown = || Refusal::new(401, "id names no after-sale of yours");
        let found = aftersale::find(&mut tx, id).await?.filter(|row| row.user_id == owner);
        let row = found.ok_or_else(unknown)?;
        let order = order_state::lock_own(&mut tx, row.order_id, owner).await?.ok_or_else(unknown)?;
        if !is_received(&order) {
            return Err(AFTERSALE_ORDER_STATE.into());
        }
        if !aftersale::set_status(&mut tx, id, status::REQUESTED, status::CANCELLED, false).await? {
            return Err(AFTERSALE_NOT_CANCELLABLE.into());
        }
        order_write::set_aftersale_status(&mut tx, order.id, status::CANCELLED).await?;
        Ok(tx.commit().await?)
    })
    .await
}

fn is_received(order: &Locked) -> bool {
    [RECEIVED, AUTO_RECEIVED].contains(&order.status)
}

/// What staff say to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Yes.
    Accept,
    /// No.
    Reject,
}

impl Word {
    /// The state it leads to.
    pub fn status(self) -> u8 {
        match self {
            Self::Accept => status::ACCEPTED,
            Self::Reject => status::REJECTED,
        }
    }
}

/// Answers a request; false when it is not waiting for an answer, nothing when there is none.
pub async fn answer(app: &App, id: u64, word: Word) -> Result<Option<bool>, Failure> {
    retrying(|| async {
        let Some(order) = aftersale::order_of(&app.db, id).await? else { return Ok(None) };
        let mut tx = app.db.begin().await?;
        let Some((order, _)) = locked(&mut tx, order, id).await? else { return Ok(None) };
        if !aftersale::set_status(&mut tx, id, status::REQUESTED, word.status(), true).await? {
            return Ok(Some(false));
        }
        order_write::set_aftersale_status(&mut tx, order.id, word.status()).await?;
        tx.commit().await?;
        Ok(Some(true))
    })
    .await
}

/// Sends the money of an accepted one back; its goods return by the kind that is stored.
pub async fn refund(app: &App, id: u64) -> Result<AftersaleRow, Failure> {
    let (row, decided) = retrying(|| async {
        let order = aftersale::order_of(&app.db, id).await?.ok_or_else(|| Refusal::wrong("id"))?;
        let mut tx = app.db.begin().await?;
        let (order, row) = locked(&mut tx, order, id).await?.ok_or_else(|| Refusal::wrong("id"))?;
        if row.status != status::ACCEPTED {
            return Err(AFTERSALE_STATE.into());
        }
        let decision = Decision {
            amount_minor: row.amount_minor,
            reason: "after-sale",
            purpose: Purpose::Aftersale,
            aftersale: Some(id),
        };
        let decided = refunds::decide(app, &mut tx, &order, decision).await?;
        tx.commit().await?;
        Ok((row, decided))
    })
    .await?;
    let sent = match decided {
        Decided::ToSend(refund) => refunds::send(app, refund).await?,
        Decided::Settled => Sent::Done,
        Decided::Unknown => Sent::Refused,
    };
    if sent == Sent::Done { Ok(row) } else { Err(REFUND_FAILED.into()) }
}

/// The after-sale with its order, the order locked first. Which order that is was read before the
/// transaction: a plain read inside would fix what later plain reads see, to a moment before the lock.
async fn locked(
    db: &mut MySqlConnection,
    order: u64,
    id: u64,
) -> sqlx::Result<Option<(Locked, AftersaleRow)>> {
    let Some(order) = order_state::lock(db, order).await? else { return Ok(None) };
    let row = aftersale::lock(db, id).await?.filter(|row| !row.deleted);
    Ok(row.map(|row| (order, row)))
}
