//! Brands: `/admin/brand/*`.

use crate::access::Staff;
use crate::catalogue::{self, input};
use crate::envelope::{Answer, Envelope, Nothing, Page, Reply};
use crate::extract::{Entity, Query};
use crate::routes::catalogue::{
    RowId,
    brand::{Brand, BrandForm},
};
use crate::state::App;
use crate::store::brand::{self, Filter};
use axum::extract::State;
use std::sync::Arc;

/// Brands. Failures: 402.
#[utoipa::path(get, path = "/admin/brand/list", tag = "staff: brands",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("id" = Option<i64>, Query), ("name" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<Brand>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Brand>> {
    let filter = Filter { id: query.id("id")?, name: query.text_within("name", 255)?.map(str::to_owned) };
    let listing = query.listing()?;
    let rows = listing.rows(brand::count(&app.db, &filter).await?)?;
    let found = brand::list(&app.db, &filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| Brand::show(row, app.zone)).collect())))
}

/// A brand. No data for an unknown one. Failures: 402.
#[utoipa::path(get, path = "/admin/brand/read", tag = "staff: brands", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<Brand>)), security(("staff" = []), ("bearer" = [])))]
pub async fn read(State(app): State<Arc<App>>, query: Query) -> Answer<Option<Brand>> {
    let row = brand::find(&app.db, query.required_id("id")?).await?;
    Ok(Reply::data(row.map(|row| Brand::show(row, app.zone))))
}

/// Add a brand. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/brand/create", tag = "staff: brands", request_body = BrandForm,
    responses((status = 200, body = Envelope<Brand>)), security(("staff" = []), ("bearer" = [])))]
pub async fn create(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Option<Brand>> {
    let id = catalogue::create(&app, &input::brand(&body, brand::Brand::default())?).await?;
    let row = brand::find(&app.db, id).await?;
    Ok(Reply::data(row.map(|row| Brand::show(row, app.zone))))
}

/// Change a brand; what is left out stays as it is. Failures: 401, 402, 505 unknown.
#[utoipa::path(post, path = "/admin/brand/update", tag = "staff: brands", request_body = BrandForm,
    responses((status = 200, body = Envelope<Brand>)), security(("staff" = []), ("bearer" = [])))]
pub async fn update(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Option<Brand>> {
    let id = body.required_id("id")?;
    catalogue::update(&app, id, |old| input::brand(&body, old)).await?;
    let row = brand::find(&app.db, id).await?;
    Ok(Reply::data(row.map(|row| Brand::show(row, app.zone))))
}

/// Delete a brand; an unknown one is no mistake. Failures: 401.
#[utoipa::path(post, path = "/admin/brand/delete", tag = "staff: brands", request_body = RowId,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Nothing> {
    catalogue::delete::<brand::Brand>(&app, &[body.required_id("id")?]).await?;
    Ok(Reply::done())
}
