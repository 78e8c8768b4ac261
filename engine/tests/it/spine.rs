//! The spines over the embedded ports, with faults where they hurt: what may be promised, and when.

use contract::ids::{AddressId, Generation, Nonce, OrderSn, SaleId, UserId};
use contract::ledger::{SaleKind, SaleState};
use contract::outcome::Code;
use contract::session::{Audience, Claims, ISSUER, SessionKeys};
use contract::token::TokenKeys;
use engine::admission::sessions::Sessions;
use engine::admission::{Gate, Limits};
use engine::clock::{Clock as _, EmbeddedClock};
use engine::handoff::Log as _;
use engine::handoff::memory::{Call, Fate, MemoryLog};
use engine::lifecycle::Keeper;
use engine::metrics::Metrics;
use engine::purchase::answer::{OrderAnswer, Status};
use engine::purchase::{Attempt, Purchases, Sizing};
use engine::reservation::embedded::EmbeddedDesk;
use engine::reservation::{Desk as _, Inspection, Reply, Terms};
use engine::settlement::consumer::Consumer;
use engine::settlement::memory::MemoryLedger;
use engine::settlement::{Ledger as _, Sale};
use engine::shutdown::Shutdown;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

const SALE: SaleId = SaleId(7);
const FROM: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const NOW_MS: u64 = 1_700_000_000_000;

type Spine = Purchases<EmbeddedDesk<EmbeddedClock>, MemoryLog, MemoryLedger<EmbeddedClock>, EmbeddedClock>;

/// One engine in memory; settlement and the keeper run when told.
struct Stage {
    spine: Arc<Spine>,
    desk: EmbeddedDesk<EmbeddedClock>,
    log: MemoryLog,
    ledger: MemoryLedger<EmbeddedClock>,
    tasks: JoinSet<()>,
}

fn keys() -> SessionKeys {
    SessionKeys::new([("k", b"a session secret for tests only!".as_slice())])
}

fn session(user: u64) -> String {
    keys().sign(&Claims {
        sub: user.to_string(),
        aud: Audience::Shop,
        iss: ISSUER.into(),
        nbf: 0,
        exp: u32::MAX.into(),
        sid: format!("s{user}"),
        level: 0,
    })
}

impl Stage {
    /// A sale of `units` with its desk ready, and nothing settling.
    async fn ready(units: u64) -> Self {
        let clock = EmbeddedClock::starting_at(NOW_MS);
        let desk = EmbeddedDesk::new(clock.clone());
        let log = MemoryLog::new(1, "memory");
        let ledger = MemoryLedger::new(clock.clone(), 1000);
        ledger.add_sale(sale(units));
        let limits = Limits {
            user_per_s: 1000,
            address_per_s: 1000,
            loopback_exempt: true,
            lane_depth: 100,
            lane_wait: Duration::from_secs(1),
            pressure: Default::default(),
        };
        let gate = Gate::new(
            limits,
            Sessions::new(keys()),
            TokenKeys::new([b"a token secret".as_slice()]),
            clock.clone(),
        );
        gate.sessions.heard(Vec::new(), clock.elapsed());
        let sizing =
            Sizing { workers: 2, batch_max: 64, handoffs_max: 8, answer_within: Duration::from_secs(5) };
        let ports = (desk.clone(), log.clone(), ledger.clone());
        let spine = Purchases::new(gate, ports, clock, Arc::new(Metrics::default()), sizing);
        let mut tasks = JoinSet::new();
        for _ in 0..spine.sizing.workers {
            tasks.spawn(spine.clone().work());
        }
        let follower = spine.clone();
        tasks.spawn(async move {
            loop {
                let sales = follower.ledger.sales().await.expect("a ledger in memory");
                follower.gate.sales.polled(sales, follower.clock.elapsed(), follower.clock.unix_ms());
                follower.gate.sessions.heard(Vec::new(), follower.clock.elapsed());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let stage = Self { spine, desk, log, ledger, tasks };
        let settling = stage.settle();
        stage.wait("the desk is open", async || stage.inspect().await.is_some_and(|desk| desk.open)).await;
        stage
            .wait("the gate knows", async || {
                stage.spine.gate.sales.get(SALE).is_some_and(|known| known.desk().is_some())
            })
            .await;
        stage.end(settling).await;
        stage
    }

    /// Starts settlement and the keeper.
    fn settle(&self) -> (Shutdown, JoinSet<()>) {
        let shutdown = Shutdown::default();
        let mut tasks = JoinSet::new();
        let known = self.spine.clone();
        let consumer = Consumer {
            log: self.log.clone(),
            ledger: self.ledger.clone(),
            desk: self.desk.clone(),
            desk_of: Arc::new(move |sale| known.gate.sales.get(sale)?.desk()),
            owner: "one".into(),
            metrics: self.spine.metrics.clone(),
        };
        tasks.spawn(Arc::new(consumer).run(0, shutdown.clone()));
        let keeper = Keeper {
            desk: self.desk.clone(),
            log: self.log.clone(),
            ledger: self.ledger.clone(),
            clock: self.spine.clock.clone(),
            owner: "one".into(),
            metrics: self.spine.metrics.clone(),
            counted: Arc::default(),
            archive_after: Duration::from_secs(3600),
        };
        tasks.spawn(keeper.run(shutdown.clone()));
        (shutdown, tasks)
    }

    async fn end(&self, (shutdown, mut tasks): (Shutdown, JoinSet<()>)) {
        shutdown.begin();
        while tasks.join_next().await.is_some() {}
    }

    async fn inspect(&self) -> Option<Inspection> {
        match self.desk.inspect(SALE).await.expect("a desk in memory") {
            Reply::Done(inspection) => Some(inspection),
            _ => None,
        }
    }

    async fn token(&self, user: u64) -> String {
        self.desk.add_session(&format!("s{user}"));
        self.spine.token(SALE, Some(&session(user)), FROM).await.expect("a token").token
    }

    async fn order(&self, user: u64, token: &str) -> Result<OrderAnswer, Code> {
        let attempt =
            Attempt { token: token.into(), quantity: 1, address: AddressId(0), message: String::new() };
        self.spine.order(SALE, Some(&session(user)), FROM, attempt).await.map_err(|refusal| refusal.code)
    }

    async fn row(&self, sn: OrderSn, user: u64) -> bool {
        self.ledger.order(sn, UserId(user)).await.expect("a ledger in memory").order.is_some()
    }

    async fn wait(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        crate::harness::eventually(
            what,
            10,
            async || if holds().await { Ok(()) } else { Err(String::new()) },
        )
        .await;
    }

    /// The law, at rest.
    async fn finish(mut self) {
        let settling = self.settle();
        crate::harness::eventually("the books balance at rest", 20, async || {
            let sale = self.ledger.sales().await.expect("sales").sales.remove(0);
            let books = engine::reconcile::books(&self.desk, &self.ledger, &sale).await.expect("books");
            let books = books.expect("a sale");
            // Without a desk there is nothing to compare with yet.
            if books.gap == 0 && books.unsettled == Some(0) { Ok(()) } else { Err(format!("{books:?}")) }
        })
        .await;
        self.end(settling).await;
        self.tasks.shutdown().await;
    }
}

fn sale(units: u64) -> Sale {
    Sale {
        id: SALE,
        name: "a sale".into(),
        kind: SaleKind::Goods,
        goods_id: 1,
        sku_id: 1,
        coupon_id: 0,
        ticket_type_id: 0,
        pic_url: String::new(),
        state: SaleState::Armed,
        terms: Terms {
            version: 1,
            starts_at_ms: NOW_MS - 1000,
            ends_at_ms: NOW_MS + 3_600_000,
            price_minor: 990,
            per_order_max: 1,
            per_user_max: 1,
            cooldown_s: 0,
            token_ttl_s: 90,
            token_multiplier: 5,
            unsettled_max: 1000,
        },
        pay_within_s: 600,
        min_user_level: 0,
        put_on_sale: units,
        free: units,
        generation: Generation(0),
        settled_generation: Generation(0),
        desk_generation: Generation(0),
        desk: Default::default(),
    }
}

fn sn(answer: OrderAnswer) -> OrderSn {
    match answer {
        OrderAnswer::Accepted(sn) | OrderAnswer::Again(sn) => sn,
    }
}

/// As after another primary of the database took over: the sale was counted, and now its orders have to be
/// settled again.
#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_went_back_takes_no_promise_back() {
    let mut stage = Stage::ready(5).await;
    let earlier = stage.ledger.save();
    let (token, unused) = (stage.token(1).await, stage.token(2).await);
    let promised = sn(stage.order(1, &token).await.expect("accepted"));
    let settling = stage.settle();
    let closing = stage.ledger.advance(SALE, SaleState::Open, SaleState::Closing).await;
    assert!(closing.expect("a ledger in memory"));
    let state = || stage.spine.gate.sales.get(SALE).map(|known| known.row().state);
    stage.wait("the sale is counted", async || state() == Some(SaleState::Reconciled)).await;
    stage.end(settling).await;
    // From here on this engine knows what it knew.
    stage.tasks.shutdown().await;
    let whole = stage.ledger.save();

    stage.ledger.restore(&earlier);
    let status = async |stage: &Stage| {
        let looked = stage.spine.status(promised, Some(&session(1))).await;
        looked.map(|status| matches!(status, Status::Settled(_))).map_err(|refusal| refusal.code)
    };
    assert_eq!(stage.order(1, &token).await, Err(Code::Recovering));
    assert_eq!(status(&stage).await, Err(Code::Recovering));
    assert_eq!(stage.order(2, &unused).await, Err(Code::Recovering));

    stage.ledger.restore(&whole);
    assert_eq!(stage.order(1, &token).await, Ok(OrderAnswer::Again(promised)));
    assert_eq!(status(&stage).await, Ok(true));
    assert_eq!(stage.order(2, &unused).await, Err(Code::Ended));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_promised_once_a_newer_generation_is_announced() {
    let stage = Stage::ready(5).await;
    let token = stage.token(1).await;
    // As an engine that slept through the beginning of a rebuild.
    stage.log.announce(SALE, Generation(2)).await.expect("announced");
    assert_eq!(stage.order(1, &token).await, Err(Code::OrderUnknown));
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn units_of_an_unknown_publication_stay_taken_until_they_are_settled() {
    for fate in [Fate::Lost, Fate::Kept, Fate::Refused] {
        let stage = Stage::ready(5).await;
        let token = stage.token(1).await;
        stage.log.plan(Call::Append, [fate]);
        assert_eq!(stage.order(1, &token).await, Err(Code::OrderUnknown), "{fate:?}");
        let desk = stage.inspect().await.expect("a desk");
        assert_eq!((desk.free, desk.entries), (4, 1), "{fate:?}: not given back, and still in the outbox");
        // The same token is told as soon as the log takes it.
        let again = stage.order(1, &token).await.expect("published again");
        assert!(matches!(again, OrderAnswer::Again(_)), "{again:?}");
        let settling = stage.settle();
        stage.wait("it has its row", async || stage.row(sn(again), 1).await).await;
        stage.end(settling).await;
        assert_eq!(stage.inspect().await.expect("a desk").free, 4, "{fate:?}");
        stage.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_stays_in_the_outbox_until_the_ledger_has_it() {
    let stage = Stage::ready(5).await;
    let token = stage.token(1).await;
    let promised = sn(stage.order(1, &token).await.expect("accepted"));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(stage.inspect().await.expect("a desk").entries, 1, "acknowledged by the log is not settled");
    // The log loses everything after the acknowledgement; the sweep finds the entry.
    let (begin, _) = stage.log.bounds(0).await.expect("bounds");
    stage.log.lose_tail(0, begin);
    let settling = stage.settle();
    stage.wait("it has its row", async || stage.row(promised, 1).await).await;
    stage.end(settling).await;
    stage.finish().await;
}

/// The tail is lost and written over before settlement looks: its position is in range, and wrong.
#[tokio::test(flavor = "multi_thread")]
async fn records_that_took_the_place_of_settled_ones_are_settled_too() {
    let stage = Stage::ready(6).await;
    let settling = stage.settle();
    for user in 1..=3 {
        let token = stage.token(user).await;
        let order = sn(stage.order(user, &token).await.expect("accepted"));
        stage.wait("it has its row", async || stage.row(order, user).await).await;
    }
    stage.end(settling).await;
    let (_, end) = stage.log.bounds(0).await.expect("bounds");
    stage.log.lose_tail(0, end - 2);
    let mut written_over = Vec::new();
    for user in 4..=6 {
        let token = stage.token(user).await;
        written_over.push((user, sn(stage.order(user, &token).await.expect("accepted"))));
    }
    let (_, grown) = stage.log.bounds(0).await.expect("bounds");
    assert_eq!(grown, end + 1, "two of three stand where settled ones stood");
    let settling = stage.settle();
    for (user, order) in written_over {
        stage.wait("it has its row", async || stage.row(order, user).await).await;
    }
    stage.end(settling).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lapsed_order_comes_back_once_however_often_its_return_is_told() {
    let stage = Stage::ready(1).await;
    let token = stage.token(1).await;
    let order = sn(stage.order(1, &token).await.expect("accepted"));
    let settling = stage.settle();
    stage.wait("it has its row", async || stage.row(order, 1).await).await;
    assert!(stage.ledger.lapse(order));
    stage.wait("the unit is back", async || stage.inspect().await.is_some_and(|desk| desk.free == 1)).await;
    let at = stage.spine.gate.sales.get(SALE).and_then(|known| known.desk()).expect("a desk");
    for _ in 0..3 {
        stage.desk.give_back(at.clone(), &[(UserId(1), order.nonce)]).await.expect("told again");
    }
    assert_eq!(stage.inspect().await.expect("a desk").free, 1);
    stage.desk.give_back(at, &[(UserId(1), Nonce([9; 16]))]).await.expect("an unknown order");
    assert_eq!(stage.inspect().await.expect("a desk").free, 1);
    stage.end(settling).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_returns_at_once_than_one_call_takes_all_come_back() {
    let stage = Stage::ready(300).await;
    let settling = stage.settle();
    let mut orders = Vec::new();
    for user in 1..=300 {
        let token = stage.token(user).await;
        orders.push((user, sn(stage.order(user, &token).await.expect("accepted"))));
    }
    for (user, order) in &orders {
        stage.wait("it has its row", async || stage.row(*order, *user).await).await;
    }
    stage.end(settling).await;
    assert!(orders.iter().all(|(_, order)| stage.ledger.lapse(*order)));
    let settling = stage.settle();
    stage.wait("all are back", async || stage.inspect().await.is_some_and(|desk| desk.free == 300)).await;
    stage.end(settling).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_was_emptied_is_rebuilt_with_everything_that_was_promised() {
    let stage = Stage::ready(5).await;
    let (first, second) = (stage.token(1).await, stage.token(2).await);
    let promised = sn(stage.order(1, &first).await.expect("accepted"));
    stage.desk.wipe();
    let settling = stage.settle();
    stage
        .wait("it is rebuilt", async || stage.inspect().await.is_some_and(|desk| desk.open && desk.free == 4))
        .await;
    assert!(stage.row(promised, 1).await);
    stage
        .wait("an old token is stale", async || stage.order(2, &second).await == Err(Code::TokenStale))
        .await;
    assert_eq!(
        stage.order(1, &first).await,
        Ok(OrderAnswer::Again(promised)),
        "a used one still names its order"
    );
    stage.end(settling).await;
    stage.finish().await;
}
