//! Group buying as both surfaces show it.

use crate::envelope::{Money, Zone};
use crate::store::groupon::GroupRow;
use crate::store::groupon_rule::{Offer, RuleRow};
use serde::Serialize;
use utoipa::ToSchema;

/// An offer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GrouponRules {
    id: u64,
    goods_id: u64,
    goods_name: String,
    pic_url: String,
    /// Off each unit.
    discount: Money,
    /// People needed, the opener included.
    discount_member: u32,
    expire_time: String,
    /// 0 on, 1 ended by time, 2 withdrawn
    status: u8,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl GrouponRules {
    /// Of a row.
    pub fn show(row: &RuleRow, zone: Zone) -> Self {
        Self {
            id: row.id,
            goods_id: row.goods_id,
            goods_name: row.goods_name.clone(),
            pic_url: row.pic_url.clone(),
            discount: Money(row.discount_minor),
            discount_member: row.members,
            expire_time: zone.show(row.expires_at),
            status: row.status,
            add_time: zone.show(row.added_at),
            update_time: zone.show(row.updated_at),
            deleted: row.deleted,
        }
    }
}

/// A record: who takes part in a group.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Groupon {
    id: u64,
    order_id: u64,
    /// 0 for the opener, otherwise the opener's record
    groupon_id: u64,
    rules_id: u64,
    user_id: u64,
    share_url: String,
    creator_user_id: u64,
    creator_user_time: Option<String>,
    /// 0 unpaid, 1 running, 2 succeeded, 3 failed
    status: u8,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl Groupon {
    /// Of a row.
    pub fn show(row: &GroupRow, zone: Zone) -> Self {
        Self {
            id: row.id,
            order_id: row.order_id,
            groupon_id: row.groupon_id,
            rules_id: row.rule_id,
            user_id: row.user_id,
            share_url: row.share_url.clone(),
            creator_user_id: row.creator_user_id,
            creator_user_time: row.creator_user_at.map(|at| zone.show(at)),
            status: row.status,
            add_time: zone.show(row.added_at),
            update_time: zone.show(row.updated_at),
            deleted: false,
        }
    }
}

/// Goods that can be bought in a group.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GrouponGoods {
    /// The goods.
    id: u64,
    name: String,
    brief: String,
    pic_url: String,
    counter_price: Money,
    retail_price: Money,
    /// What a unit costs in a group.
    groupon_price: Money,
    groupon_discount: Money,
    groupon_member: u32,
    expire_time: String,
}

impl GrouponGoods {
    /// Of a row.
    pub fn show(offer: Offer, zone: Zone) -> Self {
        Self {
            id: offer.goods_id,
            counter_price: Money(offer.counter_price_minor),
            retail_price: Money(offer.retail_price_minor),
            groupon_price: Money((offer.retail_price_minor - offer.discount_minor).max(0)),
            groupon_discount: Money(offer.discount_minor),
            groupon_member: offer.members,
            expire_time: zone.show(offer.expires_at),
            name: offer.name,
            brief: offer.brief,
            pic_url: offer.pic_url,
        }
    }
}
