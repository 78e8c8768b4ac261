//! Paying an order.

use super::act::order_id;
use crate::envelope::{Answer, Envelope, Reply};
use crate::extract::ClientAddress;
use crate::extract::loose::ShopperLoose;
use crate::orders::pay;
use crate::provider::pay::PaymentCall;
use crate::routes::wx::order::OrderForm;
use crate::state::App;
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Where the browser goes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct H5Pay {
    mweb_url: String,
}

/// Prepare the payment inside WeChat. Failures: 401, 501, 402 not own, 725, 708, 724.
#[utoipa::path(post, path = "/wx/order/prepay", tag = "shop: orders", request_body = OrderForm,
    responses((status = 200, body = Envelope<PaymentCall>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn prepay(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    ShopperLoose(shopper, body): ShopperLoose,
) -> Answer<PaymentCall> {
    Ok(Reply::data(pay::prepay(&app, order_id(&body)?, shopper.id, address).await?))
}

/// Prepare the payment in a browser. Failures: 401, 501, 402 not own, 725, 724.
#[utoipa::path(post, path = "/wx/order/h5pay", tag = "shop: orders", request_body = OrderForm,
    responses((status = 200, body = Envelope<H5Pay>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn h5pay(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    ShopperLoose(shopper, body): ShopperLoose,
) -> Answer<H5Pay> {
    let mweb_url = pay::h5pay(&app, order_id(&body)?, shopper.id, address).await?;
    Ok(Reply::data(H5Pay { mweb_url }))
}
