//! What every handler is given: the settings and the outside world.

use crate::attempts::SLOWED_DOWN_MAX;
use crate::cache::Cache;
use crate::config::{Config, PayProvider, StoreUrl};
use crate::envelope::Zone;
use crate::extract::client_address::Network;
use crate::metrics::Metrics;
use crate::password::Passwords;
use crate::provider::courier::{self, Courier};
use crate::provider::outside::Outside;
use crate::provider::pay::{LocalPay, Pay, WechatPay};
use crate::provider::sms::{self, Sms};
use crate::provider::weixin::{self, Weixin};
use crate::replica::Replica;
use crate::session::Sessions;
use crate::settings::Settings;
use crate::store::error_number;
use crate::uploads::Uploads;
use anyhow::Context;
use deadpool_redis::{PoolConfig, Runtime, Timeouts};
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::{MySqlConnection, MySqlPool};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::{Mutex, Semaphore};

/// One running catalog-api.
pub struct App {
    /// The settings.
    pub config: Config,
    /// MySQL or MariaDB.
    pub db: MySqlPool,
    /// A copy of it to read from, where there is one.
    pub replica: Option<Replica>,
    /// Redis.
    pub redis: deadpool_redis::Pool,
    /// Sessions.
    pub sessions: Sessions,
    /// What staff set while the mall runs.
    pub settings: Settings,
    /// Password hashing.
    pub passwords: Passwords,
    /// Answers kept for a while.
    pub cache: Cache,
    /// Who takes the money; nobody when payment is not set up.
    pub pay: Option<Box<dyn Pay>>,
    /// Files people upload.
    pub uploads: Uploads,
    /// Who knows where parcels are; nobody when tracking is not set up.
    pub courier: Option<Box<dyn Courier>>,
    /// Who sends texts; nobody when they are not set up.
    pub sms: Option<Box<dyn Sms>>,
    /// Who knows WeChat's accounts; nobody when WeChat log-in is not set up.
    pub weixin: Option<Box<dyn Weixin>>,
    /// In which people read times.
    pub zone: Zone,
    /// Proxies whose word about addresses counts.
    pub trusted_proxies: Vec<Network>,
    /// Counters.
    pub metrics: Metrics,
    /// Set when the process is about to end.
    pub draining: AtomicBool,
    /// Log-ins that wait because of earlier failures.
    pub slowed_down: Semaphore,
    /// Two callers asking for load buyers at once would make the same ones.
    pub load_buyers: Mutex<()>,
}

impl App {
    /// Prepares everything; connections are made when they are needed, so that the service starts, and
    /// says what is missing, while a store is away.
    pub fn new(config: Config) -> anyhow::Result<Arc<Self>> {
        let db = pool(&config, &config.database.url).context("database.url")?;
        let replica = match &config.database.read_url {
            none if none.expose().is_empty() => None,
            url => Some(Replica::new(pool(&config, url).context("database.read_url")?)),
        };
        let timeout = Some(Duration::from_millis(config.redis.timeout_ms));
        let mut pool = deadpool_redis::Config::from_url(config.redis.url.expose());
        pool.pool = Some(PoolConfig {
            max_size: config.redis.connections_max,
            timeouts: Timeouts { wait: timeout, create: timeout, recycle: timeout },
            ..PoolConfig::default()
        });
        let redis = pool.create_pool(Some(Runtime::Tokio1)).context("redis.url")?;
        let pay: Option<Box<dyn Pay>> = match config.pay.provider {
            PayProvider::Local => {
                Some(Box::new(LocalPay::new(config.pay.local_secret.expose(), config.http.listen)))
            }
            PayProvider::Wechat => {
                let outside = Outside::new().context("the system's certificates")?;
                Some(Box::new(WechatPay::new(&config.pay.wechat, outside)?))
            }
            PayProvider::None => None,
        };
        let trusted = config.http.trusted_proxies.iter().map(|text| text.parse());
        Ok(Arc::new(Self {
            sessions: Sessions::new(&config.session, &config.redis.prefix),
            uploads: Uploads::new(&config),
            settings: Settings::default(),
            cache: Cache::new(&config.redis.prefix),
            passwords: Passwords::new(config.password.parallel, config.password.waiting_max),
            zone: config.time.offset.parse().ok().context("time.offset")?,
            trusted_proxies: trusted.collect::<Result<_, _>>().ok().context("http.trusted_proxies")?,
            metrics: Metrics::default(),
            draining: AtomicBool::new(false),
            slowed_down: Semaphore::new(SLOWED_DOWN_MAX),
            load_buyers: Mutex::new(()),
            courier: courier::service(&config)?,
            sms: sms::sender(&config, &redis)?,
            weixin: weixin::accounts(&config)?,
            pay,
            db,
            replica,
            redis,
            config,
        }))
    }
}

/// Connections to a database, made when they are needed.
fn pool(config: &Config, url: &StoreUrl) -> anyhow::Result<MySqlPool> {
    let options: MySqlConnectOptions = url.expose().parse()?;
    Ok(MySqlPoolOptions::new()
        .max_connections(config.database.connections_max)
        .acquire_timeout(Duration::from_millis(config.database.acquire_timeout_ms))
        // What was waited for at a lock has to be seen once the lock is had, whatever the server's own
        // setting is.
        .after_connect(|connection, _| Box::pin(set_up(connection)))
        .connect_lazy_with(options))
}

/// Seconds a transaction may be silent; longer than the slowest call to a provider inside of one.
const SILENCE_S: u16 = 15;
/// The server's number for a variable it does not know.
const UNKNOWN_VARIABLE: u16 = 1193;

async fn set_up(connection: &mut MySqlConnection) -> sqlx::Result<()> {
    sqlx::raw_sql("set session transaction isolation level read committed").execute(&mut *connection).await?;
    // A process that is stopped inside a transaction holds its rows, and the engine settles nothing of a
    // sale that is locked. MySQL has no such bound; there the operator ends the connection.
    let silence = sqlx::AssertSqlSafe(format!("set session idle_transaction_timeout = {SILENCE_S}"));
    match sqlx::raw_sql(silence).execute(connection).await {
        Err(error) if error_number(&error) == Some(UNKNOWN_VARIABLE) => Ok(()),
        other => other.map(|_| ()),
    }
}
