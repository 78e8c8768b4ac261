//! What happens to whole parts: processes die or stop, stores lose what they knew.

use crate::faults::Kind;
use crate::plan::{Disturbance, pick, skewed};
use crate::role::Role;
use crate::world::{PARTITIONS, World};
use contract::ids::SaleId;
use engine::handoff::Log as _;
use engine::reservation::embedded;
use engine::settlement::{Ledger as _, Position, memory};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// How often the stores' replicas are up to date.
const REPLICATED_EVERY: Duration = Duration::from_millis(150);
/// Replicas to go back to; the oldest is about a second behind.
const REPLICAS_MAX: usize = 8;

/// Older states the stores can go back to, each with its moment.
#[derive(Default)]
struct Replicas {
    desk: VecDeque<(u64, embedded::Snapshot)>,
    ledger: VecDeque<(u64, u64, memory::Snapshot)>,
    /// Positions behind the end of a log that lost its tail, until settlement has noticed.
    beyond: BTreeMap<u32, i64>,
}

/// Disturbs a run until its time of chaos is over.
pub async fn disturb(world: Arc<World>) {
    let ends = world.begin + Duration::from_millis(world.plan.chaos_ms);
    let mut replicas = Replicas::default();
    let mut next = Instant::now() + pause_between(&world);
    loop {
        let look = Instant::now() + REPLICATED_EVERY;
        sleep_until(look.min(next).min(ends)).await;
        if Instant::now() >= ends {
            return;
        }
        replicas.follow(&world).await;
        if Instant::now() >= next {
            next = Instant::now() + pause_between(&world);
            if let Some(disturbance) = draw(&world) {
                replicas.disturb(&world, disturbance).await;
            }
        }
    }
}

/// Everything goes on, and whoever is dead starts.
pub fn heal(world: &Arc<World>) {
    world.calm_down();
    world.story.tell(format_args!("everything is healed"));
    let roles = world.roles.lock().expect("no holder panics").clone();
    for (slot, role) in roles.iter().enumerate() {
        role.clock.set_ahead(0);
        role.life.resume();
        if role.life.dead() {
            start_again(world, slot, role);
        }
    }
}

fn pause_between(world: &World) -> Duration {
    let mean = world.plan.disturbed_every_ms;
    Duration::from_millis(world.random().u64(mean / 4..=mean * 7 / 4))
}

fn draw(world: &World) -> Option<Disturbance> {
    let all: u32 = world.plan.disturbances.iter().map(|(_, weight)| weight).sum();
    if all == 0 {
        return None;
    }
    let mut drawn = world.random().u32(..all);
    let hit = world.plan.disturbances.iter().find(|(_, weight)| {
        let hit = drawn < *weight;
        drawn = drawn.wrapping_sub(*weight);
        hit
    });
    hit.map(|(disturbance, _)| *disturbance)
}

impl Replicas {
    async fn follow(&mut self, world: &World) {
        let moment = world.oracle().moment();
        let acts = world.mall_acts.load(Relaxed);
        // A snapshot that lacks what the mall did since is of no use: losing a payment or a
        // cancellation is a loss no engine can make good.
        self.ledger.retain(|(_, then, _)| *then == acts);
        self.desk.push_back((moment, world.desk.save()));
        let mut noticed = Vec::new();
        for (partition, beyond) in &self.beyond {
            if position(world, *partition).await < *beyond {
                noticed.push(*partition);
            }
        }
        self.beyond.retain(|partition, _| !noticed.contains(partition));
        if self.beyond.is_empty() {
            self.ledger.push_back((moment, acts, world.ledger.save()));
        }
        if self.desk.len() > REPLICAS_MAX {
            self.desk.pop_front();
        }
        if self.ledger.len() > REPLICAS_MAX {
            self.ledger.pop_front();
        }
    }

    async fn disturb(&mut self, world: &Arc<World>, disturbance: Disturbance) {
        let fired = match disturbance {
            Disturbance::Crash => crash(world),
            Disturbance::Pause => pause(world),
            Disturbance::DeskTail => self.desk_tail(world),
            Disturbance::DeskEmptied => self.desk_emptied(world).await,
            Disturbance::DeskKey => desk_key(world),
            Disturbance::DeskRestart => {
                world.desk.restart();
                Some(Kind::DeskRestart)
            }
            Disturbance::LogTail => self.log_tail(world).await,
            Disturbance::LedgerBack => self.ledger_back(world),
            Disturbance::ClockStep => clock_step(world),
            Disturbance::Stall => stall(world),
        };
        if let Some(kind) = fired {
            world.fired(kind);
            world.story.tell(format_args!("FAULT  {}", kind.name()));
        }
    }

    fn desk_tail(&mut self, world: &World) -> Option<Kind> {
        let place = world.random().usize(..self.desk.len());
        let (moment, snapshot) = &self.desk[place];
        if !world.oracle().desk_forgets(*moment, None) {
            return None;
        }
        world.desk.restore(snapshot);
        self.desk.truncate(place + 1);
        Some(Kind::DeskTail)
    }

    async fn desk_emptied(&mut self, world: &World) -> Option<Kind> {
        if !world.oracle().desk_forgets(0, None) {
            return None;
        }
        world.desk.wipe();
        self.desk.clear();
        self.follow(world).await;
        Some(Kind::DeskEmptied)
    }

    async fn log_tail(&mut self, world: &World) -> Option<Kind> {
        let partition = world.random().u32(..PARTITIONS);
        let (first, end) = world.log.bounds(partition).await.expect("a log in memory");
        let lost = world.random().i64(1..=6).min(end - first);
        if lost == 0 || !world.oracle().log_forgets(partition, end - lost) {
            return None;
        }
        world.lose_log_tail(partition, end - lost);
        world.story.tell(format_args!("partition {partition} ends at {} again", end - lost));
        // A ledger from before would take what is written now for what it has settled: log and ledger
        // would both have lost their tails.
        self.ledger.clear();
        let next = position(world, partition).await;
        if next > end - lost {
            self.beyond.entry(partition).or_insert(next);
        }
        Some(Kind::LogTail)
    }

    fn ledger_back(&mut self, world: &World) -> Option<Kind> {
        if self.ledger.is_empty() {
            return None;
        }
        let place = world.random().usize(..self.ledger.len());
        let (moment, _, snapshot) = &self.ledger[place];
        if !world.oracle().ledger_forgets(*moment) {
            return None;
        }
        world.ledger.restore(snapshot);
        self.ledger.truncate(place + 1);
        Some(Kind::LedgerBack)
    }
}

async fn position(world: &World, partition: u32) -> i64 {
    match world.ledger.position(partition, &world.log.identity()).await.expect("a ledger in memory") {
        Position::At { next, .. } => next,
        Position::Foreign(_) => 0,
    }
}

fn crash(world: &Arc<World>) -> Option<Kind> {
    let (slot, role) = someone(world);
    if !role.kill() {
        return None;
    }
    world.story.tell(format_args!("{} dies", role.life.name));
    let (world, down) = (world.clone(), skewed(&mut world.random(), 50..=7000));
    tokio::spawn(async move {
        sleep(Duration::from_millis(down)).await;
        if !world.calm() {
            start_again(&world, slot, &role);
        }
    });
    Some(Kind::Crash)
}

fn start_again(world: &Arc<World>, slot: usize, role: &Role) {
    let role = Role::start(world, role.duty, format!("{}'", role.life.name));
    world.roles.lock().expect("no holder panics")[slot] = role;
}

fn pause(world: &World) -> Option<Kind> {
    let (_, role) = someone(world);
    if !role.life.pause() {
        return None;
    }
    // Up to longer than any lease.
    let time = Duration::from_millis(skewed(&mut world.random(), 100..=9000));
    world.story.tell(format_args!("{} stands still for {time:?}", role.life.name));
    let life = role.life.clone();
    tokio::spawn(async move {
        sleep(time).await;
        life.resume();
    });
    Some(Kind::Pause)
}

fn someone(world: &World) -> (usize, Arc<Role>) {
    let roles = world.roles.lock().expect("no holder panics");
    let slot = world.random().usize(..roles.len());
    (slot, roles[slot].clone())
}

fn desk_key(world: &World) -> Option<Kind> {
    let sale = SaleId(world.random().u64(1..=world.plan.sales.len() as u64));
    let keys = world.desk.keys(sale);
    let all = [&keys.terms, &keys.buyers, &keys.outbox, &keys.tokens, &keys.changes];
    let key = pick(&mut world.random(), &all);
    if !world.oracle().desk_forgets(0, Some(sale)) || !world.desk.forget_key(key) {
        return None;
    }
    world.story.tell(format_args!("{key} is gone"));
    Some(Kind::DeskKey)
}

fn clock_step(world: &World) -> Option<Kind> {
    let (_, role) = someone(world);
    let mut random = world.random();
    let far = pick(&mut random, &[2_000, 60_000, 3_600_000]);
    let near = random.i64(-2000..=2000);
    let far = random.i64(-far..=far);
    let which = random.u8(..3);
    drop(random);
    match which {
        0 => world.desk_clock.set_ahead(far),
        // A lease taken at a later time holds until then; more would only be waiting.
        1 => world.ledger_clock.set_ahead(near),
        _ => role.clock.set_ahead(far),
    }
    world.story.tell(format_args!("clock {which} is set {far} ms (the ledger's {near} ms) ahead"));
    Some(Kind::ClockStep)
}

fn stall(world: &World) -> Option<Kind> {
    let partition = world.random().u32(..PARTITIONS);
    let time = Duration::from_millis(skewed(&mut world.random(), 50..=4000));
    world.stall(partition, time);
    world.story.tell(format_args!("partition {partition} is not read for {time:?}"));
    Some(Kind::Reorder)
}
