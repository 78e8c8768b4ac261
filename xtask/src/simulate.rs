//! `simulate`: the engine's spines on paused time with faults at every call, many seeds a minute.
//!
//! The simulator is a program of its own, so that nothing of it can get into the engine.

use crate::cargo;
use crate::console::Console;
use crate::place::Place;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// Builds the simulator and runs it; the arguments are its own.
pub fn run(place: &Place, console: &Console, args: &[String]) -> Result<()> {
    let program = build(place, console)?;
    let mut child = cargo::start(Command::new(program).args(args))?;
    let status = cargo::finish(&mut child, &mut || console.check())?;
    if !status.success() {
        bail!("the simulator found something ({status}); the lines above say what");
    }
    Ok(())
}

/// Optimised, with every assertion of the engine.
fn build(place: &Place, console: &Console) -> Result<PathBuf> {
    if place.programs.is_some() {
        return Ok(place.program("simulator"));
    }
    let mut command = cargo::cargo(place);
    command.args(["build", "--quiet", "--profile", "simulate", "-p", "simulator"]);
    cargo::watch(console, "building the simulator (the first time takes minutes)", &mut command)
        .context("mend what the compiler names, then run this again")?;
    Ok(place.target().join("simulate/simulator"))
}
