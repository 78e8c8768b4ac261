//! The breaker on the order log: shut after three failed batches in a row, or by one that is overdue, so
//! that no units are taken while nothing can be promised; opened by a batch or a probe that went through.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Failed batches in a row that shut the gate.
pub const FAILURES_MAX: u32 = 3;
/// Time after which a batch that is not acknowledged shuts it: far longer than a log that is well takes, far
/// shorter than a client of it keeps trying.
pub const OVERDUE: Duration = Duration::from_millis(1500);

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

    /// A batch waits longer than [`OVERDUE`].
    pub fn overdue(&self) {
        self.failures.store(FAILURES_MAX, Ordering::Relaxed);
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

    #[test]
    fn one_that_is_overdue_shuts_it_at_once() {
        let breaker = Breaker::default();
        breaker.overdue();
        assert!(!breaker.closed());
        breaker.failed();
        assert!(!breaker.closed());
        breaker.succeeded();
        assert!(breaker.closed());
    }
}
