//! A clock on tokio's paused time whose wall time can be set, as a time server or a person does.

use engine::clock::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;
use tokio::time::Instant;

/// Wall time at which every run begins, unix ms.
pub const BEGIN_MS: u64 = 1_700_000_000_000;

/// The clock of one machine.
#[derive(Clone)]
pub struct SimClock {
    begin: Instant,
    ahead_ms: Arc<AtomicI64>,
}

impl SimClock {
    /// A clock of a run that began at `begin`.
    pub fn new(begin: Instant) -> Self {
        Self { begin, ahead_ms: Arc::default() }
    }

    /// Sets its wall time this far from the right one; the monotonic time goes on.
    pub fn set_ahead(&self, ms: i64) {
        self.ahead_ms.store(ms, Relaxed);
    }
}

impl Clock for SimClock {
    fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }

    fn unix_ms(&self) -> u64 {
        (BEGIN_MS + self.elapsed().as_millis() as u64).saturating_add_signed(self.ahead_ms.load(Relaxed))
    }
}
