//! Running cargo and other tools in front of the person, stopping them on Ctrl-C.

use crate::console::Console;
use crate::place::Place;
use crate::process::{Identity, Signal};
use crate::wait;
use anyhow::{Context, Result, bail};
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

/// Longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(4 * 3600);

/// Cargo in the workspace, free of what the cargo that runs us has put into the environment: some build
/// scripts would take it for a change and build again.
pub fn cargo(place: &Place) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy();
        let ours =
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|prefix| name.starts_with(prefix));
        if ours || ["CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"].contains(&&*name) {
            command.env_remove(&key);
        }
    }
    command.current_dir(&place.root);
    command
}

/// Runs a command that writes to the terminal itself; an error when it fails.
pub fn watch(console: &Console, what: &str, command: &mut Command) -> Result<()> {
    let mut step = console.step_aside(what);
    let mut child = start(command)?;
    let status = finish(&mut child, &mut || step.tick())?;
    if !status.success() {
        bail!("{what}: failed ({status})");
    }
    step.done("");
    Ok(())
}

/// Starts a command, naming it when that fails.
pub fn start(command: &mut Command) -> Result<Child> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.spawn().with_context(|| format!("cannot run {name}"))
}

/// Waits for a child; asks it to end when the person asks us.
pub fn finish(child: &mut Child, tick: wait::Tick<'_>) -> Result<ExitStatus> {
    let ended = wait::until(LIMIT, tick, || Ok(child.try_wait()?));
    match ended {
        Ok(Some(status)) => Ok(status),
        Ok(None) => {
            stop(child)?;
            bail!("stopped after {} h", LIMIT.as_secs() / 3600)
        }
        Err(error) => {
            stop(child)?;
            Err(error)
        }
    }
}

fn stop(child: &mut Child) -> Result<()> {
    if let Some(identity) = Identity::of(child.id()) {
        identity.signal(Signal::Term)?;
    }
    let gone = wait::until(Duration::from_secs(10), &mut wait::quietly, || Ok(child.try_wait()?))?;
    if gone.is_none() {
        child.kill()?;
        child.wait()?;
    }
    Ok(())
}

/// What is run beside the stores. Always built together: another choice would unify other features, and
/// cargo would compile most dependencies once more.
const PROGRAMS: [&str; 3] = ["engine", "catalog-api", "loadtest"];

/// Builds our programs and some more, unless ready ones are to be used.
pub fn programs(console: &Console, place: &Place, more: &[&str]) -> Result<()> {
    let names = [&PROGRAMS, more].concat();
    if place.programs.is_none() {
        let mut command = cargo(place);
        command.args(["build", "--release"]);
        for name in &names {
            command.args(["-p", name]);
        }
        let what = format!("building {} (release; the first time takes minutes)", names.join(", "));
        watch(console, &what, &mut command).context("mend what the compiler names, then run this again")?;
    }
    for name in names {
        let program = place.program(name);
        if !program.is_file() {
            bail!("there is no program {}", program.display());
        }
    }
    Ok(())
}
