//! The ledger over maps: the same rules as the real one, for simulation and for tests of the engine.
//!
//! `control` is what catalog-api does to a ledger, and what an unlucky fail-over does: going back.
//!
//! Deliberately absent: the mall's own rows. A mall order is only an id and a time to pay.

mod control;
mod movements;
mod settle;
mod tables;

pub use control::Snapshot;

use super::{
    Ledger, LedgerBooks, Look, Position, Reached, Sale, Sales, Settled, Step, StockChange, StockReturn,
};
use crate::clock::Clock;
use crate::fault::{Fault, System};
use crate::reservation::{DeskIdentity, DeskImage, HeldOrder};
use contract::ids::{Generation, Nonce, OrderSn, SaleId, UserId};
use contract::ledger::{FlashOrderState, MovementState, SaleState};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tables::{OrderRow, PositionRow, Tables};

/// The ledger over maps. Clones share it.
#[derive(Clone)]
pub struct MemoryLedger<C> {
    clock: C,
    unsettled_max: u32,
    tables: Arc<Mutex<Tables>>,
}

impl<C: Clock> MemoryLedger<C> {
    /// An empty ledger; `unsettled_max` is part of the terms the desk gets.
    pub fn new(clock: C, unsettled_max: u32) -> Self {
        Self { clock, unsettled_max, tables: Arc::default() }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().expect("a call that panicked ends the run")
    }

    /// A sale that is still where the caller last saw it.
    fn if_still(&self, id: SaleId, holds: impl Fn(&Sale) -> bool, change: impl FnOnce(&mut Sale)) -> bool {
        let mut tables = self.tables();
        match tables.sales.get_mut(&id) {
            Some(row) if holds(&row.sale) => {
                change(&mut row.sale);
                true
            }
            Some(_) | None => false,
        }
    }
}

fn fault(doing: &'static str, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::none(System::Ledger, doing, why)
}

impl<C: Clock> Ledger for MemoryLedger<C> {
    async fn sales(&self) -> Result<Sales, Fault> {
        let followed = |sale: &Sale| !matches!(sale.state, SaleState::Draft | SaleState::Archived);
        let tables = self.tables();
        let sales = tables.sales.values().map(|row| row.sale.clone()).filter(followed).collect();
        Ok(Sales { now_ms: self.clock.unix_ms(), sales })
    }

    async fn lease(&self, name: &str, owner: &str, life: Duration) -> Result<bool, Fault> {
        let now_ms = self.clock.unix_ms();
        let mut tables = self.tables();
        let free =
            tables.leases.get(name).is_none_or(|(holder, until_ms)| holder == owner || *until_ms < now_ms);
        if free {
            tables.leases.insert(name.to_owned(), (owner.to_owned(), now_ms + life.as_millis() as u64));
        }
        Ok(free)
    }

    async fn position(&self, partition: u32, log: &str) -> Result<Position, Fault> {
        let mut tables = self.tables();
        let row = tables.positions.entry(partition).or_insert_with(|| PositionRow {
            log: log.into(),
            next: 0,
            witness: None,
        });
        Ok(if &*row.log == log {
            Position::At { next: row.next, witness: row.witness }
        } else {
            Position::Foreign(row.log.clone())
        })
    }

    async fn adopt_log(&self, partition: u32, lost: &str, log: &str) -> Result<bool, Fault> {
        let fresh = PositionRow { log: log.into(), next: 0, witness: None };
        Ok(self.tables().replace_position(partition, |row| &*row.log == lost, fresh))
    }

    async fn rewind(&self, partition: u32, log: &str, from: i64, to: i64) -> Result<bool, Fault> {
        assert!(to <= from, "a position is never moved forward without settling");
        let earlier = PositionRow { log: log.into(), next: to, witness: None };
        let there = |row: &PositionRow| &*row.log == log && row.next == from;
        Ok(self.tables().replace_position(partition, there, earlier))
    }

    async fn settle(&self, step: &Step<'_>) -> Result<Settled, Fault> {
        let now_ms = self.clock.unix_ms();
        settle::settle(&mut self.tables(), step, now_ms).map_err(|poison| fault("settling", poison))
    }

    async fn known(&self, sale: SaleId, nonces: &[Nonce]) -> Result<Vec<bool>, Fault> {
        let tables = self.tables();
        let known =
            |nonce: &Nonce| tables.orders.contains_key(&(sale, *nonce)) || tables.has_letter(sale, *nonce);
        Ok(nonces.iter().map(known).collect())
    }

    async fn raise_generation(&self, sale: SaleId, from: Generation) -> Result<bool, Fault> {
        let may = |sale: &Sale| {
            sale.generation == from
                && matches!(
                    sale.state,
                    SaleState::Armed | SaleState::Open | SaleState::Recovering | SaleState::Closing
                )
        };
        Ok(self.if_still(sale, may, |sale| {
            sale.generation.0 += 1;
            if sale.state == SaleState::Open {
                sale.state = SaleState::Recovering;
            }
        }))
    }

    async fn image(&self, sale: SaleId, generation: Generation) -> Result<Option<DeskImage>, Fault> {
        let tables = self.tables();
        let Some(row) = tables.sales.get(&sale) else { return Ok(None) };
        if row.sale.generation != generation || row.sale.settled_generation < generation {
            return Ok(None);
        }
        let booked = |change: &&StockChange| {
            change.sale == sale && matches!(change.state, MovementState::Booked | MovementState::Done)
        };
        Ok(Some(DeskImage {
            sale,
            generation,
            free: row.sale.free,
            terms: row.sale.terms.clone(),
            orders: tables.orders_of(sale).map(|(nonce, order)| held_order(&tables, nonce, order)).collect(),
            changes: tables.changes.values().filter(booked).map(|change| change.id).collect(),
        }))
    }

    async fn register_desk(
        &self,
        sale: SaleId,
        generation: Generation,
        identity: &DeskIdentity,
    ) -> Result<bool, Fault> {
        Ok(self.if_still(
            sale,
            |sale| sale.generation == generation,
            |sale| {
                sale.desk_generation = generation;
                sale.desk = identity.clone();
                if sale.state == SaleState::Recovering {
                    sale.state = SaleState::Open;
                }
            },
        ))
    }

    async fn advance(&self, sale: SaleId, from: SaleState, to: SaleState) -> Result<bool, Fault> {
        Ok(self.if_still(sale, |sale| sale.state == from, |sale| sale.state = to))
    }

    async fn drained(
        &self,
        sale: SaleId,
        (partition, log): (u32, &str),
        reached: Reached,
    ) -> Result<bool, Fault> {
        let settled = |row: &PositionRow| &*row.log == log && (row.next, row.witness) == reached;
        let settled = self.tables().positions.get(&partition).is_some_and(settled);
        let closing = |sale: &Sale| settled && sale.state == SaleState::Closing;
        Ok(self.if_still(sale, closing, |sale| sale.state = SaleState::Drained))
    }

    async fn reconcile(&self, sale: SaleId) -> Result<bool, Fault> {
        movements::reconcile(&mut self.tables(), sale).map_err(|why| fault("reconciling a sale", why))
    }

    async fn returns(&self, limit: u32) -> Result<Vec<StockReturn>, Fault> {
        let tables = self.tables();
        let mut rows: Vec<_> = tables.returns.values().collect();
        rows.sort_by_key(|(asked, row)| (row.state.code(), *asked));
        Ok(rows.into_iter().take(limit as usize).map(|(_, row)| row.clone()).collect())
    }

    async fn book_return(&self, row: &StockReturn) -> Result<(), Fault> {
        movements::book_return(&mut self.tables(), row).map_err(|why| fault("booking a return", why))
    }

    async fn forget_return(&self, row: &StockReturn) -> Result<(), Fault> {
        let mut tables = self.tables();
        let key = (row.sale, row.nonce);
        if tables.returns.get(&key).is_some_and(|(_, row)| row.state == MovementState::Booked) {
            tables.returns.remove(&key);
        }
        Ok(())
    }

    async fn changes(&self) -> Result<Vec<StockChange>, Fault> {
        let open =
            |change: &&StockChange| matches!(change.state, MovementState::Asked | MovementState::Booked);
        Ok(self.tables().changes.values().filter(open).cloned().collect())
    }

    async fn book_change(&self, row: &StockChange, answered: Option<Generation>) -> Result<(), Fault> {
        movements::book_change(&mut self.tables(), row, answered)
            .map_err(|why| fault("booking a stock change", why))
    }

    async fn end_change(
        &self,
        row: &StockChange,
        end: MovementState,
        answered: Option<Generation>,
    ) -> Result<(), Fault> {
        movements::end_change(&mut self.tables(), row, end, answered)
            .map_err(|why| fault("ending a stock change", why))
    }

    async fn order(&self, sn: OrderSn, user: UserId) -> Result<Look, Fault> {
        let tables = self.tables();
        let order = tables.orders.get(&(sn.sale, sn.nonce)).filter(|order| order.user == user);
        let sale = tables.sales.get(&sn.sale).map(|row| row.sale.state);
        Ok(Look { order: order.map(|order| order.settled.clone()), sale })
    }

    async fn books(&self, sale: SaleId) -> Result<Option<LedgerBooks>, Fault> {
        Ok(self.tables().books(sale))
    }

    async fn unfit(&self) -> Result<Vec<String>, Fault> {
        Ok(Vec::new())
    }
}

fn held_order(tables: &Tables, nonce: Nonce, order: &OrderRow) -> HeldOrder {
    let asked =
        tables.returns.get(&(order.sale, nonce)).is_some_and(|(_, row)| row.state == MovementState::Asked);
    HeldOrder {
        user: order.user,
        nonce,
        entry: order.entry,
        units: order.settled.units,
        body_hash: order.body_hash,
        returned: order.settled.state == FlashOrderState::Lapsed && !asked,
        ordered_at_s: order.added_at_ms / 1000,
    }
}
