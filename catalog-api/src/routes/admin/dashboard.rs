//! What the mall has, in four numbers.

use crate::envelope::{Answer, Envelope, Reply};
use crate::state::App;
use crate::stats;
use crate::store::stat::{self, Subject};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Totals of what is not deleted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dashboard {
    user_total: i64,
    goods_total: i64,
    /// SKUs
    product_total: i64,
    order_total: i64,
}

/// Totals. Failures: 501.
#[utoipa::path(get, path = "/admin/dashboard", tag = "staff: figures",
    responses((status = 200, body = Envelope<Dashboard>)), security(("staff" = []), ("bearer" = [])))]
pub async fn dashboard(State(app): State<Arc<App>>) -> Answer<Dashboard> {
    stats::refresh(&app, Subject::User).await?;
    stats::refresh(&app, Subject::Order).await?;
    let totals = stat::totals(&app.db).await?;
    Ok(Reply::data(Dashboard {
        user_total: totals.users,
        goods_total: totals.goods,
        product_total: totals.skus,
        order_total: totals.orders,
    }))
}
