//! The same buyers as users of goose: each comes again as soon as it was served and has thought a little.
//!
//! This is the closed model, for comparison: a mall that is slow is asked less, so the latencies shown here
//! leave out everybody who would have come meanwhile. `loadtest load` is the honest one. The history is the
//! same, and so is the proof.

mod scenarios;
mod visitor;

use anyhow::{Result, ensure};
use goose::config::GooseConfiguration;
use goose::metrics::GooseMetrics;
use loadtest::history::{self, Recorder};
use loadtest::load;
use loadtest::mall::Mall;
use loadtest::report;
use loadtest::settings::{Addresses, Args};
use loadtest::verify::{Case, verify};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;
use visitor::Street;

const HELP: &str = "loadtest-goose --env FILE --sale N [--scenario browse|seckill|mall] [--users 50]
               [--pause-ms 0] [--seconds 20] [--buyers 1000] [--out target/load] [--engine PROGRAM]
  browse   looks at the shop and at the sale
  seckill  asks for a token and orders at once, as a script does
  mall     of ten users six look, three look and buy, one is busy elsewhere in the shop
  Closed model: users come again as soon as they were served and paused. Then the proof.
";

/// Longest wait for something accepted to be settled, as the design promises it.
const SETTLE_LIMIT: Duration = Duration::from_secs(60);

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.is_empty() || args.iter().any(|arg| arg == "--help" || arg == "-h") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
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
    let known = ["env", "sale", "scenario", "users", "pause-ms", "seconds", "buyers", "out", "engine"];
    let args = Args::parse(args, &known)?;
    let addresses = Addresses::read(&args.path("env", "target/dev/env"))?;
    let sale = args.number("sale", None)?;
    let scenario = args.text("scenario").unwrap_or("seckill");
    let users: usize = args.number("users", Some(50))?;
    let seconds: u64 = args.number("seconds", Some(20))?;
    let pause = Duration::from_millis(args.number("pause-ms", Some(0))?);
    let out = args.path("out", "target/load");
    let buyers: usize = args.number("buyers", Some(1000))?;
    ensure!(users > 0 && seconds > 0 && buyers > 0, "there is nobody to come");

    let sessions = load::gather(&Mall::new(&addresses)?, sale, buyers, &out).await?;
    let street = Arc::new(Street {
        engine: addresses.get("ENGINE_URL")?.to_owned(),
        catalog: addresses.get("CATALOG_URL")?.to_owned(),
        goods: addresses.get("DEMO_GOODS_ID")?.to_owned(),
        product: addresses.get("DEMO_PRODUCT_ID")?.to_owned(),
        sale,
        sessions,
        next: AtomicUsize::new(0),
        recorder: Recorder::create(&out.join("history.jsonl"))?,
    });
    let attack = scenarios::attack(&street, scenario, configuration(&street, users, seconds, &out), pause)?;
    let metrics = attack.execute().await?;
    street.recorder.flush()?;

    let beside = std::env::current_exe()?.with_file_name("engine");
    let engine = args.path("engine", beside);
    let case = Case { addresses: &addresses, sale, engine: &engine, limit: SETTLE_LIMIT, alone: true };
    let seen = history::read(&out.join("history.jsonl"))?;
    let buyers = history::read(&out.join("buyers.jsonl"))?;
    let mut findings = verify(&case, &seen, &buyers).await?;
    findings.wrong.extend(failures(&metrics));
    println!(
        "\nsale {sale}, {scenario}, {seconds} s; closed model: {users} users come again as soon as they were \
         served, which hides how long anybody would have waited"
    );
    print!(
        "{}{}{}",
        report::books(sale, &findings),
        report::wrong(&findings.wrong),
        report::verdict(&findings)
    );
    println!("The page of goose is {}", out.join("goose.html").display());
    Ok(findings.wrong.is_empty())
}

/// Everything by ourselves: goose would read the command line, and open ports to be controlled through.
fn configuration(street: &Street, users: usize, seconds: u64, out: &std::path::Path) -> GooseConfiguration {
    let mut configuration = GooseConfiguration::default();
    configuration.host.clone_from(&street.engine);
    configuration.users = Some(users);
    configuration.hatch_rate = Some(users.to_string());
    configuration.run_time = format!("{seconds}s");
    configuration.report_file = vec![page(out)];
    configuration.no_reset_metrics = true;
    configuration.no_telnet = true;
    configuration.no_websocket = true;
    configuration.quiet = 1;
    configuration
}

fn page(out: &std::path::Path) -> String {
    let page: PathBuf = out.join("goose.html");
    page.to_string_lossy().into_owned()
}

/// What users were answered that nobody may be answered.
fn failures(metrics: &GooseMetrics) -> Vec<String> {
    let mut failures: Vec<String> = metrics
        .requests
        .values()
        .filter(|request| request.fail_count > 0)
        .map(|request| format!("{} × {} was not answered as it may be", request.fail_count, request.path))
        .collect();
    if metrics.requests.values().all(|request| request.success_count == 0) {
        failures.push("no user was answered at all".to_owned());
    }
    failures.sort();
    failures
}
