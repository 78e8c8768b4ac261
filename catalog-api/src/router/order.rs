//! Orders, payment and what comes after a sale.

use super::Table;
use crate::permission::Need;
use crate::routes::wx::{order, pay_notify};
use utoipa_axum::routes;

#[rustfmt::skip]
pub(super) fn routes(table: Table) -> Table {
    table
        // Shoppers.
        .shop("F-ORDER-LIST", Need::Login, routes!(order::list))
        .shop("F-ORDER-DETAIL", Need::Login, routes!(order::detail))
        .shop("F-ORDER-CANCEL", Need::Login, routes!(order::cancel))
        .shop("F-ORDER-PREPAY", Need::Login, routes!(order::prepay))
        // The payment provider; its signature is its log-in.
        .shop("F-ORDER-PREPAY", Need::Open, routes!(pay_notify::pay_notify))
}
