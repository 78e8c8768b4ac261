//! What people say and do beside buying; activities; files; figures.

use super::Table;

#[rustfmt::skip]
pub(super) fn routes(table: Table) -> Table {
    table
}
