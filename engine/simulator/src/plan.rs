//! What a seed means: the sales, the crowd, and which faults come how often.
//!
//! Each seed leaves some kinds of faults out and has others often: two rare faults meet more often in a
//! run that has few others.

use std::ops::RangeInclusive;

/// What a seed means.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Sales, one or two.
    pub sales: Vec<SalePlan>,
    /// Buyers.
    pub buyers: u64,
    /// Processes that serve, and that settle.
    pub roles: [usize; 2],
    /// Orders accepted and not settled, per sale.
    pub unsettled_max: u32,
    /// How long things go wrong.
    pub chaos_ms: u64,
    /// Fates of port calls.
    pub calls: CallRates,
    /// Disturbances and their weights; what is not listed does not happen.
    pub disturbances: Vec<(Disturbance, u32)>,
    /// Mean time between two disturbances.
    pub disturbed_every_ms: u64,
    /// Stock changes, force-starts and closings by staff.
    pub staff_acts: u32,
    /// Whether the sales are closed at the end, and have to come to their last state.
    pub closes: bool,
}

/// One sale.
#[derive(Clone, Debug)]
pub struct SalePlan {
    /// Units put on sale.
    pub units: u64,
    /// Begin of the window after the begin of the run; negative for one that is open.
    pub starts_in_ms: i64,
    /// Most units of one order and of one buyer.
    pub limits: [u32; 2],
    /// Life of a token.
    pub token_ttl_s: u32,
    /// Live tokens per unit.
    pub token_multiplier: u32,
    /// Time between two orders of a buyer.
    pub cooldown_s: u32,
}

/// Of 10,000 port calls so many meet each fate.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallRates {
    /// Fails, nothing happened.
    pub before: u32,
    /// Fails, everything happened.
    pub after: u32,
    /// Is slow.
    pub slow: u32,
    /// Happens twice.
    pub twice: u32,
}

/// What happens to a whole part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// A role dies.
    Crash,
    /// A role stands still.
    Pause,
    /// The desk goes back.
    DeskTail,
    /// The desk is empty.
    DeskEmptied,
    /// The desk lacks a key.
    DeskKey,
    /// The desk restarts whole.
    DeskRestart,
    /// The log loses a tail.
    LogTail,
    /// The ledger goes back.
    LedgerBack,
    /// A clock is set.
    ClockStep,
    /// A partition is read late.
    Stall,
}

const DISTURBANCES: [(Disturbance, u32); 10] = [
    (Disturbance::Crash, 6),
    (Disturbance::Pause, 6),
    (Disturbance::DeskTail, 2),
    (Disturbance::DeskEmptied, 2),
    (Disturbance::DeskKey, 1),
    (Disturbance::DeskRestart, 1),
    (Disturbance::LogTail, 3),
    (Disturbance::LedgerBack, 3),
    (Disturbance::ClockStep, 2),
    (Disturbance::Stall, 3),
];

impl Plan {
    /// Draws a plan.
    pub fn draw(random: &mut fastrand::Rng) -> Self {
        let rate = |random: &mut fastrand::Rng| pick(random, &[0, 0, 10, 50, 200, 600]);
        Self {
            sales: (0..random.usize(1..=2)).map(|_| SalePlan::draw(random)).collect(),
            buyers: random.u64(8..=24),
            roles: [2 + usize::from(random.u8(..) < 30), 2 + usize::from(random.u8(..) < 30)],
            unsettled_max: pick(random, &[4, 30, 1000]),
            chaos_ms: random.u64(3000..=10_000),
            calls: CallRates {
                before: rate(random),
                after: rate(random),
                slow: rate(random),
                twice: rate(random),
            },
            disturbances: DISTURBANCES.into_iter().filter(|_| random.u8(..) < 128).collect(),
            disturbed_every_ms: pick(random, &[400, 1000, 2500]),
            staff_acts: random.u32(0..=3),
            closes: random.bool(),
        }
    }
}

impl SalePlan {
    fn draw(random: &mut fastrand::Rng) -> Self {
        let per_order = pick(random, &[1, 1, 2]);
        Self {
            units: random.u64(2..=20),
            starts_in_ms: random.i64(-2000..=1500),
            limits: [per_order, per_order * random.u32(1..=2)],
            token_ttl_s: pick(random, &[2, 10, 90]),
            token_multiplier: random.u32(1..=5),
            cooldown_s: pick(random, &[0, 0, 1]),
        }
    }
}

/// One of these.
pub fn pick<T: Copy>(random: &mut fastrand::Rng, from: &[T]) -> T {
    from[random.usize(..from.len())]
}

/// A time that is mostly near the lower end of a range and sometimes anywhere in it.
pub fn skewed(random: &mut fastrand::Rng, range: RangeInclusive<u64>) -> u64 {
    let (low, high) = (*range.start(), *range.end());
    let most = if random.u8(..) < 64 { high } else { low + (high - low) / 8 };
    random.u64(low..=most)
}
