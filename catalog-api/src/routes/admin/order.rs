//! Orders, for staff: `/admin/order/*`.

// The list, on a page and as a file.
pub mod list;
// What changes an order.
pub mod act;

use crate::access::Staff;
use crate::envelope::{Answer, Envelope, Reply};
use crate::error::Refusal;
use crate::extract::Query;
use crate::routes::order_entity::{Order, OrderGoods};
use crate::state::App;
use crate::store::{order, order_desk};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A courier.
#[derive(Debug, Serialize, ToSchema)]
pub struct CourierName {
    code: String,
    name: String,
}

/// An order with its lines and its buyer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StaffOrderDetail {
    order: Order,
    order_goods: Vec<OrderGoods>,
    user: Buyer,
}

/// Who bought it.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Buyer {
    nickname: String,
    avatar: String,
}

/// Couriers to choose from.
#[utoipa::path(get, path = "/admin/order/channel", tag = "staff: orders",
    responses((status = 200, body = Envelope<Vec<CourierName>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn channel(State(app): State<Arc<App>>, _staff: Staff) -> Answer<Vec<CourierName>> {
    let channels = app.config.courier.channels.iter();
    let name = |channel: &crate::config::money::Channel| CourierName {
        code: channel.code.clone(),
        name: channel.name.clone(),
    };
    Ok(Reply::data(channels.map(name).collect()))
}

/// One order. Failures: 402 unknown.
#[utoipa::path(get, path = "/admin/order/detail", tag = "staff: orders", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<StaffOrderDetail>)), security(("staff" = []), ("bearer" = [])))]
pub async fn detail(State(app): State<Arc<App>>, query: Query) -> Answer<StaffOrderDetail> {
    let id = query.required_id("id")?;
    let row = order_desk::find(&app.db, id).await?.ok_or_else(|| Refusal::wrong("id"))?;
    let lines = order::lines(&app.db, &[row.id]).await?;
    let buyer = order_desk::buyer(&app.db, row.user_id).await?;
    Ok(Reply::data(StaffOrderDetail {
        order: Order::show(row, app.zone),
        order_goods: lines.into_iter().map(|line| OrderGoods::show(line, app.zone)).collect(),
        user: buyer.map(|(nickname, avatar)| Buyer { nickname, avatar }).unwrap_or_default(),
    }))
}
