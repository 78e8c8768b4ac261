//! The administrative division, for address forms.

use crate::envelope::{Answer, Envelope, Reply};
use crate::extract::Query;
use crate::routes::admin::region::Region;
use crate::state::App;
use crate::store::region;
use axum::extract::State;
use std::sync::Arc;

/// What lies directly in a region, or the provinces. Failures: 402.
#[utoipa::path(get, path = "/wx/region/list", tag = "shop: addresses", params(("pid" = Option<i64>, Query)),
    responses((status = 200, body = Envelope<Vec<Region>>)))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Vec<Region>> {
    // What is below 0 names no region, and 0 would name the provinces.
    let parent = query.int("pid")?.map_or(0, |pid| u64::try_from(pid).unwrap_or(u64::MAX));
    let found = region::children(&app.db, parent).await?;
    Ok(Reply::data(found.into_iter().map(Region::show).collect()))
}
