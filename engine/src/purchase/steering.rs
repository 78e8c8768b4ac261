//! The gate's limits, moved by what is measured: latencies are told by the spine itself, and what stands
//! behind the promise is looked at here, by every process that lets buyers in.

use super::Purchases;
use crate::clock::Clock;
use crate::fault::Fault;
use crate::handoff::Log;
use crate::reservation::{Desk, Reply};
use crate::settlement::{Ledger, Position};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How often the limits move: often enough for a crowd that comes in one second, seldom enough for a mean.
const STEER_EVERY: Duration = Duration::from_millis(100);
/// How often outbox and settlement are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A sale whose desk was not heard of for so long is nobody's hurry; the sweep still cares.
const BUSY_WITHIN: Duration = Duration::from_secs(60);
/// Remembered ends of a partition: older lags are told as being as old as this.
const ENDS_MAX: usize = 60;

impl<D: Desk, L: Log, G: Ledger, C: Clock> Purchases<D, L, G, C> {
    /// Moves the limits, for ever.
    pub async fn steer(self: Arc<Self>) {
        loop {
            tokio::time::sleep(STEER_EVERY).await;
            let limited = self.gate.steer(self.clock.elapsed());
            self.metrics.limited(&limited);
        }
    }

    /// Looks at what stands behind the promise, for ever. What cannot be read stands as it was last read.
    pub async fn look_behind(self: Arc<Self>) {
        let mut ends = vec![Ends::default(); self.log.partitions() as usize];
        let (mut outbox, mut settlement) = (Duration::ZERO, Duration::ZERO);
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            // A house at rest is not asked about.
            if !self.busy() && settlement.is_zero() && outbox.is_zero() {
                continue;
            }
            match self.outbox_age().await {
                Ok(age) => outbox = age,
                Err(fault) => self.metrics.fault(&fault),
            }
            match self.settlement_lag(&mut ends).await {
                Ok(lag) => settlement = lag,
                Err(fault) => self.metrics.fault(&fault),
            }
            self.gate.pressure.stands_behind(outbox, settlement);
        }
    }

    fn busy(&self) -> bool {
        let now = self.clock.elapsed();
        self.gate.sales.all().iter().any(|known| known.heard_within(BUSY_WITHIN, now))
    }

    async fn outbox_age(&self) -> Result<Duration, Fault> {
        let now = self.clock.elapsed();
        let mut oldest_ms = 0;
        for known in self.gate.sales.all() {
            let Some(at) = known.desk().filter(|_| known.heard_within(BUSY_WITHIN, now)) else { continue };
            if let Reply::Done(pending) = self.desk.pending(at, None, 1).await? {
                let ages =
                    pending.batches.iter().map(|batch| pending.now_ms.saturating_sub(batch.reserved_at_ms));
                oldest_ms = ages.fold(oldest_ms, u64::max);
            }
        }
        Ok(Duration::from_millis(oldest_ms))
    }

    async fn settlement_lag(&self, ends: &mut [Ends]) -> Result<Duration, Fault> {
        let mut longest = Duration::ZERO;
        for (partition, ends) in (0..).zip(ends) {
            let position = self.ledger.position(partition, &self.log.identity()).await?;
            let (_, end) = self.log.bounds(partition).await?;
            if let Position::At { next, .. } = position {
                longest = longest.max(ends.lag(next, end, self.clock.elapsed()));
            }
        }
        Ok(longest)
    }
}

/// Where a partition of the log ended, and when that was seen.
#[derive(Clone, Debug, Default)]
struct Ends(VecDeque<(Duration, i64)>);

impl Ends {
    /// How long ago the log ended where settlement is now.
    fn lag(&mut self, next: i64, end: i64, now: Duration) -> Duration {
        if next >= end {
            self.0.clear();
            self.0.push_back((now, end));
            return Duration::ZERO;
        }
        while self.0.get(1).is_some_and(|(_, passed)| *passed <= next) {
            self.0.pop_front();
        }
        if self.0.len() < ENDS_MAX {
            self.0.push_back((now, end));
        }
        self.0.front().map_or(Duration::ZERO, |(seen, _)| now.saturating_sub(*seen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settlement_is_as_far_behind_as_the_log_was_where_settlement_is_now() {
        let at = Duration::from_secs;
        let mut ends = Ends::default();
        assert_eq!(ends.lag(5, 5, at(10)), at(0));
        assert_eq!(ends.lag(5, 20, at(11)), at(1));
        assert_eq!(ends.lag(5, 40, at(12)), at(2));
        // All there was at 11 s is settled, and not all there was at 12 s.
        assert_eq!(ends.lag(25, 60, at(13)), at(2));
        assert_eq!(ends.lag(60, 60, at(14)), at(0));
        // Standing still for long, it remembers where it stood.
        for second in 15..200 {
            assert_eq!(ends.lag(60, 61, at(second)), at(second - 14));
        }
        assert_eq!(ends.lag(61, 61, at(200)), at(0));
    }
}
