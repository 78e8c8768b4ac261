//! Advertisements: `/admin/ad/*`.

use crate::access::Staff;
use crate::catalogue::{self, input};
use crate::envelope::{Answer, Envelope, Nothing, Page, Reply};
use crate::extract::{Entity, Query};
use crate::routes::catalogue::{
    RowId,
    ad::{Ad, AdForm},
};
use crate::state::App;
use crate::store::ad::{self, Filter};
use axum::extract::State;
use std::sync::Arc;

/// Advertisements. Failures: 402.
#[utoipa::path(get, path = "/admin/ad/list", tag = "staff: advertisements",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("name" = Option<String>, Query), ("content" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<Ad>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Ad>> {
    let filter = Filter {
        name: query.text_within("name", 255)?.map(str::to_owned),
        content: query.text_within("content", 255)?.map(str::to_owned),
    };
    let listing = query.listing()?;
    let rows = listing.rows(ad::count(&app.db, &filter).await?)?;
    let found = ad::list(&app.db, &filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| Ad::show(row, app.zone)).collect())))
}

/// An advertisement. No data for an unknown one. Failures: 402.
#[utoipa::path(get, path = "/admin/ad/read", tag = "staff: advertisements", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<Ad>)), security(("staff" = []), ("bearer" = [])))]
pub async fn read(State(app): State<Arc<App>>, query: Query) -> Answer<Option<Ad>> {
    let row = ad::find(&app.db, query.required_id("id")?).await?;
    Ok(Reply::data(row.map(|row| Ad::show(row, app.zone))))
}

/// Add an advertisement. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/ad/create", tag = "staff: advertisements", request_body = AdForm,
    responses((status = 200, body = Envelope<Ad>)), security(("staff" = []), ("bearer" = [])))]
pub async fn create(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Option<Ad>> {
    let id = catalogue::create(&app, &input::ad(&body, app.zone, ad::Ad::default())?).await?;
    let row = ad::find(&app.db, id).await?;
    Ok(Reply::data(row.map(|row| Ad::show(row, app.zone))))
}

/// Change an advertisement; what is left out stays as it is. Failures: 401, 402, 505 unknown or without an id.
#[utoipa::path(post, path = "/admin/ad/update", tag = "staff: advertisements", request_body = AdForm,
    responses((status = 200, body = Envelope<Ad>)), security(("staff" = []), ("bearer" = [])))]
pub async fn update(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Option<Ad>> {
    let id = body.int("id")?.and_then(|id| u64::try_from(id).ok()).unwrap_or(0);
    catalogue::update(&app, id, |old| input::ad(&body, app.zone, old)).await?;
    let row = ad::find(&app.db, id).await?;
    Ok(Reply::data(row.map(|row| Ad::show(row, app.zone))))
}

/// Delete an advertisement; an unknown one is no mistake. Failures: 401.
#[utoipa::path(post, path = "/admin/ad/delete", tag = "staff: advertisements", request_body = RowId,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Nothing> {
    catalogue::delete::<ad::Ad>(&app, &[body.required_id("id")?]).await?;
    Ok(Reply::done())
}
