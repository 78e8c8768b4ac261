//! What staff do with orders.

use crate::access::Staff;
use crate::envelope::money::MAX_MINOR;
use crate::envelope::{Answer, Envelope, Money, Nothing, Reply};
use crate::error::Refusal;
use crate::error::order::COMMENT_REPLIED;
use crate::extract::{Entity, Loose};
use crate::orders::desk::{self, Edit, OfflinePayment};
use crate::state::App;
use crate::store::comment::{self, REPLY_CHARS_MAX, Replied};
use axum::extract::State;
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;

/// What calls about one order send.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct StaffOrderForm {
    order_id: u64,
}

/// What sending an order sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct ShipForm {
    order_id: u64,
    ship_sn: String,
    ship_channel: String,
}

/// What refunding an order sends; the amount has to be what was paid.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct RefundForm {
    order_id: u64,
    refund_money: Money,
}

/// What confirming an offline payment sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct OfflineForm {
    order_id: u64,
    new_money: Money,
    /// Where the payment can be found, such as the number of a bank transfer; each is good once. The
    /// order's number when it is left out, as the stock front end does.
    reference: Option<String>,
    reason: Option<String>,
}

/// What changing an order sends; members that are left out stay.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct OrderEditForm {
    id: u64,
    /// As it was read; 504 when somebody else was faster.
    update_time: String,
    consignee: Option<String>,
    mobile: Option<String>,
    address: Option<String>,
    message: Option<String>,
    /// While the order is unpaid.
    price: Option<Money>,
    /// With a price.
    reason: Option<String>,
}

/// What answering a review sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct ReplyForm {
    comment_id: u64,
    content: String,
}

fn order_id(body: &Loose) -> Result<u64, Refusal> {
    body.id("orderId").ok_or_else(|| Refusal::missing("orderId"))
}

fn fits(name: &str, text: &str, chars_max: usize) -> Result<(), Refusal> {
    if text.chars().count() > chars_max {
        return Err(Refusal::wrong_because(name, "is too long"));
    }
    Ok(())
}

/// Characters of a courier's code and of a tracking number at most, as the columns have them.
const LABEL_CHARS_MAX: usize = 63;

/// Send a paid order. Failures: 401, 402, 620.
#[utoipa::path(post, path = "/admin/order/ship", tag = "staff: orders", request_body = ShipForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn ship(State(app): State<Arc<App>>, _staff: Staff, body: Loose) -> Answer<Nothing> {
    let id = order_id(&body)?;
    let number = body.text("shipSn").ok_or_else(|| Refusal::missing("shipSn"))?;
    let channel = body.text("shipChannel").ok_or_else(|| Refusal::missing("shipChannel"))?;
    fits("shipSn", &number, LABEL_CHARS_MAX)?;
    fits("shipChannel", &channel, LABEL_CHARS_MAX)?;
    Ok(Reply::done().changing(desk::ship(&app, id, channel.trim(), number.trim()).await?))
}

/// Send the money of an order back whose owner asked for it, once. Failures: 401, 402 amount, 620, 621
/// the provider did not say yes.
#[utoipa::path(post, path = "/admin/order/refund", tag = "staff: orders", request_body = RefundForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn refund(State(app): State<Arc<App>>, _staff: Staff, body: Loose) -> Answer<Nothing> {
    let id = order_id(&body)?;
    if !body.has("refundMoney") {
        return Err(Refusal::missing("refundMoney").into());
    }
    Ok(Reply::done().changing(desk::refund(&app, id, body.money("refundMoney")).await?))
}

/// Characters of a reference at most, as the column has them.
const REFERENCE_CHARS_MAX: usize = 63;
/// Characters of a reason at most.
const REASON_CHARS_MAX: usize = 200;

/// Confirm a payment that came some other way. Failures: 401, 402, 624.
#[utoipa::path(post, path = "/admin/order/pay", tag = "staff: orders", request_body = OfflineForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn pay(State(app): State<Arc<App>>, _staff: Staff, body: Loose) -> Answer<Nothing> {
    let id = order_id(&body)?;
    if !body.has("newMoney") {
        return Err(Refusal::missing("newMoney").into());
    }
    let amount = body.money("newMoney").filter(|amount| (0..=MAX_MINOR).contains(&amount.0));
    let amount = amount.ok_or_else(|| Refusal::wrong("newMoney"))?;
    let reference = body.text("reference").map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let visible = |text: &String| text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if reference.as_ref().is_some_and(|text| !visible(text) || text.len() > REFERENCE_CHARS_MAX) {
        return Err(Refusal::wrong("reference").into());
    }
    let reason = body.text("reason").unwrap_or_default();
    fits("reason", &reason, REASON_CHARS_MAX)?;
    let offline = OfflinePayment { amount, reference, reason };
    Ok(Reply::done().changing(desk::pay(&app, id, &offline).await?))
}

/// Delete an order that is over, with its lines. Failures: 401, 402, 623.
#[utoipa::path(post, path = "/admin/order/delete", tag = "staff: orders", request_body = StaffOrderForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, _staff: Staff, body: Loose) -> Answer<Nothing> {
    Ok(Reply::done().changing(desk::delete(&app, order_id(&body)?).await?))
}

/// Characters of what staff may change, as the columns have them.
const CONSIGNEE_CHARS_MAX: usize = 63;
const MOBILE_CHARS_MAX: usize = 63;
const ADDRESS_CHARS_MAX: usize = 400;
const MESSAGE_CHARS_MAX: usize = 512;

/// Change recipient, message or, while unpaid, price of an order. Failures: 401, 402, 504 changed
/// meanwhile, 620.
#[utoipa::path(post, path = "/admin/order/update", tag = "staff: orders", request_body = OrderEditForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn update(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Nothing> {
    let id = body.required_id("id")?;
    let read_at = body.time("updateTime", app.zone)?.ok_or_else(|| Refusal::missing("updateTime"))?;
    let edit = Edit {
        consignee: body.text_within("consignee", CONSIGNEE_CHARS_MAX)?,
        mobile: body.text_within("mobile", MOBILE_CHARS_MAX)?,
        address: body.text_within("address", ADDRESS_CHARS_MAX)?,
        message: body.text_within("message", MESSAGE_CHARS_MAX)?,
        price: body.money("price")?,
        reason: body.text_within("reason", REASON_CHARS_MAX)?,
    };
    for (name, text) in [("consignee", &edit.consignee), ("mobile", &edit.mobile), ("address", &edit.address)]
    {
        if text.as_ref().is_some_and(|text| text.trim().is_empty()) {
            return Err(Refusal::wrong_because(name, "is empty").into());
        }
    }
    // The ledger keeps UTC, and this is the second people saw.
    let read_at = read_at.format("%Y-%m-%d %H:%M:%S").to_string();
    Ok(Reply::done().changing(desk::update(&app, id, &read_at, &edit).await?))
}

/// Answer a review, once. Failures: 401 missing or unknown, 402 too long, 622.
#[utoipa::path(post, path = "/admin/order/reply", tag = "staff: orders", request_body = ReplyForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn reply(State(app): State<Arc<App>>, _staff: Staff, body: Loose) -> Answer<Nothing> {
    let id = body.id("commentId").filter(|id| *id > 0).ok_or_else(|| Refusal::missing("commentId"))?;
    let content = body.required_text("content")?;
    fits("content", &content, REPLY_CHARS_MAX)?;
    let mut db = app.db.acquire().await?;
    match comment::reply(&mut db, id, &content).await? {
        Replied::First => {
            let after = json!({ "adminContent": content });
            Ok(Reply::done().changing(json!({ "commentId": id, "before": {}, "after": after })))
        }
        Replied::Again => Err(COMMENT_REPLIED.into()),
        Replied::Unknown => Err(Refusal::new(401, "commentId names no review").into()),
    }
}
