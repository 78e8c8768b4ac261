//! What shoppers have looked at, for staff.

use crate::envelope::{Answer, Envelope, Page, Reply};
use crate::extract::Query;
use crate::state::App;
use crate::store::footprint::{self, Filter, FootprintRow};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A look at goods.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Footprint {
    id: u64,
    user_id: u64,
    goods_id: u64,
    add_time: String,
    update_time: String,
    deleted: bool,
}

/// Looks at goods. Failures: 402.
#[utoipa::path(get, path = "/admin/footprint/list", tag = "staff: shoppers' data",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("userId" = Option<i64>, Query), ("goodsId" = Option<i64>, Query)),
    responses((status = 200, body = Envelope<Page<Footprint>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Footprint>> {
    let listing = query.listing()?;
    let filter = Filter { user_id: query.id("userId")?, goods_id: query.id("goodsId")? };
    let rows = listing.rows(footprint::count(&app.db, filter).await?)?;
    let found = footprint::list(&app.db, filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| shown(&app, row)).collect())))
}

fn shown(app: &App, row: FootprintRow) -> Footprint {
    Footprint {
        id: row.id,
        user_id: row.user_id,
        goods_id: row.goods_id,
        add_time: app.zone.show(row.added_at),
        update_time: app.zone.show(row.updated_at),
        deleted: false,
    }
}
