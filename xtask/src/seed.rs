//! `seed`: fills the database of what is up with a shop of any size, for measuring.
//!
//! catalog-api makes the rows, because it knows the schema; here the amounts are read, and the house that
//! is up is found. It has to be a house of ours: rows for measuring have no business anywhere else.

use crate::cargo;
use crate::console::Console;
use crate::place::Place;
use crate::state::State;
use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};

/// What can be asked for, and how much of it there is when nobody says.
const AMOUNTS: [(&str, u64); 3] = [("--goods", 100_000), ("--users", 100_000), ("--orders", 1_000_000)];
/// Rows of a kind at most, as catalog-api has it.
const ROWS_MAX: u64 = 9_999_999;

/// Runs the command.
pub fn run(place: &Place, console: &Console, args: &[String]) -> Result<()> {
    let amounts = amounts(args)?;
    let state = State::load(&place.dev)?;
    let Some(service) = state.alive("catalog-api") else {
        bail!("nothing is up whose database could be filled: `cargo xtask up --detach` first");
    };
    let database = service.env.get("DATABASE_URL").context("catalog-api was started without a database")?;
    if !state.is_ours(database) {
        bail!("DATABASE_URL names a server of yours; `seed` fills only one that `up` has started");
    }
    cargo::programs(console, place, &[])?;
    let mut command = Command::new(place.program("catalog-api"));
    command.arg("seed").envs(&service.env).current_dir(&place.root).stdin(Stdio::null());
    for (name, amount) in amounts {
        command.arg(name).arg(amount.to_string());
    }
    cargo::watch(console, "filling the database (some minutes)", &mut command)
}

/// The amounts, each with its default.
fn amounts(args: &[String]) -> Result<[(&'static str, u64); 3]> {
    let mut amounts = AMOUNTS;
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let Some(known) = amounts.iter_mut().find(|(name, _)| name == arg) else {
            bail!("`seed` does not know `{arg}`; it takes --goods, --users and --orders");
        };
        let value = args.next().with_context(|| format!("{arg} wants a number"))?;
        let amount = value.parse().ok().filter(|amount| (1..=ROWS_MAX).contains(amount));
        known.1 =
            amount.with_context(|| format!("{arg} wants a number from 1 to {ROWS_MAX}, not `{value}`"))?;
    }
    Ok(amounts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<[u64; 3]> {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Ok(amounts(&args)?.map(|(_, amount)| amount))
    }

    #[test]
    fn amounts_have_defaults_and_a_wrong_one_is_named() {
        assert_eq!(read("").unwrap(), [100_000, 100_000, 1_000_000]);
        assert_eq!(read("--orders 5 --goods 7").unwrap(), [7, 100_000, 5]);
        for (line, named) in [
            ("--goods", "--goods"),
            ("--users 0", "--users"),
            ("--orders 1e6", "--orders"),
            ("--cats 1", "--cats"),
        ] {
            assert!(read(line).unwrap_err().to_string().contains(named), "{line}");
        }
    }
}
