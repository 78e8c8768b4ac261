//! Goods, whole and in brief, and what belongs to them.

use super::texts;
use crate::envelope::{Money, Zone};
use crate::store::goods::{BriefRow, GoodsRow};
use crate::store::goods_part::{AttributeRow, SkuRow, SpecificationRow};
use serde::Serialize;
use utoipa::ToSchema;

/// Goods.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Goods {
    id: u64,
    goods_sn: String,
    name: String,
    category_id: u64,
    brand_id: u64,
    gallery: Vec<String>,
    keywords: String,
    brief: String,
    is_on_sale: bool,
    sort_order: i16,
    pic_url: String,
    share_url: String,
    is_new: bool,
    is_hot: bool,
    unit: String,
    counter_price: Money,
    /// The lowest price of its SKUs.
    retail_price: Money,
    /// HTML.
    detail: String,
    /// To be sent back by a change; 504 when somebody else was faster.
    version: u32,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl Goods {
    /// Of a row.
    pub fn show(row: GoodsRow, zone: Zone) -> Self {
        let goods = row.goods;
        Self {
            id: row.id,
            gallery: texts(&goods.gallery),
            goods_sn: goods.goods_sn,
            name: goods.name,
            category_id: goods.category_id,
            brand_id: goods.brand_id,
            keywords: goods.keywords,
            brief: goods.brief,
            is_on_sale: goods.on_sale,
            sort_order: goods.sort_order,
            pic_url: goods.pic_url,
            share_url: row.share_url,
            is_new: goods.is_new,
            is_hot: goods.is_hot,
            unit: goods.unit,
            counter_price: Money(goods.counter_price_minor),
            retail_price: Money(row.retail_price_minor),
            detail: goods.detail,
            version: row.version,
            add_time: zone.show(row.added_at),
            update_time: zone.show(row.updated_at),
            deleted: false,
        }
    }
}

/// Goods as lists show them.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GoodsBrief {
    id: u64,
    name: String,
    brief: String,
    pic_url: String,
    is_hot: bool,
    is_new: bool,
    counter_price: Money,
    retail_price: Money,
}

impl GoodsBrief {
    /// Of a row.
    pub fn show(row: BriefRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            brief: row.brief,
            pic_url: row.pic_url,
            is_hot: row.is_hot,
            is_new: row.is_new,
            counter_price: Money(row.counter_price_minor),
            retail_price: Money(row.retail_price_minor),
        }
    }

    /// Of rows.
    pub fn all(rows: Vec<BriefRow>) -> Vec<Self> {
        rows.into_iter().map(Self::show).collect()
    }
}

/// A SKU.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GoodsProduct {
    id: u64,
    goods_id: u64,
    specifications: Vec<String>,
    price: Money,
    /// Units in stock.
    number: i64,
    url: String,
    add_time: String,
    update_time: String,
    deleted: bool,
    /// `number` once more, to be sent back untouched by a change: units move by the difference of the
    /// two, so that what is sold meanwhile stays sold. For staff only.
    number_as_read: Option<i64>,
}

impl GoodsProduct {
    /// As shoppers see it.
    pub fn show(row: SkuRow, zone: Zone) -> Self {
        Self {
            id: row.id,
            goods_id: row.goods_id,
            specifications: texts(&row.sku.specifications),
            price: Money(row.sku.price_minor),
            number: row.sku.stock,
            url: row.sku.pic_url,
            add_time: zone.show(row.added_at),
            update_time: zone.show(row.updated_at),
            deleted: false,
            number_as_read: None,
        }
    }

    /// As the goods editor gets it.
    pub fn for_the_editor(row: SkuRow, zone: Zone) -> Self {
        let number_as_read = Some(row.sku.stock);
        Self { number_as_read, ..Self::show(row, zone) }
    }
}

/// A specification: one value of what a SKU is chosen by.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GoodsSpecification {
    id: u64,
    goods_id: u64,
    specification: String,
    value: String,
    pic_url: String,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl GoodsSpecification {
    /// Of a row.
    pub fn show(row: SpecificationRow, zone: Zone) -> Self {
        Self {
            id: row.id,
            goods_id: row.goods_id,
            specification: row.name,
            value: row.value,
            pic_url: row.pic_url,
            add_time: zone.show(row.added_at),
            update_time: zone.show(row.updated_at),
            deleted: false,
        }
    }
}

/// The values of one specification.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpecificationGroup {
    name: String,
    value_list: Vec<GoodsSpecification>,
}

impl SpecificationGroup {
    /// Of rows: names in the order in which they come first, values in the order of rows.
    pub fn all(rows: Vec<SpecificationRow>, zone: Zone) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for row in rows {
            let value = GoodsSpecification::show(row, zone);
            match groups.iter_mut().find(|group| group.name == value.specification) {
                Some(group) => group.value_list.push(value),
                None => groups.push(Self { name: value.specification.clone(), value_list: vec![value] }),
            }
        }
        groups
    }
}

/// An attribute.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GoodsAttribute {
    id: u64,
    goods_id: u64,
    attribute: String,
    value: String,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl GoodsAttribute {
    /// Of a row.
    pub fn show(row: AttributeRow, zone: Zone) -> Self {
        Self {
            id: row.id,
            goods_id: row.goods_id,
            attribute: row.name,
            value: row.value,
            add_time: zone.show(row.added_at),
            update_time: zone.show(row.updated_at),
            deleted: false,
        }
    }
}
