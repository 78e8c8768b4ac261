//! Which goods a shopper has looked at.

use crate::envelope::{Answer, Envelope, Money, Nothing, Page, Reply};
use crate::error::Refusal;
use crate::extract::loose::ShopperLoose;
use crate::extract::{Caller, Query};
use crate::routes::entity_id::EntityId;
use crate::state::App;
use crate::store::footprint::{self, LookRow};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A look at goods.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Look {
    id: u64,
    goods_id: u64,
    add_time: String,
    name: String,
    brief: String,
    pic_url: String,
    retail_price: Money,
}

/// Own looks, newest first; goods that are gone are left out. Failures: 402, 501.
#[utoipa::path(get, path = "/wx/footprint/list", tag = "shop: footprints",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query)),
    responses((status = 200, body = Envelope<Page<Look>>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Answer<Page<Look>> {
    let listing = query.listing()?;
    let shopper = caller.shopper()?;
    let rows = listing.rows(footprint::count_own(&app.db, shopper.id).await?)?;
    let found = footprint::list_own(&app.db, shopper.id, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| shown(&app, row)).collect())))
}

fn shown(app: &App, row: LookRow) -> Look {
    Look {
        id: row.id,
        goods_id: row.goods_id,
        add_time: app.zone.show(row.added_at),
        name: row.name,
        brief: row.brief,
        pic_url: row.pic_url,
        retail_price: Money(row.retail_price_minor),
    }
}

/// Forget an own look. Failures: 401, 402, 501.
#[utoipa::path(post, path = "/wx/footprint/delete", tag = "shop: footprints", request_body = EntityId,
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn delete(
    State(app): State<Arc<App>>,
    ShopperLoose(shopper, body): ShopperLoose,
) -> Answer<Nothing> {
    let id = body.id("id").ok_or_else(|| Refusal::missing("id"))?;
    if footprint::delete(&app.db, id, shopper.id).await? {
        Ok(Reply::done())
    } else {
        Err(Refusal::wrong("id").into())
    }
}
