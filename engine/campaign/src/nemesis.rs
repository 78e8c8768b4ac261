//! Who breaks things: one fault after another, each healed again, each looked at for whether
//! anybody felt it.
//!
//! Deliberately absent: losing the data of Redis and the tail of Kafka in one fault; no promise holds then,
//! and the design says so.

mod damage;
mod faults;

use crate::house::House;
use crate::tally::Tally;
use anyhow::Result;
use fastrand::Rng;
use faults::{ALL, Kind};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Quiet time between faults, in ms.
const QUIET_MS: std::ops::Range<u64> = 300..1_500;
/// How long a fault lasts, in ms; past the leases now and then.
const LASTS_MS: std::ops::Range<u64> = 300..6_000;
/// Whoever felt a fault may answer a little after it has ended.
const ECHO: Duration = Duration::from_millis(700);
/// How often a fault that nobody feels is done before it counts as one that proves nothing.
const TRIES: u64 = 8;

/// What one kind of fault did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deed {
    /// How often it was done.
    pub(crate) done: u64,
    /// How often somebody felt it.
    pub(crate) bit: u64,
}

/// What was done, by the name of the fault.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deeds {
    /// By name.
    pub(crate) by_kind: BTreeMap<&'static str, Deed>,
    /// Processes killed where they stood.
    pub(crate) kills: u64,
    /// Longest time from the end of a fault until everything said that it is ready, in ms.
    pub(crate) longest_ready_ms: u64,
}

impl Deeds {
    /// Whether this kind was done in vain so far, and not too often.
    fn owes(&self, kind: Kind) -> bool {
        self.by_kind.get(kind.name()).is_some_and(|deed| deed.bit == 0 && (1..TRIES).contains(&deed.done))
    }
}

/// Breaks things until the end, heals everything, and gives the house back. What nobody has felt by then is
/// done again a few times, while the buyers stay: a short run does not depend on luck.
pub(crate) fn rage(mut house: House, tally: &Tally, mut dice: Rng, end: Instant) -> Result<(House, Deeds)> {
    let mut deeds = Deeds::default();
    let mut order: Vec<Kind> = Vec::new();
    pass(Duration::from_secs(3));
    loop {
        if Instant::now() >= end {
            order = ALL.iter().copied().filter(|kind| deeds.owes(*kind)).collect();
            if order.is_empty() {
                break;
            }
        } else if order.is_empty() {
            // Every kind comes up before one comes up again, so that a short run has them all.
            order = ALL.to_vec();
            order.retain(|kind| *kind != Kind::RedisDiskFull || house.disk.is_some());
            dice.shuffle(&mut order);
        }
        let Some(kind) = order.pop() else { continue };
        let lasts = Duration::from_millis(dice.u64(LASTS_MS));
        let before = felt(tally, kind);
        eprintln!(
            "{:>7.1} s  {} for {:.1} s",
            tally.now_ms() as f64 / 1000.0,
            kind.name(),
            lasts.as_secs_f64()
        );
        tally.breaks();
        let killed = kind.strike(&mut house, &mut dice, lasts)?;
        let healed = Instant::now();
        house.mend_wires();
        house.wait_ready()?;
        deeds.longest_ready_ms = deeds.longest_ready_ms.max(healed.elapsed().as_millis() as u64);
        tally.heals();
        pass(ECHO);
        let deed = deeds.by_kind.entry(kind.name()).or_default();
        let bit = felt(tally, kind) > before;
        deed.done += 1;
        deed.bit += u64::from(bit);
        if !bit {
            // Nobody was there just then, or the wire was one that is not needed: it comes up again.
            order.insert(dice.usize(..=order.len()), kind);
        }
        deeds.kills += killed;
        pass(Duration::from_millis(dice.u64(QUIET_MS)));
    }
    for kind in ALL {
        deeds.by_kind.entry(kind.name()).or_default();
    }
    Ok((house, deeds))
}

/// What goes up when somebody feels a fault of this kind.
fn felt(tally: &Tally, kind: Kind) -> u64 {
    match kind {
        // Buyers do not notice; orders promised meanwhile are the proof that there was something to hold up.
        Kind::LedgerRowsLocked | Kind::DatabaseKilled | Kind::DatabasePaused => {
            tally.accepted.load(Ordering::Relaxed)
        }
        Kind::MallKilled => {
            tally.mall_trouble.load(Ordering::Relaxed) + tally.accepted.load(Ordering::Relaxed)
        }
        _ => tally.strange.load(Ordering::Relaxed),
    }
}

/// Lets time go by.
#[expect(clippy::disallowed_methods, reason = "how long a fault lasts is the fault; nothing is waited for")]
fn pass(time: Duration) {
    std::thread::sleep(time);
}
