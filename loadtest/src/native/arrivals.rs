//! When the next request is due.

use super::Pace;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The moments at which requests are due, handed out to whoever is free.
pub(super) struct Arrivals {
    pub(super) begin: Instant,
    end: Instant,
    /// Time between two of them; nothing when each connection goes at its own pace.
    every: Option<f64>,
    next: AtomicU64,
}

impl Arrivals {
    pub(super) fn new(pace: Pace, begin: Instant, within: Duration) -> Self {
        let every = match pace {
            Pace::Closed => None,
            Pace::Open(per_s) => Some(1.0 / per_s.max(f64::MIN_POSITIVE)),
        };
        Self { begin, end: begin + within, every, next: AtomicU64::new(0) }
    }

    /// Waits for the next moment and answers with it; nothing after the end. Whoever comes too late for a
    /// moment gets it all the same, and at once: the lateness is the server's.
    pub(super) async fn next(&self) -> Option<Instant> {
        let Some(every) = self.every else {
            let now = Instant::now();
            return (now < self.end).then_some(now);
        };
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let due = self.begin + Duration::from_secs_f64(number as f64 * every);
        if due >= self.end {
            return None;
        }
        // The timer counts whole milliseconds and rounds up, so latencies may be told up to 1 ms too long.
        if due > Instant::now() {
            sleep_until(due).await;
        }
        Some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_is_late_is_given_the_moment_that_was_missed() {
        let begin = Instant::now() - Duration::from_secs(1);
        let arrivals = Arrivals::new(Pace::Open(4.0), begin, Duration::from_millis(900));
        let mut due = Vec::new();
        while let Some(moment) = arrivals.next().await {
            due.push((moment - begin).as_millis());
        }
        assert_eq!(due, [0, 250, 500, 750]);
    }
}
