//! The fact: records of the order log become rows of the ledger. This file holds the port and the
//! consumer spine.
//!
//! [`Ledger`] is the port: [`mysql`] is MySQL or MariaDB, [`memory`] the same rules over maps. What a
//! batch of records means is decided once, in [`plan`], for both.
//!
//! Deliberately absent: re-checking the window (the desk's clock decided), and statuses of mall orders
//! after settlement (catalog-api's state machine).

pub mod consumer;
pub mod memory;
pub mod mysql;
pub mod plan;
pub mod witness;

use crate::fault::Fault;
use crate::handoff::Logged;
use crate::reservation::{DeskIdentity, DeskImage, Terms};
use contract::ids::{Generation, Nonce, OrderSn, SaleId, UserId};
use contract::ledger::{FlashOrderState, MovementState, SaleKind, SaleState};
use serde::Serialize;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Returns worked on at once: no more than one script call takes.
pub const RETURNS_MAX: u32 = contract::record::BATCH_MAX as u32;

/// The ledger of flash sales. Every method is one transaction or one statement.
pub trait Ledger: Clone + Send + Sync + 'static {
    /// Sales that are neither draft nor archived nor deleted, with the ledger's clock.
    fn sales(&self) -> impl Future<Output = Result<Sales, Fault>> + Send;

    /// Takes or renews a lease; false when another owner holds it. By the ledger's clock.
    fn lease(
        &self,
        name: &str,
        owner: &str,
        life: Duration,
    ) -> impl Future<Output = Result<bool, Fault>> + Send;

    /// The position of a partition of this log; written as the beginning of the log when there is none.
    /// A position in another log is [`Position::Foreign`] and left as it is.
    fn position(&self, partition: u32, log: &str) -> impl Future<Output = Result<Position, Fault>> + Send;

    /// Replaces the position in a lost log by the beginning of this one. Compare-and-set on the old one.
    fn adopt_log(
        &self,
        partition: u32,
        lost: &str,
        log: &str,
    ) -> impl Future<Output = Result<bool, Fault>> + Send;

    /// Moves a position back (never forward) to `to`, compare-and-set on the old offset.
    fn rewind(
        &self,
        partition: u32,
        log: &str,
        from: i64,
        to: i64,
    ) -> impl Future<Output = Result<bool, Fault>> + Send;

    /// Settles records in one transaction: moves the position from `step.from` to `step.to` by
    /// compare-and-set and applies the plan of the records. Any error rolls everything back.
    fn settle(&self, step: &Step<'_>) -> impl Future<Output = Result<Settled, Fault>> + Send;

    /// Which of these tokens are in the ledger or in a dead letter.
    fn known(&self, sale: SaleId, nonces: &[Nonce]) -> impl Future<Output = Result<Vec<bool>, Fault>> + Send;

    /// Raises the generation of a sale, compare-and-set; an open sale becomes recovering.
    fn raise_generation(
        &self,
        sale: SaleId,
        from: Generation,
    ) -> impl Future<Output = Result<bool, Fault>> + Send;

    /// One consistent snapshot to build the desk of `generation` from; nothing when the barrier of that
    /// generation is not settled yet, or the sale has a newer one.
    fn image(
        &self,
        sale: SaleId,
        generation: Generation,
    ) -> impl Future<Output = Result<Option<DeskImage>, Fault>> + Send;

    /// Registers the desk that was built for a generation, compare-and-set on it; a recovering sale
    /// becomes open again.
    fn register_desk(
        &self,
        sale: SaleId,
        generation: Generation,
        identity: &DeskIdentity,
    ) -> impl Future<Output = Result<bool, Fault>> + Send;

    /// Moves a sale from one state to another, compare-and-set.
    fn advance(
        &self,
        sale: SaleId,
        from: SaleState,
        to: SaleState,
    ) -> impl Future<Output = Result<bool, Fault>> + Send;

    /// Moves a closing sale to drained if this partition of this log is settled just as far as somebody saw, in
    /// one step: a ledger that went back since then has orders to settle again.
    fn drained(
        &self,
        sale: SaleId,
        position: (u32, &str),
        reached: Reached,
    ) -> impl Future<Output = Result<bool, Fault>> + Send;

    /// Gives the unsold units of a drained sale back to its resource and stores the report, if the
    /// books balance and nothing is on its way back; true when it did.
    fn reconcile(&self, sale: SaleId) -> impl Future<Output = Result<bool, Fault>> + Send;

    /// Returns that are not done yet, those still to be booked first, then by age, at most `limit`.
    fn returns(&self, limit: u32) -> impl Future<Output = Result<Vec<StockReturn>, Fault>> + Send;

    /// Books a return once: units to the sale, or to the resource when the sale is reconciled. In the
    /// second case the row is deleted at once, since no desk has to hear of it.
    fn book_return(&self, row: &StockReturn) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Deletes a return the desk has applied.
    fn forget_return(&self, row: &StockReturn) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Stock changes that are not done yet, oldest first.
    fn changes(&self) -> impl Future<Output = Result<Vec<StockChange>, Fault>> + Send;

    /// Books a change once in the ledger (an increase before, a decrease after the desk applied it). Where
    /// the desk's answer is the reason, its generation comes along, and nothing happens once the sale is
    /// past it: a booking that was long on its way would be of units that the next desk sells.
    fn book_change(
        &self,
        row: &StockChange,
        answered: Option<Generation>,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Ends a change: done, or refused for want of free units. The generation as for a booking.
    fn end_change(
        &self,
        row: &StockChange,
        end: MovementState,
        answered: Option<Generation>,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// A buyer's order, and how far its sale was at the same moment: that there is no order says something
    /// only of a ledger whose sale is past selling, and it may have gone back since somebody looked.
    fn order(&self, sn: OrderSn, user: UserId) -> impl Future<Output = Result<Look, Fault>> + Send;

    /// The ledger's side of the books of a sale.
    fn books(&self, sale: SaleId) -> impl Future<Output = Result<Option<LedgerBooks>, Fault>> + Send;

    /// What about this ledger forbids opening a sale, in words; empty when nothing does.
    fn unfit(&self) -> impl Future<Output = Result<Vec<String>, Fault>> + Send;
}

/// What [`Ledger::sales`] saw.
#[derive(Clone, Debug, Default)]
pub struct Sales {
    /// The ledger's clock, unix ms.
    pub now_ms: u64,
    /// The sales, by id.
    pub sales: Vec<Sale>,
}

/// A sale as it stands in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sale {
    /// Id.
    pub id: SaleId,
    /// Name for people.
    pub name: String,
    /// What it sells.
    pub kind: SaleKind,
    /// Goods, SKU, coupon, ticket type: the ones that fit the kind, otherwise 0.
    pub goods_id: u64,
    /// SKU.
    pub sku_id: u64,
    /// Coupon.
    pub coupon_id: u64,
    /// Ticket type.
    pub ticket_type_id: u64,
    /// Picture.
    pub pic_url: String,
    /// State.
    pub state: SaleState,
    /// Terms; `unsettled_max` is the engine's configuration.
    pub terms: Terms,
    /// Seconds a buyer has to pay.
    pub pay_within_s: u32,
    /// Lowest level that may take part.
    pub min_user_level: u8,
    /// Units put on sale (S).
    pub put_on_sale: u64,
    /// Units free in the ledger (M).
    pub free: u64,
    /// Generation of the sale.
    pub generation: Generation,
    /// Newest generation whose barrier is settled.
    pub settled_generation: Generation,
    /// Generation the registered desk was built for; the desk is ready when it equals `generation`.
    pub desk_generation: Generation,
    /// The registered desk.
    pub desk: DeskIdentity,
}

/// A settled record by which a log is known again: its offset, and its mark.
pub type Witness = (i64, Nonce);

/// How far a partition is settled: the next offset, and the newest settled record.
pub type Reached = (i64, Option<Witness>);

/// Where settlement of a partition stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// In this log.
    At {
        /// The next offset to settle.
        next: i64,
        /// The newest settled record.
        witness: Option<Witness>,
    },
    /// In another log, of this identity.
    Foreign(Arc<str>),
}

/// One settlement transaction to be.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Partition.
    pub partition: u32,
    /// Identity of the log.
    pub log: &'a str,
    /// Offset the position must have.
    pub from: i64,
    /// The witness it must have: at the same offset of a log that lost its tail and was written on, a ledger
    /// that went back stands behind another record.
    pub after: Option<Witness>,
    /// Offset it gets.
    pub to: i64,
    /// The records between, in order.
    pub records: &'a [Logged],
    /// Whether what cannot settle goes to the dead letters; otherwise it fails the step, and the caller
    /// tries smaller ones.
    pub bury: bool,
}

/// What a settlement transaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Committed.
    Done(Tally),
    /// Somebody else moved the position: nothing was done.
    Fenced,
}

/// Counts of one settlement transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Orders that became rows.
    pub orders: u64,
    /// Orders that had been settled before.
    pub known: u64,
    /// Orders of an older generation, skipped without a trace.
    pub void: u64,
    /// Orders and records that went to the dead letters.
    pub dead: u64,
}

/// A row of `stock_return`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockReturn {
    /// Sale.
    pub sale: SaleId,
    /// The order's token.
    pub nonce: Nonce,
    /// Buyer.
    pub user: UserId,
    /// Units.
    pub units: u32,
    /// Asked or booked.
    pub state: MovementState,
}

/// A row of `stock_change`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockChange {
    /// Id.
    pub id: u64,
    /// Sale.
    pub sale: SaleId,
    /// Units, negative when taken away.
    pub delta: i64,
    /// Asked or booked.
    pub state: MovementState,
}

/// What [`Ledger::order`] saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The order, if it is this buyer's and settled.
    pub order: Option<SettledOrder>,
    /// The state of its sale; nothing if there is no such sale.
    pub sale: Option<SaleState>,
}

/// A buyer's settled order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledOrder {
    /// State in the ledger of flash sales.
    pub state: FlashOrderState,
    /// The mall's order, unless a free coupon was granted.
    pub order_id: Option<u64>,
    /// Last moment to pay, unix ms.
    pub pay_by_ms: Option<u64>,
    /// Units.
    pub units: u32,
    /// Price of a unit.
    pub price_minor: i64,
}

/// Terms of design section 5 that the ledger knows, in units.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LedgerBooks {
    /// S: put on sale.
    pub put_on_sale: i64,
    /// M: free.
    pub free: i64,
    /// U: in unpaid orders.
    pub unpaid: i64,
    /// D: in paid orders.
    pub paid: i64,
    /// P: in returns not yet booked.
    pub returning: i64,
    /// J: booked back, not yet at the desk.
    pub booked_back: i64,
    /// X: in dead letters.
    pub dead: i64,
    /// Given back to the resource.
    pub given_back: i64,
    /// Sum of all movements of `free`; must be `free - put_on_sale`.
    pub moved: i64,
    /// Orders (rows).
    pub orders: i64,
    /// Buyers with more active units than the sale allows.
    pub buyers_over_limit: i64,
    /// Flash-sale orders whose mall row is missing.
    pub rows_missing: i64,
}
