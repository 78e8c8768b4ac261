//! The commands: a fresh sale, a crowd, a verification.

use anyhow::{Context, Result, bail};
use loadtest::crowd::{self, Options};
use loadtest::load::{self, Scenario};
use loadtest::native::Pace;
use loadtest::referee::Plan;
use loadtest::settings::{Addresses, Args};
use loadtest::verify::{Case, verify};
use loadtest::{history, report};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

const HELP: &str = "loadtest <command>

  sale    --env FILE --units N
          puts units of the demo goods on a fresh sale and prints SALE_ID=…
  crowd   --env FILE --sale N [--buyers 2000] [--units 100] [--pay 40] [--cancel units/10]
          [--out target/demo] [--engine PROGRAM]
          lets a crowd fight for the units, then shows what happened and proves the books
  load    --env FILE --sale N [--scenario seckill|browse|mix] [--rate 200 | --closed yes] [--seconds 20]
          [--connections 256] [--buyers 10000] [--out target/load] [--engine PROGRAM]
          visitors arrive by the clock (or, closed, as fast as they are served); then the proof, and a
          page with plots
  verify  --env FILE --sale N [--history target/demo/history.jsonl] [--engine PROGRAM]
          proves the books against the history of an earlier crowd

  FILE is what `cargo xtask up` writes: target/dev/env
";

/// Longest wait for something accepted to be settled, as the design promises it.
const SETTLE_LIMIT: Duration = Duration::from_secs(60);
/// Longest time for a crowd.
const CROWD_LIMIT: Duration = Duration::from_secs(180);

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything was right.
async fn run(args: &[String]) -> Result<bool> {
    let Some((command, rest)) = args.split_first() else {
        print!("{HELP}");
        return Ok(true);
    };
    match command.as_str() {
        "sale" => sale(&Args::parse(rest, &["env", "units"])?).await,
        "crowd" => {
            let known = ["env", "sale", "buyers", "units", "pay", "cancel", "out", "engine"];
            Box::pin(crowd(&Args::parse(rest, &known)?)).await
        }
        "load" => {
            let known = [
                "env",
                "sale",
                "scenario",
                "rate",
                "closed",
                "seconds",
                "connections",
                "buyers",
                "out",
                "engine",
            ];
            Box::pin(load(&Args::parse(rest, &known)?)).await
        }
        "verify" => judge(&Args::parse(rest, &["env", "sale", "history", "engine"])?).await,
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(true)
        }
        other => bail!("there is no command `{other}`\n\n{HELP}"),
    }
}

async fn sale(args: &Args) -> Result<bool> {
    let addresses = addresses(args)?;
    let sale = crowd::make_sale(&addresses, args.number("units", Some(100))?).await?;
    println!("SALE_ID={sale}");
    Ok(true)
}

async fn crowd(args: &Args) -> Result<bool> {
    let addresses = addresses(args)?;
    let units = args.number("units", Some(100_usize))?;
    let options = Options {
        sale: args.number("sale", None)?,
        buyers: args.number("buyers", Some(2000))?,
        plan: Plan {
            units,
            pay: args.number("pay", Some(40))?,
            cancel: args.number("cancel", Some(units / 10))?,
        },
        out: args.path("out", "target/demo"),
        settle_limit: SETTLE_LIMIT,
        limit: CROWD_LIMIT,
    };
    let outcome = crowd::run(&addresses, &options).await?;
    let engine = engine(args)?;
    let case =
        Case { addresses: &addresses, sale: options.sale, engine: &engine, limit: SETTLE_LIMIT, alone: true };
    let seen = history::read(&options.out.join("history.jsonl"))?;
    let buyers = history::read(&options.out.join("buyers.jsonl"))?;
    let mut findings = verify(&case, &seen, &buyers).await?;
    findings.wrong.extend(outcome.score.wrong.iter().cloned());
    if findings.live != units {
        findings.wrong.push(format!("{} live orders instead of {units}", findings.live));
    }
    print!("{}", report::page(&options, &outcome, &findings));
    Ok(findings.wrong.is_empty())
}

async fn load(args: &Args) -> Result<bool> {
    let addresses = addresses(args)?;
    let pace = match (args.text("closed"), args.number("rate", Some(200.0))?) {
        (Some(_), _) => Pace::Closed,
        (None, per_s) => Pace::Open(per_s),
    };
    let options = load::Options {
        sale: args.number("sale", None)?,
        scenario: Scenario::from_name(args.text("scenario").unwrap_or("seckill"))?,
        pace,
        within: Duration::from_secs(args.number("seconds", Some(20))?),
        connections: args.number("connections", Some(256))?,
        buyers: args.number("buyers", Some(10_000))?,
        out: args.path("out", "target/load"),
    };
    let outcome = load::run(&addresses, &options).await?;
    let engine = engine(args)?;
    let case =
        Case { addresses: &addresses, sale: options.sale, engine: &engine, limit: SETTLE_LIMIT, alone: true };
    let seen = history::read(&options.out.join("history.jsonl"))?;
    let buyers = history::read(&options.out.join("buyers.jsonl"))?;
    let findings = verify(&case, &seen, &buyers).await?;
    print!("{}", load::page::text(&options, &outcome, &findings));
    let page = options.out.join("report.html");
    std::fs::write(&page, load::page::html(&options, &outcome, &findings))?;
    println!("The page with plots is {}", page.display());
    Ok(findings.wrong.is_empty())
}

async fn judge(args: &Args) -> Result<bool> {
    let addresses = addresses(args)?;
    let sale = args.number("sale", None)?;
    let file = args.path("history", "target/demo/history.jsonl");
    let engine = engine(args)?;
    let case = Case { addresses: &addresses, sale, engine: &engine, limit: SETTLE_LIMIT, alone: false };
    let buyers = file.parent().unwrap_or(Path::new(".")).join("buyers.jsonl");
    let findings = verify(&case, &history::read(&file)?, &history::read(&buyers)?).await?;
    print!("{}", report::verified(sale, &file, &findings));
    Ok(findings.wrong.is_empty())
}

fn addresses(args: &Args) -> Result<Addresses> {
    Addresses::read(&args.path("env", "target/dev/env"))
}

/// The engine's program stands beside this one.
fn engine(args: &Args) -> Result<PathBuf> {
    let beside = std::env::current_exe().context("where is this program?")?.with_file_name("engine");
    Ok(args.path("engine", beside))
}
