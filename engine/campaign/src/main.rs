//! The fault campaign: two engines and a catalog-api on real stores, buyers who never stop, and a
//! nemesis that breaks whatever there is to break. Afterwards everything is healed and drained, and every
//! promise is checked against the ledger.
//!
//! Deliberately absent: any hook in the services. They are the programs that are shipped; faults are
//! signals, cut wires and damaged files.

// What is run: stores, wires that can be cut, services.
mod house;
mod proxy;
// Who uses it: buyers and staff, and what they saw.
mod buyer;
mod crowd;
mod staff;
mod tally;
// Who breaks it.
mod nemesis;
// What must be true afterwards, and how it is told.
mod judge;
mod report;

use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What was asked for.
struct Options {
    minutes: f64,
    seed: u64,
    programs: PathBuf,
    out: PathBuf,
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(run()));
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether every promise was kept and every fault bit.
async fn run() -> Result<bool> {
    let options = options(std::env::args().skip(1))?;
    let mut dice = fastrand::Rng::with_seed(options.seed);
    println!("campaign of {} minutes, seed {}", options.minutes, options.seed);
    let house = house::House::build(&options.programs, &options.out).await?;
    let crowd = crowd::Crowd::gather(&house, &options.out).await?;
    let end = Instant::now() + Duration::from_secs_f64(options.minutes * 60.0);

    let buying = tokio::spawn(Arc::clone(&crowd).storm(dice.fork(), end));
    let selling = tokio::spawn(staff::keep_selling(Arc::clone(&crowd)));
    let (tally, dice) = (Arc::clone(&crowd.tally), dice.fork());
    let nemesis = tokio::task::spawn_blocking(move || nemesis::rage(house, &tally, dice, end));
    let (house, deeds) = nemesis.await.context("the nemesis died")??;
    crowd.tally.ends();
    buying.await.context("the crowd died")??;
    selling.await.context("the staff died")??;

    let verdict = judge::judge(&house, &crowd, &deeds).await?;
    report::tell(&options, &crowd.tally, &deeds, &verdict);
    Ok(verdict.wrong.is_empty() && verdict.toothless.is_empty())
}

fn options(mut args: impl Iterator<Item = String>) -> Result<Options> {
    let mut options = Options {
        minutes: 3.0,
        seed: std::time::UNIX_EPOCH.elapsed()?.as_secs(),
        programs: PathBuf::from("target/release"),
        out: PathBuf::from("target/campaign"),
    };
    while let Some(arg) = args.next() {
        let value = args.next().with_context(|| format!("{arg} needs a value"))?;
        match arg.as_str() {
            "--minutes" => options.minutes = value.parse().context("--minutes is a number")?,
            "--seed" => options.seed = value.parse().context("--seed is a whole number")?,
            "--programs" => options.programs = value.into(),
            "--out" => options.out = value.into(),
            other => bail!("`{other}` is not understood: --minutes, --seed, --programs, --out"),
        }
    }
    if !(0.1..=600.0).contains(&options.minutes) {
        bail!("--minutes is between 0.1 and 600");
    }
    options.programs = options.programs.canonicalize().context("--programs: no such folder")?;
    options.out = options.out.join(options.seed.to_string());
    Ok(options)
}
