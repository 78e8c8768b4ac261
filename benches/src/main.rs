//! `benches`: every stage beside its limit, measured in one run, as a table.
//!
//! A ratio means something where a figure does not: both sides run on this machine, against these stores,
//! a moment apart, and in turns. The engine runs as its own process, so that its CPU time can be told from
//! the client's; Redis, MariaDB and Kafka are the real ones that `cargo xtask bench` started.

mod callers;
mod cell;
mod desk;
mod door;
mod handoff;
mod hello;
mod host;
mod installation;
mod memory;
mod raw_rows;
mod reads;
mod settlement;
mod table;

use anyhow::{Context, Result, bail};
use installation::Installation;
use std::path::PathBuf;
use table::Table;

/// What is measured, in order, and for whose sake else: the whole purchase adds up limits of the others.
const STAGES: [(&str, &[&str]); 9] = [
    ("desk", &["purchases"]),
    ("handoff", &["purchases"]),
    ("settlement", &["purchases"]),
    ("refusals", &[]),
    ("purchases", &[]),
    ("memory", &[]),
    ("streams", &[]),
    ("growth", &[]),
    ("sweep", &[]),
];
/// Only by their names: they take long.
const ON_REQUEST: [&str; 2] = ["growth", "sweep"];

const HELP: &str = "benches --engine PROGRAM --catalog PROGRAM --dir FOLDER --append FILE [--only NAME]
  PROGRAM  release builds; FOLDER for logs; FILE gets the table as well
  NAME     desk, settlement, handoff, refusals, purchases, memory or streams; growth, which shows what a
        purchase costs as everything grows; or sweep, which finds the best number of workers and length of a
        queue for this machine
  The stores are named by DATABASE_URL, REDIS_URL, KAFKA_BROKERS and BENCH_<STORE>_PID.
benches hello ADDRESS
  bare hyper, the limit of every answer
benches reads --env FILE --append FILE --dir FOLDER
  reads of the mall that is up, whose addresses the first file has
benches axum ADDRESS
  a bare axum route, the limit of reads";

/// What was asked for.
pub(crate) struct Asked {
    pub(crate) engine: PathBuf,
    pub(crate) catalog: PathBuf,
    pub(crate) dir: PathBuf,
    append: PathBuf,
    only: Option<String>,
}

impl Asked {
    fn read(args: &[String]) -> Result<Self> {
        let known = ["engine", "catalog", "dir", "append", "only"];
        let args = loadtest::settings::Args::parse(args, &known).context(HELP)?;
        let path = |name| match args.path(name, "") {
            path if path.as_os_str().is_empty() => bail!("--{name} is missing\n{HELP}"),
            path => Ok(path),
        };
        let only = args.path("only", "").to_string_lossy().into_owned();
        Ok(Self {
            engine: path("engine")?,
            catalog: path("catalog")?,
            dir: path("dir")?,
            append: path("append")?,
            only: (!only.is_empty()).then_some(only),
        })
    }

    /// Whether a stage is wanted for its own sake or for that of the one that was asked for.
    fn wants(&self, name: &str, others: &[&str]) -> bool {
        match self.only.as_deref() {
            None => !ON_REQUEST.contains(&name),
            Some(only) => only == name || others.contains(&only),
        }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("axum") => reads::bare(args.get(1).context(HELP)?).await,
        Some("reads") => reads::measure(&args[1..]).await,
        Some("hello") => hello::serve(args.get(1).context(HELP)?).await,
        Some("help" | "--help" | "-h") | None => {
            println!("{HELP}");
            Ok(())
        }
        Some(_) => measure(Asked::read(&args)?).await,
    }
}

async fn measure(asked: Asked) -> Result<()> {
    let mall = Installation::prepare(&asked).await?;
    let mut table = Table::default();
    let mut failed = Vec::new();
    for (name, others) in STAGES {
        if !asked.wants(name, others) {
            continue;
        }
        let measured = match name {
            "desk" => desk::measure(&mall, &mut table).await,
            "handoff" => handoff::measure(&mall, &mut table).await,
            "settlement" => settlement::measure(&mall, &mut table).await,
            "refusals" => door::refusals::measure(&mall, &mut table).await,
            "purchases" => door::purchases::measure(&mall, &mut table).await,
            "streams" => door::streams::measure(&mall, &mut table).await,
            "growth" => door::growth::measure(&mall, &mut table).await,
            "sweep" => door::sweep::measure(&mall, &mut table).await,
            _ => memory::measure(&mall, &asked, &mut table).await,
        };
        // What was measured already is not thrown away for it.
        if let Err(error) = measured {
            eprintln!("{name}: {error:#}");
            table.remark(format!("Not measured, because of an error: {name}."));
            failed.push(name);
        }
    }
    print!("\n{}", table.text());
    table.append_to(&asked.append)?;
    if !failed.is_empty() {
        bail!("could not be measured: {}", failed.join(", "));
    }
    Ok(())
}
