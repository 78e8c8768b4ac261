//! `down`: ends what `up` started, by pid and start time, and nothing else. Data stays.

use crate::console::Console;
use crate::place::Place;
use crate::process::{End, Identity};
use crate::state::State;
use anyhow::Result;
use std::time::Duration;

/// The engine first, so that it drains while everything it needs is there; the stores last.
const ORDER: [&str; 15] = [
    "engine",
    "engine-2",
    "catalog-api",
    "kafka",
    "kafka-1",
    "kafka-2",
    "kafka-3",
    "redis",
    "redis-1",
    "redis-2",
    "redis-3",
    "redis-4",
    "redis-5",
    "redis-6",
    "mariadb",
];
/// Longest wait for a process to end by itself.
const GRACE: Duration = Duration::from_secs(30);

/// Runs the command.
pub fn run(place: &Place, console: &Console) -> Result<()> {
    let state = State::load(&place.dev)?;
    let all: Vec<_> = state.processes.values().map(|process| process.identity).collect();
    if stop(place, console, &all)? == 0 {
        println!("nothing of ours is running");
    } else {
        println!("stopped; the data is kept, `cargo xtask up` goes on with it");
    }
    Ok(())
}

/// Ends those of the remembered processes that are among `whom`; how many were running.
pub fn stop(place: &Place, console: &Console, whom: &[Identity]) -> Result<usize> {
    let mut stopped = 0;
    for name in ORDER {
        let mut state = State::load(&place.dev)?;
        let Some(process) = state.processes.get(name) else { continue };
        if !whom.contains(&process.identity) {
            continue;
        }
        let mut step = console.step(format!("stopping {name}"));
        // Not to be interrupted: half of them stopped is what nobody wants.
        let mut show = || {
            let _ = step.tick();
            Ok(())
        };
        match process.identity.end(GRACE, &mut show)? {
            End::Absent => step.done("was not running"),
            End::Asked => {
                stopped += 1;
                step.done("");
            }
            End::Killed => {
                stopped += 1;
                step.done(&format!("it did not end within {} s and was killed", GRACE.as_secs()));
            }
        }
        state.processes.remove(name);
        state.save(&place.dev)?;
    }
    Ok(stopped)
}
