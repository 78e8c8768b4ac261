//! What calls about one row send.

use crate::error::Refusal;
use crate::extract::Entity;
use utoipa::ToSchema;

/// What calls about one row send; the stock clients post the whole row.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct EntityId {
    id: u64,
}

/// The id; 401 without one.
pub fn id(body: &Entity) -> Result<u64, Refusal> {
    body.required_id("id")
}

/// The elements of a column that holds a JSON array of text.
pub fn texts(column: &str) -> Vec<String> {
    // Only arrays of text are written there.
    serde_json::from_str(column).unwrap_or_default()
}
