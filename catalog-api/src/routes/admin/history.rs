//! What shoppers searched for: `/admin/history/list`.

use crate::envelope::{Answer, Envelope, Page, Reply, Zone};
use crate::extract::Query;
use crate::state::App;
use crate::store::search_history::{self, Filter, SearchRow};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A search.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchHistory {
    id: u64,
    user_id: u64,
    keyword: String,
    from: String,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl SearchHistory {
    fn show(row: SearchRow, zone: Zone) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            keyword: row.word,
            from: row.source,
            add_time: zone.show(row.added_at),
            update_time: zone.show(row.updated_at),
            deleted: false,
        }
    }
}

/// Searches. Failures: 402.
#[utoipa::path(get, path = "/admin/history/list", tag = "staff: search history",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("userId" = Option<i64>, Query), ("keyword" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<SearchHistory>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<SearchHistory>> {
    let word = query.text_within("keyword", 255)?.map(str::to_owned);
    let filter = Filter { user_id: query.id("userId")?, word };
    let listing = query.listing()?;
    let rows = listing.rows(search_history::count(&app.db, &filter).await?)?;
    let found = search_history::list(&app.db, &filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| SearchHistory::show(row, app.zone)).collect())))
}
