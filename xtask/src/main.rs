//! The commands, and their arguments.

use anyhow::{Result, bail};
use std::process::ExitCode;
use xtask::console::{Console, Interrupted};
use xtask::place::Place;
use xtask::{bench, campaign, check, demo, down, fuzz, load, seed, simulate, suite, tidy, up};

const HELP: &str = "cargo xtask <command>

  up [--detach] [--fresh] [--broker embedded|kafka] [--profile dev|cluster]
          start what is missing: stores, both services, demo data; addresses in target/dev/env.
          DATABASE_URL, REDIS_URL, KAFKA_BROKERS name servers of yours, otherwise private ones run.
          `cluster` runs two engines on a Redis Cluster of six and three Kafka brokers.
          Stays in front until Ctrl-C; --detach returns when all is ready; --fresh begins anew.
  down    stop what `up` started, and nothing else; data stays
  demo    2,000 buyers fight for 100 units, then the books
  seed [--goods 100000] [--users 100000] [--orders 1000000]
          fills the database of what is up with so many rows in all, for measuring; again adds nothing
  load [--units 1000] [--scenario seckill|browse|mix] [--rate 200] [--seconds 20] [--closed yes] …
          visitors arrive by the clock at what is up; then the proof, and a page in target/load/<time>
  load --goose browse|seckill|mall [--users 50] [--pause-ms 0] [--seconds 20] [--units 1000]
          the same as users of goose, who come again as soon as they were served: the closed model
  load --k6 smoke|spike|overload|soak|breakpoint [--units 1000]
          the same by k6, which is built with Go when it is missing
  test [--allow-skips] [filter…]
          every test, with a MariaDB, a Redis and a Kafka of its own
  campaign [--minutes 3] [--seed N]
          everything is broken on real stores while buyers buy; then every promise against the ledger
  check   formatting, lints, documentation, dependencies, tidy
  tidy    rules of this project no compiler knows
  bench [--only NAME]
          every stage beside its limit, with real stores; the table is added to docs/measurements.md
  bench --reads
          what shoppers and staff read of the mall that is up, over the rows of `seed`
  bench --micro [argument…]
          the criterion benches of what needs no store
  simulate [--seeds N] [--seed S [--trace]] [--mutant NAME] [--mutants]
          the engine in one thread on paused time, with faults at every call; docs/simulator.md
  fuzz wx|admin|sql [--minutes N] [--rate 50] [--seed N] [--only part-of-a-path]
          strangers' input at a mall of its own, by schemathesis and sqlmap; docs/security.md

  XTASK_PROGRAMS=<folder>  use the programs in it instead of building them
  XTASK_DEV_DIR=<folder>   instead of target/dev
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Interrupted>() => {
            eprintln!("interrupted");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<()> {
    let Some((command, rest)) = args.split_first() else {
        print!("{HELP}");
        return Ok(());
    };
    if command == "help" || args.iter().any(|arg| arg == "--help" || arg == "-h") {
        print!("{HELP}");
        return Ok(());
    }
    let place = Place::find()?;
    let console = Console::new()?;
    match command.as_str() {
        "up" => up::run(&place, &console, up_options(rest)?),
        "down" => nothing_more(rest).and_then(|()| down::run(&place, &console)),
        "demo" => nothing_more(rest).and_then(|()| demo::run(&place, &console)),
        "test" => suite::run(&place, &console, &test_options(rest)?),
        "check" => nothing_more(rest).and_then(|()| check::run(&place, &console)),
        "tidy" => nothing_more(rest).and_then(|()| tidy::run(&place, &console)),
        "campaign" => campaign::run(&place, &console, rest),
        "seed" => seed::run(&place, &console, rest),
        "load" => load::run(&place, &console, rest),
        "bench" => bench::run(&place, &console, rest),
        "fuzz" => fuzz::run(&place, &console, rest),
        "simulate" => simulate::run(&place, &console, rest),
        other => bail!("there is no command `{other}`\n\n{HELP}"),
    }
}

fn up_options(args: &[String]) -> Result<up::Options> {
    let mut options = up::Options::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--detach" => options.detach = true,
            "--fresh" => options.fresh = true,
            "--broker" => match args.next().and_then(|name| up::Broker::from_name(name)) {
                Some(broker) => options.broker = Some(broker),
                None => bail!("--broker is `embedded` or `kafka`"),
            },
            "--profile" => match args.next().and_then(|name| up::Profile::from_name(name)) {
                Some(profile) => options.profile = profile,
                None => bail!("`up` is for development: its profiles are `dev` and `cluster`"),
            },
            other => bail!("`up` does not know `{other}`\n\n{HELP}"),
        }
    }
    Ok(options)
}

fn test_options(args: &[String]) -> Result<suite::Options> {
    let mut options = suite::Options::default();
    for arg in args {
        match arg.as_str() {
            "--allow-skips" => options.allow_skips = true,
            flag if flag.starts_with('-') => bail!("`test` does not know `{flag}`\n\n{HELP}"),
            filter => options.filters.push(filter.to_owned()),
        }
    }
    Ok(options)
}

fn nothing_more(args: &[String]) -> Result<()> {
    match args.first() {
        None => Ok(()),
        Some(arg) => bail!("`{arg}` is not understood here\n\n{HELP}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn options_are_read_and_unknown_ones_refused() {
        let options = up_options(&words("--detach --broker kafka --profile dev")).unwrap();
        assert_eq!((options.detach, options.fresh, options.broker), (true, false, Some(up::Broker::Kafka)));
        assert_eq!(up_options(&words("--profile cluster")).unwrap().profile, up::Profile::Cluster);
        for wrong in ["--broker rabbit", "--broker", "--profile prod", "--now"] {
            assert!(up_options(&words(wrong)).is_err(), "{wrong}");
        }
        let options = test_options(&words("--allow-skips desk purchase")).unwrap();
        assert_eq!((options.allow_skips, options.filters.len()), (true, 2));
        assert!(test_options(&words("--no-fail-fast")).is_err());
    }
}
