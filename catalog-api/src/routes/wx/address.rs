//! A shopper's address book.

use crate::address_book::{is_area_code, save as save_address};
use crate::envelope::{Answer, Envelope, Nothing, Page, Reply};
use crate::error::Refusal;
use crate::extract::{Caller, Entity, Query, Shopper};
use crate::provider::sms::is_mobile;
use crate::state::App;
use crate::store::address::{self, AddressRow};
use crate::store::address_book::{self, Fields};
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

/// An address to save.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct AddressForm {
    /// Absent or 0 for a new one.
    id: Option<u64>,
    name: String,
    /// A mobile number.
    tel: String,
    province: String,
    city: String,
    county: String,
    /// Six digits.
    area_code: String,
    postal_code: Option<String>,
    address_detail: String,
    is_default: bool,
}

/// Which address.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct AddressId {
    id: u64,
}

/// Own addresses, all of them. Failures: 501.
#[utoipa::path(get, path = "/wx/address/list", tag = "shop: addresses",
    responses((status = 200, body = Envelope<Page<Address>>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, shopper: Shopper) -> Answer<Page<Address>> {
    let rows = address::list(&app.db, shopper.id).await?;
    Ok(Reply::data(Page::whole(rows.into_iter().map(|row| Address::of(&app, row)).collect())))
}

/// An own address. Failures: 402 not in the address book, 501.
#[utoipa::path(get, path = "/wx/address/detail", tag = "shop: addresses", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<Address>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn detail(State(app): State<Arc<App>>, query: Query, caller: Caller) -> Answer<Address> {
    let id = query.required_id("id")?;
    let shopper = caller.shopper()?;
    let row = address_book::find(&app.db, shopper.id, id).await?;
    Ok(Reply::data(Address::of(&app, row.ok_or_else(|| Refusal::wrong("id"))?)))
}

/// Add or change an own address; its id. Failures: 402, 501, 401 a member is missing or no mobile number,
/// 402 not in the address book.
#[utoipa::path(post, path = "/wx/address/save", tag = "shop: addresses", request_body = AddressForm,
    responses((status = 200, body = Envelope<u64>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn save(State(app): State<Arc<App>>, caller: Caller, body: Entity) -> Answer<u64> {
    let id = body.int("id")?.filter(|id| *id != 0);
    let is_default = body.flag("isDefault")?;
    let text = |name: &str, chars_max| body.text_within(name, chars_max);
    let members = (
        (text("name", 63)?, text("tel", 20)?, text("addressDetail", 127)?),
        (text("province", 63)?, text("city", 63)?, text("county", 63)?),
        (text("areaCode", 6)?, text("postalCode", 6)?),
    );
    let shopper = caller.shopper()?;
    let ((name, tel, detail), (province, city, county), (area_code, postal_code)) = members;
    let there = |name: &str, text: Option<String>| {
        text.filter(|text| !text.trim().is_empty()).ok_or_else(|| Refusal::missing(name))
    };
    let fields = Fields {
        name: there("name", name)?,
        tel: there("tel", tel.filter(|tel| is_mobile(tel)))?,
        province: there("province", province)?,
        city: there("city", city)?,
        county: there("county", county)?,
        area_code: there("areaCode", area_code)?,
        detail: there("addressDetail", detail)?,
        is_default: is_default.ok_or_else(|| Refusal::missing("isDefault"))?,
        postal_code,
    };
    if !is_area_code(&fields.area_code) {
        return Err(Refusal::wrong("areaCode").into());
    }
    // What is below 1 names nothing.
    let id = id.map(|id| u64::try_from(id).unwrap_or(0));
    Ok(Reply::data(save_address(&app, shopper.id, id, &fields).await?))
}

/// Delete an own address. Failures: 402, 501, 401 no id, 402 not in the address book.
#[utoipa::path(post, path = "/wx/address/delete", tag = "shop: addresses", request_body = AddressId,
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, caller: Caller, body: Entity) -> Answer<Nothing> {
    let id = body.int("id")?;
    let shopper = caller.shopper()?;
    let id = u64::try_from(id.ok_or_else(|| Refusal::missing("id"))?).unwrap_or(0);
    if !address_book::delete(&app.db, shopper.id, id).await? {
        return Err(Refusal::wrong("id").into());
    }
    Ok(Reply::done())
}

impl Address {
    /// As it is shown.
    pub fn of(app: &App, row: AddressRow) -> Self {
        Self {
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
}
