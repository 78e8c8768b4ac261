//! Shoppers' favourites, for staff.

use crate::envelope::{Answer, Envelope, Page, Reply};
use crate::extract::Query;
use crate::state::App;
use crate::store::collect::{self, CollectRow, Filter};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A favourite.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Collect {
    id: u64,
    user_id: u64,
    value_id: u64,
    /// 0 goods, 1 topic
    r#type: u8,
    add_time: String,
    update_time: String,
    deleted: bool,
}

/// Favourites. Failures: 402.
#[utoipa::path(get, path = "/admin/collect/list", tag = "staff: shoppers' data",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("userId" = Option<i64>, Query), ("valueId" = Option<i64>, Query)),
    responses((status = 200, body = Envelope<Page<Collect>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Collect>> {
    let listing = query.listing()?;
    let filter = Filter { user_id: query.id("userId")?, value_id: query.id("valueId")? };
    let rows = listing.rows(collect::count(&app.db, filter).await?)?;
    let found = collect::list(&app.db, filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| shown(&app, row)).collect())))
}

fn shown(app: &App, row: CollectRow) -> Collect {
    Collect {
        id: row.id,
        user_id: row.user_id,
        value_id: row.value_id,
        r#type: row.kind,
        add_time: app.zone.show(row.added_at),
        update_time: app.zone.show(row.updated_at),
        deleted: false,
    }
}
