//! `campaign`: faults on real stores while buyers buy, then every promise against the ledger.

use crate::cargo;
use crate::console::Console;
use crate::packages;
use crate::place::Place;
use crate::process::with_many_files;
use anyhow::Result;
use std::process::Command;

/// Runs the command; the arguments are the campaign's own.
pub fn run(place: &Place, console: &Console, args: &[String]) -> Result<()> {
    for needs in [packages::REDIS, packages::MARIADB, packages::KAFKA] {
        packages::ensure(console, needs)?;
    }
    cargo::programs(console, place, &["campaign"])?;
    let program = place.program("campaign");
    let mut command = Command::new("sh");
    command.args(with_many_files(&program)).current_dir(&place.root);
    command.arg("--programs").arg(program.with_file_name(""));
    command.arg("--out").arg(place.target().join("campaign")).args(args);
    cargo::watch(console, "campaign", &mut command)
}
