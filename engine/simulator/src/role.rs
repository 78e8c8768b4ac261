//! A process of the engine: put together as `engine::startup` does, over ports that fail.

use crate::clock::SimClock;
use crate::life::Life;
use crate::link::Link;
use crate::ports::desk::SimDesk;
use crate::ports::ledger::SimLedger;
use crate::ports::log::SimLog;
use crate::world::{PARTITIONS, World, session_keys};
use contract::ids::{Generation, SaleId};
use contract::token::TokenKeys;
use engine::admission::sessions::Sessions;
use engine::admission::{Gate, Limits};
use engine::clock::Clock as _;
use engine::fault::System;
use engine::handoff::Log as _;
use engine::lifecycle::Keeper;
use engine::metrics::{Count, Metrics};
use engine::purchase::{Purchases, Sizing};
use engine::reservation::Desk as _;
use engine::settlement::Ledger as _;
use engine::settlement::consumer::Consumer;
use engine::shutdown::Shutdown;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::sleep;

/// The request spine over the simulator's ports.
pub type Spine = Purchases<SimDesk, SimLog, SimLedger, SimClock>;

/// What a process is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Answers buyers.
    Serve,
    /// Settles the log and keeps the sales.
    Settle,
}

/// One incarnation of a process.
pub struct Role {
    /// What it is there for.
    pub duty: Duty,
    /// Whether it runs.
    pub life: Arc<Life>,
    /// Its clock.
    pub clock: SimClock,
    /// Its spine.
    pub spine: Arc<Spine>,
    tasks: Vec<AbortHandle>,
}

/// As in `engine::startup`.
const WATCH_EVERY: Duration = Duration::from_millis(300);
/// As in `engine::startup`.
const FEED_EVERY: Duration = Duration::from_millis(500);

/// The keys tokens are signed with.
pub fn token_keys() -> TokenKeys {
    TokenKeys::new([b"a token secret of the simulator".as_slice()])
}

impl Role {
    /// Starts a process that remembers nothing.
    pub fn start(world: &Arc<World>, duty: Duty, name: String) -> Arc<Self> {
        world.story.tell(format_args!("{name} starts"));
        let life = Arc::new(Life::new(name));
        let clock = SimClock::new(world.begin);
        let desk = SimDesk::new(Link::new(world, &life, System::Desk));
        let log = SimLog::new(Link::new(world, &life, System::Log), duty == Duty::Serve);
        let ledger = SimLedger::new(Link::new(world, &life, System::Ledger));
        let gate = Gate::new(limits(), Sessions::new(session_keys()), token_keys(), clock.clone());
        let sizing =
            Sizing { workers: 2, batch_max: 8, handoffs_max: 4, answer_within: Duration::from_secs(4) };
        let metrics = Arc::new(Metrics::default());
        let spine = Purchases::new(gate, (desk, log, ledger), clock.clone(), metrics, sizing);

        let mut tasks = vec![tokio::spawn(follow_sales(spine.clone())).abort_handle()];
        match duty {
            Duty::Serve => {
                tasks.push(tokio::spawn(probe(spine.clone())).abort_handle());
                tasks.push(tokio::spawn(feed(spine.clone())).abort_handle());
                for _ in 0..spine.sizing.workers {
                    tasks.push(tokio::spawn(spine.clone().work()).abort_handle());
                }
            }
            Duty::Settle => settle(&spine, &life.name, &mut tasks),
        }
        Arc::new(Self { duty, life, clock, spine, tasks })
    }

    /// Kills it; false when it was dead. Tasks the spine has started by itself end at their next call.
    pub fn kill(&self) -> bool {
        let killed = self.life.kill();
        for task in &self.tasks {
            task.abort();
        }
        killed
    }

    /// Desks this incarnation has rebuilt.
    pub fn rebuilt(&self) -> u64 {
        self.spine.metrics.counted(Count::Recoveries)
    }
}

fn limits() -> Limits {
    Limits {
        user_per_s: 1000,
        address_per_s: 1000,
        loopback_exempt: true,
        lane_depth: 16,
        lane_wait: Duration::from_millis(300),
        pressure: Default::default(),
    }
}

fn settle(spine: &Arc<Spine>, name: &str, tasks: &mut Vec<AbortHandle>) {
    let shutdown = Shutdown::default();
    let known = spine.clone();
    let consumer = Arc::new(Consumer {
        log: spine.log.clone(),
        ledger: spine.ledger.clone(),
        desk: spine.desk.clone(),
        desk_of: Arc::new(move |sale| known.gate.sales.get(sale)?.desk()),
        owner: name.to_owned(),
        metrics: spine.metrics.clone(),
    });
    for partition in 0..PARTITIONS {
        tasks.push(tokio::spawn(consumer.clone().run(partition, shutdown.clone())).abort_handle());
    }
    let keeper = Keeper {
        desk: spine.desk.clone(),
        log: spine.log.clone(),
        ledger: spine.ledger.clone(),
        clock: spine.clock.clone(),
        owner: name.to_owned(),
        metrics: spine.metrics.clone(),
        counted: Arc::default(),
        archive_after: Duration::from_secs(3600),
    };
    tasks.push(tokio::spawn(keeper.run(shutdown)).abort_handle());
}

async fn follow_sales(spine: Arc<Spine>) {
    loop {
        if let Ok(sales) = spine.ledger.sales().await {
            spine.gate.sales.polled(sales, spine.clock.elapsed(), spine.clock.unix_ms());
        }
        sleep(WATCH_EVERY).await;
    }
}

async fn probe(spine: Arc<Spine>) {
    loop {
        sleep(WATCH_EVERY).await;
        let shut = !spine.gate.breaker.closed();
        if shut && spine.log.announce(SaleId(0), Generation(0)).await.is_ok() {
            spine.gate.breaker.succeeded();
        }
    }
}

async fn feed(spine: Arc<Spine>) {
    let mut cursor = "0".to_owned();
    loop {
        if let Ok((revoked, next)) = spine.desk.revocations(&cursor).await {
            spine.gate.sessions.heard(revoked, spine.clock.elapsed());
            cursor = next;
        }
        sleep(FEED_EVERY).await;
    }
}
