//! Categories.

use crate::envelope::{Envelope, Ready};
use crate::error::Failure;
use crate::extract::Query;
use crate::routes::catalogue::category::Category;
use crate::state::App;
use crate::window::categories::{self, CatalogPage, Current, WholeCatalog};
use axum::extract::State;
use std::sync::Arc;

/// Categories of the first level.
#[utoipa::path(get, path = "/wx/catalog/getfirstcategory", tag = "shop: catalogue",
    responses((status = 200, body = Envelope<Vec<Category>>)))]
pub async fn first_level(State(app): State<Arc<App>>) -> Result<Ready, Failure> {
    Ok(Ready::new(categories::first_level(&app).await?))
}

/// Categories below one. Failures: 402.
#[utoipa::path(get, path = "/wx/catalog/getsecondcategory", tag = "shop: catalogue", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<Vec<Category>>)))]
pub async fn below(State(app): State<Arc<App>>, query: Query) -> Result<Ready, Failure> {
    // What is below 1 names nothing; the first level's parent is no category.
    let id = query.required_id("id")?;
    Ok(Ready::new(categories::below(&app, if id == 0 { u64::MAX } else { id }).await?))
}

/// Categories of the first level, and those below one of them. Failures: 402.
#[utoipa::path(get, path = "/wx/catalog/index", tag = "shop: catalogue", params(("id" = Option<i64>, Query)),
    responses((status = 200, body = Envelope<CatalogPage>)))]
pub async fn index(State(app): State<Arc<App>>, query: Query) -> Result<Ready, Failure> {
    Ok(Ready::new(categories::page(&app, query.id("id")?).await?))
}

/// Both levels of categories.
#[utoipa::path(get, path = "/wx/catalog/all", tag = "shop: catalogue",
    responses((status = 200, body = Envelope<WholeCatalog>)))]
pub async fn all(State(app): State<Arc<App>>) -> Result<Ready, Failure> {
    Ok(Ready::new(categories::whole(&app).await?))
}

/// A category and those below it. Failures: 402 unknown.
#[utoipa::path(get, path = "/wx/catalog/current", tag = "shop: catalogue", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<Current>)))]
pub async fn current(State(app): State<Arc<App>>, query: Query) -> Result<Ready, Failure> {
    Ok(Ready::new(categories::current(&app, query.required_id("id")?).await?))
}
