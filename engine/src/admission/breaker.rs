//! The breaker on the order log: shut after three failed batches in a row, so that no units are taken
//! while nothing can be promised; opened by a probe that went through.

use std::sync::atomic::{AtomicU32, Ordering};

/// Failed batches in a row that shut the gate.
pub const FAILURES_MAX: u32 = 3;

/// Counts failures in a row.
#[derive(Default)]
pub struct Breaker {
    failures: AtomicU32,
}

impl Breaker {
    /// Whether purchases may go on.
    pub fn closed(&self) -> bool {
        self.failures.load(Ordering::Relaxed) < FAILURES_MAX
    }

    /// A batch was acknowledged, or a probe was.
    pub fn succeeded(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }

    /// A batch was not.
    pub fn failed(&self) {
        let _ = self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_failures_in_a_row_shut_it_and_one_success_opens_it() {
        let breaker = Breaker::default();
        breaker.failed();
        breaker.failed();
        breaker.succeeded();
        breaker.failed();
        breaker.failed();
        assert!(breaker.closed());
        breaker.failed();
        assert!(!breaker.closed());
        breaker.succeeded();
        assert!(breaker.closed());
    }
}
