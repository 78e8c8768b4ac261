//! `bench`: the benches with real stores beside them.

use crate::cargo;
use crate::console::Console;
use crate::place::Place;
use crate::suite::Stores;
use anyhow::{Result, bail};

/// Runs the command; the arguments are the benches' own.
pub fn run(place: &Place, console: &Console, args: &[String]) -> Result<()> {
    let dir = place.root.join("target/bench");
    let stores = Stores::start(console, &dir)?;
    if let Some((name, reason)) = stores.skipped.first() {
        bail!("{name} is missing, and a bench without it would compare nothing: {reason}");
    }
    let mut command = cargo::cargo(place);
    command.args(["bench", "-p", "benches", "--"]).args(args);
    stores.tell(&mut command, &dir)?;
    cargo::watch(console, "cargo bench -p benches", &mut command)
}
