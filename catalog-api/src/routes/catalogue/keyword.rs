//! A word to search for.

use crate::envelope::Zone;
use crate::store::keyword::KeywordRow;
use serde::Serialize;
use utoipa::ToSchema;

/// A word to search for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Keyword {
    id: u64,
    keyword: String,
    url: String,
    is_hot: bool,
    is_default: bool,
    sort_order: i32,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl Keyword {
    /// Of a row.
    pub fn show(row: KeywordRow, zone: Zone) -> Self {
        let KeywordRow { id, keyword, added_at, updated_at } = row;
        Self {
            id,
            keyword: keyword.word,
            url: keyword.url,
            is_hot: keyword.is_hot,
            is_default: keyword.is_default,
            sort_order: keyword.sort_order,
            add_time: zone.show(added_at),
            update_time: zone.show(updated_at),
            deleted: false,
        }
    }
}

/// What creating and changing a keyword sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct KeywordForm {
    /// Only for a change.
    id: Option<u64>,
    keyword: String,
    url: Option<String>,
    is_hot: Option<bool>,
    is_default: Option<bool>,
    sort_order: Option<i32>,
}
