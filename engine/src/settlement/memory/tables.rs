//! The tables of the ledger as maps, and the sums over them.

use crate::settlement::{LedgerBooks, Sale, SettledOrder, StockChange, StockReturn, Witness};
use contract::ids::{EntryId, Nonce, SaleId, UserId};
use contract::ledger::{FlashOrderState, MovementState, SaleKind, StockCause};
use contract::record::BodyHash;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Everything the ledger holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    pub(super) sales: BTreeMap<SaleId, SaleRow>,
    pub(super) orders: BTreeMap<(SaleId, Nonce), OrderRow>,
    /// Tokens of a buyer's orders.
    pub(super) by_buyer: HashMap<(SaleId, UserId), Vec<Nonce>>,
    /// Returns, each with the count it was asked at.
    pub(super) returns: BTreeMap<(SaleId, Nonce), (u64, StockReturn)>,
    pub(super) changes: BTreeMap<u64, StockChange>,
    pub(super) letters: Vec<LetterRow>,
    pub(super) stock_log: HashMap<(SaleId, StockCause, [u8; 16]), i64>,
    pub(super) positions: BTreeMap<u32, PositionRow>,
    /// Owner and end, unix ms.
    pub(super) leases: BTreeMap<String, (String, u64)>,
    /// Units of SKUs, coupons and ticket types outside of any sale.
    pub(super) resources: BTreeMap<(SaleKind, u64), i64>,
    /// Counts ids and returns.
    pub(super) counter: u64,
}

#[derive(Clone, Debug)]
pub(super) struct SaleRow {
    pub(super) sale: Sale,
    pub(super) given_back: i64,
    pub(super) report: Option<LedgerBooks>,
}

#[derive(Clone, Debug)]
pub(super) struct OrderRow {
    pub(super) sale: SaleId,
    pub(super) user: UserId,
    pub(super) entry: EntryId,
    pub(super) body_hash: BodyHash,
    pub(super) added_at_ms: u64,
    pub(super) settled: SettledOrder,
}

#[derive(Clone, Debug)]
pub(super) struct LetterRow {
    pub(super) sale: SaleId,
    pub(super) nonce: Option<Nonce>,
    pub(super) units: u32,
    pub(super) reason: String,
    pub(super) partition: u32,
    pub(super) log: Arc<str>,
    pub(super) offset: i64,
}

#[derive(Clone, Debug)]
pub(super) struct PositionRow {
    pub(super) log: Arc<str>,
    pub(super) next: i64,
    pub(super) witness: Option<Witness>,
}

impl Tables {
    /// The next id.
    pub(super) fn count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Orders of a sale.
    pub(super) fn orders_of(&self, sale: SaleId) -> impl Iterator<Item = (Nonce, &OrderRow)> {
        let all = (sale, Nonce([0; 16]))..=(sale, Nonce([255; 16]));
        self.orders.range(all).map(|((_, nonce), order)| (*nonce, order))
    }

    /// Whether a token stands in a dead letter.
    pub(super) fn has_letter(&self, sale: SaleId, nonce: Nonce) -> bool {
        self.letters.iter().any(|letter| letter.sale == sale && letter.nonce == Some(nonce))
    }

    /// Replaces a position that is where it is said to be.
    pub(super) fn replace_position(
        &mut self,
        partition: u32,
        there: impl Fn(&PositionRow) -> bool,
        by: PositionRow,
    ) -> bool {
        match self.positions.get_mut(&partition) {
            Some(row) if there(row) => {
                *row = by;
                true
            }
            Some(_) | None => false,
        }
    }

    /// Logs a movement, once per cause.
    pub(super) fn log(&mut self, sale: SaleId, cause: StockCause, cause_id: [u8; 16], delta: i64) {
        let before = self.stock_log.insert((sale, cause, cause_id), delta);
        assert!(before.is_none(), "a movement of units has one cause");
    }

    /// The resource a sale takes its units from.
    pub(super) fn resource(&mut self, sale: SaleId) -> &mut i64 {
        let sale = &self.sales[&sale].sale;
        self.resources.entry(resource_of(sale)).or_default()
    }

    /// The books of a sale.
    pub(super) fn books(&self, id: SaleId) -> Option<LedgerBooks> {
        let row = self.sales.get(&id)?;
        let mut books = LedgerBooks {
            put_on_sale: row.sale.put_on_sale as i64,
            free: row.sale.free as i64,
            given_back: row.given_back,
            ..LedgerBooks::default()
        };
        let mut active: HashMap<UserId, u64> = HashMap::new();
        for (_, order) in self.orders_of(id) {
            let units = i64::from(order.settled.units);
            books.orders += 1;
            match order.settled.state {
                FlashOrderState::Unpaid => books.unpaid += units,
                FlashOrderState::Paid => books.paid += units,
                FlashOrderState::Lapsed => continue,
            }
            *active.entry(order.user).or_default() += u64::from(order.settled.units);
        }
        let limit = u64::from(row.sale.terms.per_user_max);
        books.buyers_over_limit = active.values().filter(|&&units| units > limit).count() as i64;
        for (_, row) in self.returns.values().filter(|(_, row)| row.sale == id) {
            match row.state {
                MovementState::Asked => books.returning += i64::from(row.units),
                MovementState::Booked => books.booked_back += i64::from(row.units),
                MovementState::Done | MovementState::Refused => {}
            }
        }
        let letters = self.letters.iter().filter(|letter| letter.sale == id);
        books.dead = letters.map(|letter| i64::from(letter.units)).sum();
        let log = self.stock_log.iter().filter(|((sale, _, _), _)| *sale == id);
        books.moved = log.map(|(_, delta)| delta).sum();
        Some(books)
    }
}

/// What a sale sells, by kind and id.
pub(super) fn resource_of(sale: &Sale) -> (SaleKind, u64) {
    let id = match sale.kind {
        SaleKind::Goods => sale.sku_id,
        SaleKind::Coupon => sale.coupon_id,
        SaleKind::Ticket => sale.ticket_type_id,
    };
    (sale.kind, id)
}
