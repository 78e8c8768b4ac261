//! An after-sale as both sides show it.

use crate::envelope::{Money, Zone};
use crate::routes::order_entity::texts;
use crate::store::aftersale::AftersaleRow;
use serde::Serialize;
use utoipa::ToSchema;

/// An after-sale.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Aftersale {
    id: u64,
    aftersale_sn: String,
    order_id: u64,
    user_id: u64,
    /// 0 money back, goods never came; 1 money back, goods stay; 2 money back, goods come back
    #[serde(rename = "type")]
    kind: u8,
    reason: String,
    amount: Money,
    /// Always an array, because the clients iterate it.
    pictures: Vec<String>,
    comment: String,
    /// 1 requested, 2 accepted, 3 refunded, 4 rejected, 5 cancelled by its owner
    status: u8,
    handle_time: Option<String>,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl Aftersale {
    /// Of a row.
    pub fn show(row: AftersaleRow, zone: Zone) -> Self {
        Self {
            id: row.id,
            order_id: row.order_id,
            user_id: row.user_id,
            kind: row.kind,
            amount: Money(row.amount_minor),
            pictures: texts(&row.pictures),
            status: row.status,
            handle_time: row.handled_at.map(|time| zone.show(time)),
            add_time: zone.show(row.added_at),
            update_time: zone.show(row.updated_at),
            deleted: row.deleted,
            aftersale_sn: row.aftersale_sn,
            reason: row.reason,
            comment: row.comment,
        }
    }
}
