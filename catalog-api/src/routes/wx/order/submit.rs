//! Making an order of a cart.

use crate::envelope::{Answer, Envelope, Reply};
use crate::error::{Failure, Refusal};
use crate::extract::Loose;
use crate::extract::loose::ShopperLoose;
use crate::orders::submit::{self, Request};
use crate::state::App;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// What submitting sends. `cartId` 0 means everything that is checked; `couponId` 0 or -1 no coupon.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct SubmitForm {
    cart_id: i64,
    address_id: i64,
    coupon_id: i64,
    user_coupon_id: Option<i64>,
    message: Option<String>,
    groupon_rules_id: Option<i64>,
    groupon_link_id: Option<i64>,
}

/// The order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Submitted {
    order_id: u64,
    /// Whether there was nothing to pay.
    payed: bool,
    /// The opener's record of the group, new or joined; 0 without one.
    groupon_link_id: u64,
}

/// Characters of a message at most, as the column has them.
const MESSAGE_CHARS_MAX: usize = 512;
/// Characters of an Idempotency-Key at most, as the column has them.
const KEY_CHARS_MAX: usize = 63;

/// Submit an order. With a header `Idempotency-Key`, repeating the call answers what it answered at
/// first. Failures: 402, 501, 401, 731, 730, 732, 733, 710, 711 not enough stock.
#[utoipa::path(post, path = "/wx/order/submit", tag = "shop: orders", request_body = SubmitForm,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Envelope<Submitted>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn submit(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    ShopperLoose(shopper, body): ShopperLoose,
) -> Answer<Submitted> {
    let key = key(&headers)?;
    let request = request(&body)?;
    let done = submit::submit(&app, shopper.id, &request, key).await?;
    let submit::Submitted { order_id, paid, groupon_id } = done;
    Ok(Reply::data(Submitted { order_id, payed: paid, groupon_link_id: groupon_id }))
}

fn key(headers: &HeaderMap) -> Result<Option<&str>, Failure> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let fits = |key: &&str| {
        (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match value.to_str().ok().filter(fits) {
        Some(key) => Ok(Some(key)),
        None => Err(Refusal::wrong_because("Idempotency-Key", "has to be 1 to 63 visible characters").into()),
    }
}

fn request(body: &Loose) -> Result<Request, Refusal> {
    let message = body.text("message").unwrap_or_default();
    if message.chars().count() > MESSAGE_CHARS_MAX {
        return Err(Refusal::wrong_because("message", "is too long"));
    }
    Ok(Request {
        cart_id: body.int("cartId"),
        address_id: body.int("addressId"),
        coupon_id: body.int("couponId"),
        user_coupon_id: body.int("userCouponId").unwrap_or(0),
        message,
        groupon_rules_id: body.int("grouponRulesId").unwrap_or(0),
        groupon_link_id: body.int("grouponLinkId").unwrap_or(0),
    })
}
