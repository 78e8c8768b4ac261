//! The sale as staff see and write it, for both groups of calls about sales.

use crate::envelope::{Money, Zone};
use crate::error::{Fault, Refusal};
use crate::extract::{Entity, Query};
use crate::sales::input::{Draft, Edit};
use crate::store::sale::{Filter, SaleRow};
use contract::ledger::{SaleKind, SaleState};
use serde::Serialize;
use utoipa::ToSchema;

/// A flash-sale activity.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sale {
    id: u64,
    name: String,
    /// goods, coupon or ticket
    kind: &'static str,
    goods_id: Option<u64>,
    product_id: Option<u64>,
    coupon_id: Option<u64>,
    ticket_type_id: Option<u64>,
    pic_url: String,
    price: Money,
    /// Units put on sale.
    stock: i64,
    limit_per_order: u32,
    limit_per_user: u32,
    cooldown_seconds: u32,
    token_multiplier: u32,
    min_user_level: u8,
    start_time: String,
    end_time: String,
    /// Rounded up.
    pay_within_minutes: u32,
    pay_within_seconds: u32,
    /// draft, armed, open, recovering, closing, drained, reconciled or archived
    state: &'static str,
    version: u32,
    /// Units free in the ledger.
    remaining: i64,
    /// Units in unpaid and paid orders.
    sold: i64,
    /// Units in paid orders.
    paid: i64,
    add_time: String,
    update_time: String,
}

impl Sale {
    /// Of a row.
    pub fn show(row: SaleRow, zone: Zone) -> Result<Self, Fault> {
        Ok(Self {
            kind: row.kind()?.name(),
            state: row.state()?.name(),
            start_time: zone.show(row.starts_at),
            end_time: zone.show(row.ends_at),
            add_time: zone.show(row.added_at),
            update_time: zone.show(row.updated_at),
            id: row.id,
            name: row.name,
            goods_id: row.goods_id,
            product_id: row.sku_id,
            coupon_id: row.coupon_id,
            ticket_type_id: row.ticket_type_id,
            pic_url: row.pic_url,
            price: Money(row.price_minor),
            stock: row.put_on_sale,
            limit_per_order: row.per_order_max,
            limit_per_user: row.per_user_max,
            cooldown_seconds: row.cooldown_s,
            token_multiplier: row.token_multiplier,
            min_user_level: row.min_user_level,
            pay_within_minutes: row.pay_within_s.div_ceil(60),
            pay_within_seconds: row.pay_within_s,
            version: row.version,
            remaining: row.free,
            sold: row.sold,
            paid: row.paid,
        })
    }
}

/// What creating a sale sends. `payWithinSeconds` wins over `payWithinMinutes`.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct SaleForm {
    name: String,
    kind: Option<String>,
    goods_id: Option<u64>,
    product_id: Option<u64>,
    coupon_id: Option<u64>,
    ticket_type_id: Option<u64>,
    pic_url: Option<String>,
    price: Money,
    stock: i64,
    limit_per_order: Option<u32>,
    limit_per_user: Option<u32>,
    cooldown_seconds: Option<u32>,
    token_multiplier: Option<u32>,
    min_user_level: Option<u8>,
    start_time: String,
    end_time: String,
    pay_within_minutes: Option<u32>,
    pay_within_seconds: Option<u32>,
}

/// What changing a sale sends; members that are left out or unchanged stay as they are.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct SaleEdit {
    id: u64,
    /// As it was read; 504 when somebody else was faster.
    version: u32,
    name: Option<String>,
    pic_url: Option<String>,
    start_time: Option<String>,
    end_time: Option<String>,
    price: Option<Money>,
    /// Units to add, or to take away when negative.
    stock_delta: Option<i64>,
    limit_per_order: Option<u32>,
    limit_per_user: Option<u32>,
    cooldown_seconds: Option<u32>,
    token_multiplier: Option<u32>,
    min_user_level: Option<u8>,
    pay_within_minutes: Option<u32>,
    pay_within_seconds: Option<u32>,
}

/// What calls about one sale send.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct SaleId {
    id: u64,
}

/// Reads what creating a sale sends; the resource is picked by the caller.
pub fn draft(body: &Entity, zone: Zone) -> Result<Draft, Refusal> {
    let required = |name: &str| Refusal::missing(name);
    let text = body.text("name")?.filter(|name| !name.trim().is_empty());
    Ok(Draft {
        name: text.ok_or_else(|| required("name"))?,
        price: body.money("price")?.ok_or_else(|| required("price"))?,
        stock: body.int("stock")?.ok_or_else(|| required("stock"))?,
        starts_at: body.time("startTime", zone)?.ok_or_else(|| required("startTime"))?,
        ends_at: body.time("endTime", zone)?.ok_or_else(|| required("endTime"))?,
        rest: edit(body, zone)?,
    })
}

/// Reads the members that may be left out.
pub fn edit(body: &Entity, zone: Zone) -> Result<Edit, Refusal> {
    Ok(Edit {
        name: body.text("name")?,
        pic_url: body.text("picUrl")?,
        price: body.money("price")?,
        starts_at: body.time("startTime", zone)?,
        ends_at: body.time("endTime", zone)?,
        stock_delta: body.int("stockDelta")?,
        per_order_max: body.int("limitPerOrder")?,
        per_user_max: body.int("limitPerUser")?,
        cooldown_s: body.int("cooldownSeconds")?,
        token_multiplier: body.int("tokenMultiplier")?,
        min_user_level: body.int("minUserLevel")?,
        pay_within_minutes: body.int("payWithinMinutes")?,
        pay_within_s: body.int("payWithinSeconds")?,
    })
}

/// Reads what a list is narrowed by.
pub fn filter(query: &Query, zone: Zone) -> Result<Filter, Refusal> {
    let word = |name: &str| query.text(name);
    Ok(Filter {
        name: word("name").map(str::to_owned),
        kind: word("kind")
            .map(|kind| SaleKind::from_name(kind).ok_or_else(|| Refusal::wrong("kind")))
            .transpose()?,
        state: word("state")
            .map(|state| SaleState::from_name(state).ok_or_else(|| Refusal::wrong("state")))
            .transpose()?,
        goods_id: query.int("goodsId")?.map(|id| u64::try_from(id).unwrap_or(0)),
        start: query.time("start", zone)?,
        end: query.time("end", zone)?,
    })
}
