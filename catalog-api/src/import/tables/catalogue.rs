//! Goods with what belongs to them, what leads to them, and files.

use super::super::table::{ADDED, DELETED, Kind, Subject, Table, UPDATED, column, same, table, unique};
use crate::store::litemall::Sameness::{Exact, Words};

const SMALL: Kind = Kind::Int(-32_768, 32_767, 50);
const ORDER: Kind = Kind::Int(i32::MIN as i64, i32::MAX as i64, 100);

/// Categories of both levels.
pub(super) const CATEGORY: Table = table(
    "litemall_category",
    "category",
    &[
        same("name", Kind::Text),
        same("keywords", Kind::Text),
        column("desc", "description", Kind::Text),
        column("pid", "parent_id", Kind::Id),
        same("icon_url", Kind::Text),
        same("pic_url", Kind::Text),
        same("level", Kind::Level),
        same("sort_order", SMALL),
        ADDED,
        UPDATED,
        DELETED,
    ],
);

/// Brands.
pub(super) const BRAND: Table = table(
    "litemall_brand",
    "brand",
    &[
        same("name", Kind::Text),
        column("desc", "description", Kind::Text),
        same("pic_url", Kind::Text),
        same("sort_order", SMALL),
        column("floor_price", "floor_price_minor", Kind::Money),
        ADDED,
        UPDATED,
        DELETED,
    ],
);

/// Goods.
pub(super) const GOODS: Table = Table {
    subject: Some(Subject::Goods),
    unique: &[unique(&["name"], Words, true)],
    heavy: true,
    ..table(
        "litemall_goods",
        "goods",
        &[
            same("goods_sn", Kind::Text),
            same("name", Kind::Text),
            same("category_id", Kind::Id),
            same("brand_id", Kind::Id),
            same("gallery", Kind::Strings),
            same("keywords", Kind::Text),
            same("brief", Kind::Text),
            column("is_on_sale", "on_sale", Kind::Flag(true)),
            same("sort_order", Kind::Int(-32_768, 32_767, 100)),
            same("pic_url", Kind::Text),
            same("share_url", Kind::Text),
            same("is_new", Kind::Flag(false)),
            same("is_hot", Kind::Flag(false)),
            same("unit", Kind::Text),
            column("counter_price", "counter_price_minor", Kind::Money),
            column("retail_price", "retail_price_minor", Kind::Money),
            same("detail", Kind::Text),
            ADDED,
            UPDATED,
            DELETED,
        ],
    )
};

/// What is told about goods.
pub(super) const GOODS_ATTRIBUTE: Table = table(
    "litemall_goods_attribute",
    "goods_attribute",
    &[
        same("goods_id", Kind::Of(Subject::Goods)),
        column("attribute", "name", Kind::Text),
        same("value", Kind::Text),
        ADDED,
        UPDATED,
        DELETED,
    ],
);

/// What SKUs are chosen by.
pub(super) const GOODS_SPECIFICATION: Table = table(
    "litemall_goods_specification",
    "goods_specification",
    &[
        same("goods_id", Kind::Of(Subject::Goods)),
        column("specification", "name", Kind::Text),
        same("value", Kind::Text),
        same("pic_url", Kind::Text),
        ADDED,
        UPDATED,
        DELETED,
    ],
);

/// SKUs.
pub(super) const GOODS_PRODUCT: Table = Table {
    subject: Some(Subject::Sku),
    ..table(
        "litemall_goods_product",
        "sku",
        &[
            same("goods_id", Kind::Of(Subject::Goods)),
            same("specifications", Kind::Strings),
            column("price", "price_minor", Kind::Money),
            column("number", "stock", Kind::Int(0, i32::MAX as i64, 0)),
            column("url", "pic_url", Kind::Text),
            ADDED,
            UPDATED,
            DELETED,
        ],
    )
};

/// Topics.
pub(super) const TOPIC: Table = Table {
    subject: Some(Subject::Topic),
    heavy: true,
    ..table(
        "litemall_topic",
        "topic",
        &[
            same("title", Kind::Text),
            same("subtitle", Kind::Text),
            same("content", Kind::Text),
            column("price", "price_minor", Kind::Money),
            same("read_count", Kind::Text),
            same("pic_url", Kind::Text),
            same("sort_order", ORDER),
            column("goods", "goods_ids", Kind::Ids),
            ADDED,
            UPDATED,
            DELETED,
        ],
    )
};

/// Banners.
pub(super) const AD: Table = table(
    "litemall_ad",
    "ad",
    &[
        same("name", Kind::Text),
        same("link", Kind::Text),
        same("url", Kind::Text),
        same("position", Kind::Int(-32_768, 32_767, 1)),
        same("content", Kind::Text),
        column("start_time", "starts_at", Kind::Time),
        column("end_time", "ends_at", Kind::Time),
        same("enabled", Kind::Flag(false)),
        ADDED,
        UPDATED,
        DELETED,
    ],
);

/// Words the search offers.
pub(super) const KEYWORD: Table = table(
    "litemall_keyword",
    "keyword",
    &[
        column("keyword", "word", Kind::Text),
        same("url", Kind::Text),
        same("is_hot", Kind::Flag(false)),
        same("is_default", Kind::Flag(false)),
        same("sort_order", ORDER),
        ADDED,
        UPDATED,
        DELETED,
    ],
);

/// Questions that are asked again and again.
pub(super) const ISSUE: Table = table(
    "litemall_issue",
    "issue",
    &[same("question", Kind::Text), same("answer", Kind::Text), ADDED, UPDATED, DELETED],
);

/// Files; their bytes have to be brought along by hand.
pub(super) const STORAGE: Table = Table {
    unique: &[unique(&["key"], Exact, false)],
    ..table(
        "litemall_storage",
        "storage",
        &[
            column("key", "object_key", Kind::Name),
            same("name", Kind::Text),
            column("type", "content_type", Kind::Text),
            same("size", Kind::Int(0, u32::MAX as i64, 0)),
            same("url", Kind::Text),
            ADDED,
            UPDATED,
            DELETED,
        ],
    )
};
