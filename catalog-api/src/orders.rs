//! What a shopper does with orders. Every order is looked up with its owner.

use crate::error::{Failure, NO_OPENID, ORDER_STATE, PREPAY_FAILED, Refusal};
use crate::provider::pay::{Bill, PaymentCall};
use crate::state::App;
use crate::store::order_state::{self, End, Moved};
use crate::store::{order, retrying, shopper};
use contract::ledger::order_status::UNPAID;

/// Cancels an unpaid order.
pub async fn cancel(app: &App, id: u64, owner: u64) -> Result<(), Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let found = order_state::lock(&mut tx, id).await?.filter(|order| order.user_id == owner);
        let order = found.ok_or_else(|| Refusal::wrong("orderId"))?;
        match order_state::end_unpaid(&mut tx, &order, End::Cancelled).await? {
            Moved::Done => Ok(tx.commit().await?),
            Moved::NotThere => Err(ORDER_STATE.into()),
        }
    })
    .await
}

/// Prepares the payment of an unpaid order inside WeChat.
pub async fn prepay(app: &App, id: u64, owner: u64) -> Result<PaymentCall, Failure> {
    let order = order::find(&app.db, id, owner).await?.ok_or_else(|| Refusal::wrong("orderId"))?;
    if order.status != UNPAID {
        return Err(ORDER_STATE.into());
    }
    let profile = shopper::profile(&app.db, owner).await?;
    let openid = profile.map(|profile| profile.weixin_openid).filter(|openid| !openid.is_empty());
    let openid = openid.ok_or(NO_OPENID)?;
    let pay = app.pay.as_ref().ok_or(PREPAY_FAILED)?;
    let bill = Bill { order_sn: order.order_sn, amount_minor: order.actual_minor, openid };
    pay.prepay(&bill).await.map_err(|fault| {
        tracing::error!(fault = crate::envelope::chain(&fault), "a payment could not be prepared");
        PREPAY_FAILED.into()
    })
}
