//! How many are let in: limits on the requests inside and on purchases a second that follow what is measured
//! behind them.
//!
//! A limit whose part is slower than its target is cut in proportion. By Little's law (J. Little, 1961) the
//! wait is, at the rate a part drains at, proportional to how many are inside, so what is inside × target ÷
//! measured meets the target. No cut takes more than half, and the next one waits as long as a request takes:
//! one congestion is answered once (V. Jacobson, "Congestion avoidance and control", 1988). While every part
//! is within its target, limits grow by a constant; growing by a sum and shrinking by a factor lets several
//! engines before one desk come to equal shares (D. Chiu and R. Jain, 1989).
//!
//! Slowness shows in everything before the slow part as well, so the part told as binding is the one furthest
//! behind the door of those that are over their targets.
//!
//! Deliberately absent: asking anybody. Latencies are told by those who wait for them, what stands behind the
//! promise by `purchase/steering.rs`.

use super::in_flight::Places;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// No cut takes more.
const CUT_MAX: f64 = 0.5;
/// A cut is waited for no longer, however slow things are.
const HOLD_MAX: Duration = Duration::from_secs(2);
/// Steps from nothing to the greatest rate of purchases.
const RATE_STEPS: f64 = 300.0;
/// What a new reading counts in the mean rate of purchases.
const RATE_WEIGHT: f64 = 0.2;

/// What may be too slow, from the door to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Waiting for a worker: the process itself.
    Lanes,
    /// A script at the desk.
    Desk,
    /// A record's acknowledgement, and the look at the generation.
    Log,
    /// The age of the oldest reservation that is not settled.
    Outbox,
    /// How far settlement is behind the end of the log.
    Settlement,
}

impl Part {
    /// Every part, in order.
    pub const ALL: [Self; 5] = [Self::Lanes, Self::Desk, Self::Log, Self::Outbox, Self::Settlement];

    /// Its word in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lanes => "lanes",
            Self::Desk => "desk",
            Self::Log => "log",
            Self::Outbox => "outbox",
            Self::Settlement => "settlement",
        }
    }
}

/// What asks for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A token.
    Token,
    /// A purchase.
    Order,
}

/// Between what the limits move, and what they aim at.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Fewest and most requests of each kind inside.
    pub places: (usize, usize),
    /// Fewest and most purchases a second.
    pub orders_per_s: (u32, u32),
    /// By how many places a limit grows at once.
    pub step: usize,
    /// Target of each part, in the order of [`Part::ALL`].
    pub targets: [Duration; 5],
}

impl Default for Settings {
    fn default() -> Self {
        let ms = Duration::from_millis;
        Self {
            places: (256, 20_000),
            orders_per_s: (100, 100_000),
            step: 128,
            targets: [ms(100), ms(100), ms(250), ms(10_000), ms(10_000)],
        }
    }
}

/// Where the limits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    /// Token requests inside.
    pub tokens: usize,
    /// Purchases inside.
    pub orders: usize,
    /// Purchases a second.
    pub orders_per_s: u32,
    /// Whether a part keeps a limit below its greatest value, in the order of [`Part::ALL`].
    pub bound: [bool; 5],
}

/// The limits of one process, and what they follow.
pub struct Pressure {
    places: [Arc<Places>; 2],
    waits: [Mean; 2],
    desk: Mean,
    log: Mean,
    behind_ms: [AtomicU64; 2],
    settings: Settings,
    steered: Mutex<Steered>,
}

struct Steered {
    places: [Limit; 2],
    rate: Limit,
    orders_per_s: f64,
    last: Duration,
}

impl Pressure {
    /// Every limit at its greatest: nothing is known to be slow yet.
    pub fn new(settings: Settings) -> Self {
        let (fewest, most) = settings.places;
        let places = Limit::new(fewest as f64, most as f64, settings.step as f64);
        let (slowest, fastest) = (f64::from(settings.orders_per_s.0), f64::from(settings.orders_per_s.1));
        let rate = Limit::new(slowest, fastest, fastest / RATE_STEPS);
        Self {
            places: [Places::new(most), Places::new(most)],
            waits: Default::default(),
            desk: Mean::default(),
            log: Mean::default(),
            behind_ms: Default::default(),
            settings,
            steered: Mutex::new(Steered {
                places: [places.clone(), places],
                rate,
                orders_per_s: 0.0,
                last: Duration::ZERO,
            }),
        }
    }

    /// The places of a kind.
    pub fn places(&self, kind: Kind) -> &Arc<Places> {
        &self.places[kind as usize]
    }

    /// So many requests were taken out of a lane, having waited so long altogether.
    pub fn waited(&self, kind: Kind, altogether: Duration, requests: usize) {
        self.waits[kind as usize].add(altogether, requests);
    }

    /// The desk took so long over a batch.
    pub fn desk_took(&self, took: Duration, requests: usize) {
        self.desk.add(took * requests as u32, requests);
    }

    /// The log took so long over a batch.
    pub fn log_took(&self, took: Duration, requests: usize) {
        self.log.add(took * requests as u32, requests);
    }

    /// The age of the oldest reservation that is not settled, and how far settlement is behind.
    pub fn stands_behind(&self, outbox: Duration, settlement: Duration) {
        for (place, age) in self.behind_ms.iter().zip([outbox, settlement]) {
            place.store(age.as_millis() as u64, Relaxed);
        }
    }

    /// Moves the limits by what was told since the last time; `now` is monotonic.
    pub fn steer(&self, now: Duration) -> Limited {
        let mut steered = self.steered.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = [self.waits[0].take(), self.waits[1].take()];
        let (desk, log) = (self.desk.take().0, self.log.take().0);
        let behind = [0, 1].map(|at| Some(Duration::from_millis(self.behind_ms[at].load(Relaxed))));
        let over = |part: Part, measured: Option<Duration>| {
            let target = self.settings.targets[part as usize];
            measured.filter(|measured| *measured > target).map(|measured| Over { part, measured, target })
        };
        for kind in [Kind::Token, Kind::Order] {
            let (wait, requests) = waits[kind as usize];
            let log = log.filter(|_| kind == Kind::Order);
            let slow =
                [over(Part::Lanes, wait), over(Part::Desk, desk), over(Part::Log, log)].into_iter().flatten();
            let places = &self.places[kind as usize];
            // Nothing came out, and somebody is inside: nobody can tell how it goes.
            let told = requests > 0 || places.taken() == 0;
            let limit = &mut steered.places[kind as usize];
            limit.follow(now, places.peak() as f64, slow, told);
            places.resize(limit.value as usize);
        }
        let since_s = now.saturating_sub(steered.last).as_secs_f64().max(1e-3);
        let per_s = waits[Kind::Order as usize].1 as f64 / since_s;
        steered.orders_per_s += RATE_WEIGHT * (per_s - steered.orders_per_s);
        steered.last = now;
        let used = steered.orders_per_s;
        let slow = [over(Part::Outbox, behind[0]), over(Part::Settlement, behind[1])].into_iter().flatten();
        steered.rate.follow(now, used, slow, true);
        let limits = [&steered.places[0], &steered.places[1], &steered.rate];
        Limited {
            tokens: limits[0].value as usize,
            orders: limits[1].value as usize,
            orders_per_s: limits[2].value as u32,
            bound: Part::ALL.map(|part| limits.iter().any(|limit| limit.bound_by == Some(part))),
        }
    }
}

/// A mean since it was last taken.
#[derive(Default)]
struct Mean {
    micros: AtomicU64,
    count: AtomicU64,
}

impl Mean {
    fn add(&self, altogether: Duration, count: usize) {
        self.micros.fetch_add(altogether.as_micros() as u64, Relaxed);
        self.count.fetch_add(count as u64, Relaxed);
    }

    /// The mean, and of how many; a reading that falls between the two parts of an addition is a little off.
    fn take(&self) -> (Option<Duration>, u64) {
        let (micros, count) = (self.micros.swap(0, Relaxed), self.count.swap(0, Relaxed));
        (micros.checked_div(count).map(Duration::from_micros), count)
    }
}

/// A part that is slower than it should be.
#[derive(Clone, Copy)]
struct Over {
    part: Part,
    measured: Duration,
    target: Duration,
}

/// One limit.
#[derive(Clone)]
struct Limit {
    value: f64,
    min: f64,
    max: f64,
    step: f64,
    /// No cut before: the last one has not been seen to work.
    hold_until: Duration,
    bound_by: Option<Part>,
}

impl Limit {
    fn new(min: f64, max: f64, step: f64) -> Self {
        Self { value: max, min: min.min(max), max, step, hold_until: Duration::ZERO, bound_by: None }
    }

    /// `used` is how much of it was made use of, `slow` what is over its target, `told` whether anything was
    /// measured at all.
    fn follow(&mut self, now: Duration, used: f64, slow: impl Iterator<Item = Over>, told: bool) {
        let mut slow = slow.peekable();
        if slow.peek().is_none() {
            if told {
                self.value = (self.value + self.step).min(self.max);
            }
            if self.value >= self.max {
                self.bound_by = None;
            }
            return;
        }
        if now < self.hold_until {
            return;
        }
        let (mut kept, mut longest, mut deepest) = (1.0_f64, Duration::ZERO, Part::Lanes);
        for over in slow {
            kept = kept.min(over.target.as_secs_f64() / over.measured.as_secs_f64());
            longest = longest.max(over.measured);
            deepest = deepest.max(over.part);
        }
        self.bound_by = Some(deepest);
        self.value = (self.value.min(used) * kept.max(CUT_MAX)).max(self.min);
        self.hold_until = now + longest.min(HOLD_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(100);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn settings() -> Settings {
        Settings { places: (100, 8000), orders_per_s: (50, 10_000), ..Settings::default() }
    }

    /// A queue before a part that serves at a given rate, and a crowd that takes every place there is.
    struct Queue {
        pressure: Pressure,
        now: Duration,
        inside: Vec<super::super::in_flight::Place>,
    }

    impl Queue {
        fn new() -> Self {
            Self { pressure: Pressure::new(settings()), now: Duration::ZERO, inside: Vec::new() }
        }

        /// One tick at this rate: who is at the head has waited as long as the queue is.
        fn tick(&mut self, per_s: usize) -> (Limited, Duration, usize) {
            let places = self.pressure.places(Kind::Order).clone();
            while let Some(place) = places.enter() {
                self.inside.push(place);
            }
            let wait = Duration::from_secs_f64(self.inside.len() as f64 / per_s as f64);
            let served = (per_s / 10).min(self.inside.len());
            self.inside.truncate(self.inside.len() - served);
            self.pressure.waited(Kind::Order, wait * served as u32, served);
            self.now += TICK;
            (self.pressure.steer(self.now), wait, served)
        }
    }

    #[test]
    fn under_a_standing_crowd_the_wait_comes_to_its_target_and_the_queue_never_runs_dry() {
        for per_s in [2000, 10_000, 30_000] {
            let mut queue = Queue::new();
            // Whoever was let in before anything was known has to be served first.
            for _ in 0..150 {
                queue.tick(per_s);
            }
            for _ in 0..100 {
                let (limited, wait, served) = queue.tick(per_s);
                assert!(wait >= ms(80) && wait <= ms(200), "{per_s}/s: {wait:?} at {limited:?}");
                assert!(served * 10 >= per_s / 10 * 9, "{per_s}/s: {served} served at {limited:?}");
                assert!(limited.bound[Part::Lanes as usize], "{limited:?}");
                assert_eq!(limited.tokens, 8000, "nobody waits for tokens");
            }
        }
    }

    #[test]
    fn a_limit_is_cut_once_for_one_congestion_and_grows_back_by_steps() {
        let pressure = Pressure::new(settings());
        let _inside: Vec<_> = (0..4000).map(|_| pressure.places(Kind::Token).enter()).collect();
        pressure.waited(Kind::Token, ms(300) * 10, 10);
        // Of what was used, not of what was allowed; a third would do, and no cut takes more than half.
        assert_eq!(pressure.steer(ms(100)).tokens, 2000);
        pressure.waited(Kind::Token, ms(300) * 10, 10);
        assert_eq!(pressure.steer(ms(300)).tokens, 2000, "a request has not been through yet");
        pressure.waited(Kind::Token, ms(125) * 10, 10);
        assert_eq!(pressure.steer(ms(400)).tokens, 1600, "in proportion");
        pressure.waited(Kind::Token, ms(20) * 10, 10);
        let limited = pressure.steer(ms(600));
        assert_eq!((limited.tokens, limited.bound[Part::Lanes as usize]), (1728, true));
        let mut limited = limited;
        for tick in 7..60 {
            pressure.waited(Kind::Token, ms(20) * 10, 10);
            limited = pressure.steer(TICK * tick);
        }
        assert_eq!((limited.tokens, limited.bound), (8000, [false; 5]));
    }

    #[test]
    fn silence_with_somebody_inside_moves_nothing_and_silence_without_anybody_is_health() {
        let pressure = Pressure::new(settings());
        let inside: Vec<_> = (0..1000).map(|_| pressure.places(Kind::Token).enter()).collect();
        pressure.desk_took(ms(400), 10);
        assert_eq!(pressure.steer(ms(100)).tokens, 500);
        assert_eq!(pressure.steer(ms(3000)).tokens, 500, "a desk that does not answer is not a quick one");
        drop(inside);
        assert_eq!(pressure.steer(ms(3100)).tokens, 628);
    }

    #[test]
    fn the_part_furthest_behind_the_door_is_named_and_the_slowest_decides() {
        let pressure = Pressure::new(settings());
        let _inside: Vec<_> = (0..1000).map(|_| pressure.places(Kind::Order).enter()).collect();
        pressure.waited(Kind::Order, ms(160) * 10, 10);
        pressure.desk_took(ms(50), 10);
        pressure.log_took(ms(275), 10);
        let limited = pressure.steer(ms(100));
        assert!((624..=625).contains(&limited.orders), "100 of 160 ms: {limited:?}");
        assert_eq!(limited.bound, [false, false, true, false, false]);
        assert_eq!(limited.tokens, 8000, "no token waits for the log");
    }

    #[test]
    fn what_stands_behind_the_promise_limits_purchases_a_second_and_lets_go_of_them_again() {
        let pressure = Pressure::new(settings());
        let mut now = Duration::ZERO;
        let mut tick = |behind: Duration| {
            pressure.waited(Kind::Order, ms(1) * 400, 400);
            pressure.stands_behind(behind + ms(1000), behind);
            now += TICK;
            pressure.steer(now)
        };
        for _ in 0..30 {
            assert_eq!(tick(ms(3000)).orders_per_s, 10_000);
        }
        // Four thousand a second came, and settlement falls behind.
        let limited = tick(ms(12_500));
        assert!((2900..3000).contains(&limited.orders_per_s), "{limited:?}");
        assert_eq!(limited.bound, [false, false, false, false, true]);
        assert_eq!(limited.orders, 8000, "they are few enough inside");
        let mut after = |ticks: usize, behind: Duration| {
            let limited: Vec<_> = (0..ticks).map(|_| tick(behind)).collect();
            limited[ticks - 1]
        };
        let worse = after(400, ms(60_000));
        assert_eq!(worse.orders_per_s, 50, "some are always let in");
        let better = after(1000, ms(500));
        assert_eq!((better.orders_per_s, better.bound), (10_000, [false; 5]));
    }
}
