//! The command line of catalog-api.

use anyhow::{Context, bail};
use catalog_api::config::load::load;
use catalog_api::import::{self, Options};
use catalog_api::seed::volume::{self, Amounts};
use catalog_api::staff::first;
use catalog_api::{pages, seed, startup};
use std::path::PathBuf;

/// Hashing a password takes 19 MB, which glibc's allocator keeps for every thread that ever did it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage: catalog-api [--config FILE] [serve | migrate | seed [--fresh-sales]]\n       \
    catalog-api [--config FILE] seed [--goods N] [--users N] [--orders N]\n       \
    catalog-api [--config FILE] first-staff NAME\n       \
    catalog-api [--config FILE] import --from mysql://USER:PASSWORD@HOST/DATABASE [--batch N] [--check]\n       \
    catalog-api pages FOLDER\n       \
    catalog-api [--config FILE] --print-config";

enum Command {
    Serve,
    Migrate,
    Seed { fresh_sales: bool, amounts: Amounts },
    FirstStaff { name: String },
    Import(Options),
    Pages { folder: PathBuf },
    PrintConfig,
    Help,
}

fn main() -> anyhow::Result<()> {
    let mut file = std::env::var_os("MALL_CATALOG_CONFIG").map(PathBuf::from);
    let command = command(&mut file)?;
    if matches!(command, Command::Help) {
        println!("{USAGE}");
        return Ok(());
    }
    if let Command::Pages { folder } = &command {
        return pages::write(folder);
    }
    let config = load(file.as_deref())?;
    if matches!(command, Command::PrintConfig) {
        println!("{}", serde_json::to_string_pretty(&config)?);
        return Ok(());
    }
    startup::log_lines(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match command {
        Command::Serve => runtime.block_on(startup::run(config)),
        Command::Migrate => runtime.block_on(startup::migrate(config)),
        Command::Seed { fresh_sales, amounts } if amounts == Amounts::default() => {
            runtime.block_on(seed::run(config, fresh_sales))
        }
        Command::Seed { fresh_sales: true, .. } => {
            bail!("--fresh-sales is for the demo data, not for amounts")
        }
        Command::Seed { amounts, .. } => runtime.block_on(volume::run(config, amounts)),
        Command::FirstStaff { name } => runtime.block_on(first::run(config, &name)),
        Command::Import(options) if options.from.is_empty() => bail!("import wants --from\n{USAGE}"),
        Command::Import(options) => runtime.block_on(import::run(config, options)),
        Command::Pages { .. } | Command::PrintConfig | Command::Help => Ok(()),
    }
}

fn command(file: &mut Option<PathBuf>) -> anyhow::Result<Command> {
    let mut command = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let named = match argument.as_str() {
            "--config" => {
                *file = Some(arguments.next().context("--config wants a file")?.into());
                continue;
            }
            "--fresh-sales" => match &mut command {
                Some(Command::Seed { fresh_sales, .. }) => {
                    *fresh_sales = true;
                    continue;
                }
                _ => bail!("--fresh-sales belongs to seed\n{USAGE}"),
            },
            "--goods" | "--users" | "--orders" => {
                let Some(Command::Seed { amounts, .. }) = &mut command else {
                    bail!("{argument} belongs to seed\n{USAGE}")
                };
                let amount = amount(&argument, arguments.next().as_deref())?;
                match argument.as_str() {
                    "--goods" => amounts.goods = amount,
                    "--users" => amounts.users = amount,
                    _ => amounts.orders = amount,
                }
                continue;
            }
            "--from" | "--batch" | "--check" => {
                let Some(Command::Import(options)) = &mut command else {
                    bail!("{argument} belongs to import\n{USAGE}")
                };
                match argument.as_str() {
                    "--from" => options.from = arguments.next().context("--from wants an address")?,
                    "--check" => options.check = true,
                    _ => options.batch = batch(arguments.next().as_deref())?,
                }
                continue;
            }
            "serve" => Command::Serve,
            "migrate" => Command::Migrate,
            "seed" => Command::Seed { fresh_sales: false, amounts: Amounts::default() },
            "import" => Command::Import(Options { from: String::new(), batch: import::BATCH, check: false }),
            "first-staff" => {
                Command::FirstStaff { name: arguments.next().context("first-staff wants a name")? }
            }
            "pages" => Command::Pages { folder: arguments.next().context("pages wants a folder")?.into() },
            "--print-config" => Command::PrintConfig,
            "--help" | "-h" => Command::Help,
            other => bail!("unknown argument {other}\n{USAGE}"),
        };
        if command.replace(named).is_some() {
            bail!("one command at a time\n{USAGE}");
        }
    }
    Ok(command.unwrap_or(Command::Serve))
}

fn amount(argument: &str, value: Option<&str>) -> anyhow::Result<u64> {
    let value = value.with_context(|| format!("{argument} wants a number"))?;
    let amount = value.parse().ok().filter(|amount| (1..=volume::ROWS_MAX).contains(amount));
    amount.with_context(|| format!("{argument} wants a number from 1 to {}, not `{value}`", volume::ROWS_MAX))
}

fn batch(value: Option<&str>) -> anyhow::Result<u32> {
    let rows =
        value.and_then(|value| value.parse().ok()).filter(|rows| (1..=import::BATCH_MAX).contains(rows));
    rows.with_context(|| format!("--batch wants a number from 1 to {}", import::BATCH_MAX))
}
