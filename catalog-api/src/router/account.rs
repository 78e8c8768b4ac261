//! Accounts: shoppers with their address books, and staff.

use super::Table;
use crate::access::Kind;
use crate::permission::Need;
use crate::routes::admin::auth as staff;
use crate::routes::wx::{address, auth};
use utoipa_axum::routes;

#[rustfmt::skip]
pub(super) fn routes(table: Table) -> Table {
    table
        // Shoppers.
        .sensitive("F-AUTH-LOGIN", Need::Open, routes!(auth::login))
        .shop("F-ME-INFO", Need::Login, routes!(auth::info))
        .shop("F-AUTH-LOGOUT", Need::Login, routes!(auth::logout))
        .shop("F-ADDR-LIST", Need::Login, routes!(address::list))
        // Staff.
        .staff("A-AUTH-CAPTCHA", Need::Open, Kind::Ordinary, routes!(staff::kaptcha))
        .staff("A-AUTH-LOGIN", Need::Open, Kind::Login, routes!(staff::login))
        .staff("A-AUTH-INFO", Need::Login, Kind::Ordinary, routes!(staff::info))
        .staff("A-AUTH-LOGOUT", Need::Login, Kind::Logout, routes!(staff::logout))
}
