//! Settlement over the maps: looks up the facts, lets the plan decide, carries it out.

use super::tables::{LetterRow, OrderRow, PositionRow, Tables};
use crate::settlement::plan::{Facts, Poison, SaleFacts, SettledRecord, Wanted, plan, witness};
use crate::settlement::{Settled, SettledOrder, Step};
use contract::ids::SaleId;
use contract::ledger::{FlashOrderState, SaleKind, StockCause};
use contract::record::{Batch, Order};

/// One settlement transaction.
pub(super) fn settle(tables: &mut Tables, step: &Step<'_>, now_ms: u64) -> Result<Settled, Poison> {
    let there =
        |row: &PositionRow| *row.log == *step.log && row.next == step.from && row.witness == step.after;
    if !tables.positions.get(&step.partition).is_some_and(there) {
        return Ok(Settled::Fenced);
    }
    let plan = plan(step.records, facts(tables, step), step.bury)?;

    // Nothing fails from here on.
    let position = tables.positions.get_mut(&step.partition).expect("the position was looked at above");
    position.next = step.to;
    position.witness = witness(step.records).or(position.witness);
    for (&id, change) in &plan.sales {
        let pay_by_ms = now_ms + u64::from(tables.sales[&id].sale.pay_within_s) * 1000;
        for record in &change.records {
            for order in &record.orders {
                insert_order(tables, change.kind, record.batch, order, (now_ms, pay_by_ms));
            }
            log_record(tables, record);
        }
        let sale = &mut tables.sales.get_mut(&id).expect("the plan names sales that exist").sale;
        sale.free = sale.free.checked_sub(change.taken).expect("the plan takes free units only");
        sale.settled_generation = sale.settled_generation.max(change.settled_generation);
    }
    tables.letters.extend(plan.letters.iter().map(|letter| LetterRow {
        sale: letter.sale,
        nonce: letter.order.map(|order| order.nonce),
        units: letter.units,
        reason: letter.reason.clone(),
        partition: step.partition,
        log: step.log.into(),
        offset: letter.offset,
    }));
    Ok(Settled::Done(plan.tally))
}

fn facts(tables: &Tables, step: &Step<'_>) -> Facts {
    let wanted = Wanted::by(step.records);
    let mut facts = Facts::default();
    for (&id, tokens) in &wanted.sales {
        let known = tokens.iter().filter_map(|(_, nonce)| {
            let buyer = tables.orders.get(&(id, *nonce)).map(|order| Some(order.user));
            let known = if tables.has_letter(id, *nonce) { Some(None) } else { buyer };
            Some(((id, *nonce), known?))
        });
        facts.tokens.extend(known);
        if let Some(row) = tables.sales.get(&id) {
            facts.sales.insert(
                id,
                SaleFacts {
                    kind: row.sale.kind,
                    state: row.sale.state,
                    settled_generation: row.sale.settled_generation,
                    free: row.sale.free,
                    per_user_max: row.sale.terms.per_user_max,
                    active: tokens.iter().map(|(user, _)| (*user, active(tables, id, *user))).collect(),
                },
            );
        }
    }
    let here = |letter: &&LetterRow| letter.partition == step.partition && &*letter.log == step.log;
    let whole = tables.letters.iter().filter(here).filter(|letter| letter.nonce.is_none());
    facts.buried = whole.map(|letter| letter.offset).collect();
    facts
}

fn active(tables: &Tables, sale: SaleId, user: contract::ids::UserId) -> u64 {
    let nonces = tables.by_buyer.get(&(sale, user)).map(Vec::as_slice).unwrap_or_default();
    let orders = nonces.iter().map(|nonce| &tables.orders[&(sale, *nonce)].settled);
    orders.filter(|order| order.state != FlashOrderState::Lapsed).map(|order| u64::from(order.units)).sum()
}

fn insert_order(
    tables: &mut Tables,
    kind: SaleKind,
    batch: &Batch,
    order: &Order,
    (now_ms, pay_by_ms): (u64, u64),
) {
    let free_of_charge = batch.price_minor == 0;
    let granted = free_of_charge && kind == SaleKind::Coupon;
    let order_id = if granted { None } else { Some(tables.count()) };
    let row = OrderRow {
        sale: batch.sale,
        user: order.user,
        entry: batch.entry,
        body_hash: order.body_hash(),
        added_at_ms: now_ms,
        settled: SettledOrder {
            state: if free_of_charge { FlashOrderState::Paid } else { FlashOrderState::Unpaid },
            order_id,
            pay_by_ms: order_id.map(|_| pay_by_ms),
            units: u32::from(order.quantity),
            price_minor: batch.price_minor,
        },
    };
    tables.by_buyer.entry((batch.sale, order.user)).or_default().push(order.nonce);
    let before = tables.orders.insert((batch.sale, order.nonce), row);
    assert!(before.is_none(), "a token becomes one order");
}

fn log_record(tables: &mut Tables, record: &SettledRecord<'_>) {
    let taken = i64::try_from(record.taken).expect("units of a record are few");
    tables.log(record.batch.sale, StockCause::Settle, record.cause.0, -taken);
}
