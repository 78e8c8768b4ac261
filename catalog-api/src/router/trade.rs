//! Before an order: cart, coupons, group buying.

use super::Table;

#[rustfmt::skip]
pub(super) fn routes(table: Table) -> Table {
    table
}
