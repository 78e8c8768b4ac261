//! What this process knows of the sales: the ledger's rows as last polled, and what the desk's replies
//! said since. Everything here may be a little old; the scripts decide.

use super::lanes::Lane;
use crate::reservation::At;
use crate::settlement::{Sale, Sales};
use contract::ids::{Generation, SaleId, Sequence};
use contract::ledger::SaleState;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

/// How long a "nothing left" of the desk is repeated without asking it.
pub const MEMORY: Duration = Duration::from_millis(200);
/// After so long without a reply of the desk, the ledger knows better how many units are left: somebody
/// else's buyers are asking, or units came back.
const SILENCE: Duration = Duration::from_secs(1);
/// Sales served at once; more are left out of the table, and `/readyz` says so.
pub const SALES_MAX: usize = 1024;

/// One sale: its row, its lanes, and what is remembered of the desk.
pub struct Known<T, O> {
    row: RwLock<Arc<Sale>>,
    /// Token requests.
    pub tokens: Lane<T>,
    /// Purchases.
    pub orders: Lane<O>,
    free: AtomicU64,
    heard_at_ms: AtomicU64,
    sold_out_until_ms: AtomicU64,
    no_token_until_ms: AtomicU64,
    /// The desk's clock minus ours, in ms, as a wrapped number.
    desk_ahead_ms: AtomicU64,
    desk_clock_seen: AtomicBool,
    newest: Mutex<(Generation, Sequence)>,
    /// The generation whose desk went back; 0 for none.
    distrusted: AtomicU32,
}

impl<T, O> Known<T, O> {
    fn new(row: Sale, depth: usize) -> Self {
        Self {
            free: AtomicU64::new(row.free),
            row: RwLock::new(Arc::new(row)),
            tokens: Lane::new(depth),
            orders: Lane::new(depth),
            heard_at_ms: AtomicU64::new(0),
            sold_out_until_ms: AtomicU64::new(0),
            no_token_until_ms: AtomicU64::new(0),
            desk_ahead_ms: AtomicU64::new(0),
            desk_clock_seen: AtomicBool::new(false),
            newest: Mutex::new((Generation(0), Sequence(0))),
            distrusted: AtomicU32::new(0),
        }
    }

    /// The ledger's row as last polled.
    pub fn row(&self) -> Arc<Sale> {
        self.row.read().expect("no holder panics").clone()
    }

    /// The registered desk, if the sale has one that is of its generation and may serve buyers.
    pub fn desk(&self) -> Option<At> {
        let row = self.row();
        (row.desk_ready() && self.distrusted() != Some(row.generation)).then(|| row.at())
    }

    /// The desk of this generation went back: it is not asked again, and has to be rebuilt.
    pub fn distrust(&self, generation: Generation) {
        self.distrusted.fetch_max(generation.0, Ordering::Relaxed);
    }

    /// The newest generation whose desk went back.
    pub fn distrusted(&self) -> Option<Generation> {
        Some(Generation(self.distrusted.load(Ordering::Relaxed))).filter(|generation| generation.0 > 0)
    }

    /// Units left as last heard, of the desk or else of the ledger.
    pub fn free(&self) -> u64 {
        self.free.load(Ordering::Relaxed)
    }

    /// Whether the desk said within [`MEMORY`] that nothing is left.
    pub fn sold_out(&self, now: Duration) -> bool {
        ms(now) < self.sold_out_until_ms.load(Ordering::Relaxed)
    }

    /// Whether the desk said within [`MEMORY`] that no token is left.
    pub fn no_token_left(&self, now: Duration) -> bool {
        ms(now) < self.no_token_until_ms.load(Ordering::Relaxed)
    }

    /// The desk's clock by our estimate, unix ms; nothing before its first reply.
    pub fn desk_clock_ms(&self, unix_ms: u64) -> Option<u64> {
        self.desk_clock_seen
            .load(Ordering::Relaxed)
            .then(|| unix_ms.wrapping_add(self.desk_ahead_ms.load(Ordering::Relaxed)))
    }

    /// The newest write of the desk this process has seen in a generation: a later reply with an older
    /// one comes from a desk that went back.
    pub fn newest(&self, generation: Generation) -> Sequence {
        let newest = self.newest.lock().expect("no holder panics");
        if newest.0 == generation { newest.1 } else { Sequence(0) }
    }

    /// Remembers a reply of the desk.
    pub fn heard(
        &self,
        generation: Generation,
        sequence: Sequence,
        free: u64,
        desk_ms: u64,
        now: Duration,
        unix_ms: u64,
    ) {
        self.free.store(free, Ordering::Relaxed);
        self.heard_at_ms.store(ms(now), Ordering::Relaxed);
        self.sold_out_until_ms.store(if free == 0 { ms(now + MEMORY) } else { 0 }, Ordering::Relaxed);
        self.desk_ahead_ms.store(desk_ms.wrapping_sub(unix_ms), Ordering::Relaxed);
        self.desk_clock_seen.store(true, Ordering::Relaxed);
        let mut newest = self.newest.lock().expect("no holder panics");
        if newest.0 != generation || newest.1 < sequence {
            *newest = (generation, sequence);
        }
    }

    /// Whether the desk was heard of so lately.
    pub fn heard_within(&self, span: Duration, now: Duration) -> bool {
        let heard_at_ms = self.heard_at_ms.load(Ordering::Relaxed);
        heard_at_ms > 0 && ms(now) <= heard_at_ms + ms(span)
    }

    /// Remembers that all tokens are taken.
    pub fn heard_no_token_left(&self, now: Duration) {
        self.no_token_until_ms.store(ms(now + MEMORY), Ordering::Relaxed);
    }
}

impl Sale {
    /// Whether the registered desk is of the sale's generation and the state lets it be asked.
    pub fn desk_ready(&self) -> bool {
        self.generation > Generation(0)
            && self.desk_generation == self.generation
            && !self.recovery_asked()
            && matches!(self.state, SaleState::Armed | SaleState::Open | SaleState::Closing)
    }

    /// The registered desk.
    pub fn at(&self) -> At {
        At { sale: self.id, generation: self.generation, identity: self.desk.clone() }
    }
}

/// All sales, by id.
pub struct SaleTable<T, O> {
    depth: usize,
    sales: RwLock<BTreeMap<SaleId, Arc<Known<T, O>>>>,
    polled_at_ms: AtomicU64,
    ledger_ahead_ms: AtomicU64,
    left_out: AtomicBool,
}

impl<T, O> SaleTable<T, O> {
    /// An empty table whose lanes will hold `depth` requests each.
    pub fn new(depth: usize) -> Self {
        Self {
            depth,
            sales: RwLock::new(BTreeMap::new()),
            polled_at_ms: AtomicU64::new(u64::MAX),
            ledger_ahead_ms: AtomicU64::new(0),
            left_out: AtomicBool::new(false),
        }
    }

    /// Takes over what the ledger said. A sale it no longer lists is forgotten.
    pub fn polled(&self, polled: Sales, now: Duration, unix_ms: u64) {
        let mut sales = self.sales.write().expect("no holder panics");
        let left_out = polled.sales.len() > SALES_MAX;
        let mut next = BTreeMap::new();
        for row in polled.sales.into_iter().take(SALES_MAX) {
            let id = row.id;
            let known = match sales.remove(&id) {
                Some(known) => {
                    if ms(now) > known.heard_at_ms.load(Ordering::Relaxed) + ms(SILENCE) {
                        known.free.store(row.free, Ordering::Relaxed);
                    }
                    *known.row.write().expect("no holder panics") = Arc::new(row);
                    known
                }
                None => Arc::new(Known::new(row, self.depth)),
            };
            next.insert(id, known);
        }
        *sales = next;
        self.left_out.store(left_out, Ordering::Relaxed);
        self.ledger_ahead_ms.store(polled.now_ms.wrapping_sub(unix_ms), Ordering::Relaxed);
        self.polled_at_ms.store(ms(now), Ordering::Relaxed);
    }

    /// One sale.
    pub fn get(&self, sale: SaleId) -> Option<Arc<Known<T, O>>> {
        self.sales.read().expect("no holder panics").get(&sale).cloned()
    }

    /// All sales, by id.
    pub fn all(&self) -> Vec<Arc<Known<T, O>>> {
        self.sales.read().expect("no holder panics").values().cloned().collect()
    }

    /// Whether the ledger was ever read.
    pub fn loaded(&self) -> bool {
        self.polled_at_ms.load(Ordering::Relaxed) != u64::MAX
    }

    /// Whether there are more sales than the table holds.
    pub fn left_out(&self) -> bool {
        self.left_out.load(Ordering::Relaxed)
    }

    /// The ledger's clock by our estimate, unix ms.
    pub fn ledger_clock_ms(&self, unix_ms: u64) -> u64 {
        unix_ms.wrapping_add(self.ledger_ahead_ms.load(Ordering::Relaxed))
    }
}

fn ms(time: Duration) -> u64 {
    time.as_millis() as u64
}
