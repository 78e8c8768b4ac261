//! Common questions: `/admin/issue/*`.

use crate::access::Staff;
use crate::catalogue::{self, input};
use crate::envelope::{Answer, Envelope, Nothing, Page, Reply};
use crate::extract::{Entity, Query};
use crate::routes::catalogue::{
    RowId,
    issue::{Issue, IssueForm},
};
use crate::state::App;
use crate::store::issue;
use axum::extract::State;
use std::sync::Arc;

/// Common questions. Failures: 402.
#[utoipa::path(get, path = "/admin/issue/list", tag = "staff: common questions",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("question" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<Issue>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Issue>> {
    let question = query.text_within("question", 255)?;
    let listing = query.listing()?;
    let rows = listing.rows(issue::count(&app.db, question).await?)?;
    let found = issue::list(&app.db, question, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| Issue::show(row, app.zone)).collect())))
}

/// A question. No data for an unknown one. Failures: 402.
#[utoipa::path(get, path = "/admin/issue/read", tag = "staff: common questions", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<Issue>)), security(("staff" = []), ("bearer" = [])))]
pub async fn read(State(app): State<Arc<App>>, query: Query) -> Answer<Option<Issue>> {
    let row = issue::find(&app.db, query.required_id("id")?).await?;
    Ok(Reply::data(row.map(|row| Issue::show(row, app.zone))))
}

/// Add a question. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/issue/create", tag = "staff: common questions", request_body = IssueForm,
    responses((status = 200, body = Envelope<Issue>)), security(("staff" = []), ("bearer" = [])))]
pub async fn create(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Option<Issue>> {
    let id = catalogue::create(&app, &input::issue(&body)?).await?;
    let row = issue::find(&app.db, id).await?;
    Ok(Reply::data(row.map(|row| Issue::show(row, app.zone))))
}

/// Change a question; what is left out stays as it is. Failures: 401, 402, 505 unknown.
#[utoipa::path(post, path = "/admin/issue/update", tag = "staff: common questions", request_body = IssueForm,
    responses((status = 200, body = Envelope<Issue>)), security(("staff" = []), ("bearer" = [])))]
pub async fn update(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Option<Issue>> {
    let id = body.required_id("id")?;
    catalogue::update::<issue::Issue>(&app, id, |_| input::issue(&body)).await?;
    let row = issue::find(&app.db, id).await?;
    Ok(Reply::data(row.map(|row| Issue::show(row, app.zone))))
}

/// Delete a question; an unknown one is no mistake. Failures: 401.
#[utoipa::path(post, path = "/admin/issue/delete", tag = "staff: common questions", request_body = RowId,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Nothing> {
    catalogue::delete::<issue::Issue>(&app, &[body.required_id("id")?]).await?;
    Ok(Reply::done())
}
