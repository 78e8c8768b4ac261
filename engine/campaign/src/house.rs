//! The house that is going to be broken: real MariaDB, Redis and Kafka, wires to each of two engines, and
//! a catalog-api that sits beside its stores without a wire.

mod broker;
mod disk;

use crate::proxy::{Mode, Proxy};
use anyhow::{Context, Result, bail};
use disk::SmallDisk;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use xtask::process::{Bond, Launch, Owned, Signal};
use xtask::services::{free_port, kafka::Kafka, mariadb::MariaDb, redis::Redis};
use xtask::{http, wait};

/// Longest wait for a service to be ready; longer than any recovery.
const READY_LIMIT: Duration = Duration::from_secs(120);
/// Longest wait for a service to end when asked.
const END_LIMIT: Duration = Duration::from_secs(30);
/// Units the demo SKU has for all sales of a campaign.
const SHELF: u64 = 10_000_000;

/// The stores an engine has a wire to, in the order of its wires.
pub(crate) const STORES: [&str; 3] = ["redis", "kafka", "mariadb"];

/// One of our programs, running or not.
#[derive(Debug)]
pub(crate) struct Program {
    launch: Launch,
    process: Option<Owned>,
    /// Public port.
    pub(crate) port: u16,
    /// Private port.
    pub(crate) private_port: u16,
}

impl Program {
    /// Starts it.
    pub(crate) fn start(&mut self) -> Result<()> {
        self.process = Some(self.launch.spawn(Bond::Leashed)?);
        Ok(())
    }

    /// Kills it where it stands.
    pub(crate) fn kill9(&mut self) {
        self.process = None;
    }

    /// Asks it to end, and waits for that.
    pub(crate) fn terminate(&mut self) -> Result<()> {
        let Some(process) = &mut self.process else { return Ok(()) };
        process.identity().signal(Signal::Term)?;
        let ended = wait::until(END_LIMIT, &mut wait::quietly, || process.ended())?;
        self.process = None;
        match ended {
            Some(status) if status.success() => Ok(()),
            Some(status) => bail!("a service asked to end says {status}"),
            None => bail!("a service did not end within {} s", END_LIMIT.as_secs()),
        }
    }

    /// Stops or resumes time for it.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        self.process.as_ref().context("it does not run")?.identity().signal(signal)
    }

    /// Waits until it says that nothing is missing.
    pub(crate) fn wait_ready(&mut self) -> Result<()> {
        let (port, log) = (self.private_port, self.launch.log.clone());
        let process = self.process.as_mut().context("it was not started")?;
        let mut last = String::new();
        let ready = wait::until(READY_LIMIT, &mut wait::quietly, || {
            if let Some(status) = process.ended()? {
                bail!("a service ended by itself ({status}); see {}", log.display());
            }
            match http::get(port, "/readyz") {
                Ok((200, _)) => Ok(Some(())),
                Ok((_, body)) => {
                    last = body;
                    Ok(None)
                }
                Err(_) => Ok(None),
            }
        })?;
        ready.with_context(|| format!("not ready, missing {last}; see {}", log.display()))
    }
}

/// Everything that runs.
#[derive(Debug)]
pub(crate) struct House {
    /// The desk's store. Before its disk, so that it has ended when that goes.
    pub(crate) redis: Redis,
    /// What Redis writes to, where one may be mounted.
    pub(crate) disk: Option<SmallDisk>,
    /// The order log.
    pub(crate) kafka: Kafka,
    /// The ledger.
    pub(crate) database: MariaDb,
    /// Two engines that do everything.
    pub(crate) engines: [Program; 2],
    /// The mall.
    pub(crate) catalog: Program,
    /// Wires of each engine, in the order of [`STORES`].
    pub(crate) wires: [[Proxy; 3]; 2],
    /// Ids and accounts of the demo data.
    pub(crate) seed: BTreeMap<String, String>,
    /// The engine's program.
    pub(crate) engine: PathBuf,
    /// Where the data of the stores lies.
    pub(crate) dir: PathBuf,
}

impl House {
    /// Builds it on fresh data and waits until all of it is ready.
    pub(crate) async fn build(programs: &Path, out: &Path) -> Result<Self> {
        disk::clear_away(&out.join("redis"));
        if out.exists() {
            std::fs::remove_dir_all(out).with_context(|| format!("cannot delete {}", out.display()))?;
        }
        std::fs::create_dir_all(out)?;
        let dir = out.canonicalize()?;
        let disk = SmallDisk::under(&dir.join("redis"));
        if let Err(error) = &disk {
            println!("no disk will be full: {error:#}");
        }
        let redis = Redis::start(&dir.join("redis"), None)?;
        let database = MariaDb::start(&dir.join("mariadb"), None)?;
        let listeners = [free_port()?, free_port()?];
        let wires = [
            [
                Proxy::to(redis.port()).await?,
                Proxy::to(listeners[0]).await?,
                Proxy::to(database.port()).await?,
            ],
            [
                Proxy::to(redis.port()).await?,
                Proxy::to(listeners[1]).await?,
                Proxy::to(database.port()).await?,
            ],
        ];
        let advertised = [wires[0][1].port, wires[1][1].port];
        let kafka = broker::start(&dir.join("kafka"), listeners, advertised)?;

        let catalog = catalog(programs, &dir, &database, &redis)?;
        let seed = fill(&catalog.launch)?;
        stock_up(&database, &seed).await?;
        let mut engines = Vec::new();
        for (number, [redis, kafka, mariadb]) in wires.iter().enumerate() {
            let stores = [
                ("REDIS_URL", format!("redis://127.0.0.1:{}/0", redis.port)),
                ("KAFKA_BROKERS", format!("127.0.0.1:{}", kafka.port)),
                ("DATABASE_URL", with_port(&database.url(), database.port(), mariadb.port)),
            ];
            engines.push(engine(programs, &dir, number, stores)?);
        }
        let engines: [Program; 2] = engines.try_into().ok().context("two engines")?;
        let engine = programs.join("engine");
        let disk = disk.ok();
        let mut house = Self { redis, disk, kafka, database, engines, catalog, wires, seed, engine, dir };
        house.catalog.start()?;
        for program in &mut house.engines {
            program.start()?;
        }
        house.wait_ready()?;
        Ok(house)
    }

    /// Waits until every service is ready.
    pub(crate) fn wait_ready(&mut self) -> Result<()> {
        self.catalog.wait_ready().context("catalog-api")?;
        for program in &mut self.engines {
            program.wait_ready().context("engine")?;
        }
        Ok(())
    }

    /// Lets every wire pass.
    pub(crate) fn mend_wires(&self) {
        self.wires.iter().flatten().for_each(|wire| wire.set(Mode::Pass));
    }

    /// What clients of the services need to know.
    pub(crate) fn addresses(&self) -> BTreeMap<String, String> {
        let mut entries = self.seed.clone();
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        for (key, value) in [
            ("ENGINE_URL", url(self.engines[0].port)),
            ("ENGINE_2_URL", url(self.engines[1].port)),
            ("CATALOG_URL", url(self.catalog.port)),
            ("CATALOG_PRIVATE_URL", url(self.catalog.private_port)),
            ("DATABASE_URL", self.database.url()),
            ("REDIS_URL", self.redis.url()),
            ("KAFKA_BROKERS", self.kafka.brokers()),
            ("STAFF_USER", "admin123".to_owned()),
            ("STAFF_PASSWORD", "admin123".to_owned()),
        ] {
            entries.insert(key.to_owned(), value);
        }
        entries
    }
}

fn with_port(url: &str, from: u16, to: u16) -> String {
    url.replace(&format!(":{from}/"), &format!(":{to}/"))
}

fn program(
    path: PathBuf,
    role: &str,
    (dir, log): (&Path, &str),
    settings: &str,
    envs: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<Program> {
    let (port, private_port) = (free_port()?, free_port()?);
    let mut envs: Vec<_> = envs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    envs.push((format!("{settings}__HTTP__LISTEN"), format!("127.0.0.1:{port}")));
    envs.push((format!("{settings}__HTTP__PRIVATE_LISTEN"), format!("127.0.0.1:{private_port}")));
    let launch =
        Launch { program: path, args: vec![role.into()], envs, dir: dir.to_owned(), log: dir.join(log) };
    Ok(Program { launch, process: None, port, private_port })
}

fn catalog(programs: &Path, dir: &Path, database: &MariaDb, redis: &Redis) -> Result<Program> {
    let envs = [
        ("DATABASE_URL", database.url()),
        ("REDIS_URL", redis.url()),
        ("MALL_CATALOG__LOG__FILTER", "warn".to_owned()),
    ];
    program(programs.join("catalog-api"), "serve", (dir, "catalog-api.log"), "MALL_CATALOG", envs)
}

fn engine(
    programs: &Path,
    dir: &Path,
    number: usize,
    stores: [(&'static str, String); 3],
) -> Result<Program> {
    let envs = stores.into_iter().chain([
        // One machine's worth of buyers comes from one address, and more often than people do.
        ("MALL_ENGINE__ADMISSION__USER_PER_S", "100000".to_owned()),
        ("MALL_ENGINE__ADMISSION__ADDRESS_PER_S", "100000".to_owned()),
        ("MALL_ENGINE__LOG__MESSAGE_TIMEOUT_MS", "3000".to_owned()),
    ]);
    program(programs.join("engine"), "all", (dir, &format!("engine-{number}.log")), "MALL_ENGINE", envs)
}

/// Schema and demo data; the ids it printed.
fn fill(catalog: &Launch) -> Result<BTreeMap<String, String>> {
    let mut printed = BTreeMap::new();
    for verb in ["migrate", "seed"] {
        let output = Command::new(&catalog.program)
            .arg(verb)
            .envs(catalog.envs.iter().map(|(key, value)| (key, value)))
            .output()
            .context("cannot run catalog-api")?;
        if !output.status.success() {
            bail!("catalog-api {verb}: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        printed = xtask::env_file::trailing(&String::from_utf8_lossy(&output.stdout)).into_iter().collect();
    }
    Ok(printed)
}

/// More units of the demo goods than any campaign puts on sale.
async fn stock_up(database: &MariaDb, seed: &BTreeMap<String, String>) -> Result<()> {
    let sku: u64 = seed.get("DEMO_PRODUCT_ID").context("the demo data names no SKU")?.parse()?;
    let db = sqlx::MySqlPool::connect(&database.url()).await?;
    sqlx::query("update sku set stock = ? where id = ?").bind(SHELF).bind(sku).execute(&db).await?;
    db.close().await;
    Ok(())
}
