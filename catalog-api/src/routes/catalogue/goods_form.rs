//! What the goods editor sends.

use crate::envelope::Money;
use utoipa::ToSchema;

/// Goods with everything that belongs to them.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct GoodsAllInOne {
    goods: GoodsForm,
    specifications: Vec<SpecificationForm>,
    attributes: Vec<AttributeForm>,
    /// At least one.
    products: Vec<ProductForm>,
}

/// The goods.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct GoodsForm {
    /// Only for a change.
    id: Option<u64>,
    /// As it was read; 504 when somebody else was faster. `updateTime` is looked at when it is left out.
    version: Option<u32>,
    update_time: Option<String>,
    goods_sn: String,
    name: String,
    category_id: Option<u64>,
    brand_id: Option<u64>,
    gallery: Option<Vec<String>>,
    keywords: Option<String>,
    brief: Option<String>,
    is_on_sale: Option<bool>,
    sort_order: Option<i16>,
    pic_url: Option<String>,
    is_new: Option<bool>,
    is_hot: Option<bool>,
    unit: Option<String>,
    counter_price: Option<Money>,
    /// HTML; what could run is removed.
    detail: Option<String>,
}

/// A SKU. A change looks only at those whose `updateTime` is empty.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct ProductForm {
    id: Option<u64>,
    specifications: Vec<String>,
    price: Money,
    number: i64,
    /// As it was read.
    number_as_read: Option<i64>,
    url: Option<String>,
    update_time: Option<String>,
}

/// A specification. A change looks only at those whose `updateTime` is empty, and only at the picture.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct SpecificationForm {
    id: Option<u64>,
    specification: String,
    value: String,
    pic_url: Option<String>,
    update_time: Option<String>,
}

/// An attribute: new without an id, removed when `deleted`, changed when `updateTime` is empty.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct AttributeForm {
    id: Option<u64>,
    attribute: String,
    value: String,
    deleted: Option<bool>,
    update_time: Option<String>,
}
