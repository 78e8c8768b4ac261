//! `campaign`: faults on real stores while buyers buy, then every promise against the ledger.

use crate::cargo;
use crate::console::Console;
use crate::packages;
use crate::place::Place;
use crate::process::with_many_files;
use anyhow::Result;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs the command; the arguments are the campaign's own.
pub fn run(place: &Place, console: &Console, args: &[String]) -> Result<()> {
    for needs in [packages::REDIS, packages::MARIADB, packages::KAFKA] {
        packages::ensure(console, needs)?;
    }
    cargo::programs(console, place, &["campaign"])?;
    let program = place.program("campaign");
    let mut command = command(&program);
    command.current_dir(&place.root);
    command.arg("--programs").arg(program.with_file_name(""));
    command.arg("--out").arg(place.target().join("campaign")).args(args);
    cargo::watch(console, "campaign", &mut command)
}

/// The campaign's program, where it may be given a file system of its own: one that nobody else sees, and
/// that ends with it whatever ends it.
pub(crate) fn command(program: &Path) -> Command {
    let alone = ["--mount", "--"];
    let may = Command::new("unshare").args(alone).arg("true").stderr(Stdio::null()).status();
    let mut command = Command::new("sh");
    if may.is_ok_and(|status| status.success()) {
        command = Command::new("unshare");
        command.args(alone).arg("sh");
    }
    command.args(with_many_files(program));
    command
}
