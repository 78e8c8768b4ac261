//! `flash_order`: the orders of a plan as rows.

use super::facts::LockedSale;
use super::failure::Failure;
use super::rows::{self, Bound};
use crate::settlement::plan::Plan;
use contract::ids::{OrderSn, SaleId};
use contract::ledger::{FlashOrderState, SaleKind};
use contract::record::{Batch, Order};
use sqlx::mysql::MySqlConnection;
use sqlx::types::chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::time::Duration;

/// An order on its way into rows.
#[derive(Debug)]
pub(super) struct Purchase<'p> {
    /// What its sale sells.
    pub(super) kind: SaleKind,
    /// The record it stands in.
    pub(super) batch: &'p Batch,
    /// The order.
    pub(super) order: &'p Order,
    /// Its number, as text.
    pub(super) sn: String,
    /// Price of all its units.
    pub(super) total_minor: i64,
    /// The ledger's clock.
    pub(super) now: DateTime<Utc>,
    /// Last moment to pay.
    pub(super) pay_by: DateTime<Utc>,
    /// The mall's order, once it is there.
    pub(super) order_id: Option<u64>,
}

impl Purchase<'_> {
    /// Whether there is anything to pay.
    pub(super) fn free_of_charge(&self) -> bool {
        self.total_minor == 0
    }

    /// Whether it is a coupon granted at once: there is no mall order then.
    pub(super) fn granted(&self) -> bool {
        self.kind == SaleKind::Coupon && self.free_of_charge()
    }
}

/// The orders of a plan, in log order within each sale.
pub(super) fn of<'p>(plan: &'p Plan<'_>, locked: &BTreeMap<SaleId, LockedSale>) -> Vec<Purchase<'p>> {
    let orders = plan
        .records()
        .flat_map(|(sale, record)| record.orders.iter().map(move |order| (sale.kind, record.batch, *order)));
    orders
        .map(|(kind, batch, order)| {
            let sale = locked[&batch.sale];
            Purchase {
                kind,
                batch,
                order,
                sn: OrderSn { sale: batch.sale, nonce: order.nonce }.to_string(),
                total_minor: batch.price_minor * i64::from(order.quantity),
                now: sale.now,
                pay_by: sale.now + Duration::from_secs(u64::from(sale.pay_within_s)),
                order_id: None,
            }
        })
        .collect()
}

/// Inserts them.
pub(super) async fn insert(
    connection: &mut MySqlConnection,
    purchases: &[Purchase<'_>],
) -> Result<(), Failure> {
    rows::insert(
        connection,
        "insert into flash_order (sale_id, nonce, user_id, units, price_minor, state, generation,
            order_id, body_hash, sequence, added_at)",
        "(?,?,?,?,?,?,?,?,?,?,?)",
        purchases,
        bind,
    )
    .await
    .map(drop)
}

fn bind<'q>(statement: Bound<'q>, purchase: &Purchase<'_>) -> Bound<'q> {
    let Purchase { batch, order, .. } = purchase;
    let state = if purchase.free_of_charge() { FlashOrderState::Paid } else { FlashOrderState::Unpaid };
    statement
        .bind(batch.sale.0)
        .bind(order.nonce.0.as_slice())
        .bind(order.user.0)
        .bind(u32::from(order.quantity))
        .bind(batch.price_minor)
        .bind(state.code())
        .bind(batch.entry.generation.0)
        .bind(purchase.order_id)
        .bind(order.body_hash().0.as_slice())
        .bind(batch.entry.sequence.0)
        .bind(purchase.now)
}
