//! What a test function is too small for: the simulator over many seeds, a look whether it finds what is
//! known to be wrong, and a short campaign. They run after the tests, with the programs these were built
//! with.

use super::Options;
use super::results::Tally;
use crate::cargo;
use crate::console::Console;
use crate::place::Place;
use crate::process::with_many_files;
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;

/// Each with the program and its arguments.
const PROOFS: [(&str, &str, &[&str]); 3] = [
    ("simulate", "simulator", &["--seeds", "5000", "--threads", "2"]),
    ("mutants", "simulator", &["--mutants"]),
    ("campaign", "campaign", &["--minutes", "3"]),
];

/// Runs those that were asked for, and counts them with the tests.
pub(super) fn run(
    place: &Place,
    console: &Console,
    options: &Options,
    tally: &mut Tally,
    skipped: &mut Vec<(&'static str, String)>,
) -> Result<()> {
    let wanted = |name: &str| {
        options.filters.is_empty() || options.filters.iter().any(|filter| name.contains(filter.as_str()))
    };
    let proofs: Vec<_> = PROOFS.into_iter().filter(|(name, ..)| wanted(name)).collect();
    if proofs.is_empty() {
        return Ok(());
    }
    // Together with the tests: alone, the programs would unify other features and be compiled anew.
    let mut build = cargo::cargo(place);
    build.args(["build", "--quiet", "--workspace", "--bins", "--tests"]);
    cargo::watch(console, "building the simulator and the campaign", &mut build)?;
    let programs = place.target().join("debug");
    for (name, program, args) in proofs {
        if program == "campaign" && !skipped.is_empty() {
            skipped.push((name, "it needs every store".to_owned()));
            continue;
        }
        println!("\nproof {name}");
        if prove(place, console, &programs, program, args)? {
            tally.passed += 1;
        } else {
            println!("proof {name} FAILED");
            tally.failed += 1;
        }
    }
    Ok(())
}

fn prove(place: &Place, console: &Console, programs: &Path, program: &str, args: &[&str]) -> Result<bool> {
    let mut command = Command::new("sh");
    command.args(with_many_files(&programs.join(program))).args(args).current_dir(&place.root);
    if program == "campaign" {
        command.arg("--programs").arg(programs).arg("--out").arg(place.target().join("test/campaign"));
    }
    let mut child = cargo::start(&mut command)?;
    let status = cargo::finish(&mut child, &mut || console.check()).with_context(|| program.to_owned())?;
    Ok(status.success())
}
