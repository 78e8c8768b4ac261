//! `test`: every test of the workspace against real servers of its own.
//!
//! Nothing is mocked here and nothing is passed over in silence: a store that could not be brought up is
//! named, and fails the run unless the caller allows it. Not every machine has a browser or k6: without one it
//! is named as well, and fails nothing.

mod proofs;
mod results;

use crate::cargo;
use crate::console::Console;
use crate::packages;
use crate::place::Place;
use crate::services::Server;
use crate::services::kafka::{self, Kafka};
use crate::services::mariadb::MariaDb;
use crate::services::redis::Redis;
use crate::wait::{self, Tick};
use anyhow::{Context, Result, bail};
use results::Tally;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Lines of output on their way from cargo to the terminal.
const LINES_WAITING_MAX: usize = 1024;
/// Longest wait for the rest of the output after cargo has ended.
const REST_LIMIT: Duration = Duration::from_secs(5);

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Stores that cannot be brought up do not fail the run.
    pub allow_skips: bool,
    /// Only tests whose names contain one of these.
    pub filters: Vec<String>,
}

/// Runs the command.
pub fn run(place: &Place, console: &Console, options: &Options) -> Result<()> {
    let dir = place.root.join("target/test");
    let stores = Stores::start(console, &dir)?;
    let unseen = browser(console, options);
    let mut command = cargo::cargo(place);
    command.args(["test", "--workspace", "--no-fail-fast", "--"]).args(&options.filters);
    stores.tell(&mut command, &dir)?;
    let mut tally = Tally::default();
    let outcome = follow(console, &mut command, &mut |line| tally.add(line));
    let mut skipped = stores.end();
    let built = outcome?;
    if !built && tally.failed == 0 {
        console.say("cargo test failed without a failed test: it did not build, or a test program died");
        tally.failed = 1;
    }
    let mut optional: Vec<_> = unseen.map(|reason| ("browser", reason)).into_iter().collect();
    if built || tally.failed > 0 {
        proofs::run(place, console, options, &mut tally, &mut skipped, &mut optional)?;
    }
    for (name, reason) in optional.iter().chain(&skipped) {
        println!("skipped: {name}: {reason}");
    }
    tally.skipped += skipped.len();
    for complaint in &tally.complaints {
        println!("{complaint}");
    }
    println!("{tally}");
    if tally.failed > 0 {
        bail!("tests failed");
    }
    if tally.passed == 0 {
        bail!("no test ran");
    }
    if !skipped.is_empty() && !options.allow_skips {
        bail!("not everything could be tested; mend the above, or say --allow-skips");
    }
    Ok(())
}

/// Why the pages cannot be looked at, if somebody wants to and there is no browser.
fn browser(console: &Console, options: &Options) -> Option<String> {
    const TESTS: &str = "browser::";
    let wanted = |filter: &String| filter.contains(TESTS) || TESTS.contains(filter.as_str());
    if !options.filters.is_empty() && !options.filters.iter().any(wanted) {
        return None;
    }
    let error = packages::ensure(console, packages::BROWSER).err()?;
    Some(format!("{error:#}").lines().next().unwrap_or_default().to_owned())
}

/// Runs a command, passing on each line it writes after it was looked at; whether it ended well.
fn follow(console: &Console, command: &mut Command, look: &mut dyn FnMut(&str)) -> Result<bool> {
    let (output, into) = std::io::pipe()?;
    let mut child = cargo::start(command.stdout(into.try_clone()?).stderr(into))?;
    // The ends it was given are its own now; the output ends with the last of them.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (send, lines) = mpsc::sync_channel(LINES_WAITING_MAX);
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            if send.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    });
    let mut pass_on = || -> Result<()> {
        let mut out = std::io::stdout().lock();
        while let Ok(line) = lines.try_recv() {
            look(&line);
            writeln!(out, "{line}")?;
        }
        Ok(())
    };
    let status = cargo::finish(&mut child, &mut || {
        console.check()?;
        pass_on()
    })?;
    // A process it has left behind may hold the pipe open for ever.
    wait::until(REST_LIMIT, &mut wait::quietly, || {
        pass_on()?;
        Ok(reader.is_finished().then_some(()))
    })?;
    pass_on()?;
    Ok(status.success())
}

/// The three stores, as far as they could be brought up.
pub(crate) struct Stores {
    redis: Option<Redis>,
    mariadb: Option<MariaDb>,
    kafka: Option<Kafka>,
    pub(crate) skipped: Vec<(&'static str, String)>,
}

impl Stores {
    /// Starts them on fresh data in this folder.
    pub(crate) fn start(console: &Console, dir: &Path) -> Result<Self> {
        let mut skipped = Vec::new();
        for name in ["redis", "mariadb", "kafka", "tmp"] {
            let old = dir.join(name);
            if old.exists() {
                std::fs::remove_dir_all(&old).with_context(|| format!("cannot delete {}", old.display()))?;
            }
        }
        std::fs::create_dir_all(dir.join("tmp"))?;
        let mut keep = |name, error: anyhow::Error| {
            console.say(&format!("{name} could not be brought up: {error:#}"));
            skipped.push((name, format!("{error:#}").lines().next().unwrap_or_default().to_owned()));
        };
        let redis = Self::one(console, "redis", packages::REDIS, |tick| {
            Redis::start_watched(&dir.join("redis"), None, tick)
        });
        let redis = redis.map_err(|error| keep("redis", error)).ok();
        console.check()?;
        let mariadb = Self::one(console, "mariadb", packages::MARIADB, |tick| {
            MariaDb::start_watched(&dir.join("mariadb"), None, tick)
        });
        let mariadb = mariadb.map_err(|error| keep("mariadb", error)).ok();
        console.check()?;
        let kafka = Self::one(console, "kafka", packages::KAFKA, |tick| {
            Kafka::start_watched(&dir.join("kafka"), None, tick)
        });
        let kafka = kafka.map_err(|error| keep("kafka", error)).ok();
        console.check()?;
        Ok(Self { redis, mariadb, kafka, skipped })
    }

    fn one<S>(
        console: &Console,
        name: &str,
        needs: &[packages::Need],
        start: impl FnOnce(Tick<'_>) -> Result<S>,
    ) -> Result<S> {
        packages::ensure(console, needs)?;
        let version = if name == "kafka" { kafka::VERSION } else { "" };
        let mut step = console.step(format!("starting {name} {version}").trim_end());
        let server = start(&mut || step.tick())?;
        step.done("");
        Ok(server)
    }

    /// Their process ids, by the names of the stores.
    pub(crate) fn pids(&self) -> Result<Vec<(&'static str, u32)>> {
        let servers: [(&str, Option<&Server>); 3] = [
            ("REDIS", self.redis.as_deref()),
            ("MARIADB", self.mariadb.as_deref()),
            ("KAFKA", self.kafka.as_deref()),
        ];
        servers
            .into_iter()
            .filter_map(|(name, server)| Some((name, server?)))
            .map(|(name, server)| Ok((name, server.pid()?)))
            .collect()
    }

    /// Puts their addresses into a command's environment, and nothing of the caller's.
    pub(crate) fn tell(&self, command: &mut Command, dir: &Path) -> Result<()> {
        for (key, _) in std::env::vars_os() {
            if key.to_string_lossy().starts_with("MALL_") {
                command.env_remove(key);
            }
        }
        for (name, value) in [
            ("DATABASE_URL", self.mariadb.as_ref().map(MariaDb::url)),
            ("REDIS_URL", self.redis.as_ref().map(Redis::url)),
            ("KAFKA_BROKERS", self.kafka.as_ref().map(Kafka::brokers)),
        ] {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("MALL_TEST_DIR", dir.join("tmp").canonicalize()?);
        let skips: Vec<_> = self.skipped.iter().map(|(name, _)| *name).collect();
        command.env("MALL_TEST_SKIPS", skips.join(","));
        Ok(())
    }

    /// Ends them and says what there was not. They are killed, as their data is thrown away.
    pub(crate) fn end(self) -> Vec<(&'static str, String)> {
        self.skipped
    }
}
