//! How an engine is put together: configuration becomes settings, settings become stages, stages become
//! tasks. The only place besides the stages that knows which store is which.

use crate::admission::sessions::Sessions;
use crate::admission::{Gate, Limits};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::fault::Fault;
use crate::handoff::Log as _;
use crate::handoff::kafka::{Brokers, KafkaLog, KafkaLogSettings};
use crate::http::connection;
use crate::http::route::{Private, Public};
use crate::http::{DoorLimits, DoorTrust};
use crate::lifecycle::Keeper;
use crate::metrics::{Gauge, Metrics};
use crate::purchase::{Purchases, Sizing};
use crate::reservation::Desk as _;
use crate::reservation::redis::{RedisDesk, RedisDeskSettings};
use crate::settlement::Ledger as _;
use crate::settlement::consumer::Consumer;
use crate::settlement::mysql::{MySqlLedger, MySqlLedgerSettings};
use crate::shutdown::Shutdown;
use anyhow::Context as _;
use contract::ids::{Generation, SaleId};
use contract::session::SessionKeys;
use contract::token::TokenKeys;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The spine over the production ports.
pub type Production = Purchases<RedisDesk, KafkaLog, MySqlLedger, SystemClock>;

/// Which of its parts a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// Answers buyers.
    pub serve: bool,
    /// Settles the log and keeps the sales.
    pub settle: bool,
}

/// How often the ledger is read for sales, and the breaker's probe sent.
const WATCH_EVERY: Duration = Duration::from_millis(300);
/// How often revocations are read; sessions fail closed long before this is late.
const FEED_EVERY: Duration = Duration::from_millis(500);
/// Time for what is promised to be answered at shutdown, and for the log to be flushed.
const DRAIN: Duration = Duration::from_secs(5);

/// The desk of this configuration.
pub fn desk(config: &Config) -> anyhow::Result<RedisDesk> {
    RedisDesk::new(RedisDeskSettings {
        url: config.desk.url.clone(),
        prefix: config.desk.prefix.clone(),
        connections: config.desk.connections,
        connect_timeout: Duration::from_millis(config.desk.connect_timeout_ms),
        response_timeout: Duration::from_millis(config.desk.response_timeout_ms),
        require_append_only_always: config.desk.require_append_only_always,
    })
    .context("desk.url")
}

/// The ledger of this configuration.
pub fn ledger(config: &Config) -> anyhow::Result<MySqlLedger> {
    MySqlLedger::new(MySqlLedgerSettings {
        url: config.ledger.url.clone(),
        connections: config.ledger.connections,
        acquire_timeout: Duration::from_millis(config.ledger.acquire_timeout_ms),
        unsettled_max: config.desk.unsettled_max,
    })
    .context("ledger.url")
}

async fn log(config: &Config, owner: &str) -> anyhow::Result<KafkaLog> {
    let brokers =
        if config.embedded_log() { Brokers::Embedded } else { Brokers::At(config.log.brokers.clone()) };
    KafkaLog::open(KafkaLogSettings {
        brokers,
        topic_prefix: config.log.topic_prefix.clone(),
        partitions: config.log.partitions,
        replication: config.log.replication,
        min_insync: config.log.min_insync,
        message_timeout: Duration::from_millis(config.log.message_timeout_ms),
        owner: owner.to_owned(),
        create_topics: config.log.create_topics,
    })
    .await
    .context("the order log")
}

/// Runs an engine until `shutdown` begins and everything promised is answered.
pub async fn run(config: Config, roles: Roles, shutdown: Shutdown) -> anyhow::Result<()> {
    let listener = TcpListener::bind(config.http.listen)
        .await
        .with_context(|| format!("http.listen {}", config.http.listen))?;
    let private = TcpListener::bind(config.http.private_listen)
        .await
        .with_context(|| format!("http.private_listen {}", config.http.private_listen))?;
    let clock = SystemClock::default();
    let metrics = Arc::new(Metrics::default());
    let owner = format!("{}-{:x}", std::process::id(), clock.unix_ms());
    let (desk, ledger) = (desk(&config)?, ledger(&config)?);
    let log = log(&config, &owner).await?;
    let purchases = purchases(&config, (desk.clone(), log.clone(), ledger.clone()), &clock, &metrics);

    let mut background = JoinSet::new();
    background.spawn(watch(purchases.clone()));
    background.spawn(probe(purchases.clone()));
    if roles.settle {
        settle(&config, &purchases, &owner, &shutdown, &mut background);
    }
    if roles.serve {
        background.spawn(feed(purchases.clone()));
        for _ in 0..purchases.sizing.workers {
            background.spawn(purchases.clone().work());
        }
    }

    let limits = door_limits(&config);
    let (ready, embedded) = (purchases.clone(), config.embedded_log());
    let inside = Private { missing: move || readiness(ready.clone(), embedded), metrics: metrics.clone() };
    let private_shutdown = Shutdown::default();
    let privately = tokio::spawn(connection::serve(
        private,
        Arc::new(inside),
        DoorLimits { connections_max: 100, ..limits.clone() },
        clock.clone(),
        metrics.clone(),
        private_shutdown.clone(),
    ));
    if roles.serve {
        let trust = DoorTrust {
            origins: config.http.allowed_origins.clone(),
            proxies: config.http.trusted_proxies.clone(),
        };
        let public = Public { purchases: purchases.clone(), limits: limits.clone(), trust };
        tracing::info!(address = %config.http.listen, "serving buyers");
        let serving = connection::serve(listener, Arc::new(public), limits, clock, metrics, shutdown.clone());
        let mut serving = tokio::spawn(serving);
        shutdown.begun().await;
        if tokio::time::timeout(DRAIN, &mut serving).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
    } else {
        drop(listener);
        shutdown.begun().await;
    }
    log.flush(DRAIN).await;
    if roles.settle {
        // A settlement in hand ends by itself; it may not be cut off half way.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    background.abort_all();
    private_shutdown.begin();
    let _ = tokio::time::timeout(Duration::from_secs(1), privately).await;
    Ok(())
}

fn purchases(
    config: &Config,
    ports: (RedisDesk, KafkaLog, MySqlLedger),
    clock: &SystemClock,
    metrics: &Arc<Metrics>,
) -> Arc<Production> {
    let limits = Limits {
        orders_per_s: config.admission.orders_per_s,
        user_per_s: config.admission.user_per_s,
        address_per_s: config.admission.address_per_s,
        loopback_exempt: config.dev(),
        lane_depth: config.admission.lane_depth,
        lane_wait: Duration::from_millis(config.admission.lane_wait_ms),
    };
    let session = &config.session;
    let sessions = [(&session.kid, &session.secret), (&session.previous_kid, &session.previous_secret)];
    let sessions = sessions.into_iter().filter(|(_, secret)| !secret.is_empty());
    let sessions = SessionKeys::new(sessions.map(|(kid, secret)| (kid.as_str(), secret.as_bytes())));
    let tokens = [&config.token.secret, &config.token.previous_secret];
    let tokens = TokenKeys::new(
        tokens.into_iter().filter(|secret| !secret.is_empty()).map(|secret| secret.as_bytes()),
    );
    let gate = Gate::new(limits, Sessions::new(sessions), tokens, clock.clone());
    let sizing = Sizing {
        workers: config.admission.workers,
        batch_max: config.admission.batch_max,
        handoffs_max: config.admission.handoffs_max,
        answer_within: Duration::from_millis(config.admission.answer_within_ms),
    };
    Purchases::new(gate, ports, clock.clone(), metrics.clone(), sizing)
}

fn settle(
    config: &Config,
    purchases: &Arc<Production>,
    owner: &str,
    shutdown: &Shutdown,
    background: &mut JoinSet<()>,
) {
    let (desk, log, ledger) = (purchases.desk.clone(), purchases.log.clone(), purchases.ledger.clone());
    let known = purchases.clone();
    let consumer = Arc::new(Consumer {
        log: log.clone(),
        ledger: ledger.clone(),
        desk: desk.clone(),
        desk_of: Arc::new(move |sale| known.gate.sales.get(sale)?.desk()),
        owner: owner.to_owned(),
        metrics: purchases.metrics.clone(),
    });
    for partition in 0..log.partitions() {
        background.spawn(consumer.clone().run(partition, shutdown.clone()));
    }
    let keeper = Keeper {
        desk,
        log,
        ledger,
        clock: purchases.clock.clone(),
        owner: owner.to_owned(),
        metrics: purchases.metrics.clone(),
        archive_after: Duration::from_secs(config.lifecycle.archive_after_s),
    };
    background.spawn(keeper.run(shutdown.clone()));
}

fn door_limits(config: &Config) -> DoorLimits {
    DoorLimits {
        connections_max: config.http.connections_max,
        read_within: Duration::from_millis(config.http.read_within_ms),
        head_bytes_max: config.http.head_bytes_max,
        headers_max: config.http.headers_max,
        target_bytes_max: config.http.target_bytes_max,
        body_bytes_max: config.http.body_bytes_max,
    }
}

/// Follows the ledger's sales. While the ledger is away the last reading stands: acceptance goes on.
async fn watch(purchases: Arc<Production>) {
    loop {
        match purchases.ledger.sales().await {
            Ok(sales) => {
                purchases.gate.sales.polled(sales, purchases.clock.elapsed(), purchases.clock.unix_ms());
            }
            Err(fault) => purchases.metrics.fault(&fault),
        }
        tokio::time::sleep(WATCH_EVERY).await;
    }
}

/// While the breaker is shut, a record on the control topic that means nothing tries the log.
async fn probe(purchases: Arc<Production>) {
    loop {
        tokio::time::sleep(WATCH_EVERY).await;
        let shut = !purchases.gate.breaker.closed();
        purchases.metrics.set(Gauge::BreakerShut, i64::from(shut));
        if shut && purchases.log.announce(SaleId(0), Generation(0)).await.is_ok() {
            purchases.gate.breaker.succeeded();
        }
    }
}

/// Follows the revocations.
async fn feed(purchases: Arc<Production>) {
    let mut cursor = "0".to_owned();
    loop {
        match purchases.desk.revocations(&cursor).await {
            Ok((revoked, next)) => {
                let more = !revoked.is_empty();
                purchases.gate.sessions.heard(revoked, purchases.clock.elapsed());
                cursor = next;
                if more {
                    continue;
                }
            }
            Err(fault) => purchases.metrics.fault(&fault),
        }
        tokio::time::sleep(FEED_EVERY).await;
    }
}

/// What is missing before this engine can serve, by part.
async fn readiness(purchases: Arc<Production>, embedded: bool) -> serde_json::Value {
    let told = |part: &str, unfit: Result<Vec<String>, Fault>| -> Vec<String> {
        match unfit {
            Ok(reasons) => reasons.into_iter().map(|reason| format!("{part}: {reason}")).collect(),
            Err(fault) => vec![format!("{part}: {fault}")],
        }
    };
    let mut missing = told("desk", purchases.desk.unfit().await);
    missing.extend(told("log", purchases.log.unfit().await));
    missing.extend(told("ledger", purchases.ledger.unfit().await));
    if !purchases.gate.sales.loaded() {
        missing.push("ledger: sales have not been read yet".into());
    }
    if purchases.gate.sales.left_out() {
        missing.push("admission: more sales than can be served at once".into());
    }
    if !purchases.gate.breaker.closed() {
        missing.push("log: three batches in a row failed; no purchase passes until a probe does".into());
    }
    let log = if embedded { "embedded" } else { "kafka" };
    json!({ "ready": missing.is_empty(), "missing": missing, "log": log })
}
