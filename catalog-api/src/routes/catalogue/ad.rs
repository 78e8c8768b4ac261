//! An advertisement.

use crate::envelope::Zone;
use crate::store::ad::AdRow;
use serde::Serialize;
use utoipa::ToSchema;

/// An advertisement.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ad {
    id: u64,
    name: String,
    /// Where it leads: goods id, page or address.
    link: String,
    /// Picture.
    url: String,
    /// 1 is the home page.
    position: i16,
    content: String,
    start_time: Option<String>,
    end_time: Option<String>,
    enabled: bool,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl Ad {
    /// Of a row.
    pub fn show(row: AdRow, zone: Zone) -> Self {
        let AdRow { id, ad, added_at, updated_at } = row;
        Self {
            id,
            name: ad.name,
            link: ad.link,
            url: ad.url,
            position: ad.position,
            content: ad.content,
            start_time: ad.starts_at.map(|time| zone.show(time)),
            end_time: ad.ends_at.map(|time| zone.show(time)),
            enabled: ad.enabled,
            add_time: zone.show(added_at),
            update_time: zone.show(updated_at),
            deleted: false,
        }
    }
}

/// What creating and changing an advertisement sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct AdForm {
    /// Only for a change.
    id: Option<u64>,
    name: String,
    content: String,
    link: Option<String>,
    url: Option<String>,
    position: Option<i16>,
    enabled: Option<bool>,
    start_time: Option<String>,
    end_time: Option<String>,
}
