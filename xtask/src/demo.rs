//! `demo`: a crowd fights for a fresh sale, and the books are shown afterwards.

use crate::cargo;
use crate::console::Console;
use crate::place::Place;
use crate::process::with_many_files;
use crate::state::State;
use crate::up;
use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};

/// Units of the sale.
const UNITS: &str = "100";
/// Buyers.
const BUYERS: &str = "2000";
/// Winners who pay.
const PAY: &str = "40";

/// Runs the command.
pub fn run(place: &Place, console: &Console) -> Result<()> {
    let state = State::load(&place.dev)?;
    if state.alive("engine").is_none() || state.alive("catalog-api").is_none() {
        console.say("nothing is up yet: `cargo xtask up --detach` first");
        up::run(place, console, up::Options { detach: true, ..up::Options::default() })?;
    } else {
        cargo::programs(console, place, &[])?;
    }
    let sale = open_sale(place)?;
    let mut command = loadtest(place);
    command.args(["crowd", "--sale", &sale, "--units", UNITS, "--buyers", BUYERS, "--pay", PAY]);
    command.arg("--env").arg(place.dev.join("env"));
    command.arg("--out").arg(place.dev.with_file_name("demo"));
    let mut child = cargo::start(&mut command)?;
    let status = cargo::finish(&mut child, &mut || console.check())?;
    if !status.success() {
        bail!("the crowd did not end as it has to ({status}); the page above says where");
    }
    Ok(())
}

/// A sale of its own, so that every demo shows the same thing.
fn open_sale(place: &Place) -> Result<String> {
    let output = loadtest(place)
        .args(["sale", "--units", UNITS, "--env"])
        .arg(place.dev.join("env"))
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run loadtest")?;
    if !output.status.success() {
        bail!("no sale could be made ({}); `cargo xtask up --fresh` begins anew", output.status);
    }
    let printed = crate::env_file::trailing(&String::from_utf8_lossy(&output.stdout));
    printed.get("SALE_ID").cloned().context("loadtest did not say which sale it made")
}

fn loadtest(place: &Place) -> Command {
    let mut command = Command::new("sh");
    command.args(with_many_files(&place.program("loadtest"))).current_dir(&place.root);
    command
}
