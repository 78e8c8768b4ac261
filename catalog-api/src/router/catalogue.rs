//! Goods and everything that leads to them: categories, brands, topics, search, advertisements.

use super::Table;

#[rustfmt::skip]
pub(super) fn routes(table: Table) -> Table {
    table
}
