//! The two services: migrated, seeded, started, ready.

use super::Up;
use super::stores::Addresses;
use crate::down;
use crate::env_file;
use crate::http;
use crate::process::{Bond, Launch, with_many_files};
use crate::services::{free_port, is_free, tail};
use crate::wait;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Longest wait for `/readyz`.
const READY_LIMIT: Duration = Duration::from_secs(60);
/// Longest wait for the sale of the demo data to be open.
const OPEN_LIMIT: Duration = Duration::from_secs(10);
/// Longest time for a migration or for the demo data.
const PREPARE_LIMIT: Duration = Duration::from_secs(600);

/// One of the two.
#[derive(Clone, Copy)]
struct Service {
    name: &'static str,
    args: &'static [&'static str],
    /// Prefix of its settings in the environment, and of its addresses in our file.
    settings: &'static str,
    urls: &'static str,
    port: u16,
    private_port: u16,
}

const CATALOG: Service = Service {
    name: "catalog-api",
    args: &["serve"],
    settings: "MALL_CATALOG",
    urls: "CATALOG",
    port: 8080,
    private_port: 9080,
};
const ENGINE: Service = Service {
    name: "engine",
    args: &["all"],
    settings: "MALL_ENGINE",
    urls: "ENGINE",
    port: 8081,
    private_port: 9081,
};

/// The second engine of a cluster.
const ENGINE_2: Service =
    Service { name: "engine-2", urls: "ENGINE_2", port: 8082, private_port: 9082, ..ENGINE };

impl Service {
    /// The program it is.
    fn program(&self) -> &'static str {
        if self.settings == ENGINE.settings { ENGINE.name } else { CATALOG.name }
    }

    /// Those of a profile.
    fn of(addresses: &Addresses) -> &'static [Self] {
        if addresses.cluster.is_some() { &[CATALOG, ENGINE, ENGINE_2] } else { &[CATALOG, ENGINE] }
    }
}

/// What a shell may rely on; the ids come from seeding.
const PROMISED: [&str; 18] = [
    "DATABASE_URL",
    "REDIS_URL",
    "KAFKA_BROKERS",
    "ENGINE_URL",
    "ENGINE_PRIVATE_URL",
    "CATALOG_URL",
    "CATALOG_PRIVATE_URL",
    "CAPTCHA_ANSWER",
    "DEMO_SALE_ID",
    "DEMO_UPCOMING_SALE_ID",
    "DEMO_COUPON_SALE_ID",
    "DEMO_GOODS_ID",
    "DEMO_PRODUCT_ID",
    "DEMO_COUPON_ID",
    "STAFF_USER",
    "STAFF_PASSWORD",
    "SHOPPER_USER",
    "SHOPPER_PASSWORD",
];
/// The answer every captcha has here, so that scripts can log staff in.
const CAPTCHA_ANSWER: &str = "test";
/// Accounts of the dev profile, as the design fixes them; what seeding prints comes first.
const ACCOUNTS: [(&str, &str); 5] = [
    ("CAPTCHA_ANSWER", CAPTCHA_ANSWER),
    ("STAFF_USER", "admin123"),
    ("STAFF_PASSWORD", "admin123"),
    ("SHOPPER_USER", "user123"),
    ("SHOPPER_PASSWORD", "user123"),
];

impl Up<'_> {
    /// Starts the services that are missing, or that use other stores than these.
    pub(super) fn services(&mut self, addresses: &Addresses) -> Result<()> {
        let mut wanted = Vec::new();
        if addresses.cluster.is_none()
            && let Some(process) = self.state.alive(ENGINE_2.name)
        {
            let identity = process.identity;
            down::stop(self.place, self.console, &[identity])?;
            self.state.processes.remove(ENGINE_2.name);
        }
        for &service in Service::of(addresses) {
            let running = self.state.alive(service.name).is_some();
            let ports = self.service_ports(&service, running)?;
            let mut env = settings(&service, addresses, ports);
            if service.name == CATALOG.name {
                let uploads = self.place.dev.join("uploads").to_string_lossy().into_owned();
                env.insert("MALL_CATALOG__STORAGE__FOLDER".to_owned(), uploads);
                // The pages' way to the engine.
                let runs = self.state.alive(ENGINE.name).is_some();
                let (engine, _) = self.service_ports(&ENGINE, runs)?;
                env.insert("MALL_CATALOG__PAGES__ENGINE".to_owned(), format!("127.0.0.1:{engine}"));
                env.insert("MALL_CATALOG__BOARD__ENGINES".to_owned(), self.engines(addresses)?);
            }
            match self.state.alive(service.name) {
                Some(process) if process.env == env => {
                    self.console.say(&format!("✓ {} runs already", service.name));
                }
                Some(process) => {
                    let identity = process.identity;
                    self.console.say(&format!("{} uses other stores and is started again", service.name));
                    down::stop(self.place, self.console, &[identity])?;
                    self.state.processes.remove(service.name);
                    wanted.push((service, env, ports));
                }
                None => wanted.push((service, env, ports)),
            }
        }
        let catalog = wanted.iter().find(|(service, ..)| service.name == CATALOG.name);
        if let Some((_, env, _)) = catalog {
            self.prepare("migrate", "bringing the schema up to date", env)?;
            let printed = self.prepare("seed", "loading demo data", env)?;
            self.state.seed = env_file::trailing(&printed);
            self.state.save(&self.place.dev)?;
        }
        for (service, env, _) in &wanted {
            self.start(service, env)?;
        }
        for (service, _, ports) in &wanted {
            self.wait_ready(service, ports.1)?;
        }
        self.wait_for_the_demo_sale()
    }

    /// A moment until the sale of the demo data, which has begun, is open: whoever pastes the next command
    /// finds it so. A sale of other data may never open, and is not waited for any longer.
    fn wait_for_the_demo_sale(&self) -> Result<()> {
        let (Some(sale), Some(port)) =
            (self.state.seed.get("DEMO_SALE_ID"), self.state.ports.get(ENGINE.name))
        else {
            return Ok(());
        };
        let path = format!("/seckill/v1/sales/{sale}");
        wait::until(OPEN_LIMIT, &mut || self.console.check(), || {
            let asked = http::get(*port, &path);
            Ok(asked.is_ok_and(|(_, sale)| !sale.contains("\"state\":\"armed\"")).then_some(()))
        })?;
        Ok(())
    }

    /// Where every engine tells its figures, as a setting.
    fn engines(&mut self, addresses: &Addresses) -> Result<String> {
        let mut engines = Vec::new();
        for service in Service::of(addresses).iter().filter(|service| service.name != CATALOG.name) {
            let runs = self.state.alive(service.name).is_some();
            let (_, private) = self.service_ports(service, runs)?;
            engines.push(format!("\"127.0.0.1:{private}\""));
        }
        Ok(format!("[{}]", engines.join(",")))
    }

    /// Public and private port: those of last time, the usual ones, or free ones.
    fn service_ports(&mut self, service: &Service, running: bool) -> Result<(u16, u16)> {
        let private = format!("{}-private", service.name);
        let port = self.service_port(service.name, service.port, running)?;
        let private_port = self.service_port(&private, service.private_port, running)?;
        Ok((port, private_port))
    }

    fn service_port(&mut self, name: &str, usual: u16, running: bool) -> Result<u16> {
        let last = self.state.ports.get(name).copied();
        if let (Some(port), true) = (last, running) {
            return Ok(port);
        }
        // Back to the usual one as soon as it is free again.
        let port = match [Some(usual), last].into_iter().flatten().find(|port| is_free(*port)) {
            Some(port) => port,
            None => free_port()?,
        };
        if port != usual {
            self.console.say(&format!("port {usual} is taken by somebody else; {name} gets {port}"));
        }
        self.state.ports.insert(name.to_owned(), port);
        Ok(port)
    }

    /// Runs `catalog-api migrate` or `seed`; what it printed.
    fn prepare(&self, verb: &str, what: &str, env: &BTreeMap<String, String>) -> Result<String> {
        let mut step = self.console.step(what);
        let out = self.place.dev.join(format!("{verb}.out"));
        let log = self.place.dev.join(format!("{verb}.log"));
        let mut child = Command::new(self.place.program(CATALOG.name))
            .arg(verb)
            .envs(env)
            .current_dir(&self.place.root)
            .stdin(Stdio::null())
            .stdout(fs::File::create(&out)?)
            .stderr(fs::File::create(&log)?)
            .spawn()
            .with_context(|| format!("cannot run catalog-api {verb}"))?;
        let ended = wait::until(PREPARE_LIMIT, &mut || step.tick(), || Ok(child.try_wait()?));
        if !matches!(ended, Ok(Some(_))) {
            let _ = child.kill();
            let _ = child.wait();
        }
        match ended? {
            Some(status) if status.success() => step.done(""),
            Some(status) => bail!("catalog-api {verb} failed ({status}): {}", tail(&log, 0)),
            None => bail!("catalog-api {verb} took over {} s: {}", PREPARE_LIMIT.as_secs(), tail(&log, 0)),
        }
        let printed = fs::read_to_string(&out)?;
        fs::remove_file(&out)?;
        Ok(printed)
    }

    fn start(&mut self, service: &Service, env: &BTreeMap<String, String>) -> Result<()> {
        let args = with_many_files(&self.place.program(service.program())).into_iter();
        let launch = Launch {
            program: "sh".into(),
            args: args.chain(service.args.iter().map(Into::into)).collect(),
            envs: env.clone().into_iter().collect(),
            dir: self.place.root.clone(),
            log: self.place.dev.join(format!("{}.log", service.name)),
        };
        let owned = launch.spawn(Bond::Loose)?;
        self.record(service.name, owned.identity(), env.clone())?;
        owned.release();
        Ok(())
    }

    fn wait_ready(&self, service: &Service, private_port: u16) -> Result<()> {
        let name = service.name;
        let mut step = self.console.step(format!("waiting for {name} to be ready"));
        let log = self.place.dev.join(format!("{name}.log"));
        let mut missing = "it does not answer yet".to_owned();
        let ready = wait::until(READY_LIMIT, &mut || step.tick(), || {
            if self.state.alive(name).is_none() {
                bail!("{name} ended at its start: {}", tail(&log, 0));
            }
            match http::get(private_port, "/readyz") {
                Ok((200, _)) => return Ok(Some(())),
                Ok((status, body)) => missing = format!("/readyz answers {status}: {}", body.trim()),
                Err(_) => {}
            }
            Ok(None)
        })?;
        if ready.is_none() {
            let limit = READY_LIMIT.as_secs();
            bail!("{name} is not ready after {limit} s; missing: {missing}\n{}", tail(&log, 0));
        }
        step.done("");
        Ok(())
    }

    /// Writes the file with every address, credential and id.
    pub(super) fn write_env(&mut self, addresses: &Addresses) -> Result<()> {
        let mut entries = self.state.seed.clone();
        for (key, value) in ACCOUNTS {
            entries.entry(key.to_owned()).or_insert_with(|| value.to_owned());
        }
        entries.extend(addresses.env());
        for service in Service::of(addresses) {
            for (key, name) in
                [("URL", service.name.to_owned()), ("PRIVATE_URL", format!("{}-private", service.name))]
            {
                let port = self.state.ports[&name];
                entries.insert(format!("{}_{key}", service.urls), format!("http://127.0.0.1:{port}"));
            }
        }
        let missing: Vec<_> = PROMISED.iter().filter(|key| !entries.contains_key(**key)).collect();
        if !missing.is_empty() {
            bail!("catalog-api seed did not print {missing:?}, which others rely on");
        }
        let order = |key: &str| PROMISED.iter().position(|promised| *promised == key);
        let mut lines: Vec<_> = entries.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        lines.sort_by_key(|(key, _)| (order(key).unwrap_or(PROMISED.len()), *key));
        let text = env_file::render(lines);
        crate::services::write_private(&self.place.dev.join("env"), &text)?;
        self.state.env = entries;
        self.state.save(&self.place.dev)
    }
}

/// Everything a service is told; the rest stands in its own defaults.
fn settings(service: &Service, addresses: &Addresses, ports: (u16, u16)) -> BTreeMap<String, String> {
    let of_catalog = service.name == CATALOG.name;
    let mut env = if of_catalog { addresses.catalog_env() } else { addresses.env() };
    for (key, port) in [("LISTEN", ports.0), ("PRIVATE_LISTEN", ports.1)] {
        env.insert(format!("{}__HTTP__{key}", service.settings), format!("127.0.0.1:{port}"));
    }
    if of_catalog {
        env.insert("MALL_CATALOG__CAPTCHA__FIXED_ANSWER".to_owned(), CAPTCHA_ANSWER.to_owned());
    }
    env
}
