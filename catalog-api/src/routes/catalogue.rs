//! How rows of the catalogue look, to shoppers and to staff, and what changing them sends.

pub mod ad;
pub mod brand;
pub mod category;
pub mod goods;
pub mod goods_form;
pub mod issue;
pub mod keyword;
pub mod topic;

use utoipa::ToSchema;

/// What deleting a row sends; other members are ignored.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct RowId {
    id: u64,
}

/// What a call about several rows sends.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct RowIds {
    ids: Vec<u64>,
}

/// The texts of a JSON column.
pub(crate) fn texts(column: &str) -> Vec<String> {
    serde_json::from_str(column).unwrap_or_default()
}
