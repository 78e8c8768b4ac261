//! A brand.

use crate::envelope::{Money, Zone};
use crate::store::brand::BrandRow;
use serde::Serialize;
use utoipa::ToSchema;

/// A brand.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Brand {
    id: u64,
    name: String,
    desc: String,
    pic_url: String,
    sort_order: i16,
    floor_price: Money,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl Brand {
    /// Of a row.
    pub fn show(row: BrandRow, zone: Zone) -> Self {
        let BrandRow { id, brand, added_at, updated_at } = row;
        Self {
            id,
            name: brand.name,
            desc: brand.description,
            pic_url: brand.pic_url,
            sort_order: brand.sort_order,
            floor_price: Money(brand.floor_price_minor),
            add_time: zone.show(added_at),
            update_time: zone.show(updated_at),
            deleted: false,
        }
    }
}

/// A brand as lists show it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BrandBrief {
    id: u64,
    name: String,
    desc: String,
    pic_url: String,
    floor_price: Money,
}

impl BrandBrief {
    /// Of a row.
    pub fn show(row: BrandRow) -> Self {
        let BrandRow { id, brand, .. } = row;
        Self {
            id,
            name: brand.name,
            desc: brand.description,
            pic_url: brand.pic_url,
            floor_price: Money(brand.floor_price_minor),
        }
    }
}

/// What creating and changing a brand sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct BrandForm {
    /// Only for a change.
    id: Option<u64>,
    name: String,
    desc: String,
    floor_price: Money,
    pic_url: Option<String>,
    sort_order: Option<i16>,
}
