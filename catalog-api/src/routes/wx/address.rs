//! A shopper's address book.

use crate::envelope::{Answer, Envelope, Page, Reply};
use crate::extract::Shopper;
use crate::state::App;
use crate::store::address::{self, AddressRow};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// An address.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    id: u64,
    user_id: u64,
    name: String,
    province: String,
    city: String,
    county: String,
    address_detail: String,
    area_code: String,
    postal_code: String,
    tel: String,
    is_default: bool,
    add_time: String,
    update_time: String,
    deleted: bool,
}

/// Own addresses, all of them. Failures: 501.
#[utoipa::path(get, path = "/wx/address/list", tag = "shop: addresses",
    responses((status = 200, body = Envelope<Page<Address>>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, shopper: Shopper) -> Answer<Page<Address>> {
    let rows = address::list(&app.db, shopper.id).await?;
    Ok(Reply::data(Page::whole(rows.into_iter().map(|row| shown(&app, row)).collect())))
}

fn shown(app: &App, row: AddressRow) -> Address {
    Address {
        id: row.id,
        user_id: row.user_id,
        name: row.name,
        province: row.province,
        city: row.city,
        county: row.county,
        address_detail: row.detail,
        area_code: row.area_code,
        postal_code: row.postal_code,
        tel: row.tel,
        is_default: row.is_default,
        add_time: app.zone.show(row.added_at),
        update_time: app.zone.show(row.updated_at),
        deleted: false,
    }
}
