//! `check`: everything that can be said about the source without running it.

use crate::cargo;
use crate::console::Console;
use crate::place::{Place, which};
use crate::tidy;
use anyhow::{Result, bail};
use std::process::Command;

/// Runs the command: all of it, even when something fails early.
pub fn run(place: &Place, console: &Console) -> Result<()> {
    let mut failed = Vec::new();
    let mut fmt = cargo::cargo(place);
    fmt.args(["fmt", "--all", "--", "--check"]);
    let mut clippy = cargo::cargo(place);
    clippy.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    let mut doc = cargo::cargo(place);
    doc.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-Dwarnings");
    let mut deny = cargo::cargo(place);
    deny.args(["deny", "check"]);
    let steps: [(&str, &str, Option<&mut Command>); 4] = [
        ("formatting", "`cargo fmt` mends it", Some(&mut fmt)),
        ("clippy", "each lint says what to do", Some(&mut clippy)),
        ("documentation", "each warning says what to do", Some(&mut doc)),
        ("dependencies", "deny.toml says what is allowed", which("cargo-deny").map(|_| &mut deny)),
    ];
    for (name, advice, command) in steps {
        let Some(command) = command else {
            console.say("- dependencies: cargo-deny is not installed; not looked at");
            continue;
        };
        if let Err(error) = cargo::watch(console, name, command) {
            console.check()?;
            console.say(&format!("{error:#}; {advice}"));
            failed.push(name);
        }
    }
    if let Err(error) = tidy::run(place, console) {
        console.say(&format!("{error:#}"));
        failed.push("tidy");
    }
    if !failed.is_empty() {
        bail!("check failed: {}", failed.join(", "));
    }
    println!("check passed");
    Ok(())
}
