//! What happened, second by second.

use crate::native;
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// One second.
#[derive(Clone, Debug, Default)]
pub struct Second {
    /// Visitors who arrived.
    pub arrivals: u64,
    /// Answers by call and status; status 0 stands for none.
    pub answers: BTreeMap<(&'static str, u16), u64>,
    /// Latencies in µs: the middle, and what one in a hundred exceeds.
    pub p50_us: u64,
    /// See `p50_us`.
    pub p99_us: u64,
    /// Units left when it was over, where somebody looked.
    pub free: Option<u64>,
}

impl Second {
    /// Answers of a status, over all calls.
    pub fn count(&self, status: u16) -> u64 {
        self.answers.iter().filter(|((_, of), _)| *of == status).map(|(_, count)| count).sum()
    }

    /// All answers.
    pub fn total(&self) -> u64 {
        self.answers.iter().filter(|((_, status), _)| *status != 0).map(|(_, count)| count).sum()
    }
}

/// All seconds, and the latencies of each call.
#[derive(Debug)]
pub struct Timeline {
    begin: Instant,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    past: Vec<Second>,
    current: Second,
    latencies: Histogram<u64>,
    by_call: BTreeMap<&'static str, Histogram<u64>>,
}

impl Timeline {
    /// Begins now.
    pub(super) fn begin() -> Self {
        let inner = Inner {
            past: Vec::new(),
            current: Second::default(),
            latencies: native::latencies(),
            by_call: BTreeMap::new(),
        };
        Self { begin: Instant::now(), inner: Mutex::new(inner) }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        change(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn arrived(&self) {
        self.with(|inner| inner.current.arrivals += 1);
    }

    pub(super) fn answered(&self, call: &'static str, status: u16, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).max(1);
        self.with(|inner| {
            *inner.current.answers.entry((call, status)).or_default() += 1;
            inner.latencies.saturating_record(micros);
            inner.by_call.entry(call).or_insert_with(native::latencies).saturating_record(micros);
        });
    }

    pub(super) fn lost(&self, call: &'static str) {
        self.with(|inner| *inner.current.answers.entry((call, 0)).or_default() += 1);
    }

    /// Ends the current second; a line about it.
    pub(super) fn second_over(&self, free: Option<u64>) -> String {
        let elapsed = self.begin.elapsed().as_secs_f64();
        self.with(|inner| {
            let mut second = std::mem::take(&mut inner.current);
            second.p50_us = inner.latencies.value_at_quantile(0.5);
            second.p99_us = inner.latencies.value_at_quantile(0.99);
            second.free = free;
            inner.latencies.reset();
            let mut by_status = BTreeMap::<u16, u64>::new();
            for ((_, status), count) in &second.answers {
                *by_status.entry(*status).or_default() += count;
            }
            let codes: Vec<_> =
                by_status.iter().map(|(status, count)| format!("{status} × {count}")).collect();
            let line = format!(
                "{elapsed:5.0} s  {} arrivals, {} answers  p50 {:.1} ms  p99 {:.1} ms  {} free  {}",
                second.arrivals,
                second.total(),
                second.p50_us as f64 / 1e3,
                second.p99_us as f64 / 1e3,
                free.map_or_else(|| "?".to_owned(), |free| free.to_string()),
                codes.join(", ")
            );
            inner.past.push(second);
            line
        })
    }

    /// All seconds, the last one possibly short.
    pub fn seconds(&self) -> Vec<Second> {
        self.with(|inner| inner.past.iter().chain([&inner.current]).cloned().collect())
    }

    /// Latencies of each call over the whole time.
    pub fn by_call(&self) -> BTreeMap<&'static str, Histogram<u64>> {
        self.with(|inner| inner.by_call.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_second_holds_what_happened_in_it_and_no_more() {
        let timeline = Timeline::begin();
        timeline.arrived();
        timeline.answered("order", 202, Duration::from_millis(5));
        timeline.lost("order");
        let line = timeline.second_over(Some(9));
        assert!(line.contains("1 arrivals, 1 answers") && line.contains("9 free"), "{line}");
        timeline.answered("token", 410, Duration::from_millis(1));
        let seconds = timeline.seconds();
        assert_eq!((seconds.len(), seconds[0].count(202), seconds[0].count(0)), (2, 1, 1));
        assert_eq!((seconds[1].count(410), seconds[1].total(), seconds[1].free), (1, 1, None));
        assert!((4900..5200).contains(&seconds[0].p50_us), "{}", seconds[0].p50_us);
    }
}
