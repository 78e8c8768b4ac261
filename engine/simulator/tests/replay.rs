//! What the simulator promises about itself: a seed is a run, and a missing rule is missed.

use simulator::batch::{batch, find};
use simulator::mutant::Mutant;
use simulator::run::run;
use simulator::story::Telling;
use simulator::world::Kit;
use std::sync::Arc;

#[test]
fn the_same_seed_is_the_same_story() {
    let kit = Arc::new(Kit::default());
    let tell = |seed| run(seed, None, Telling::Hashed, &kit);
    for seed in 0..20 {
        let first = tell(seed);
        assert_eq!(first, tell(seed), "seed {seed}");
        assert_ne!(first.hash, tell(seed + 1000).hash, "seed {seed} is a story of its own");
    }
}

#[test]
fn a_story_is_the_same_whether_it_is_told_or_not() {
    let kit = Arc::new(Kit::default());
    for seed in 0..20 {
        let told = run(seed, None, Telling::Hashed, &kit);
        let silent = run(seed, None, Telling::Silent, &kit);
        assert_eq!((told.took, told.counts, told.answers), (silent.took, silent.counts, silent.answers));
    }
}

#[test]
fn some_seeds_pass_and_meet_every_kind_of_fault() {
    let report = batch(0..60, None, 1);
    assert_eq!(report.failures, 0, "{:?}", report.failed);
    assert_eq!(report.missing(), Vec::<&str>::new());
}

#[test]
fn the_rules_nearest_to_a_promise_are_missed_at_once() {
    for mutant in [Mutant::TrimAfterSettlement, Mutant::NoGiveBack, Mutant::UsedToken] {
        assert!(find(mutant, 0..300).is_some(), "{}", mutant.name());
    }
}
