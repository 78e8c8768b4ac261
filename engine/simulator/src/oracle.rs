//! What the simulator itself remembers of every order, to know what may still be asked of the engine.
//!
//! An order is safe while a copy of it stands in the desk's outbox, in the log or in the ledger. The
//! copies counted here are those the design says there are, not those that are really there: otherwise
//! a missing rule would excuse itself. Losing the last copy of something promised is outside of what is
//! promised (desk and log both losing their tails before settlement), so such a fault is not injected.

use contract::ids::{EntryId, Generation, Nonce, SaleId};
use contract::record::Batch;
use std::collections::BTreeMap;

/// An order by its token.
pub type Key = (SaleId, Nonce);

/// What is known of all orders of a run.
#[derive(Default)]
pub struct Oracle {
    orders: BTreeMap<Key, Copies>,
    entries: BTreeMap<(SaleId, EntryId), Vec<Nonce>>,
    /// Newest generation whose desk was built.
    built: BTreeMap<SaleId, Generation>,
    /// Newest generation whose barrier was settled.
    barriers: BTreeMap<SaleId, Generation>,
    /// Counts what happened; names moments.
    moment: u64,
    violations: Vec<String>,
}

#[derive(Clone, Debug)]
struct Copies {
    generation: Generation,
    price_minor: i64,
    reserved_at: u64,
    at_desk: bool,
    /// Where it stands in the log.
    logged: Vec<(u32, i64)>,
    ever_logged: bool,
    /// Since when it is in the ledger.
    settled_at: Option<u64>,
    ever_settled: bool,
}

impl Oracle {
    /// Something that must not be.
    pub fn violated(&mut self, what: String) {
        // One broken rule breaks others; the first ones tell what happened.
        if self.violations.len() < 10 {
            self.violations.push(what);
        }
    }

    /// What must not be and was.
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// The moment now, for a snapshot taken now.
    pub fn moment(&self) -> u64 {
        self.moment
    }

    /// The price an order was accepted at.
    pub fn price_of(&self, order: Key) -> Option<i64> {
        self.orders.get(&order).map(|copies| copies.price_minor)
    }

    /// The desk holds units for a batch.
    pub fn reserved(&mut self, batch: &Batch) {
        self.moment += 1;
        let nonces: Vec<Nonce> = batch.orders.iter().map(|order| order.nonce).collect();
        for nonce in &nonces {
            let copies = Copies {
                generation: batch.entry.generation,
                price_minor: batch.price_minor,
                reserved_at: self.moment,
                at_desk: true,
                logged: Vec::new(),
                ever_logged: false,
                settled_at: None,
                ever_settled: false,
            };
            self.orders.insert((batch.sale, *nonce), copies);
        }
        self.entries.insert((batch.sale, batch.entry), nonces);
    }

    /// The log holds a batch.
    pub fn logged(&mut self, batch: &Batch, partition: u32, offset: i64) {
        self.moment += 1;
        for order in &batch.orders {
            if let Some(copies) = self.orders.get_mut(&(batch.sale, order.nonce)) {
                copies.logged.push((partition, offset));
                copies.ever_logged = true;
            }
        }
    }

    /// The ledger holds an order; the outbox has done its work.
    pub fn settled(&mut self, order: Key) {
        self.moment += 1;
        if let Some(copies) = self.orders.get_mut(&order) {
            copies.settled_at.get_or_insert(self.moment);
            copies.ever_settled = true;
            copies.at_desk = false;
        }
    }

    /// A barrier was settled; what is older and comes later is void.
    pub fn barrier(&mut self, sale: SaleId, generation: Generation) {
        let newest = self.barriers.entry(sale).or_default();
        *newest = generation.max(*newest);
    }

    /// An entry leaves the outbox.
    pub fn trimmed(&mut self, sale: SaleId, entry: EntryId) {
        if self.barriers.get(&sale).is_some_and(|barrier| entry.generation < *barrier) {
            return;
        }
        let nonces = self.entries.get(&(sale, entry)).cloned().unwrap_or_default();
        for nonce in nonces {
            if self.orders.get(&(sale, nonce)).is_some_and(|copies| !copies.ever_settled) {
                self.violated(format!("trimmed, no row: entry {entry} of sale {sale}, order {nonce:?}"));
            }
        }
    }

    /// A desk was built; what an older one held is in the ledger by then, or void.
    pub fn built(&mut self, sale: SaleId, generation: Generation) {
        self.moment += 1;
        let newest = self.built.entry(sale).or_default();
        *newest = generation.max(*newest);
        for ((of, _), copies) in &mut self.orders {
            if *of == sale && copies.generation < generation {
                copies.at_desk = false;
            }
        }
    }

    /// The desk forgets what it wrote after a moment, in one sale or in all; false, and nothing is
    /// noted, when a promise would have no copy left.
    pub fn desk_forgets(&mut self, after: u64, only: Option<SaleId>) -> bool {
        let built = &self.built;
        let hit = |key: &Key, copies: &Copies| {
            copies.at_desk && copies.reserved_at > after && only.is_none_or(|sale| key.0 == sale)
        };
        let last = |key: &Key, copies: &Copies| {
            protected(built, key, copies) && copies.logged.is_empty() && copies.settled_at.is_none()
        };
        if self.orders.iter().any(|(key, copies)| hit(key, copies) && last(key, copies)) {
            return false;
        }
        for (key, copies) in &mut self.orders {
            if hit(key, copies) {
                copies.at_desk = false;
            }
        }
        self.moment += 1;
        true
    }

    /// A partition forgets its records from an offset on; false as above.
    pub fn log_forgets(&mut self, partition: u32, end: i64) -> bool {
        let kept = |place: &(u32, i64)| place.0 != partition || place.1 < end;
        let last = |key: &Key, copies: &Copies| {
            protected(&self.built, key, copies)
                && !copies.logged.is_empty()
                && !copies.logged.iter().any(kept)
                && copies.settled_at.is_none()
                && !copies.at_desk
        };
        if self.orders.iter().any(|(key, copies)| last(key, copies)) {
            return false;
        }
        for copies in self.orders.values_mut() {
            copies.logged.retain(kept);
        }
        self.moment += 1;
        true
    }

    /// The ledger forgets what it wrote after a moment; false as above.
    pub fn ledger_forgets(&mut self, after: u64) -> bool {
        let hit = |copies: &Copies| copies.settled_at.is_some_and(|at| at > after);
        if self.orders.values().any(|copies| hit(copies) && copies.logged.is_empty()) {
            return false;
        }
        for copies in self.orders.values_mut() {
            if hit(copies) {
                copies.settled_at = None;
            }
        }
        self.moment += 1;
        true
    }
}

/// Whether an order may have been promised: it was in the log, and it was not void when a newer desk
/// was built.
fn protected(built: &BTreeMap<SaleId, Generation>, key: &Key, copies: &Copies) -> bool {
    let void = !copies.ever_settled && built.get(&key.0).is_some_and(|built| copies.generation < *built);
    copies.ever_logged && !void
}
