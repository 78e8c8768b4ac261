//! Brands.

use crate::cache::Subject;
use crate::envelope::{Answer, Envelope, Page, Ready, Reply};
use crate::error::{Failure, Refusal};
use crate::extract::Query;
use crate::replica;
use crate::routes::catalogue::brand::{Brand, BrandBrief};
use crate::state::App;
use crate::store::brand::{self, Filter};
use axum::extract::State;
use std::sync::Arc;

/// Brands. Failures: 402.
#[utoipa::path(get, path = "/wx/brand/list", tag = "shop: catalogue",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<BrandBrief>>)))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Result<Ready, Failure> {
    let listing = query.listing()?;
    let load = |db| async move {
        let filter = Filter::default();
        let rows = listing.rows(brand::count(&db, &filter).await?)?;
        let found = brand::list(&db, &filter, listing, rows).await?;
        Ok(rows.page(found.into_iter().map(BrandBrief::show).collect()))
    };
    let load = |moment| replica::read(&app, moment, load);
    let name = format!("brands:{listing:?}");
    Ok(Ready::new(app.cache.get(&app.redis, &[Subject::Brands], &name, load).await?))
}

/// A brand. Failures: 402 unknown.
#[utoipa::path(get, path = "/wx/brand/detail", tag = "shop: catalogue", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<Brand>)))]
pub async fn detail(State(app): State<Arc<App>>, query: Query) -> Answer<Brand> {
    let row = brand::find(&app.db, query.required_id("id")?).await?.ok_or_else(|| Refusal::wrong("id"))?;
    Ok(Reply::data(Brand::show(row, app.zone)))
}
