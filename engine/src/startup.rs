//! How an engine is put together: configuration becomes settings, settings become stages, stages become
//! tasks. The only place besides the stages that knows which store is which.

use crate::admission::sessions::Sessions;
use crate::admission::{Gate, Limits, pressure};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::fault::Fault;
use crate::handoff::Log as _;
use crate::handoff::kafka::{Brokers, KafkaLog, KafkaLogSettings};
use crate::http::board::SaleFigures;
use crate::http::connection;
use crate::http::events::Events;
use crate::http::route::{Private, Public};
use crate::http::{DoorLimits, DoorTrust};
use crate::lifecycle::Keeper;
use crate::metrics::{Gauge, Metrics};
use crate::purchase::{Purchases, Sizing};
use crate::reconcile::LastCount;
use crate::recovery::Step;
use crate::reservation::Desk as _;
use crate::reservation::redis::{RedisDesk, RedisDeskSettings};
use crate::settlement::consumer::Consumer;
use crate::settlement::mysql::{MySqlLedger, MySqlLedgerSettings};
use crate::settlement::{Ledger as _, Sale};
use crate::shutdown::Shutdown;
use anyhow::Context as _;
use contract::ids::{Generation, SaleId};
use contract::session::SessionKeys;
use contract::tls::Tls;
use contract::token::TokenKeys;
use serde_json::json;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
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
/// How often a log that cannot be used is tried again.
const CONNECT_EVERY: Duration = Duration::from_secs(1);
/// Time for what is promised to be answered at shutdown, and for the log to be flushed.
const DRAIN: Duration = Duration::from_secs(5);

/// The desk of this configuration.
pub fn desk(config: &Config) -> anyhow::Result<RedisDesk> {
    let settings = RedisDeskSettings {
        url: config.desk.url.clone(),
        prefix: config.desk.prefix.clone(),
        connections: config.desk.connections,
        connect_timeout: Duration::from_millis(config.desk.connect_timeout_ms),
        response_timeout: Duration::from_millis(config.desk.response_timeout_ms),
        require_append_only_always: config.desk.require_append_only_always,
    };
    let sessions = Some(&*config.desk.sessions_url).filter(|url| !url.is_empty());
    RedisDesk::with_sessions(settings, sessions).context("desk.url or desk.sessions_url")
}

/// The ledger of this configuration.
pub fn ledger(config: &Config) -> anyhow::Result<MySqlLedger> {
    MySqlLedger::new(&MySqlLedgerSettings {
        url: config.ledger.url.clone(),
        connections: config.ledger.connections,
        acquire_timeout: Duration::from_millis(config.ledger.acquire_timeout_ms),
        unsettled_max: config.desk.unsettled_max,
    })
    .context("ledger.url")
}

/// Connects to the log, and tries again until it can or shutdown begins; `/readyz` tells why meanwhile.
async fn log(config: &Config, owner: &str, standing: &Standing, shutdown: &Shutdown) -> Option<KafkaLog> {
    let brokers =
        if config.embedded_log() { Brokers::Embedded } else { Brokers::At(config.log.brokers.clone()) };
    let settings = KafkaLogSettings {
        brokers,
        topic_prefix: config.log.topic_prefix.clone(),
        partitions: config.log.partitions,
        replication: config.log.replication,
        min_insync: config.log.min_insync,
        message_timeout: Duration::from_millis(config.log.message_timeout_ms),
        owner: owner.to_owned(),
        create_topics: config.log.create_topics,
    };
    loop {
        let fault = tokio::select! {
            opened = KafkaLog::open(settings.clone()) => match opened {
                Ok(log) => return Some(log),
                Err(fault) => fault,
            },
            () = shutdown.begun() => return None,
        };
        let first = standing.set_missing(format!("log: {fault}"));
        if first {
            tracing::error!("the order log cannot be used yet: {fault}");
        }
        tokio::select! {
            () = tokio::time::sleep(CONNECT_EVERY) => {}
            () = shutdown.begun() => return None,
        }
    }
}

/// What `/readyz` tells: why there is no engine yet, then how the engine is.
#[derive(Clone)]
struct Standing {
    missing: watch::Sender<String>,
    purchases: Arc<OnceLock<Arc<Production>>>,
    embedded: bool,
}

impl Standing {
    fn new(embedded: bool) -> Self {
        let missing = watch::Sender::new("log: not connected yet".to_owned());
        Self { missing, purchases: Arc::default(), embedded }
    }

    /// True when this is news.
    fn set_missing(&self, missing: String) -> bool {
        self.missing.send_if_modified(|told| {
            let news = *told != missing;
            *told = missing;
            news
        })
    }

    async fn tell(self) -> serde_json::Value {
        let log = if self.embedded { "embedded" } else { "kafka" };
        let (missing, recovering) = match self.purchases.get() {
            Some(purchases) => (missing(purchases).await, recovering(purchases)),
            None => (vec![self.missing.borrow().clone()], Vec::new()),
        };
        json!({ "ready": missing.is_empty(), "missing": missing, "recovering": recovering, "log": log })
    }
}

/// Runs an engine until `shutdown` begins and everything promised is answered.
pub async fn run(config: Config, roles: Roles, shutdown: Shutdown) -> anyhow::Result<()> {
    let listener = TcpListener::bind(config.http.listen)
        .await
        .with_context(|| format!("http.listen {}", config.http.listen))?;
    let private = TcpListener::bind(config.http.private_listen)
        .await
        .with_context(|| format!("http.private_listen {}", config.http.private_listen))?;
    let tls = Tls::read(&config.http.tls_certificate, &config.http.tls_key)?;
    let clock = SystemClock::default();
    let metrics = Arc::new(Metrics::default());
    let limits = door_limits(&config);
    let standing = Standing::new(config.embedded_log());
    let told = standing.clone();
    let counted = Arc::new(LastCount::default());
    let (known, last) = (standing.clone(), counted.clone());
    let inside = Private {
        missing: move || told.clone().tell(),
        sale: move |sale| {
            Some(SaleFigures::of(&*known.purchases.get()?.gate.sales.get(sale)?, last.of(sale)))
        },
        metrics: metrics.clone(),
        clock: clock.clone(),
    };
    let private_shutdown = Shutdown::default();
    let privately = tokio::spawn(connection::serve(
        (private, None),
        Arc::new(inside),
        DoorLimits { connections_max: 100, ..limits.clone() },
        clock.clone(),
        metrics.clone(),
        private_shutdown.clone(),
    ));

    let owner = format!("{}-{:x}", std::process::id(), clock.unix_ms());
    let (desk, ledger) = (desk(&config)?, ledger(&config)?);
    if let Some(log) = log(&config, &owner, &standing, &shutdown).await {
        let purchases = purchases(&config, (desk, log.clone(), ledger), &clock, &metrics);
        assert!(standing.purchases.set(purchases.clone()).is_ok(), "an engine is put together once");
        let mut background = background(&config, roles, (&purchases, &counted), &owner, &shutdown);
        if roles.serve {
            let trust = DoorTrust {
                origins: config.http.allowed_origins.clone(),
                proxies: config.http.trusted_proxies.clone(),
            };
            let events = Events::new(limits.streams_max, metrics.clone());
            metrics.set(Gauge::StreamsMax, limits.streams_max as i64);
            background.1.spawn(events.clone().tell_of_sales(purchases.clone(), shutdown.clone()));
            background.1.spawn(events.clone().tell_of_orders(purchases.ledger.clone(), shutdown.clone()));
            let public = Public { purchases, limits: limits.clone(), trust, events };
            tracing::info!(address = %config.http.listen, "serving buyers");
            let (listener, public) = ((listener, tls), Arc::new(public));
            let serving = connection::serve(listener, public, limits, clock, metrics, shutdown.clone());
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
        end(background).await;
    }
    private_shutdown.begin();
    let _ = tokio::time::timeout(Duration::from_secs(1), privately).await;
    Ok(())
}

/// The tasks that follow, settle and keep.
fn background(
    config: &Config,
    roles: Roles,
    (purchases, counted): (&Arc<Production>, &Arc<LastCount>),
    owner: &str,
    shutdown: &Shutdown,
) -> (JoinSet<()>, JoinSet<()>) {
    let (mut endless, mut ending) = (JoinSet::new(), JoinSet::new());
    endless.spawn(follow_sales(purchases.clone()));
    endless.spawn(probe(purchases.clone()));
    if roles.settle {
        settle(config, (purchases, counted), owner, shutdown, &mut ending);
    }
    if roles.serve {
        endless.spawn(feed(purchases.clone()));
        endless.spawn(purchases.clone().steer());
        endless.spawn(purchases.clone().look_behind());
        for _ in 0..purchases.sizing.workers {
            endless.spawn(purchases.clone().work());
        }
    }
    (endless, ending)
}

/// Settlement and the keeper end by themselves after the step in hand; the others hold nothing.
async fn end((mut endless, mut ending): (JoinSet<()>, JoinSet<()>)) {
    let ended = async { while ending.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, ended).await.is_err() {
        tracing::warn!(
            "a settlement step did not end in time; its transaction is rolled back or committed whole"
        );
    }
    endless.abort_all();
}

fn purchases(
    config: &Config,
    ports: (RedisDesk, KafkaLog, MySqlLedger),
    clock: &SystemClock,
    metrics: &Arc<Metrics>,
) -> Arc<Production> {
    let limits = Limits {
        user_per_s: config.admission.user_per_s,
        address_per_s: config.admission.address_per_s,
        loopback_exempt: config.dev(),
        lane_depth: config.admission.lane_depth,
        lane_wait: Duration::from_millis(config.admission.lane_wait_ms),
        pressure: pressure(config),
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

/// Nobody is inside more often than there are connections.
fn pressure(config: &Config) -> pressure::Settings {
    let admission = &config.admission;
    let targets = [
        admission.lane_target_ms,
        admission.desk_target_ms,
        admission.log_target_ms,
        admission.outbox_target_ms,
        admission.settlement_target_ms,
    ];
    pressure::Settings {
        places: (admission.inside_min, config.http.connections_max),
        orders_per_s: (admission.orders_per_s_min, admission.orders_per_s),
        step: admission.batch_max,
        targets: targets.map(Duration::from_millis),
    }
}

fn settle(
    config: &Config,
    (purchases, counted): (&Arc<Production>, &Arc<LastCount>),
    owner: &str,
    shutdown: &Shutdown,
    ending: &mut JoinSet<()>,
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
        ending.spawn(consumer.clone().run(partition, shutdown.clone()));
    }
    let keeper = Keeper {
        desk,
        log,
        ledger,
        clock: purchases.clock.clone(),
        owner: owner.to_owned(),
        metrics: purchases.metrics.clone(),
        counted: counted.clone(),
        archive_after: Duration::from_secs(config.lifecycle.archive_after_s),
    };
    ending.spawn(keeper.run(shutdown.clone()));
}

fn door_limits(config: &Config) -> DoorLimits {
    DoorLimits {
        connections_max: config.http.connections_max,
        streams_max: config.http.streams_max,
        read_within: Duration::from_millis(config.http.read_within_ms),
        head_bytes_max: config.http.head_bytes_max,
        headers_max: config.http.headers_max,
        target_bytes_max: config.http.target_bytes_max,
        body_bytes_max: config.http.body_bytes_max,
    }
}

/// Follows the ledger's sales. While the ledger is away the last reading stands: acceptance goes on.
async fn follow_sales(purchases: Arc<Production>) {
    loop {
        match purchases.ledger.sales().await {
            Ok(sales) => {
                show_recoveries(&purchases, &sales.sales);
                purchases.gate.sales.polled(sales, purchases.clock.elapsed(), purchases.clock.unix_ms());
                purchases.ask_for_recoveries().await;
            }
            Err(fault) => purchases.metrics.fault(&fault),
        }
        tokio::time::sleep(WATCH_EVERY).await;
    }
}

fn show_recoveries(purchases: &Production, sales: &[Sale]) {
    let steps: Vec<Step> = sales.iter().filter_map(Step::of_recovery).collect();
    let at = |step: Step| steps.iter().filter(|other| **other == step).count() as i64;
    purchases.metrics.set(Gauge::Recovering, steps.len() as i64);
    purchases.metrics.set(Gauge::RecoveryWaiting, at(Step::Waiting));
    purchases.metrics.set(Gauge::RecoverySettling, at(Step::Settling));
    purchases.metrics.set(Gauge::RecoveryBuilding, at(Step::Building));
}

/// Sales that are being recovered, with the step each is at.
fn recovering(purchases: &Production) -> Vec<serde_json::Value> {
    let rows = purchases.gate.sales.all().into_iter().map(|known| known.row());
    let told = |row: Arc<Sale>| {
        let step = Step::of_recovery(&row)?.name();
        Some(json!({ "sale": row.id.0, "generation": row.generation.0, "step": step }))
    };
    rows.filter_map(told).collect()
}

/// While the breaker is shut, a record on the control topic that means nothing tries the log.
async fn probe(purchases: Arc<Production>) {
    loop {
        tokio::time::sleep(WATCH_EVERY).await;
        let shut = !purchases.gate.breaker.closed();
        purchases.metrics.set(Gauge::BreakerShut, i64::from(shut));
        purchases.show_bounds();
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
async fn missing(purchases: &Production) -> Vec<String> {
    let told = |part: &str, unfit: Result<Vec<String>, Fault>| -> Vec<String> {
        match unfit {
            Ok(reasons) => reasons.into_iter().map(|reason| format!("{part}: {reason}")).collect(),
            Err(fault) => vec![format!("{part}: {fault}")],
        }
    };
    let mut missing = told("desk", purchases.desk.unfit().await);
    missing.extend(told("log", purchases.log.unfit().await));
    missing.extend(told("ledger", purchases.ledger.unfit().await));
    let stopped = purchases.metrics.gauge(Gauge::SettlementStopped);
    if stopped > 0 {
        missing.push(format!(
            "settlement: {stopped} partitions stand still: the order log is another one than the ledger's. If that \
             was meant, delete the rows of log_position; what was promised is in the outbox"
        ));
    }
    if !purchases.gate.sales.loaded() {
        missing.push("ledger: sales have not been read yet".into());
    }
    if purchases.gate.sales.left_out() {
        missing.push("admission: more sales than can be served at once".into());
    }
    if !purchases.gate.breaker.closed() {
        missing.push("log: batches fail or are overdue; no purchase passes until a probe does".into());
    }
    missing
}
