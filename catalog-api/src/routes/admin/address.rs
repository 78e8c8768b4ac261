//! Shoppers' addresses, as staff see them.

use crate::envelope::{Answer, Envelope, Page, Reply};
use crate::extract::Query;
use crate::routes::wx::address::Address;
use crate::state::App;
use crate::store::address_book::{self, Filter};
use axum::extract::State;
use std::sync::Arc;

/// Addresses. Failures: 402.
#[utoipa::path(get, path = "/admin/address/list", tag = "staff: shoppers",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("userId" = Option<i64>, Query), ("name" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<Address>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Address>> {
    let listing = query.listing()?;
    let name = query.text_within("name", 63)?.map(str::to_owned);
    let filter = Filter { user_id: query.id("userId")?, name };
    let rows = listing.rows(address_book::count(&app.db, &filter).await?)?;
    let found = address_book::list(&app.db, &filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| Address::of(&app, row)).collect())))
}
