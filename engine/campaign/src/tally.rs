//! What was seen so far, counted where everybody can look.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Counters of one campaign.
#[derive(Debug)]
pub(crate) struct Tally {
    begin: Instant,
    /// Buyers whose order was accepted; one who asks twice with the same token counts twice.
    pub(crate) accepted: AtomicU64,
    /// Orders whose first answer, or its absence, left open what had happened.
    pub(crate) unknown: AtomicU64,
    /// Answers and silences a healthy house does not give.
    pub(crate) strange: AtomicU64,
    /// Payments and cancellations that could not be brought home at once.
    pub(crate) mall_trouble: AtomicU64,
    /// Buyers turned away by the driver itself, because too many were inside.
    pub(crate) turned_away: AtomicU64,
    answers: Mutex<BTreeMap<String, u64>>,
    longest_ms: AtomicU64,
    healed_ms: AtomicI64,
    broken: AtomicBool,
    over: AtomicBool,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            begin: Instant::now(),
            accepted: AtomicU64::new(0),
            unknown: AtomicU64::new(0),
            strange: AtomicU64::new(0),
            mall_trouble: AtomicU64::new(0),
            turned_away: AtomicU64::new(0),
            answers: Mutex::default(),
            longest_ms: AtomicU64::new(0),
            healed_ms: AtomicI64::new(0),
            broken: AtomicBool::new(false),
            over: AtomicBool::new(false),
        }
    }

    /// Since the beginning.
    pub(crate) fn now_ms(&self) -> i64 {
        self.begin.elapsed().as_millis() as i64
    }

    /// One answer of the engine.
    pub(crate) fn answer(&self, call: &str, word: &str, strange: bool) {
        if strange {
            self.strange.fetch_add(1, Ordering::Relaxed);
        }
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        *answers.entry(format!("{call} {word}")).or_default() += 1;
    }

    /// All of them, by call and word.
    pub(crate) fn answers(&self) -> Vec<(String, u64)> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.iter().map(|(word, count)| (word.clone(), *count)).collect()
    }

    /// Something is broken from here on.
    pub(crate) fn breaks(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    /// Everything works again from here on.
    pub(crate) fn heals(&self) {
        self.healed_ms.store(self.now_ms(), Ordering::Relaxed);
        self.broken.store(false, Ordering::Relaxed);
    }

    /// Nothing will be broken any more: buyers and staff may leave.
    pub(crate) fn ends(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// Whether that has been said.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// How long an order has been unknown although everything worked, in ms.
    pub(crate) fn unknown_in_peace_ms(&self, since_ms: i64) -> i64 {
        if self.broken.load(Ordering::Relaxed) {
            return 0;
        }
        self.now_ms() - since_ms.max(self.healed_ms.load(Ordering::Relaxed))
    }

    /// An order became definite after this long in peace.
    pub(crate) fn definite(&self, after_ms: i64) {
        self.longest_ms.fetch_max(after_ms.max(0) as u64, Ordering::Relaxed);
    }

    /// The longest such time, in ms.
    pub(crate) fn longest_ms(&self) -> u64 {
        self.longest_ms.load(Ordering::Relaxed)
    }
}
