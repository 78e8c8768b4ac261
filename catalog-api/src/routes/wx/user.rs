//! The personal centre.

use crate::envelope::{Answer, Envelope, Reply};
use crate::extract::Shopper;
use crate::state::App;
use crate::store::shopper_desk;
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// The personal centre's front page.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserIndex {
    order: OrderCounts,
}

/// Own orders that want something.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct OrderCounts {
    /// To be paid.
    unpaid: i64,
    /// To be shipped.
    unship: i64,
    /// To be received.
    unrecv: i64,
    /// Goods to be reviewed.
    uncomment: i64,
}

/// A level of shoppers.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserLevel {
    value: u8,
    label: &'static str,
}

/// How many own orders want something. Failures: 501.
#[utoipa::path(get, path = "/wx/user/index", tag = "shop: account",
    responses((status = 200, body = Envelope<UserIndex>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn index(State(app): State<Arc<App>>, shopper: Shopper) -> Answer<UserIndex> {
    let mut order = OrderCounts::default();
    for (status, orders, comments) in shopper_desk::order_counts(&app.db, shopper.id).await? {
        match status {
            101 => order.unpaid = orders,
            201 => order.unship = orders,
            301 => order.unrecv = orders,
            _ => order.uncomment += comments,
        }
    }
    Ok(Reply::data(UserIndex { order }))
}

/// The levels shoppers can have.
const LEVELS: [&str; 3] = ["normal", "VIP", "senior VIP"];

/// The levels shoppers can have, for sales that want one.
#[utoipa::path(get, path = "/wx/user/levels", tag = "shop: account",
    responses((status = 200, body = Envelope<Vec<UserLevel>>)))]
pub async fn levels() -> Answer<Vec<UserLevel>> {
    let levels = LEVELS.into_iter().zip(0..).map(|(label, value)| UserLevel { value, label });
    Ok(Reply::data(levels.collect()))
}
