//! Common questions.

use crate::envelope::{Answer, Envelope, Page, Reply};
use crate::error::Refusal;
use crate::extract::Query;
use crate::extract::listing::{Listing, ROWS_MAX};
use crate::routes::catalogue::issue::Issue;
use crate::state::App;
use crate::store::issue;
use axum::extract::State;
use std::sync::Arc;

/// Common questions. `size` is another word for `limit`. Failures: 402.
#[utoipa::path(get, path = "/wx/issue/list", tag = "shop: catalogue",
    params(("question" = Option<String>, Query), ("page" = Option<i64>, Query), ("limit" = Option<i64>, Query),
        ("size" = Option<i64>, Query), ("sort" = Option<String>, Query), ("order" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<Issue>>)))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Issue>> {
    let question = query.text_within("question", 255)?;
    let listing = query.listing()?;
    let listing = match query.int("size")? {
        Some(size) if size > ROWS_MAX => return Err(Refusal::wrong("size").into()),
        Some(size) => Listing { limit: size, ..listing },
        None => listing,
    };
    let rows = listing.rows(issue::count(&app.db, question).await?)?;
    let found = issue::list(&app.db, question, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| Issue::show(row, app.zone)).collect())))
}
