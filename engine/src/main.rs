//! The engine: `serve` answers buyers, `settle` turns the log into rows and keeps the sales, `all` does
//! both; `reconcile` counts; `recover` has a sale's desk rebuilt by those that run.

use anyhow::{Context as _, bail};
use contract::ids::SaleId;
use engine::config::Config;
use engine::recovery::operator::{self, Recovered};
use engine::settlement::Ledger as _;
use engine::shutdown::{self, Shutdown};
use engine::startup::{self, Roles};
use engine::{reconcile, telemetry};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Requests are many small allocations that one thread makes and another frees; glibc's allocator spent a
/// seventh of the CPU of a purchase on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str =
    "usage: engine [serve | settle | all | reconcile [--json] [--sale ID] | recover SALE|--all [--wait SECONDS]]
              [--config FILE] [--print-config]
  serve      answers buyers
  settle     settles the order log and keeps the sales
  all        both (default)
  reconcile  prints the books of every sale; exit code 1 when a unit is missing
  recover    has the desk of a sale rebuilt from the ledger and the log, and waits until it is ready";

struct Arguments {
    role: String,
    config: Option<PathBuf>,
    print_config: bool,
    json: bool,
    sale: Option<u64>,
    all: bool,
    wait: Duration,
}

fn arguments() -> anyhow::Result<Arguments> {
    let mut read = Arguments {
        role: String::new(),
        config: std::env::var_os("MALL_ENGINE_CONFIG").map(PathBuf::from),
        print_config: false,
        json: false,
        sale: None,
        all: false,
        wait: Duration::from_secs(60),
    };
    let id = |text: String| text.parse::<u64>().with_context(|| format!("{text}: not the id of a sale"));
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "serve" | "settle" | "all" | "reconcile" | "recover" if read.role.is_empty() => {
                read.role = argument
            }
            "--config" => read.config = Some(given.next().context("--config needs a file")?.into()),
            "--print-config" => read.print_config = true,
            "--json" => read.json = true,
            "--sale" => {
                read.sale = Some(id(given.next().context("--sale needs an id")?)?);
            }
            "--all" if read.role == "recover" => read.all = true,
            "--wait" => {
                let seconds = given.next().context("--wait needs seconds")?;
                let seconds = seconds.parse().with_context(|| format!("--wait {seconds}: not seconds"))?;
                read.wait = Duration::from_secs(seconds);
            }
            "--help" | "-h" => {
                println!("{USAGE}");
                std::process::exit(0);
            }
            _ if read.role == "recover" && read.sale.is_none() => read.sale = Some(id(argument)?),
            _ => bail!("{argument}: not understood\n{USAGE}"),
        }
    }
    Ok(read)
}

fn main() -> ExitCode {
    // A panic is a bug found by an assertion: better no rows than wrong rows, and no process that
    // goes on without one of its tasks.
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        std::process::abort();
    }));
    let outcome = arguments().and_then(|arguments| {
        let config = Config::load(arguments.config.as_deref())?;
        if arguments.print_config {
            print!("{}", config.masked());
            return Ok(ExitCode::SUCCESS);
        }
        telemetry::init(config.dev());
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            match arguments.role.as_str() {
                "reconcile" => count(&config, &arguments).await,
                "recover" => recover(&config, &arguments).await,
                "serve" if config.embedded_log() => {
                    bail!("log.brokers: the embedded broker needs the role all")
                }
                "settle" if config.embedded_log() => {
                    bail!("log.brokers: the embedded broker needs the role all")
                }
                "serve" => run(config, Roles { serve: true, settle: false }).await,
                "settle" => run(config, Roles { serve: false, settle: true }).await,
                _ => run(config, Roles { serve: true, settle: true }).await,
            }
        })
    });
    outcome.unwrap_or_else(|error| {
        eprintln!("engine: {error:#}");
        ExitCode::from(2)
    })
}

async fn run(config: Config, roles: Roles) -> anyhow::Result<ExitCode> {
    let shutdown = Shutdown::default();
    let begin = shutdown.clone();
    tokio::spawn(async move {
        let _ = shutdown::signalled().await;
        begin.begin();
    });
    startup::run(config, roles, shutdown).await?;
    Ok(ExitCode::SUCCESS)
}

async fn recover(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let ledger = startup::ledger(config)?;
    let sales = match arguments.sale {
        Some(sale) if !arguments.all => vec![SaleId(sale)],
        None if arguments.all => operator::with_desks(&ledger).await?,
        _ => bail!("recover: name a sale, or say --all\n{USAGE}"),
    };
    let mut recovered = ExitCode::SUCCESS;
    for sale in sales {
        match operator::recover(&ledger, sale, arguments.wait, |line| println!("{line}")).await? {
            Recovered::Yes(_) => {}
            Recovered::NoDesk => {
                bail!("sale {sale}: there is none, or it has no desk: draft, drained or older")
            }
            Recovered::NotYet => {
                recovered = ExitCode::FAILURE;
                println!(
                    "sale {sale}: not ready after {} s. It was asked for and will be done; an engine with the role \
                     settle has to run, and its /readyz tells what it misses",
                    arguments.wait.as_secs()
                );
            }
        }
    }
    Ok(recovered)
}

async fn count(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (desk, ledger) = (startup::desk(config)?, startup::ledger(config)?);
    let mut counted = Vec::new();
    for sale in ledger.sales().await?.sales {
        if arguments.sale.is_none_or(|wanted| wanted == sale.id.0)
            && let Some(books) = reconcile::books(&desk, &ledger, &sale).await?
        {
            counted.push(books);
        }
    }
    if let Some(wanted) = arguments.sale
        && counted.is_empty()
    {
        bail!("--sale {wanted}: no such sale, or it is a draft or archived");
    }
    let gap: i64 = counted.iter().map(|books| books.gap).sum();
    if arguments.json {
        println!("{}", serde_json::json!({ "sales": counted, "gap": gap }));
    } else {
        print!("{}", reconcile::text(&counted));
        println!("{}", if gap == 0 { "every unit is accounted for" } else { "UNITS ARE MISSING" });
    }
    Ok(if gap == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
