//! Servers of yours where the environment names them, private ones otherwise.

use super::{Broker, Profile, Up};
use crate::packages;
use crate::process::Bond;
use crate::services::kafka::{self, Kafka};
use crate::services::mariadb::MariaDb;
use crate::services::redis::{self, Redis};
use crate::services::{Server, free_port, is_free};
use crate::state::State;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

/// The word in `KAFKA_BROKERS` for the broker inside of the engine.
pub(super) const EMBEDDED: &str = "embedded";

/// Servers the environment names and that are not ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    database: Option<String>,
    redis: Option<String>,
    brokers: Option<String>,
}

impl Given {
    /// From the process's environment. An address we gave out ourselves does not count: the shell has
    /// sourced our file.
    pub(super) fn from_environment(state: &State) -> Self {
        Self::new(state, |name| std::env::var(name).ok())
    }

    fn new(state: &State, read: impl Fn(&str) -> Option<String>) -> Self {
        let foreign =
            |name| read(name).filter(|value| !value.is_empty() && value != EMBEDDED && !state.is_ours(value));
        Self {
            database: foreign("DATABASE_URL"),
            redis: foreign("REDIS_URL"),
            brokers: foreign("KAFKA_BROKERS"),
        }
    }

    /// Names of the variables that count.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        let all =
            [("DATABASE_URL", &self.database), ("REDIS_URL", &self.redis), ("KAFKA_BROKERS", &self.brokers)];
        all.into_iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name)
    }
}

/// What to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    given: Given,
    broker: Broker,
    profile: Profile,
}

impl Plan {
    /// An explicit wish comes first, then the environment, then what was used last time.
    pub(super) fn new(given: &Given, state: &State, asked: Option<Broker>, profile: Profile) -> Self {
        let remembered = state.broker.as_deref().and_then(Broker::from_name);
        let mut given = given.clone();
        if profile == Profile::Cluster {
            // All of it is ours: one server of yours is no cluster.
            (given.redis, given.brokers) = (None, None);
            return Self { given, broker: Broker::Kafka, profile };
        }
        let broker = match (asked, &given.brokers) {
            (Some(Broker::Embedded), _) => {
                given.brokers = None;
                Broker::Embedded
            }
            (_, Some(_)) | (Some(Broker::Kafka), _) => Broker::Kafka,
            (None, None) => remembered.unwrap_or(Broker::Embedded),
        };
        Self { given, broker, profile }
    }

    fn private_kafka(&self) -> bool {
        self.broker == Broker::Kafka && self.given.brokers.is_none()
    }
}

/// Where the services find their stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Addresses {
    pub(super) database: String,
    pub(super) redis: String,
    pub(super) brokers: String,
    /// The Redis Cluster of the desks, where there is one; sessions and caches stay on the other Redis.
    pub(super) cluster: Option<String>,
}

impl Addresses {
    /// As the engine, its commands and whoever calls them read them.
    pub(super) fn env(&self) -> BTreeMap<String, String> {
        let desk = self.cluster.as_ref().unwrap_or(&self.redis);
        let mut env = self.plain(desk);
        if self.cluster.is_some() {
            for (key, value) in [
                ("MALL_ENGINE__DESK__SESSIONS_URL", self.redis.as_str()),
                // A replica takes over, and the log covers what it lost.
                ("MALL_ENGINE__DESK__REQUIRE_APPEND_ONLY_ALWAYS", "false"),
                ("MALL_ENGINE__LOG__REPLICATION", "3"),
                ("MALL_ENGINE__LOG__MIN_INSYNC", "2"),
            ] {
                env.insert(key.to_owned(), value.to_owned());
            }
        }
        env
    }

    /// As catalog-api reads them: it knows no desk.
    pub(super) fn catalog_env(&self) -> BTreeMap<String, String> {
        self.plain(&self.redis)
    }

    fn plain(&self, redis: &String) -> BTreeMap<String, String> {
        [("DATABASE_URL", &self.database), ("REDIS_URL", redis), ("KAFKA_BROKERS", &self.brokers)]
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.clone()))
            .collect()
    }
}

impl Up<'_> {
    /// Looks whether servers of yours are there, and installs what private ones need: both before
    /// anything takes long.
    pub(super) fn prepare_machine(&self, plan: &Plan) -> Result<()> {
        let given = &plan.given;
        for (name, value, port) in [
            ("DATABASE_URL", &given.database, 3306),
            ("REDIS_URL", &given.redis, 6379),
            ("KAFKA_BROKERS", &given.brokers, 9092),
        ] {
            if let Some(value) = value {
                let host = host_of(value, port);
                reach(&host).with_context(|| {
                    format!("{name} names {host}, where nothing answers; unset it to get a private one")
                })?;
                self.console.say(&format!("{name} is given: using {host}"));
            }
        }
        if given.database.is_none() {
            packages::ensure(self.console, packages::MARIADB)?;
        }
        if given.redis.is_none() {
            packages::ensure(self.console, packages::REDIS)?;
        }
        if plan.private_kafka() {
            packages::ensure(self.console, packages::KAFKA)?;
        }
        Ok(())
    }

    /// Starts the private servers that are missing; where everything is.
    pub(super) fn stores(&mut self, plan: &Plan) -> Result<Addresses> {
        let database = match &plan.given.database {
            Some(url) => url.clone(),
            None => self.mariadb()?,
        };
        let redis = match &plan.given.redis {
            Some(url) => url.clone(),
            None => self.redis()?,
        };
        let brokers = match &plan.given.brokers {
            Some(brokers) => brokers.clone(),
            None if plan.profile == Profile::Cluster => self.kafka_brokers()?,
            None if plan.broker == Broker::Kafka => self.kafka()?,
            None => EMBEDDED.to_owned(),
        };
        let cluster = match plan.profile {
            Profile::Dev => None,
            Profile::Cluster => Some(self.redis_cluster()?),
        };
        if plan.profile == Profile::Dev {
            self.state.broker = Some(plan.broker.name().to_owned());
        }
        self.state.save(&self.place.dev)?;
        Ok(Addresses { database, redis, brokers, cluster })
    }

    fn mariadb(&mut self) -> Result<String> {
        let running = self.state.alive("mariadb").is_some();
        let port = self.private_port("mariadb", running)?;
        let server = MariaDb::prepare(&self.place.data().join("mariadb"), port, Bond::Loose)?;
        let url = server.url();
        if !running {
            self.begin("mariadb", &url, server.into_server())?;
        }
        Ok(url)
    }

    fn redis(&mut self) -> Result<String> {
        let running = self.state.alive("redis").is_some();
        let port = self.private_port("redis", running)?;
        let url = redis::url(port);
        if !running {
            let server = Redis::prepare(&self.place.data().join("redis"), port, Bond::Loose)?;
            self.begin("redis", &url, server.into_server())?;
        }
        Ok(url)
    }

    fn kafka(&mut self) -> Result<String> {
        let running = self.state.alive("kafka").is_some();
        let port = self.private_port("kafka", running)?;
        let brokers = kafka::brokers(port);
        if !running {
            let jars = self.jars()?;
            let server = Kafka::prepare(&self.place.data().join("kafka"), port, Bond::Loose, &jars)?;
            self.begin("kafka", &brokers, server.into_server())?;
        }
        Ok(brokers)
    }

    pub(super) fn jars(&self) -> Result<PathBuf> {
        let mut step = self.console.step(format!("fetching Kafka {} through Maven", kafka::VERSION));
        let jars = kafka::resolve(&mut || step.tick())?;
        step.done("");
        Ok(jars)
    }

    /// The port of last time while it is ours or free.
    pub(super) fn private_port(&mut self, name: &str, running: bool) -> Result<u16> {
        let port = match self.state.ports.get(name) {
            Some(&port) if running || is_free(port) => port,
            _ => free_port()?,
        };
        self.state.ports.insert(name.to_owned(), port);
        Ok(port)
    }

    pub(super) fn begin(&mut self, name: &str, address: &str, mut server: Server) -> Result<()> {
        self.state.give_out(address);
        let mut step = self.console.step(format!("starting {name} on port {}", server.port()));
        server.launch()?;
        // Known to `down` while it is still starting.
        self.record(name, server.identity()?, BTreeMap::new())?;
        server.wait_ready(&mut || step.tick())?;
        server.release()?;
        step.done("");
        Ok(())
    }
}

/// Host and port of an address, or of the first of a list.
fn host_of(address: &str, default_port: u16) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', ',']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if has_port { host.to_owned() } else { format!("{host}:{default_port}") }
}

fn reach(host: &str) -> Result<()> {
    let address = host.to_socket_addrs()?.next().context("the name has no address")?;
    TcpStream::connect_timeout(&address, Duration::from_secs(3))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, &str)], state: &State) -> Given {
        Given::new(state, |name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_address_of_ours_that_comes_back_through_the_shell_is_not_a_server_of_yours() {
        let mut state = State::default();
        state.give_out("redis://127.0.0.1:7001/0");
        let sourced = [("REDIS_URL", "redis://127.0.0.1:7001/0"), ("KAFKA_BROKERS", EMBEDDED)];
        assert_eq!(given(&sourced, &state), Given::default());
        let foreign = given(&[("REDIS_URL", "redis://10.0.0.5/0"), ("DATABASE_URL", "")], &state);
        assert_eq!(foreign.names().collect::<Vec<_>>(), ["REDIS_URL"]);
    }

    #[test]
    fn the_wish_comes_before_the_environment_and_that_before_the_past() {
        let past = State { broker: Some("kafka".to_owned()), ..State::default() };
        let named = given(&[("KAFKA_BROKERS", "k1:9092,k2:9092")], &past);
        let none = Given::default();
        assert_eq!(Plan::new(&none, &State::default(), None, Profile::Dev).broker, Broker::Embedded);
        assert!(Plan::new(&none, &past, None, Profile::Dev).private_kafka());
        assert!(!Plan::new(&named, &past, None, Profile::Dev).private_kafka());
        let embedded = Plan::new(&named, &past, Some(Broker::Embedded), Profile::Dev);
        assert_eq!((embedded.broker, embedded.given.brokers), (Broker::Embedded, None));
        let cluster = Plan::new(&named, &past, None, Profile::Cluster);
        assert!(cluster.private_kafka());
    }

    #[test]
    fn host_and_port_are_found_in_every_form_of_address() {
        assert_eq!(host_of("mysql://u:p@db.local/mall?ssl=1", 3306), "db.local:3306");
        assert_eq!(host_of("redis://:p@127.0.0.1:7001/0", 6379), "127.0.0.1:7001");
        assert_eq!(host_of("k1:9093,k2:9093", 9092), "k1:9093");
        assert_eq!(host_of("mysql://u:p%40x@[::1]:3307/mall", 3306), "[::1]:3307");
    }
}
