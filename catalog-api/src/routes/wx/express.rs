//! Where a parcel is.

use crate::envelope::{Answer, Envelope, Reply};
use crate::error::{Failure, NOT_SUPPORTED, Refusal};
use crate::extract::{Query, Shopper};
use crate::orders::tracking;
use crate::provider::courier::{Parcel, Track};
use crate::routes::order_entity::ExpressInfo;
use crate::routes::wx::order::parcel;
use crate::state::App;
use crate::store::order;
use axum::extract::State;
use std::sync::Arc;

/// The parcel of an own order, named by `orderId` or by `expCode` and `expNo`. Failures: 402 not own, 501,
/// 503 when no tracking service is set up.
#[utoipa::path(get, path = "/wx/express/query", tag = "shop: orders",
    params(("orderId" = Option<i64>, Query), ("expCode" = Option<String>, Query),
        ("expNo" = Option<String>, Query)),
    responses((status = 200, body = Envelope<ExpressInfo>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn query(
    State(app): State<Arc<App>>,
    query: Query,
    shopper: Result<Shopper, Failure>,
) -> Answer<ExpressInfo> {
    let id = query.id("orderId")?;
    let labels = query.text("expCode").zip(query.text("expNo"));
    if id.is_none() && labels.is_none() {
        return Err(Refusal::wrong_because("orderId", "or expCode with expNo is missing").into());
    }
    let owner = shopper?.id;
    let found = match (id, labels) {
        (Some(id), _) => order::find(&app.db, id, owner).await?,
        (None, Some((channel, number))) => order::find_parcel(&app.db, owner, channel, number).await?,
        (None, None) => None,
    };
    let order = found.ok_or_else(|| Refusal::wrong(if id.is_some() { "orderId" } else { "expNo" }))?;
    if app.courier.is_none() {
        return Err(NOT_SUPPORTED.into());
    }
    let Some(sent) = parcel(&order) else {
        let nowhere = Parcel { channel: String::new(), number: String::new(), shipped_at: None };
        let track = Track { reason: "not shipped yet".into(), state: "0".into(), ..Track::default() };
        return Ok(Reply::data(ExpressInfo::show(nowhere, track, &app.config.courier)));
    };
    let track = tracking::track_if_possible(&app, &sent).await.unwrap_or_else(|| Track {
        reason: "the tracking service does not answer".into(),
        state: "0".into(),
        ..Track::default()
    });
    Ok(Reply::data(ExpressInfo::show(sent, track, &app.config.courier)))
}
