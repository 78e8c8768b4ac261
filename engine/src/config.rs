//! Configuration: an embedded default file, overlaid by a file and by the environment. Unknown keys and
//! values that contradict each other refuse to start and are named.

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

const DEFAULTS: &str = include_str!("../config.default.toml");
/// Shortest secret in bytes.
const SECRET_BYTES_MIN: usize = 32;
/// How a secret is shown.
const MASK: &str = "********";

/// All of it; `config.default.toml` says what each key means.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "config.default.toml documents every key; twice would drift")]
pub struct Config {
    pub profile: String,
    pub http: Http,
    pub session: Session,
    pub token: Token,
    pub admission: Admission,
    pub desk: Desk,
    pub log: Log,
    pub ledger: Ledger,
    pub lifecycle: Lifecycle,
}

macro_rules! section {
    ($name:ident { $($field:ident: $kind:ty),+ $(,)? }) => {
        /// A section of [`Config`].
        #[derive(Clone, Debug, Deserialize, Serialize)]
        #[serde(deny_unknown_fields)]
        #[expect(missing_docs, reason = "config.default.toml documents every key; twice would drift")]
        pub struct $name { $(pub $field: $kind,)+ }
    };
}

section!(Http {
    listen: SocketAddr,
    private_listen: SocketAddr,
    tls_certificate: String,
    tls_key: String,
    connections_max: usize,
    streams_max: usize,
    read_within_ms: u64,
    head_bytes_max: usize,
    headers_max: usize,
    target_bytes_max: usize,
    body_bytes_max: usize,
    allowed_origins: Vec<String>,
    trusted_proxies: Vec<IpAddr>,
});
section!(Session { kid: String, secret: String, previous_kid: String, previous_secret: String });
section!(Token { secret: String, previous_secret: String });
section!(Admission {
    orders_per_s: u32,
    user_per_s: u32,
    address_per_s: u32,
    lane_depth: usize,
    lane_wait_ms: u64,
    orders_per_s_min: u32,
    inside_min: usize,
    lane_target_ms: u64,
    desk_target_ms: u64,
    log_target_ms: u64,
    outbox_target_ms: u64,
    settlement_target_ms: u64,
    workers: usize,
    batch_max: usize,
    handoffs_max: usize,
    answer_within_ms: u64,
});
section!(Desk {
    url: String,
    sessions_url: String,
    prefix: String,
    connections: usize,
    connect_timeout_ms: u64,
    response_timeout_ms: u64,
    require_append_only_always: bool,
    unsettled_max: u32,
});
section!(Log {
    brokers: String,
    topic_prefix: String,
    partitions: u32,
    replication: i32,
    min_insync: u32,
    create_topics: bool,
    message_timeout_ms: u64,
});
section!(Ledger { url: String, connections: u32, acquire_timeout_ms: u64 });
section!(Lifecycle { archive_after_s: u64 });

/// Why the configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Not readable, or a key or type is wrong.
    #[error("configuration: {0}")]
    Unreadable(Box<figment::Error>),
    /// A value cannot be, or contradicts another.
    #[error("configuration: {key}: {reason}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl Config {
    /// Reads the configuration of this process.
    pub fn load(file: Option<&Path>) -> Result<Self, Refused> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        if let Some(file) = file {
            figment = figment.merge(Toml::file_exact(file));
        }
        figment = figment.merge(Env::prefixed("MALL_ENGINE__").split("__"));
        for (variable, key) in
            [("DATABASE_URL", "ledger.url"), ("REDIS_URL", "desk.url"), ("KAFKA_BROKERS", "log.brokers")]
        {
            if let Ok(value) = std::env::var(variable)
                && !value.is_empty()
            {
                figment = figment.merge(Serialized::default(key, value));
            }
        }
        let config: Self = figment.extract().map_err(|error| Refused::Unreadable(Box::new(error)))?;
        config.check()?;
        Ok(config)
    }

    /// Whether this is the dev profile.
    pub fn dev(&self) -> bool {
        self.profile == "dev"
    }

    /// The configuration as text, secrets masked.
    pub fn masked(&self) -> String {
        let mut shown = self.clone();
        for secret in [
            &mut shown.session.secret,
            &mut shown.session.previous_secret,
            &mut shown.token.secret,
            &mut shown.token.previous_secret,
        ] {
            if !secret.is_empty() {
                *secret = MASK.into();
            }
        }
        for url in [&mut shown.desk.url, &mut shown.desk.sessions_url, &mut shown.ledger.url] {
            *url = without_password(url);
        }
        toml::to_string(&shown).expect("plain values")
    }

    fn check(&self) -> Result<(), Refused> {
        let refuse = |key, reason: &str| Err(Refused::Value { key, reason: reason.into() });
        for (key, secret) in [("session.secret", &self.session.secret), ("token.secret", &self.token.secret)]
        {
            if secret.len() < SECRET_BYTES_MIN {
                return refuse(key, "must have at least 32 bytes");
            }
        }
        for (key, secret) in [
            ("session.secret", &self.session.secret),
            ("session.previous_secret", &self.session.previous_secret),
            ("token.secret", &self.token.secret),
            ("token.previous_secret", &self.token.previous_secret),
        ] {
            if !self.dev() && secret.starts_with("dev-only-") {
                return refuse(key, "the default secret is for the dev profile only");
            }
            if !secret.is_empty() && secret.len() < SECRET_BYTES_MIN {
                return refuse(key, "must have at least 32 bytes");
            }
        }
        if self.session.secret == self.token.secret {
            return refuse("token.secret", "must not be the session's secret");
        }
        if self.session.previous_secret.is_empty() != self.session.previous_kid.is_empty() {
            return refuse("session.previous_kid", "and session.previous_secret go together");
        }
        if !self.dev() && self.embedded_log() {
            return refuse("log.brokers", "the embedded broker is for the dev profile only");
        }
        if self.http.listen == self.http.private_listen {
            return refuse("http.private_listen", "must not be the public address");
        }
        if !(1..=contract::record::BATCH_MAX).contains(&self.admission.batch_max) {
            return refuse("admission.batch_max", "must be 1 to 256");
        }
        for (key, number) in [
            ("http.connections_max", self.http.connections_max),
            ("http.streams_max", self.http.streams_max),
            ("http.headers_max", self.http.headers_max),
            ("admission.lane_depth", self.admission.lane_depth),
            ("admission.inside_min", self.admission.inside_min),
            ("admission.orders_per_s_min", self.admission.orders_per_s_min as usize),
            ("admission.workers", self.admission.workers),
            ("admission.handoffs_max", self.admission.handoffs_max),
            ("desk.connections", self.desk.connections),
            ("desk.unsettled_max", self.desk.unsettled_max as usize),
            ("log.partitions", self.log.partitions as usize),
            ("ledger.connections", self.ledger.connections as usize),
        ] {
            if !(1..=1_000_000).contains(&number) {
                return refuse(key, "must be 1 to 1000000");
            }
        }
        if self.http.streams_max >= self.http.connections_max {
            return refuse("http.streams_max", "must leave http.connections_max room for those who buy");
        }
        if self.http.head_bytes_max < 8192 {
            return refuse("http.head_bytes_max", "must be at least 8192");
        }
        if self.admission.orders_per_s_min > self.admission.orders_per_s {
            return refuse("admission.orders_per_s_min", "must not be more than admission.orders_per_s");
        }
        if self.admission.lane_target_ms > self.admission.lane_wait_ms {
            return refuse("admission.lane_target_ms", "must not be more than admission.lane_wait_ms");
        }
        // Deadlines nest: the lane, the desk and the log each end before the buyer stops waiting.
        let inner = self.admission.lane_wait_ms + self.desk.response_timeout_ms + self.log.message_timeout_ms;
        if inner > self.admission.answer_within_ms {
            return refuse(
                "admission.answer_within_ms",
                "must be at least admission.lane_wait_ms + desk.response_timeout_ms + log.message_timeout_ms",
            );
        }
        if self.log.min_insync as i32 > self.log.replication {
            return refuse("log.min_insync", "must not be more than log.replication");
        }
        Ok(())
    }

    /// Whether the log is the broker inside this process.
    pub fn embedded_log(&self) -> bool {
        self.log.brokers == "embedded"
    }
}

fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.into() };
    match rest.rsplit_once('@') {
        Some((account, host)) => {
            let user = account.split(':').next().unwrap_or("");
            format!("{scheme}://{user}:{MASK}@{host}")
        }
        None => url.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(toml: &str) -> Result<Config, Refused> {
        let figment = Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(toml));
        let config: Config = figment.extract().map_err(|error| Refused::Unreadable(Box::new(error)))?;
        config.check()?;
        Ok(config)
    }

    #[test]
    fn defaults_are_whole_and_wrong_values_are_named() {
        with("").expect("the defaults stand");
        for (toml, named) in [
            ("[http]\nlisten_on = \"x\"", "listen_on"),
            ("[http]\nlisten = \"nowhere\"", "http.listen"),
            ("profile = \"production\"", "session.secret"),
            ("[token]\nsecret = \"short\"", "token.secret"),
            ("[admission]\nbatch_max = 1000", "admission.batch_max"),
            ("[admission]\nlane_target_ms = 2000", "admission.lane_target_ms"),
            ("[admission]\norders_per_s = 10", "admission.orders_per_s_min"),
            ("[admission]\nanswer_within_ms = 1000", "admission.answer_within_ms"),
            ("[log]\nmin_insync = 2", "log.min_insync"),
            ("[http]\nconnections_max = 12000", "http.streams_max"),
            ("[http]\nprivate_listen = \"127.0.0.1:8081\"", "http.private_listen"),
            ("[session]\nprevious_kid = \"old\"", "session.previous_kid"),
        ] {
            let refused = with(toml).expect_err(toml).to_string();
            assert!(refused.contains(named), "{toml}: {refused}");
        }
    }

    #[test]
    fn outside_dev_own_secrets_and_a_real_broker_are_needed() {
        let secrets = "profile = \"production\"\n[session]\nsecret = \"0123456789abcdef0123456789abcdef\"\n\
                       [token]\nsecret = \"fedcba9876543210fedcba9876543210\"\n";
        assert!(with(secrets).expect_err("no broker").to_string().contains("log.brokers"));
        with(&format!("{secrets}[log]\nbrokers = \"kafka:9092\"")).expect("everything is set");
    }

    #[test]
    fn shown_configuration_has_no_secret() {
        let shown = with("[ledger]\nurl = \"mysql://mall:hunter2@db/mall\"").expect("valid").masked();
        assert!(!shown.contains("dev-only") && !shown.contains("hunter2"));
        assert!(shown.contains("mysql://mall:********@db/mall"));
    }
}
