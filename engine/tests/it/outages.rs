//! Anything may be killed at any moment; afterwards every promise is kept and no unit is missing.

use crate::harness::{Buyer, Engine, Mall, Spec, Stores, eventually};
use contract::ids::SaleId;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use xtask::services::{kafka::Kafka, mariadb::MariaDb, redis::Redis};

/// One outage at a time: three stores of one's own are a lot for a small machine.
static TURN: Mutex<()> = Mutex::new(());

/// Stores that may be killed.
pub(crate) struct OwnStores {
    redis: Redis,
    database: MariaDb,
    pub(crate) kafka: Kafka,
    pub(crate) dir: PathBuf,
    _turn: MutexGuard<'static, ()>,
}

impl OwnStores {
    pub(crate) fn start(name: &str) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = std::env::var_os("MALL_TEST_DIR")
            .map_or_else(std::env::temp_dir, PathBuf::from)
            .join(format!("outage-{name}-{}", std::process::id()));
        let place = |store: &str| {
            let dir = dir.join(store);
            std::fs::create_dir_all(&dir).expect("a directory");
            dir
        };
        Self {
            redis: Redis::start(&place("redis"), None).expect("redis starts"),
            database: MariaDb::start(&place("database"), None).expect("mariadb starts"),
            kafka: Kafka::start(&place("kafka"), None).expect("kafka starts"),
            dir,
            _turn: turn,
        }
    }

    pub(crate) async fn mall(&self) -> Mall {
        self.mall_with(&[]).await
    }

    async fn mall_with(&self, settings: &[(&str, &str)]) -> Mall {
        let stores = Stores {
            database_url: self.database.admin_url(),
            redis_url: self.redis.url(),
            brokers: self.kafka.brokers(),
        };
        let settings = [&[("MALL_ENGINE__LOG__MESSAGE_TIMEOUT_MS", "3000")], settings].concat();
        let mut mall = Mall::prepare(stores, &settings).await;
        mall.start_engine("all").await;
        mall
    }
}

impl Drop for OwnStores {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// A buyer who does not give up before a definite answer: the order number, or "sold_out".
async fn insist(mall: &Mall, buyer: &Buyer, sale: SaleId, seen: &Seen) -> Result<String, String> {
    let deadline = Instant::now() + Duration::from_secs(150);
    let mut token: Option<String> = None;
    loop {
        assert!(Instant::now() < deadline, "no definite answer; last seen {:?}", seen.last());
        let answer = match &token {
            None => mall.try_token(buyer, sale).await,
            Some(token) => {
                let body = serde_json::json!({ "token": token, "quantity": 1 });
                mall.try_order(buyer, sale, body).await
            }
        };
        match answer {
            Err(broken) => seen.note(&broken),
            Ok(answer) => {
                seen.note(answer.code());
                if let Some(sn) = answer.body["order_sn"].as_str() {
                    seen.orders.fetch_add(1, Ordering::Relaxed);
                    return Ok(sn.to_owned());
                }
                match answer.code() {
                    "ok" => token = answer.body["token"].as_str().map(str::to_owned),
                    "token_stale" => token = None,
                    "sold_out" => return Err("sold_out".into()),
                    // The first order of this buyer was promised before the desk was rebuilt.
                    "limit_reached" => return Err("limit_reached".into()),
                    "unavailable" | "recovering" | "order_unknown" | "busy" | "no_token_left"
                    | "too_many_requests" => {}
                    // An emptied Redis has lost the sessions too, until everybody has logged in again.
                    "unauthorized" => {}
                    other => panic!("{other}: {answer:?}"),
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) orders: AtomicU64,
    last: Mutex<String>,
    unknown: AtomicU64,
}

impl Seen {
    fn note(&self, what: &str) {
        if what == "order_unknown" {
            self.unknown.fetch_add(1, Ordering::Relaxed);
        }
        what.clone_into(&mut self.last.lock().expect("no holder panics"));
    }

    fn last(&self) -> String {
        self.last.lock().expect("no holder panics").clone()
    }

    pub(crate) async fn wait_orders(&self, orders: u64) {
        eventually("orders come in", 30, async || match self.orders.load(Ordering::Relaxed) {
            now if now >= orders => Ok(()),
            now => Err(format!("{now}, {}", self.last())),
        })
        .await;
    }
}

/// A crowd that insists, in the background.
pub(crate) fn storm(
    mall: &Arc<Mall>,
    sale: SaleId,
    buyers: Vec<Buyer>,
    seen: &Arc<Seen>,
) -> JoinSet<Result<String, String>> {
    let mut crowd = JoinSet::new();
    let gate = Arc::new(tokio::sync::Semaphore::new(8));
    for buyer in buyers {
        let (mall, seen, gate) = (mall.clone(), seen.clone(), gate.clone());
        crowd.spawn(async move {
            let _turn = gate.acquire().await.expect("never closed");
            insist(&mall, &buyer, sale, &seen).await
        });
    }
    crowd
}

pub(crate) async fn all_sold(
    mall: Arc<Mall>,
    sale: SaleId,
    crowd: JoinSet<Result<String, String>>,
    units: i64,
) -> Mall {
    let outcomes = crowd.join_all().await;
    // A buyer told "limit reached" has an order that was promised without an answer.
    let orders =
        outcomes.iter().filter(|outcome| !matches!(outcome, Err(code) if code == "sold_out")).count();
    assert_eq!(orders as i64, units, "{:?}", outcomes.iter().filter(|outcome| outcome.is_err()).count());
    eventually("all are settled", 60, async || match mall.rows(sale).await {
        rows if rows == units => Ok(()),
        rows => Err(rows.to_string()),
    })
    .await;
    Arc::into_inner(mall).expect("nobody else holds it")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_is_killed_with_orders_outstanding() {
    let mut mall = Mall::prepare(Stores::shared(), &[]).await;
    let first = mall.another_engine("all").await;
    // The one that is killed listens where the next one will: a restart under the same address.
    let url = first.url.clone();
    mall.engine = Some(first);
    let sale = mall.sale(Spec { units: 300, ..Spec::default() }).await;
    let buyers = mall.crowd(400).await;
    let seen = Arc::new(Seen::default());
    let mall = Arc::new(mall);
    let crowd = storm(&mall, sale, buyers, &seen);
    seen.wait_orders(80).await;
    mall.engine().signal("-KILL");
    let listen = url.strip_prefix("http://").expect("a url").to_owned();
    eventually("it is dead", 10, async || {
        std::net::TcpListener::bind(&listen).map(drop).map_err(|error| error.to_string())
    })
    .await;
    let second = mall.spawn_at("all", &listen);
    mall.wait_ready(&second).await;
    let mall = all_sold(mall, sale, crowd, 300).await;
    mall.finish_with(second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_killed_and_restarted() {
    let mut stores = OwnStores::start("redis");
    let mall = stores.mall().await;
    let sale = mall.sale(Spec { units: 300, ..Spec::default() }).await;
    let buyers = mall.crowd(400).await;
    let seen = Arc::new(Seen::default());
    let mall = Arc::new(mall);
    let crowd = storm(&mall, sale, buyers, &seen);
    seen.wait_orders(80).await;
    stores.redis.kill9();
    stores.redis.restart().expect("redis restarts");
    let mall = all_sold(mall, sale, crowd, 300).await;
    let generation =
        mall.number(&format!("select cast(generation as signed) from flash_sale where id = {sale}")).await;
    assert!(generation >= 2, "the desk was rebuilt");
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_comes_back_empty() {
    let mut stores = OwnStores::start("redis-empty");
    let mall = stores.mall().await;
    let sale = mall.sale(Spec { units: 200, ..Spec::default() }).await;
    let buyers = mall.crowd(300).await;
    let sessions = buyers.clone();
    let seen = Arc::new(Seen::default());
    let mall = Arc::new(mall);
    let crowd = storm(&mall, sale, buyers, &seen);
    seen.wait_orders(50).await;
    stores.redis.kill9();
    std::fs::remove_dir_all(stores.dir.join("redis")).expect("its data is gone");
    std::fs::create_dir_all(stores.dir.join("redis")).expect("a directory");
    stores.redis.restart().expect("redis restarts");
    let emptied = Instant::now();
    mall.wait_recovered(sale, 1).await;
    eprintln!("reopened {:?} after Redis came back empty", emptied.elapsed());
    // Everybody logs in again, which here is the record behind the same session.
    mall.renew_sessions(&stores.redis.url(), &sessions).await;
    let mall = all_sold(mall, sale, crowd, 200).await;
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_is_killed_and_restarted() {
    let mut stores = OwnStores::start("kafka");
    let mall = stores.mall().await;
    let sale = mall.sale(Spec { units: 300, ..Spec::default() }).await;
    let buyers = mall.crowd(400).await;
    let late = mall.crowd(1).await;
    let token = mall.token_text(&late[0], sale).await;
    let seen = Arc::new(Seen::default());
    let mall = Arc::new(mall);
    let crowd = storm(&mall, sale, buyers, &seen);
    seen.wait_orders(80).await;
    stores.kafka.kill9();
    // The first batch that is overdue shuts the gate before the desk. From then on nothing is taken any
    // more, and whoever asks is told at once.
    tokio::time::sleep(Duration::from_millis(1900)).await;
    let asked = Instant::now();
    let refused = mall.order(&late[0], sale, &token, 1).await;
    assert_eq!((refused.status, refused.code()), (503, "unavailable"));
    assert!(refused.head.contains_key("retry-after"));
    assert!(asked.elapsed() < Duration::from_millis(500), "{:?}", asked.elapsed());
    let free = mall.free_at_desk(sale).await;
    for _ in 0..20 {
        assert_eq!(mall.order(&late[0], sale, &token, 1).await.code(), "unavailable");
    }
    assert_eq!(mall.free_at_desk(sale).await, free, "no unit leaves the desk");
    stores.kafka.restart().expect("kafka restarts");
    let mall = all_sold_but(mall, sale, crowd, 300, &late[0]).await;
    assert!(seen.unknown.load(Ordering::Relaxed) > 0, "the outage was felt");
    mall.finish().await;
}

/// As [`all_sold`], where one more buyer may have had a unit.
async fn all_sold_but(
    mall: Arc<Mall>,
    sale: SaleId,
    crowd: JoinSet<Result<String, String>>,
    units: i64,
    other: &Buyer,
) -> Mall {
    let outcomes = crowd.join_all().await;
    let orders =
        outcomes.iter().filter(|outcome| !matches!(outcome, Err(code) if code == "sold_out")).count() as i64;
    eventually("all are settled", 60, async || {
        let others = mall
            .number(&format!(
                "select count(*) from flash_order where sale_id = {sale} and user_id = {}",
                other.user
            ))
            .await;
        match mall.rows(sale).await {
            rows if rows == units && orders + others == units => Ok(()),
            rows => Err(format!("{rows} rows, {orders} + {others} orders")),
        }
    })
    .await;
    Arc::into_inner(mall).expect("nobody else holds it")
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_for_a_minute_acceptance_goes_on_up_to_its_limit() {
    const UNSETTLED_MAX: i64 = 100;
    let mut stores = OwnStores::start("database");
    let mall = stores.mall_with(&[("MALL_ENGINE__DESK__UNSETTLED_MAX", "100")]).await;
    let sale = mall.sale(Spec { units: 300, ..Spec::default() }).await;
    let buyers = mall.crowd(400).await;
    let seen = Arc::new(Seen::default());
    let mall = Arc::new(mall);
    let crowd = storm(&mall, sale, buyers, &seen);
    seen.wait_orders(60).await;
    stores.database.kill9();
    let killed = Instant::now();
    eventually("acceptance ends at its limit", 40, async || match seen.last() {
        busy if busy == "busy" => Ok(()),
        other => Err(other),
    })
    .await;
    // Somebody else's order may still be on its way back when the first one is told that it is busy.
    eventually("who holds a unit is told so", 10, async || {
        let (accepted, free) = (seen.orders.load(Ordering::Relaxed) as i64, mall.free_at_desk(sale).await);
        if free + accepted == 300 { Ok(()) } else { Err(format!("{accepted} accepted, {free} free")) }
    })
    .await;
    let accepted = seen.orders.load(Ordering::Relaxed) as i64;
    tokio::time::sleep(Duration::from_secs(60).saturating_sub(killed.elapsed())).await;
    assert_eq!(seen.orders.load(Ordering::Relaxed) as i64, accepted, "the limit stands");
    assert_eq!(mall.free_at_desk(sale).await + accepted, 300, "nothing is taken without a promise");
    stores.database.restart().expect("mariadb restarts");
    let settled = mall.rows(sale).await;
    assert!((1..=UNSETTLED_MAX).contains(&(accepted - settled)), "{accepted} accepted, {settled} settled");
    let mall = all_sold(mall, sale, crowd, 300).await;
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_answers_what_was_asked_and_leaves_nothing_unknown() {
    let mut mall = Mall::prepare(Stores::shared(), &[]).await;
    mall.start_engine("all").await;
    let sale = mall.sale(Spec { units: 500, ..Spec::default() }).await;
    let buyers = mall.crowd(500).await;
    let seen = Arc::new(Seen::default());
    let engine = mall.engine.take().expect("an engine");
    let listen = engine.url.strip_prefix("http://").expect("a url").to_owned();
    mall.engine = Some(Engine::elsewhere(&engine.url, &engine.private_url));
    let mall = Arc::new(mall);
    let crowd = storm(&mall, sale, buyers, &seen);
    seen.wait_orders(100).await;
    let status = tokio::task::spawn_blocking(move || engine.terminate()).await.expect("it ends");
    assert!(status.success(), "{status}");
    assert_eq!(seen.unknown.load(Ordering::Relaxed), 0, "nothing was left unknown");
    let second = mall.spawn_at("all", &listen);
    mall.wait_ready(&second).await;
    let mall = all_sold(mall, sale, crowd, 500).await;
    assert_eq!(seen.unknown.load(Ordering::Relaxed), 0, "nothing was left unknown");
    mall.finish_with(second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_settlers_the_paused_one_is_fenced_when_it_wakes() {
    let mut mall = Mall::prepare(Stores::shared(), &[]).await;
    let (one, two) = (mall.another_engine("settle").await, mall.another_engine("settle").await);
    mall.start_engine("serve").await;
    let sale = mall.sale(Spec { units: 400, ..Spec::default() }).await;
    let buyers = mall.crowd(400).await;
    let mut buyers = buyers.into_iter();
    for (paused, other) in [(&one, &two), (&two, &one)] {
        let mut last = None;
        for buyer in buyers.by_ref().take(60) {
            last = Some((mall.buy(&buyer, sale).await.expect("a unit"), buyer));
        }
        paused.signal("-STOP");
        let (mut sn, mut owner) = last.expect("sixty bought");
        for buyer in buyers.by_ref().take(60) {
            (sn, owner) = (mall.buy(&buyer, sale).await.expect("a unit"), buyer);
        }
        let paused_at = Instant::now();
        mall.wait_status(&owner, &sn, "settled").await;
        assert!(
            paused_at.elapsed() < Duration::from_secs(12),
            "the other took over after {:?}",
            paused_at.elapsed()
        );
        paused.signal("-CONT");
        assert!(other.pid() != paused.pid());
    }
    eventually("all are settled", 30, async || match mall.rows(sale).await {
        240 => Ok(()),
        rows => Err(rows.to_string()),
    })
    .await;
    drop((one, two));
    let keeper = mall.another_engine("settle").await;
    mall.finish_with(keeper).await;
}

/// The worst moment: a settler is stopped while its transaction holds the position and the sale.
#[tokio::test(flavor = "multi_thread")]
async fn a_settler_stopped_inside_its_transaction_does_not_keep_the_other_from_settling() {
    let mut mall = Mall::prepare(Stores::shared(), &[]).await;
    let settlers = [mall.another_engine("settle").await, mall.another_engine("settle").await];
    mall.start_engine("serve").await;
    let sale = mall.sale(Spec { units: 20, ..Spec::default() }).await;
    let mut buyers = mall.crowd(20).await.into_iter();
    for _ in 0..2 {
        let buyer = buyers.next().expect("enough buyers");
        let stopped = stop_inside(&mall, sale, &settlers, &buyer).await;
        let stopped_at = Instant::now();
        eventually("the other settles", 10, async || match mall.rows_of(sale, &buyer).await {
            1 => Ok(()),
            _ => Err("still queued".into()),
        })
        .await;
        eprintln!("settled {:?} after the stop", stopped_at.elapsed());
        stopped.signal("-CONT");
        let buyer = buyers.next().expect("enough buyers");
        let sn = mall.buy(&buyer, sale).await.expect("a unit");
        mall.wait_status(&buyer, &sn, "settled").await;
    }
    drop(settlers);
    let keeper = mall.another_engine("settle").await;
    mall.finish_with(keeper).await;
}

/// Stops the settler that has this buyer's order in an open transaction, which goes on holding its locks.
async fn stop_inside<'a>(mall: &Mall, sale: SaleId, settlers: &'a [Engine; 2], buyer: &Buyer) -> &'a Engine {
    let partition = sale.0 % 2;
    // Whoever settles waits here, with the position moved already.
    let mut gate = mall.db.begin().await.expect("begin");
    sqlx::query("select id from flash_sale where id = ? for update")
        .bind(sale.0)
        .execute(&mut *gate)
        .await
        .expect("locked");
    mall.buy(buyer, sale).await.expect("a unit");
    let waits = "select count(*) from information_schema.processlist where db = database() \
         and info like 'select id, kind, state, settled_generation%for update%'";
    let owner = format!(
        "select cast(substring_index(owner, '-', 1) as signed) from lease where name = 'settle-{partition}'"
    );
    let stopped = eventually("a settler is stopped while it waits", 30, async || {
        if mall.number(waits).await == 0 {
            return Err("nobody waits".into());
        }
        let owner = mall.number(&owner).await;
        let owner = settlers.iter().find(|settler| i64::from(settler.pid()) == owner).expect("one of ours");
        owner.signal("-STOP");
        if mall.number(waits).await > 0 {
            return Ok(owner);
        }
        owner.signal("-CONT");
        Err("it went on in this moment".into())
    })
    .await;
    gate.rollback().await.expect("unlocked");
    let probe =
        format!("select next_offset from log_position where partition_id = {partition} for update nowait");
    let mut held = mall.db.begin().await.expect("begin");
    let locked = sqlx::raw_sql(sqlx::AssertSqlSafe(probe)).execute(&mut *held).await;
    assert!(locked.is_err(), "the stopped settler holds the position");
    held.rollback().await.expect("rolled back");
    stopped
}
