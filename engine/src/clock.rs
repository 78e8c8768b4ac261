//! The Clock port. Deadlines and ages are monotonic; unix time is for what people read and for tokens.
//!
//! Windows of sales are judged by the desk's clock inside its scripts, never by this one.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What time it is.
pub trait Clock: Clone + Send + Sync + Unpin + 'static {
    /// Monotonic time since an origin of the clock's own.
    fn elapsed(&self) -> Duration;

    /// Milliseconds since 1970.
    fn unix_ms(&self) -> u64;
}

/// The machine's clock.
#[derive(Clone, Debug)]
pub struct SystemClock {
    origin: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn unix_ms(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
    }
}

/// A clock that follows tokio's, so that paused time passes as the test says. Needs a tokio runtime.
#[derive(Clone, Debug)]
pub struct EmbeddedClock {
    origin: tokio::time::Instant,
    origin_unix_ms: u64,
}

impl EmbeddedClock {
    /// A clock that shows `unix_ms` now.
    pub fn starting_at(unix_ms: u64) -> Self {
        Self { origin: tokio::time::Instant::now(), origin_unix_ms: unix_ms }
    }
}

impl Clock for EmbeddedClock {
    fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }

    fn unix_ms(&self) -> u64 {
        self.origin_unix_ms + self.elapsed().as_millis() as u64
    }
}
