//! The page at the end.

use crate::Options;
use crate::judge::Verdict;
use crate::nemesis::Deeds;
use crate::tally::Tally;
use std::sync::atomic::{AtomicU64, Ordering};

/// Broken promises that are listed; further ones are counted.
const LISTED_MAX: usize = 30;

/// Prints it.
pub(crate) fn tell(options: &Options, tally: &Tally, deeds: &Deeds, verdict: &Verdict) {
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    println!("\nAnswers");
    for (word, times) in tally.answers() {
        println!("  {times:>8}  {word}");
    }
    println!("\nFaults, and how many of each were felt");
    for (name, deed) in &deeds.by_kind {
        println!("  {:>5} {:>5}  {name}", deed.done, deed.bit);
    }
    println!("\n{} processes killed where they stood", deeds.kills);
    println!(
        "{} orders accepted, {} of all orders unknown at first",
        verdict.accepted,
        count(&tally.unknown)
    );
    println!("{} rows in the ledger, {} tokens refused and without a row", verdict.rows, verdict.refused);
    println!("{} buyers turned away by the driver", count(&tally.turned_away));
    println!("longest unknown while everything worked: {:.1} s", tally.longest_ms() as f64 / 1000.0);
    println!("longest until ready after a fault: {:.1} s", deeds.longest_ready_ms as f64 / 1000.0);
    println!("books of {} sales at rest {:.1} s after the last buyer left", verdict.sales, verdict.rest_s);
    for wrong in verdict.wrong.iter().take(LISTED_MAX) {
        println!("BROKEN  {wrong}");
    }
    if verdict.wrong.len() > LISTED_MAX {
        println!("BROKEN  and {} more", verdict.wrong.len() - LISTED_MAX);
    }
    for kind in &verdict.toothless {
        println!("INVALID  nobody ever felt: {kind}");
    }
    println!(
        "\nseed {}: {} broken promises, {} kinds of faults unfelt; history and logs in {}",
        options.seed,
        verdict.wrong.len(),
        verdict.toothless.len(),
        options.out.display()
    );
}
