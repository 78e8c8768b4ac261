//! What staff do with orders. Each answers with what it changed, for the operation log.

use super::DELETABLE;
use super::refunds::{self, Decided, Decision, Sent};
use super::texts;
use crate::audit;
use crate::envelope::Money;
use crate::envelope::money::MAX_MINOR;
use crate::error::order::{ORDER_NOT_DELETABLE, ORDER_NOT_PAYABLE, REFUND_FAILED, STAFF_ORDER_STATE};
use crate::error::{CHANGED_MEANWHILE, Failure, Fault, Refusal};
use crate::provider::pay::Notice;
use crate::state::App;
use crate::store::order_state::{self, Locked, Moved};
use crate::store::order_write::{self, Edited};
use crate::store::payment::{self, APPLIED, Noted, OFFLINE, Purpose};
use crate::store::{aftersale, due_task, order_desk, retrying};
use contract::ledger::order_status::{PAID, REFUND_ASKED, UNPAID};
use serde_json::{Value, json};
use sqlx::MySqlConnection;

/// The order of an id, or 401, as these calls answer for a wrong one.
async fn locked(db: &mut MySqlConnection, id: u64) -> Result<Locked, Failure> {
    let found = order_state::lock(db, id).await?;
    Ok(found.ok_or(Refusal::new(401, "orderId names no order"))?)
}

/// Sends a paid order.
pub async fn ship(app: &App, id: u64, channel: &str, number: &str) -> Result<Value, Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let order = locked(&mut tx, id).await?;
        if order_state::ship(&mut tx, &order, channel, number).await? == Moved::NotThere {
            return Err(STAFF_ORDER_STATE.into());
        }
        texts::shipped(app, &mut tx, &order, channel, number).await?;
        let after = json!({ "orderStatus": 301, "shipChannel": channel, "shipSn": number });
        let change = change(&order, json!({ "orderStatus": order.status }), after);
        audit::record(&mut tx, &change).await?;
        tx.commit().await?;
        Ok(change)
    })
    .await
}

/// Sends the money of an order back whose owner asked for it.
pub async fn refund(app: &App, id: u64, money: Option<Money>) -> Result<Value, Failure> {
    let (order, decided) = retrying(|| async {
        let mut tx = app.db.begin().await?;
        let order = locked(&mut tx, id).await?;
        if money != Some(Money(order.actual_minor)) {
            return Err(Refusal::wrong("refundMoney").into());
        }
        if order.status != REFUND_ASKED {
            return Err(STAFF_ORDER_STATE.into());
        }
        let decision = Decision {
            amount_minor: order.actual_minor,
            reason: "order refunded",
            purpose: Purpose::Order,
            aftersale: None,
        };
        let decided = refunds::decide(app, &mut tx, &order, decision).await?;
        tx.commit().await?;
        Ok((order, decided))
    })
    .await?;
    let sent = match decided {
        Decided::ToSend(refund) => refunds::send(app, refund).await?,
        Decided::Settled => Sent::Done,
        Decided::Unknown => Sent::Refused,
    };
    if sent != Sent::Done {
        return Err(REFUND_FAILED.into());
    }
    let after = json!({ "orderStatus": 203, "refundAmount": Money(order.actual_minor) });
    Ok(change(&order, json!({ "orderStatus": order.status }), after))
}

/// A payment that came some other way.
#[derive(Clone, Debug)]
pub struct OfflinePayment {
    /// How much came; it becomes what the order cost.
    pub amount: Money,
    /// Where it can be found, such as the number of a bank transfer; each is good once.
    pub reference: Option<String>,
    /// Why.
    pub reason: String,
}

/// Confirms an offline payment.
pub async fn pay(app: &App, id: u64, offline: &OfflinePayment) -> Result<Value, Failure> {
    let amount_minor = offline.amount.0;
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let order = locked(&mut tx, id).await?;
        if order.status != UNPAID {
            return Err(ORDER_NOT_PAYABLE.into());
        }
        let reference = offline.reference.clone().unwrap_or_else(|| order.order_sn.clone());
        let notice = Notice {
            transaction_id: reference.clone(),
            order_sn: order.order_sn.clone(),
            amount_minor,
            paid_at: chrono::DateTime::from_timestamp(crate::clock::unix_s().cast_signed(), 0)
                .unwrap_or_default()
                .naive_utc(),
        };
        if payment::note(&mut tx, order.id, OFFLINE, &notice, APPLIED).await? == Noted::Again {
            return Err(Refusal::wrong_because("reference", "was used for a payment before").into());
        }
        if order_state::mark_paid_offline(&mut tx, &order, amount_minor).await? == Moved::NotThere {
            return Err(Fault::Broken("a locked order changed").into());
        }
        texts::paid(app, &mut tx, &order).await?;
        let before = json!({ "orderStatus": UNPAID, "actualPrice": Money(order.actual_minor) });
        let after = json!({
            "orderStatus": PAID, "actualPrice": Money(amount_minor), "reference": reference, "reason": offline.reason,
        });
        let change = change(&order, before, after);
        audit::record(&mut tx, &change).await?;
        tx.commit().await?;
        Ok(change)
    })
    .await
}

/// Hides an order that is over, with its lines.
pub async fn delete(app: &App, id: u64) -> Result<Value, Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let order = locked(&mut tx, id).await?;
        if !DELETABLE.contains(&order.status) {
            return Err(ORDER_NOT_DELETABLE.into());
        }
        order_write::delete(&mut tx, order.id).await?;
        order_write::delete_lines(&mut tx, order.id).await?;
        aftersale::delete_of_order(&mut tx, order.id).await?;
        let change = change(&order, json!({ "deleted": false }), json!({ "deleted": true }));
        audit::record(&mut tx, &change).await?;
        tx.commit().await?;
        Ok(change)
    })
    .await
}

/// Members of an order staff may change; what is left out stays.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "named as the members of the body are")]
pub struct Edit {
    pub consignee: Option<String>,
    pub mobile: Option<String>,
    pub address: Option<String>,
    pub message: Option<String>,
    pub price: Option<Money>,
    pub reason: Option<String>,
}

/// Changes an order as it was read in a second, `yyyy-MM-dd HH:mm:ss` UTC.
pub async fn update(app: &App, id: u64, read_at: &str, edit: &Edit) -> Result<Value, Failure> {
    let old = order_desk::find(&app.db, id).await?.ok_or_else(|| Refusal::wrong("id"))?;
    let text = |new: &Option<String>, old: &str| new.clone().unwrap_or_else(|| old.to_owned());
    let (consignee, mobile) = (text(&edit.consignee, &old.consignee), text(&edit.mobile, &old.mobile));
    let (address, message) = (text(&edit.address, &old.address), text(&edit.message, &old.message));
    let price = edit.price.unwrap_or(Money(old.actual_minor));
    let recipient_changes = consignee != old.consignee || mobile != old.mobile || address != old.address;
    let price_changes = price.0 != old.actual_minor;
    let price_now = old.status == UNPAID;
    if (price_changes && !price_now) || (recipient_changes && ![UNPAID, PAID].contains(&old.status)) {
        return Err(STAFF_ORDER_STATE.into());
    }
    if price_changes && !(1..=MAX_MINOR).contains(&price.0) {
        return Err(Refusal::wrong("price").into());
    }
    let reason = edit.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if price_changes && reason.is_none() {
        return Err(Refusal::missing("reason").into());
    }
    let shown = |consignee: &str, mobile: &str, address: &str, message: &str, price: i64| {
        json!({
            "consignee": consignee, "mobile": mobile, "address": address, "message": message,
            "price": Money(price),
        })
    };
    let before = shown(&old.consignee, &old.mobile, &old.address, &old.message, old.actual_minor);
    let mut after = shown(&consignee, &mobile, &address, &message, price.0);
    after["reason"] = json!(reason);
    let change = json!({ "orderSn": old.order_sn, "before": before, "after": after });
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let edited = Edited {
            consignee: &consignee,
            mobile: &mobile,
            address: &address,
            message: &message,
            actual_minor: price.0,
        };
        if !order_write::edit(&mut tx, id, old.status, read_at, &edited).await? {
            return Err(CHANGED_MEANWHILE.into());
        }
        if price_changes {
            due_task::close_payments(&mut tx, id).await?;
        }
        audit::record(&mut tx, &change).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    Ok(change)
}

fn change(order: &Locked, before: Value, after: Value) -> Value {
    json!({ "orderSn": order.order_sn, "before": before, "after": after })
}
