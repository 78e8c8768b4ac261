//! The settings: what there is to set. [`load`] reads them, [`check`] refuses what cannot be meant.
//!
//! Every setting and its default is explained in `config.default.toml`, which is part of the binary.

pub mod accounts;
pub mod check;
pub mod load;
pub mod money;
pub mod storage;

pub use money::{Courier, CourierProvider, Pay, PayProvider, WechatPay};

pub use accounts::{OperationLog, Sms, SmsProvider, Weixin, WeixinProvider};

use serde::{Deserialize, Serialize, Serializer};
use std::net::SocketAddr;

/// All settings.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Whether this is somebody's own machine.
    pub profile: Profile,
    /// Listeners and their bounds.
    pub http: Http,
    /// MySQL or MariaDB.
    pub database: Database,
    /// Redis.
    pub redis: Redis,
    /// Sessions.
    pub session: Session,
    /// Password hashing.
    pub password: Password,
    /// Captcha.
    pub captcha: Captcha,
    /// Payment provider.
    pub pay: Pay,
    /// Uploaded files.
    pub storage: storage::Storage,
    /// Parcels.
    pub courier: Courier,
    /// Texts to phones.
    pub sms: Sms,
    /// WeChat.
    pub weixin: Weixin,
    /// The operation log.
    pub operation_log: OperationLog,
    /// Background work.
    pub timers: Timers,
    /// Time as people read it.
    pub time: Time,
    /// Cross-origin access.
    pub cors: Cors,
    /// The API description.
    #[serde(default)]
    pub docs: Docs,
    /// The board of staff.
    pub board: Board,
    /// The buyers' pages.
    #[serde(default)]
    pub pages: Pages,
    /// Logs.
    pub log: Log,
}

/// Which kind of installation this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// A developer's machine or a test.
    Dev,
    /// Everything else.
    Production,
}

/// Listeners and their bounds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct Http {
    pub listen: SocketAddr,
    pub private_listen: SocketAddr,
    pub tls_certificate: String,
    pub tls_key: String,
    pub trusted_proxies: Vec<String>,
    pub connections_max: usize,
    pub requests_max: usize,
    pub header_read_timeout_ms: u64,
    pub body_read_timeout_ms: u64,
    pub request_timeout_ms: u64,
    pub drain_ms: u64,
}

/// The database.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct Database {
    pub url: StoreUrl,
    pub read_url: StoreUrl,
    pub connections_max: u32,
    pub acquire_timeout_ms: u64,
}

/// Redis.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct Redis {
    pub url: StoreUrl,
    pub prefix: String,
    pub connections_max: usize,
    pub timeout_ms: u64,
}

/// Sessions.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct Session {
    pub secret: Secret,
    pub kid: String,
    pub previous_secret: Secret,
    pub previous_kid: String,
    pub shop_idle_s: u64,
    pub staff_idle_s: u64,
    pub life_s: u64,
}

/// Password hashing.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct Password {
    pub parallel: usize,
    pub waiting_max: usize,
}

/// Captcha.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct Captcha {
    #[serde(default)]
    pub fixed_answer: Option<String>,
    pub life_s: u64,
    pub after_failures: u64,
    pub always: bool,
}

/// Background work.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct Timers {
    pub interval_ms: u64,
    pub batch: u32,
}

/// Time as people read it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct Time {
    pub offset: String,
}

/// Cross-origin access.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct Cors {
    pub allowed_origins: Vec<String>,
    pub max_age_s: u64,
}

/// The API description.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct Docs {
    #[serde(default)]
    pub public: Option<bool>,
}

/// The buyers' pages.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct Pages {
    #[serde(default)]
    pub engine: Option<SocketAddr>,
}

/// The board of staff.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct Board {
    pub engines: Vec<String>,
}

/// Logs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct Log {
    pub format: LogFormat,
    pub filter: String,
}

/// Shape of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl Config {
    /// Whether this is the dev profile.
    pub fn is_dev(&self) -> bool {
        self.profile == Profile::Dev
    }

    /// The one captcha answer there is, if it is fixed.
    pub fn fixed_captcha_answer(&self) -> Option<&str> {
        match &self.captcha.fixed_answer {
            Some(answer) if answer.is_empty() => None,
            Some(answer) => Some(answer),
            None if self.is_dev() => Some("test"),
            None => None,
        }
    }

    /// Whether the API description is served to everybody.
    pub fn docs_are_public(&self) -> bool {
        self.docs.public.unwrap_or(self.is_dev())
    }
}

/// Text that must not be shown.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text, for the one place that uses it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(masked(&self.0))
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(masked(&self.0))
    }
}

fn masked(secret: &str) -> &'static str {
    if secret.is_empty() { "" } else { "***" }
}

/// Address of a store, which may hold a password.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct StoreUrl(String);

impl StoreUrl {
    /// The address, for the one place that connects.
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn masked(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let Some((scheme, rest)) = self.0.split_once("://") else { return "***".into() };
        match rest.rsplit_once('@') {
            Some((login, place)) => {
                let user = login.split(':').next().unwrap_or_default();
                let password = if login.contains(':') { ":***" } else { "" };
                format!("{scheme}://{user}{password}@{place}")
            }
            None => self.0.clone(),
        }
    }
}

impl std::fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.masked())
    }
}

impl Serialize for StoreUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.masked())
    }
}
