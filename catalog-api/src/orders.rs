//! What is done with orders: the transactions. Every order a shopper names is looked up with its owner.

// How an order comes to be.
pub mod number;
pub mod place;
pub mod submit;
// Money that comes, and money that goes back.
pub mod pay;
pub mod refunds;
// After it was sent.
pub mod aftersales;
pub mod review;
pub mod texts;
pub mod tracking;
// Staff.
pub mod desk;
pub mod total;

use crate::error::{Failure, ORDER_STATE, Refusal};
use crate::state::App;
use crate::store::order_state::{self, End, Locked, Moved, Receipt};
use crate::store::{aftersale, order_write, retrying};
use contract::ledger::order_status::{AUTO_RECEIVED, CANCELLED, LAPSED, RECEIVED, REFUNDED};
use sqlx::MySqlConnection;

/// States in which an order can be deleted.
pub const DELETABLE: [u16; 5] = [CANCELLED, LAPSED, REFUNDED, RECEIVED, AUTO_RECEIVED];

/// Cancels an unpaid order.
pub async fn cancel(app: &App, id: u64, owner: u64) -> Result<(), Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let found = order_state::lock_own(&mut tx, id, owner).await?;
        let order = found.ok_or_else(|| Refusal::wrong("orderId"))?;
        moved(order_state::end_unpaid(&mut tx, &order, End::Cancelled).await?)?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Asks for the money of a paid order that was not sent.
pub async fn ask_refund(app: &App, id: u64, owner: u64) -> Result<(), Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let order = own(&mut tx, id, owner).await?;
        moved(order_state::ask_refund(&mut tx, &order).await?)?;
        Ok(tx.commit().await?)
    })
    .await
}

/// The owner has the goods.
pub async fn confirm(app: &App, id: u64, owner: u64) -> Result<(), Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let order = own(&mut tx, id, owner).await?;
        moved(order_state::confirm(&mut tx, &order, Receipt::Owner).await?)?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Hides an order that is over, and its after-sales.
pub async fn delete(app: &App, id: u64, owner: u64) -> Result<(), Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let order = own(&mut tx, id, owner).await?;
        if !DELETABLE.contains(&order.status) {
            return Err(ORDER_STATE.into());
        }
        order_write::delete(&mut tx, order.id).await?;
        aftersale::delete_of_order(&mut tx, order.id).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// An own order, or 401, which is what these calls answer for a wrong id too.
async fn own(db: &mut MySqlConnection, id: u64, owner: u64) -> Result<Locked, Failure> {
    let found = order_state::lock_own(db, id, owner).await?;
    Ok(found.ok_or(Refusal::new(401, "orderId names no order of yours"))?)
}

fn moved(moved: Moved) -> Result<(), Refusal> {
    match moved {
        Moved::Done => Ok(()),
        Moved::NotThere => Err(ORDER_STATE),
    }
}
