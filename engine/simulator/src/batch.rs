//! Many seeds, and what they came to together.

use crate::faults::Counts;
use crate::mutant::Mutant;
use crate::run::{Outcome, run};
use crate::story::Telling;
use crate::world::Kit;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Violations kept word by word.
const TOLD_MAX: usize = 20;

/// What many runs came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Runs.
    pub seeds: u64,
    /// Failing seeds with their first violation; not all of them when there are many.
    pub failed: Vec<(u64, String)>,
    /// How many seeds failed.
    pub failures: u64,
    counts: Counts,
    answers: [u64; 3],
    rebuilt: u64,
    virtual_time: Duration,
    took: Duration,
}

impl Report {
    /// Kinds of faults that never fired.
    pub fn missing(&self) -> Vec<&'static str> {
        self.counts.missing()
    }

    fn add(&mut self, seed: u64, outcome: Outcome) {
        self.seeds += 1;
        self.counts.add(&outcome.counts);
        for (ours, theirs) in self.answers.iter_mut().zip(outcome.answers) {
            *ours += theirs;
        }
        self.rebuilt += outcome.rebuilt;
        self.virtual_time += outcome.took;
        if let Some(first) = outcome.violations.into_iter().next() {
            self.failures += 1;
            if self.failed.len() < TOLD_MAX {
                println!("seed {seed}: {first}");
                self.failed.push((seed, first));
            }
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.took.as_secs_f64() / 60.0;
        let [promised, refused, unknown] = self.answers;
        writeln!(f, "faults:\n{}", self.counts)?;
        writeln!(f, "answers: {promised} promises, {refused} refusals, {unknown} unknown")?;
        writeln!(f, "desks rebuilt: {}", self.rebuilt)?;
        writeln!(
            f,
            "{} seeds, {} h of virtual time, in {:.1} s: {:.0} seeds a minute",
            self.seeds,
            self.virtual_time.as_secs() / 3600,
            self.took.as_secs_f64(),
            self.seeds as f64 / minutes
        )?;
        write!(f, "violations: {}", self.failures)
    }
}

/// Runs the seeds on as many threads.
pub fn batch(seeds: Range<u64>, mutant: Option<Mutant>, threads: usize) -> Report {
    let begin = Instant::now();
    let next = AtomicU64::new(seeds.start);
    let report = Mutex::new(Report::default());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let kit = Arc::new(Kit::default());
                loop {
                    let seed = next.fetch_add(1, Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let outcome = run(seed, mutant, Telling::Silent, &kit);
                    report.lock().unwrap_or_else(PoisonError::into_inner).add(seed, outcome);
                }
            });
        }
    });
    let mut report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.took = begin.elapsed();
    report
}

/// The first seed that finds a mutant, and what it broke.
pub fn find(mutant: Mutant, seeds: Range<u64>) -> Option<(u64, String)> {
    let kit = Arc::new(Kit::default());
    seeds.into_iter().find_map(|seed| {
        let violations = run(seed, Some(mutant), Telling::Silent, &kit).violations;
        violations.into_iter().next().map(|first| (seed, first))
    })
}
