//! Rate limits by the generic cell rate algorithm (ITU-T I.371): one number per limited thing, the time
//! at which it will have earned back what it spent. Nothing blocks; a request passes or is refused.

use dashmap::DashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Requests per second with a burst.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    cost_ns: u64,
    burst_ns: u64,
}

impl Rate {
    /// `per_s` requests a second, `burst` at once.
    pub fn new(per_s: u32, burst: u32) -> Self {
        let cost_ns = 1_000_000_000 / u64::from(per_s.max(1));
        Self { cost_ns, burst_ns: cost_ns * u64::from(burst.max(1)) }
    }

    fn spend(self, earned_at: u64, now: u64) -> Option<u64> {
        let next = earned_at.max(now) + self.cost_ns;
        (next <= now + self.burst_ns).then_some(next)
    }
}

/// One limit for everything together.
pub struct Bucket {
    cost_ns: AtomicU64,
    burst_ns: AtomicU64,
    earned_at: AtomicU64,
}

impl Bucket {
    /// A full bucket.
    pub fn new(rate: Rate) -> Self {
        Self {
            cost_ns: AtomicU64::new(rate.cost_ns),
            burst_ns: AtomicU64::new(rate.burst_ns),
            earned_at: AtomicU64::new(0),
        }
    }

    /// Another rate from now on.
    pub fn change(&self, rate: Rate) {
        self.cost_ns.store(rate.cost_ns, Ordering::Relaxed);
        self.burst_ns.store(rate.burst_ns, Ordering::Relaxed);
    }

    /// Takes one permit, if there is one, at a monotonic time.
    pub fn take(&self, now: Duration) -> bool {
        let now = now.as_nanos() as u64;
        let rate = Rate {
            cost_ns: self.cost_ns.load(Ordering::Relaxed),
            burst_ns: self.burst_ns.load(Ordering::Relaxed),
        };
        self.earned_at
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |earned_at| rate.spend(earned_at, now))
            .is_ok()
    }
}

/// One limit per key. At `keys_max` keys those that have earned everything back are dropped; if that
/// frees nothing, new keys pass unlimited: the global bucket and the queues still hold.
pub struct Buckets<K> {
    rate: Rate,
    keys_max: usize,
    earned_at: DashMap<K, u64>,
}

impl<K: Eq + Hash> Buckets<K> {
    /// Full buckets for at most `keys_max` keys.
    pub fn new(rate: Rate, keys_max: usize) -> Self {
        Self { rate, keys_max, earned_at: DashMap::new() }
    }

    /// Takes one permit of a key, if there is one.
    pub fn take(&self, key: K, now: Duration) -> bool {
        let now = now.as_nanos() as u64;
        if let Some(mut earned_at) = self.earned_at.get_mut(&key) {
            return self.rate.spend(*earned_at, now).map(|next| *earned_at = next).is_some();
        }
        if self.earned_at.len() >= self.keys_max {
            self.earned_at.retain(|_, earned_at| *earned_at > now);
        }
        if self.earned_at.len() < self.keys_max {
            self.earned_at.insert(key, now + self.rate.cost_ns);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let bucket = Bucket::new(Rate::new(10, 3));
        let at = Duration::from_millis;
        assert_eq!([0, 0, 0, 0].map(|_| bucket.take(at(1000))), [true, true, true, false]);
        assert!(!bucket.take(at(1099)));
        assert!(bucket.take(at(1100)));
        assert!(!bucket.take(at(1100)));
    }

    #[test]
    fn keys_are_limited_apart_and_bounded() {
        let buckets = Buckets::new(Rate::new(1, 1), 2);
        let now = Duration::from_secs(5);
        assert!(buckets.take(1, now) && buckets.take(2, now) && buckets.take(3, now));
        assert!(!buckets.take(1, now) && !buckets.take(2, now));
        assert!(buckets.take(3, now), "over the bound nothing is remembered");
        assert!(buckets.take(4, now + Duration::from_secs(2)));
        assert_eq!(buckets.earned_at.len(), 1, "who earned everything back was dropped");
    }
}
