//! `up`: the stores, the services, demo data, and a file with every address.
//!
//! Only what is missing is started, on the data of last time. `stores` decides between servers of
//! yours and private ones, `services` starts the two programs, `page` tells what there is.

mod cluster;
mod page;
mod services;
mod stores;

use crate::cargo;
use crate::console::{Console, Interrupted};
use crate::down;
use crate::place::Place;
use crate::process::Identity;
use crate::state::{Process, State};
use crate::wait;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::time::Duration;

/// Which order log to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broker {
    /// The one inside of the engine.
    Embedded,
    /// Apache Kafka.
    Kafka,
}

impl Broker {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Kafka => "kafka",
        }
    }

    /// The broker of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Embedded, Self::Kafka].into_iter().find(|broker| broker.name() == name)
    }
}

/// How many of each are run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// One.
    #[default]
    Dev,
    /// Two engines, three primaries and three replicas of Redis, three Kafka brokers.
    Cluster,
}

impl Profile {
    /// The profile of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "dev" => Some(Self::Dev),
            "cluster" => Some(Self::Cluster),
            _ => None,
        }
    }
}

/// What was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Return when everything is ready.
    pub detach: bool,
    /// Begin anew.
    pub fresh: bool,
    /// Another order log than last time.
    pub broker: Option<Broker>,
    /// How many of each.
    pub profile: Profile,
}

/// Runs the command.
pub fn run(place: &Place, console: &Console, options: Options) -> Result<()> {
    let lock = lock(place)?;
    let mut up = Up { place, console, state: State::load(&place.dev)?, started: Vec::new() };
    if let Err(error) = up.bring(options) {
        // Leave nothing half started; the logs stay.
        down::stop(place, console, &up.started)?;
        return Err(error);
    }
    drop(lock);
    print!("{}", page::render(place, &up.state, options.detach));
    if options.detach {
        return Ok(());
    }
    up.stay()
}

/// Two `up` at a time would start everything twice.
fn lock(place: &Place) -> Result<File> {
    fs::create_dir_all(&place.dev).with_context(|| format!("cannot make {}", place.dev.display()))?;
    let file = File::create(place.dev.join("up.lock"))?;
    if file.try_lock().is_err() {
        bail!("another `cargo xtask up` is starting things; wait for it");
    }
    Ok(file)
}

struct Up<'a> {
    place: &'a Place,
    console: &'a Console,
    state: State,
    /// What this run started, for the end of this run.
    started: Vec<Identity>,
}

impl Up<'_> {
    fn bring(&mut self, options: Options) -> Result<()> {
        let given = stores::Given::from_environment(&self.state);
        if options.fresh {
            self.wipe(&given)?;
        }
        let plan = stores::Plan::new(&given, &self.state, options.broker, options.profile);
        self.prepare_machine(&plan)?;
        cargo::programs(self.console, self.place, &[])?;
        let addresses = self.stores(&plan)?;
        self.services(&addresses)?;
        self.write_env(&addresses)
    }

    /// Ends what is ours and forgets its data, but not the ports and addresses a shell may still know.
    fn wipe(&mut self, given: &stores::Given) -> Result<()> {
        let all: Vec<_> = self.state.processes.values().map(|process| process.identity).collect();
        down::stop(self.place, self.console, &all)?;
        let state = State::load(&self.place.dev)?;
        self.state =
            State { ports: state.ports, given_out: state.given_out, broker: None, ..State::default() };
        let data = self.place.data();
        if data.exists() {
            fs::remove_dir_all(&data).with_context(|| format!("cannot delete {}", data.display()))?;
        }
        for file in ["env", "engine.log", "catalog-api.log"] {
            let file = self.place.dev.join(file);
            if file.exists() {
                fs::remove_file(file)?;
            }
        }
        for name in given.names() {
            self.console.say(&format!("{name} names a server of yours: what is in it stays as it is"));
        }
        self.state.save(&self.place.dev)
    }

    /// Remembers a process at once, so that it is known even if we die next.
    fn record(&mut self, name: &str, identity: Identity, env: BTreeMap<String, String>) -> Result<()> {
        self.started.push(identity);
        self.state.processes.insert(name.to_owned(), Process { identity, env });
        self.state.save(&self.place.dev)
    }

    /// Stays in front until Ctrl-C, then stops what this run started.
    fn stay(self) -> Result<()> {
        let mut missing = Vec::new();
        let watch = wait::until(Duration::MAX, &mut || self.console.check(), || {
            for (name, process) in &self.state.processes {
                if self.started.contains(&process.identity)
                    && !process.identity.alive()
                    && !missing.contains(name)
                {
                    let dev = self.place.shown(&self.place.dev);
                    self.console.say(&format!(
                        "{name} has ended; {dev}/*.log may say why, `cargo xtask up` in another terminal starts it"
                    ));
                    missing.push(name.clone());
                }
            }
            Ok(None::<()>)
        });
        match watch {
            Err(error) if error.is::<Interrupted>() => {}
            other => {
                other?;
            }
        }
        self.console.resume();
        down::stop(self.place, self.console, &self.started)?;
        println!("stopped what this command started; the data is kept");
        Ok(())
    }
}
