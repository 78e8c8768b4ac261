//! Everything a run consists of that is not a process: the stores, the crowd's means, chance, and the
//! record of what happened.

use crate::clock::SimClock;
use crate::faults::{Counts, Kind};
use crate::history::History;
use crate::mutant::Mutant;
use crate::oracle::Oracle;
use crate::plan::Plan;
use crate::role::Role;
use crate::story::{Story, Telling};
use contract::ids::{Nonce, SaleId, UserId};
use contract::session::{Audience, Claims, ISSUER, SessionKeys};
use engine::handoff::memory::MemoryLog;
use engine::reservation::embedded::EmbeddedDesk;
use engine::settlement::memory::MemoryLedger;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::time::Instant;

/// Partitions of the order log: the first two sales have one each.
pub const PARTITIONS: u32 = 2;

/// What every run needs and none changes: signed sessions.
pub struct Kit {
    sessions: Vec<String>,
}

impl Default for Kit {
    fn default() -> Self {
        let keys = session_keys();
        let session = |user: u64| {
            keys.sign(&Claims {
                sub: user.to_string(),
                aud: Audience::Shop,
                iss: ISSUER.into(),
                nbf: 0,
                exp: u32::MAX.into(),
                sid: sid(UserId(user)),
                level: 0,
            })
        };
        Self { sessions: (0..64).map(session).collect() }
    }
}

impl Kit {
    /// A buyer's session.
    pub fn session(&self, user: UserId) -> &str {
        &self.sessions[user.0 as usize]
    }
}

/// The keys sessions are signed with.
pub fn session_keys() -> SessionKeys {
    SessionKeys::new([("k", b"a session secret of the simulator".as_slice())])
}

/// The id of a buyer's session.
pub fn sid(user: UserId) -> String {
    format!("s{user}")
}

/// One run's world.
pub struct World {
    /// What the seed means.
    pub plan: Plan,
    /// The rule that is missing.
    pub mutant: Option<Mutant>,
    /// What was told.
    pub story: Story,
    /// Signed sessions.
    pub kit: Arc<Kit>,
    /// The desk, as it really is.
    pub desk: EmbeddedDesk<SimClock>,
    /// The log, as it really is.
    pub log: MemoryLog,
    /// The ledger, as it really is; what catalog-api does happens here.
    pub ledger: MemoryLedger<SimClock>,
    /// The desk's clock.
    pub desk_clock: SimClock,
    /// The ledger's clock.
    pub ledger_clock: SimClock,
    /// When the run began.
    pub begin: Instant,
    /// What buyers were told.
    pub history: Mutex<History>,
    /// The processes, by slot.
    pub roles: Mutex<Vec<Arc<Role>>>,
    /// Counts what the mall changed in the ledger: an older snapshot would not know of it.
    pub mall_acts: AtomicU64,
    random: Mutex<fastrand::Rng>,
    counts: Mutex<Counts>,
    oracle: Mutex<Oracle>,
    calm: AtomicBool,
    stalled_until: Mutex<[Instant; PARTITIONS as usize]>,
    log_losses: Mutex<[u64; PARTITIONS as usize]>,
}

impl World {
    /// The world of a seed, at its beginning.
    pub fn new(seed: u64, mutant: Option<Mutant>, telling: Telling, kit: Arc<Kit>) -> Arc<Self> {
        let mut random = fastrand::Rng::with_seed(seed);
        let plan = Plan::draw(&mut random);
        let begin = Instant::now();
        let (desk_clock, ledger_clock) = (SimClock::new(begin), SimClock::new(begin));
        let world = Self {
            mutant,
            story: Story::new(telling),
            kit,
            desk: EmbeddedDesk::with_scripts(desk_clock.clone(), |script| Mutant::script(mutant, script)),
            log: MemoryLog::new(PARTITIONS, "simulated"),
            ledger: MemoryLedger::new(ledger_clock.clone(), plan.unsettled_max),
            desk_clock,
            ledger_clock,
            begin,
            history: Mutex::default(),
            roles: Mutex::default(),
            mall_acts: AtomicU64::new(0),
            random: Mutex::new(random),
            counts: Mutex::default(),
            oracle: Mutex::default(),
            calm: AtomicBool::new(false),
            stalled_until: Mutex::new([begin; PARTITIONS as usize]),
            log_losses: Mutex::default(),
            plan,
        };
        world.story.tell(format_args!("seed {seed}: {:?}", world.plan));
        Arc::new(world)
    }

    /// The sales' ids.
    pub fn sales(&self) -> impl Iterator<Item = SaleId> + use<> {
        (1..=self.plan.sales.len() as u64).map(SaleId)
    }

    /// Chance.
    pub fn random(&self) -> MutexGuard<'_, fastrand::Rng> {
        self.random.lock().expect("no holder panics")
    }

    /// A token's name.
    pub fn nonce(&self) -> Nonce {
        Nonce(self.random().u128(..).to_be_bytes())
    }

    /// What is known of the orders.
    pub fn oracle(&self) -> MutexGuard<'_, Oracle> {
        self.oracle.lock().expect("no holder panics")
    }

    /// Something that must not be.
    pub fn violated(&self, what: String) {
        self.story.tell(format_args!("VIOLATED  {what}"));
        self.oracle().violated(what);
    }

    /// A fault fired.
    pub fn fired(&self, kind: Kind) {
        self.counts.lock().expect("no holder panics").fired(kind);
    }

    /// How often each kind fired.
    pub fn counts(&self) -> Counts {
        self.counts.lock().expect("no holder panics").clone()
    }

    /// Whether nothing goes wrong any more.
    pub fn calm(&self) -> bool {
        self.calm.load(Relaxed)
    }

    /// Ends the faults: clocks are right again, nothing is read late. Roles are somebody else's.
    pub fn calm_down(&self) {
        self.calm.store(true, Relaxed);
        self.desk_clock.set_ahead(0);
        self.ledger_clock.set_ahead(0);
        *self.stalled() = [self.begin; PARTITIONS as usize];
    }

    /// A partition is not read for a while.
    pub fn stall(&self, partition: u32, time: Duration) {
        self.stalled()[partition as usize] = Instant::now() + time;
    }

    /// Until when a partition is not read.
    pub fn stalled_until(&self, partition: u32) -> Instant {
        self.stalled()[partition as usize]
    }

    /// How often a partition lost its tail.
    pub fn log_losses(&self, partition: u32) -> u64 {
        self.log_losses.lock().expect("no holder panics")[partition as usize]
    }

    /// A partition ends at an earlier offset from now on.
    pub fn lose_log_tail(&self, partition: u32, end: i64) {
        self.log_losses.lock().expect("no holder panics")[partition as usize] += 1;
        self.log.lose_tail(partition, end);
    }

    /// The mall changed the ledger.
    pub fn mall_acted(&self) {
        self.mall_acts.fetch_add(1, Relaxed);
    }

    fn stalled(&self) -> MutexGuard<'_, [Instant; PARTITIONS as usize]> {
        self.stalled_until.lock().expect("no holder panics")
    }
}
