//! A topic.

use super::goods::GoodsBrief;
use crate::envelope::{Money, Zone};
use crate::store::goods::BriefRow;
use crate::store::topic::TopicRow;
use serde::Serialize;
use utoipa::ToSchema;

/// A topic.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Topic {
    id: u64,
    title: String,
    subtitle: String,
    /// HTML.
    content: String,
    price: Money,
    read_count: String,
    pic_url: String,
    sort_order: i32,
    goods: Vec<u64>,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl Topic {
    /// Of a row.
    pub fn show(row: TopicRow, zone: Zone) -> Self {
        let TopicRow { id, topic, added_at, updated_at } = row;
        Self {
            id,
            goods: topic.goods(),
            title: topic.title,
            subtitle: topic.subtitle,
            content: topic.content,
            price: Money(topic.price_minor),
            read_count: topic.read_count,
            pic_url: topic.pic_url,
            sort_order: topic.sort_order,
            add_time: zone.show(added_at),
            update_time: zone.show(updated_at),
            deleted: false,
        }
    }
}

/// A topic as lists show it, and nothing more of it: where an answer is this or a whole topic, the two can
/// be told apart.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TopicBrief {
    id: u64,
    title: String,
    subtitle: String,
    price: Money,
    pic_url: String,
    read_count: String,
}

impl TopicBrief {
    /// Of a row.
    pub fn show(row: TopicRow) -> Self {
        let TopicRow { id, topic, .. } = row;
        Self {
            id,
            title: topic.title,
            subtitle: topic.subtitle,
            price: Money(topic.price_minor),
            pic_url: topic.pic_url,
            read_count: topic.read_count,
        }
    }
}

/// Goods in the order a topic names them; those that are not on sale are not among them.
pub fn in_order(ids: &[u64], rows: &[BriefRow]) -> Vec<GoodsBrief> {
    let known = ids.iter().filter_map(|id| rows.iter().find(|row| row.id == *id));
    known.map(|row| GoodsBrief::show(row.clone())).collect()
}

/// What creating and changing a topic sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct TopicForm {
    /// Only for a change.
    id: Option<u64>,
    title: String,
    /// HTML; what could run is removed.
    content: String,
    price: Money,
    subtitle: Option<String>,
    read_count: Option<String>,
    pic_url: Option<String>,
    sort_order: Option<i32>,
    goods: Option<Vec<u64>>,
}
