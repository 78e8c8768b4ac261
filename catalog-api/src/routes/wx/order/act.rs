//! What an owner does with an order.

use crate::envelope::{Answer, Envelope, Nothing, Reply};
use crate::error::Refusal;
use crate::extract::Loose;
use crate::extract::loose::ShopperLoose;
use crate::orders;
use crate::routes::wx::order::OrderForm;
use crate::state::App;
use axum::extract::State;
use std::sync::Arc;

/// The order a body is about; 401 when it names none.
pub(super) fn order_id(body: &Loose) -> Result<u64, Refusal> {
    body.id("orderId").ok_or_else(|| Refusal::missing("orderId"))
}

/// Cancel an own unpaid order. Failures: 401, 501, 402 not own, 725.
#[utoipa::path(post, path = "/wx/order/cancel", tag = "shop: orders", request_body = OrderForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn cancel(
    State(app): State<Arc<App>>,
    ShopperLoose(shopper, body): ShopperLoose,
) -> Answer<Nothing> {
    orders::cancel(&app, order_id(&body)?, shopper.id).await?;
    Ok(Reply::done())
}

/// Ask for the money of an own paid order that was not sent. Failures: 401 missing or not own, 501, 725.
#[utoipa::path(post, path = "/wx/order/refund", tag = "shop: orders", request_body = OrderForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn refund(
    State(app): State<Arc<App>>,
    ShopperLoose(shopper, body): ShopperLoose,
) -> Answer<Nothing> {
    orders::ask_refund(&app, order_id(&body)?, shopper.id).await?;
    Ok(Reply::done())
}

/// Confirm that the goods arrived. Failures: 401 missing or not own, 501, 725.
#[utoipa::path(post, path = "/wx/order/confirm", tag = "shop: orders", request_body = OrderForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn confirm(
    State(app): State<Arc<App>>,
    ShopperLoose(shopper, body): ShopperLoose,
) -> Answer<Nothing> {
    orders::confirm(&app, order_id(&body)?, shopper.id).await?;
    Ok(Reply::done())
}

/// Delete an own order that is over, and its after-sales. Failures: 401 missing or not own, 501, 725.
#[utoipa::path(post, path = "/wx/order/delete", tag = "shop: orders", request_body = OrderForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn delete(
    State(app): State<Arc<App>>,
    ShopperLoose(shopper, body): ShopperLoose,
) -> Answer<Nothing> {
    orders::delete(&app, order_id(&body)?, shopper.id).await?;
    Ok(Reply::done())
}
