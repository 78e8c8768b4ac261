//! `bench`: every stage beside its limit in one run, with real stores of its own; `bench --micro` for the
//! criterion benches of what needs no store; `bench --reads` for reads of the mall that is up.

use crate::cargo;
use crate::console::Console;
use crate::place::Place;
use crate::process::with_many_files;
use crate::state::State;
use crate::suite::Stores;
use anyhow::{Result, bail};
use std::process::Command;

/// Where the tables are kept.
const RECORD: &str = "docs/measurements.md";

/// Runs the command.
pub fn run(place: &Place, console: &Console, args: &[String]) -> Result<()> {
    if let Some(("--micro", rest)) = args.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        let mut command = cargo::cargo(place);
        command.args(["bench", "--workspace", "--benches", "--"]).args(rest);
        return cargo::watch(console, "cargo bench", &mut command);
    }
    if let Some(("--reads", rest)) = args.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return reads(place, console, rest);
    }
    cargo::programs(console, place, &["benches"])?;
    let dir = place.root.join("target/bench");
    let stores = Stores::start(console, &dir)?;
    if let Some((name, reason)) = stores.skipped.first() {
        bail!("{name} is missing, and a bench without it would compare nothing: {reason}");
    }
    let mut command = Command::new("sh");
    command.args(with_many_files(&place.program("benches"))).current_dir(&place.root);
    for (name, value) in [
        ("--engine", place.program("engine")),
        ("--catalog", place.program("catalog-api")),
        ("--dir", dir.join("tmp")),
        ("--append", place.root.join(RECORD)),
    ] {
        command.arg(name).arg(value);
    }
    command.args(args);
    stores.tell(&mut command, &dir)?;
    for (name, pid) in stores.pids()? {
        command.env(format!("BENCH_{name}_PID"), pid.to_string());
    }
    cargo::watch(console, "measuring", &mut command)
}

/// Reads of the mall that is up, over the rows `seed` has made in it.
fn reads(place: &Place, console: &Console, args: &[String]) -> Result<()> {
    if let Some(arg) = args.first() {
        bail!("`bench --reads` takes nothing more, not `{arg}`");
    }
    if State::load(&place.dev)?.alive("catalog-api").is_none() {
        bail!("nothing is up that could be read: `cargo xtask up --detach`, then `cargo xtask seed`");
    }
    cargo::programs(console, place, &["benches"])?;
    let mut command = Command::new("sh");
    command.args(with_many_files(&place.program("benches"))).arg("reads").current_dir(&place.root);
    for (name, value) in [
        ("--env", place.dev.join("env")),
        ("--append", place.root.join(RECORD)),
        ("--dir", place.target().join("bench")),
    ] {
        command.arg(name).arg(value);
    }
    cargo::watch(console, "measuring reads", &mut command)
}
