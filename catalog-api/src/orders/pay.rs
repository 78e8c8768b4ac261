//! Preparing the payment of an unpaid order. The amount comes from the stored order and nowhere else.

use crate::envelope::chain;
use crate::error::{Failure, NO_OPENID, ORDER_STATE, PREPAY_FAILED, Refusal};
use crate::extract::ClientAddress;
use crate::provider::pay::{Bill, Pay, PaymentCall};
use crate::state::App;
use crate::store::{order, order_state, payment_request, retrying, shopper};
use contract::ledger::order_status::UNPAID;

/// Inside WeChat, for an account that has an openid.
pub async fn prepay(app: &App, id: u64, owner: u64, address: ClientAddress) -> Result<PaymentCall, Failure> {
    check(app, id, owner).await?;
    let profile = shopper::profile(&app.db, owner).await?;
    let openid = profile.map(|profile| profile.weixin_openid).filter(|openid| !openid.is_empty());
    let openid = openid.ok_or(NO_OPENID)?;
    let (pay, bill) = open(app, id, owner, openid, address).await?;
    pay.prepay(&bill).await.map_err(refused)
}

/// In a browser outside of WeChat; the answer is where the browser goes.
pub async fn h5pay(app: &App, id: u64, owner: u64, address: ClientAddress) -> Result<String, Failure> {
    check(app, id, owner).await?;
    let (pay, bill) = open(app, id, owner, String::new(), address).await?;
    pay.h5(&bill).await.map_err(refused)
}

async fn check(app: &App, id: u64, owner: u64) -> Result<(), Failure> {
    let order = order::find(&app.db, id, owner).await?.ok_or_else(|| Refusal::wrong("orderId"))?;
    if order.status == UNPAID { Ok(()) } else { Err(ORDER_STATE.into()) }
}

/// Writes down that the provider is asked, before it is: what was written can be closed later.
async fn open(
    app: &App,
    id: u64,
    owner: u64,
    openid: String,
    address: ClientAddress,
) -> Result<(&dyn Pay, Bill), Failure> {
    let pay = app.pay.as_deref().ok_or(PREPAY_FAILED)?;
    let openid = &openid;
    let bill = retrying(|| async move {
        let mut tx = app.db.begin().await?;
        let found = order_state::lock_own(&mut tx, id, owner).await?;
        let locked = found.ok_or_else(|| Refusal::wrong("orderId"))?;
        if locked.status != UNPAID || locked.is_due {
            return Err(ORDER_STATE.into());
        }
        payment_request::open(&mut tx, id, locked.actual_minor).await?;
        tx.commit().await?;
        Ok(Bill {
            order_id: id,
            order_sn: locked.order_sn,
            amount_minor: locked.actual_minor,
            openid: openid.clone(),
            pay_by: locked.pay_by,
            client_ip: address.0.to_string(),
        })
    })
    .await?;
    Ok((pay, bill))
}

fn refused(fault: crate::error::Fault) -> Failure {
    tracing::error!(fault = chain(&fault), "a payment could not be prepared");
    PREPAY_FAILED.into()
}
