//! Words to search for: `/admin/keyword/*`.

use crate::access::Staff;
use crate::catalogue::{self, input};
use crate::envelope::{Answer, Envelope, Nothing, Page, Reply};
use crate::extract::{Entity, Query};
use crate::routes::catalogue::{
    RowId,
    keyword::{Keyword, KeywordForm},
};
use crate::state::App;
use crate::store::keyword::{self, Filter};
use axum::extract::State;
use std::sync::Arc;

/// Keywords. Failures: 402.
#[utoipa::path(get, path = "/admin/keyword/list", tag = "staff: keywords",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("keyword" = Option<String>, Query), ("url" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<Keyword>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Keyword>> {
    let filter = Filter {
        word: query.text_within("keyword", 255)?.map(str::to_owned),
        url: query.text_within("url", 255)?.map(str::to_owned),
    };
    let listing = query.listing()?;
    let rows = listing.rows(keyword::count(&app.db, &filter).await?)?;
    let found = keyword::list(&app.db, &filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| Keyword::show(row, app.zone)).collect())))
}

/// A keyword. No data for an unknown one. Failures: 402.
#[utoipa::path(get, path = "/admin/keyword/read", tag = "staff: keywords", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<Keyword>)), security(("staff" = []), ("bearer" = [])))]
pub async fn read(State(app): State<Arc<App>>, query: Query) -> Answer<Option<Keyword>> {
    let row = keyword::find(&app.db, query.required_id("id")?).await?;
    Ok(Reply::data(row.map(|row| Keyword::show(row, app.zone))))
}

/// Add a keyword. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/keyword/create", tag = "staff: keywords", request_body = KeywordForm,
    responses((status = 200, body = Envelope<Keyword>)), security(("staff" = []), ("bearer" = [])))]
pub async fn create(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Option<Keyword>> {
    let id = catalogue::create(&app, &input::keyword(&body, keyword::Keyword::default())?).await?;
    let row = keyword::find(&app.db, id).await?;
    Ok(Reply::data(row.map(|row| Keyword::show(row, app.zone))))
}

/// Change a keyword; what is left out stays as it is. Failures: 401, 402, 505 unknown.
#[utoipa::path(post, path = "/admin/keyword/update", tag = "staff: keywords", request_body = KeywordForm,
    responses((status = 200, body = Envelope<Keyword>)), security(("staff" = []), ("bearer" = [])))]
pub async fn update(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Option<Keyword>> {
    let id = body.required_id("id")?;
    catalogue::update(&app, id, |old| input::keyword(&body, old)).await?;
    let row = keyword::find(&app.db, id).await?;
    Ok(Reply::data(row.map(|row| Keyword::show(row, app.zone))))
}

/// Delete a keyword; an unknown one is no mistake. Failures: 401.
#[utoipa::path(post, path = "/admin/keyword/delete", tag = "staff: keywords", request_body = RowId,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Nothing> {
    catalogue::delete::<keyword::Keyword>(&app, &[body.required_id("id")?]).await?;
    Ok(Reply::done())
}
