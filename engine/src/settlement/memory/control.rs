//! What others do to a ledger: staff and shoppers through catalog-api, and a fail-over that lost a tail.

use super::MemoryLedger;
use super::tables::{SaleRow, Tables, resource_of};
use crate::clock::Clock;
use crate::reservation::Terms;
use crate::settlement::{LedgerBooks, Sale, StockChange, StockReturn};
use contract::ids::{OrderSn, SaleId, UserId};
use contract::ledger::{FlashOrderState, MovementState, SaleKind};

/// A ledger as it stood at some moment.
#[derive(Clone, Debug)]
pub struct Snapshot(Tables);

impl<C: Clock> MemoryLedger<C> {
    /// Adds a sale as it is, with `free` equal to `put_on_sale`; its terms get the ledger's
    /// `unsettled_max`.
    pub fn add_sale(&self, mut sale: Sale) {
        assert_eq!(sale.free, sale.put_on_sale, "a new sale has sold nothing");
        sale.terms.unsettled_max = self.unsettled_max;
        let id = sale.id;
        let row = SaleRow { sale, given_back: 0, report: None };
        assert!(self.tables().sales.insert(id, row).is_none(), "a sale is added once");
    }

    /// Gives a sale other terms; their version rises.
    pub fn revise(&self, sale: SaleId, change: impl FnOnce(&mut Terms)) {
        let mut tables = self.tables();
        let terms = &mut tables.sales.get_mut(&sale).expect("only an added sale is revised").sale.terms;
        change(terms);
        terms.version += 1;
    }

    /// Pays an order; false when it is not unpaid.
    pub fn pay(&self, sn: OrderSn) -> bool {
        self.tables().step_order(sn, FlashOrderState::Unpaid, FlashOrderState::Paid).is_some()
    }

    /// Lets an unpaid order lapse and asks for its units; false when it is not unpaid.
    pub fn lapse(&self, sn: OrderSn) -> bool {
        self.give_up(sn, FlashOrderState::Unpaid)
    }

    /// Refunds a paid order and asks for its units; false when it is not paid.
    pub fn refund(&self, sn: OrderSn) -> bool {
        self.give_up(sn, FlashOrderState::Paid)
    }

    fn give_up(&self, sn: OrderSn, from: FlashOrderState) -> bool {
        let mut tables = self.tables();
        let Some((user, units)) = tables.step_order(sn, from, FlashOrderState::Lapsed) else { return false };
        let asked = tables.count();
        let row = StockReturn { sale: sn.sale, nonce: sn.nonce, user, units, state: MovementState::Asked };
        tables.returns.insert((sn.sale, sn.nonce), (asked, row));
        true
    }

    /// Asks for a stock change and answers with its id; what is added leaves the resource now.
    pub fn ask_change(&self, sale: SaleId, delta: i64) -> u64 {
        let mut tables = self.tables();
        if delta > 0 {
            *tables.resource(sale) -= delta;
        }
        let id = tables.count();
        tables.changes.insert(id, StockChange { id, sale, delta, state: MovementState::Asked });
        id
    }

    /// Sets the units of a SKU, coupon or ticket type outside of any sale.
    pub fn set_resource(&self, kind: SaleKind, id: u64, units: i64) {
        self.tables().resources.insert((kind, id), units);
    }

    /// Units left outside of any sale of what a sale sells.
    pub fn resource(&self, sale: SaleId) -> i64 {
        let tables = self.tables();
        let key = tables.sales.get(&sale).map(|row| resource_of(&row.sale));
        key.and_then(|key| tables.resources.get(&key).copied()).unwrap_or(0)
    }

    /// The report of a reconciled sale.
    pub fn report(&self, sale: SaleId) -> Option<LedgerBooks> {
        self.tables().sales.get(&sale)?.report.clone()
    }

    /// Why orders and records went to the dead letters, in order.
    pub fn buried(&self) -> Vec<String> {
        self.tables().letters.iter().map(|letter| letter.reason.clone()).collect()
    }

    /// The ledger as it stands.
    pub fn save(&self) -> Snapshot {
        Snapshot(self.tables().clone())
    }

    /// Goes back to how the ledger once stood, as after a fail-over to an older replica.
    pub fn restore(&self, snapshot: &Snapshot) {
        *self.tables() = snapshot.0.clone();
    }
}

impl Tables {
    fn step_order(
        &mut self,
        sn: OrderSn,
        from: FlashOrderState,
        to: FlashOrderState,
    ) -> Option<(UserId, u32)> {
        let order = self.orders.get_mut(&(sn.sale, sn.nonce)).filter(|row| row.settled.state == from)?;
        order.settled.state = to;
        Some((order.user, order.settled.units))
    }
}
