//! What a step of the order log means: pure decisions, the same for every ledger.
//!
//! A ledger asks [`Wanted`] what it has to look up, fills in [`Facts`], and carries out the [`Plan`].
//! Records are read in log order: a barrier voids only what comes after it, and units go to whoever
//! stands earlier in the log.
//!
//! Deliberately absent: I/O, and everything about the mall's own rows.

mod decide;

pub use decide::plan;

use super::{LedgerBooks, Tally, Witness};
use crate::handoff::Logged;
use contract::ids::{Generation, Nonce, SaleId, UserId};
use contract::ledger::{SaleKind, SaleState};
use contract::record::{Batch, Order, Record};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What has to be looked up before a step can be planned.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Sales the records name, in order of their ids (which is the order they are locked in), each with
    /// its buyers and their tokens, no pair twice.
    pub sales: BTreeMap<SaleId, Vec<(UserId, Nonce)>>,
    /// Offsets of records that may have to be buried whole.
    pub offsets: Vec<i64>,
}

impl Wanted {
    /// What these records need.
    pub fn by(records: &[Logged]) -> Self {
        let mut wanted = Self::default();
        let mut seen = HashSet::new();
        for logged in records {
            match &logged.record {
                Ok(Record::Orders(batch)) => {
                    let tokens = wanted.sales.entry(batch.sale).or_default();
                    let pairs = batch.orders.iter().map(|order| (order.user, order.nonce));
                    tokens.extend(pairs.filter(|&(user, nonce)| seen.insert((batch.sale, user, nonce))));
                }
                Ok(Record::Barrier { sale, .. }) => {
                    wanted.sales.entry(*sale).or_default();
                    wanted.offsets.push(logged.offset);
                }
                Ok(Record::Control { .. }) | Err(_) => wanted.offsets.push(logged.offset),
            }
        }
        wanted
    }
}

/// Offset and mark of the newest record that has one: what must still stand in the log when somebody
/// looks again.
pub fn witness(records: &[Logged]) -> Option<Witness> {
    records.iter().rev().find_map(|logged| Some((logged.offset, mark(logged)?)))
}

/// What tells a record from another one at the same offset, and from itself appended again: the first
/// token of orders, or sale and generation of a barrier, with the time of the append over the last half.
pub fn mark(logged: &Logged) -> Option<Nonce> {
    let mut mark = match logged.record.as_ref().ok()? {
        Record::Orders(batch) => batch.orders.first()?.nonce,
        Record::Barrier { sale, generation } => {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&sale.0.to_be_bytes());
            bytes[8..12].copy_from_slice(&generation.0.to_be_bytes());
            Nonce(bytes)
        }
        Record::Control { .. } => return None,
    };
    for (byte, time) in mark.0[8..].iter_mut().zip(logged.appended_at_ms.to_be_bytes()) {
        *byte ^= time;
    }
    Some(mark)
}

/// What the ledger holds about the sales and tokens of a step.
#[derive(Debug, Default)]
pub struct Facts {
    /// The sales that exist.
    pub sales: BTreeMap<SaleId, SaleFacts>,
    /// Tokens that are settled already, with their buyer; nobody's when they stand in a dead letter.
    pub tokens: HashMap<(SaleId, Nonce), Option<UserId>>,
    /// Offsets of this partition and log whose whole record stands in a dead letter.
    pub buried: HashSet<i64>,
}

/// What the ledger holds about one sale.
#[derive(Clone, Debug)]
pub struct SaleFacts {
    /// What it sells.
    pub kind: SaleKind,
    /// Its state.
    pub state: SaleState,
    /// Newest generation whose barrier is settled.
    pub settled_generation: Generation,
    /// Free units.
    pub free: u64,
    /// Most active units of one buyer.
    pub per_user_max: u32,
    /// Active units of the buyers in question; a buyer without any may be missing.
    pub active: HashMap<UserId, u64>,
}

/// What a step does.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan<'a> {
    /// Per sale, in order of ids; a sale that does not change is missing.
    pub sales: BTreeMap<SaleId, SalePlan<'a>>,
    /// What goes to the dead letters, in log order.
    pub letters: Vec<Letter<'a>>,
    /// Counts.
    pub tally: Tally,
}

/// What a step does to one sale.
#[derive(Debug, PartialEq, Eq)]
pub struct SalePlan<'a> {
    /// What it sells.
    pub kind: SaleKind,
    /// The newest barrier settled by then.
    pub settled_generation: Generation,
    /// Units taken from the free ones: those of the orders below, and those held for dead letters.
    pub taken: u64,
    /// Records that take units, in log order.
    pub records: Vec<SettledRecord<'a>>,
}

/// One record of the log, as far as it settles.
#[derive(Debug, PartialEq, Eq)]
pub struct SettledRecord<'a> {
    /// The record.
    pub batch: &'a Batch,
    /// Its orders that become rows.
    pub orders: Vec<&'a Order>,
    /// The first token of it that takes units: the cause of the movement.
    pub cause: Nonce,
    /// Units it takes.
    pub taken: u64,
}

/// An order, or a whole record, that goes to the dead letters.
#[derive(Debug, PartialEq, Eq)]
pub struct Letter<'a> {
    /// Where it stood.
    pub offset: i64,
    /// Its sale, 0 when nobody can tell.
    pub sale: SaleId,
    /// The order; nothing when the whole record is buried.
    pub order: Option<&'a Order>,
    /// Units that stay out of the free ones on its behalf, so that desk and ledger still agree and
    /// whoever resolves the letter can grant or return them. None where there was none to hold.
    pub units: u32,
    /// Why.
    pub reason: String,
    /// What was promised, as a record of its own.
    pub bytes: Vec<u8>,
}

/// A step that would have to bury something and was not allowed to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record at offset {offset} of sale {sale} cannot settle: {reason}")]
pub struct Poison {
    /// Where the record stands.
    pub offset: i64,
    /// Its sale, 0 when nobody can tell.
    pub sale: SaleId,
    /// Why.
    pub reason: String,
}

impl<'a> Plan<'a> {
    /// Every record that takes units.
    pub fn records(&self) -> impl Iterator<Item = (&SalePlan<'a>, &SettledRecord<'a>)> {
        self.sales.values().flat_map(|sale| sale.records.iter().map(move |record| (sale, record)))
    }
}

/// Whether books hold at a commit: every unit put on sale is somewhere, and every movement is logged.
pub fn balanced(books: &LedgerBooks) -> bool {
    let LedgerBooks { put_on_sale, free, unpaid, paid, returning, dead, given_back, moved, .. } = *books;
    free >= 0
        && free + unpaid + paid + returning + dead + given_back == put_on_sale
        && moved == free - put_on_sale
}
