//! One seed from beginning to end.

use crate::buyers;
use crate::checker;
use crate::disturbance;
use crate::faults::Counts;
use crate::mutant::Mutant;
use crate::oracle::Key;
use crate::role::{Duty, Role};
use crate::staff;
use crate::story::Telling;
use crate::world::{Kit, World};
use contract::ids::UserId;
use contract::ledger::SaleKind;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What must not be and was; the first tells the most.
    pub violations: Vec<String>,
    /// How often each kind of fault fired.
    pub counts: Counts,
    /// Promises, refusals, unknown answers.
    pub answers: [u64; 3],
    /// Desks rebuilt by processes that lived to the end.
    pub rebuilt: u64,
    /// Virtual time.
    pub took: Duration,
    /// Hash of the story; 0 when none was told.
    pub hash: u64,
}

thread_local! {
    /// The last panic of this thread, which runs one seed at a time.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Makes panics of a run part of its outcome instead of noise; for the whole process.
pub fn catch_panics() {
    std::panic::set_hook(Box::new(|panic| {
        PANIC.with(|last| last.borrow_mut().get_or_insert(panic.to_string()).truncate(500));
    }));
}

/// Runs a seed.
pub fn run(seed: u64, mutant: Option<Mutant>, telling: Telling, kit: &Arc<Kit>) -> Outcome {
    PANIC.with(|last| last.borrow_mut().take());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without input and output needs nothing of the system");
    let ran =
        catch_unwind(AssertUnwindSafe(|| runtime.block_on(simulate(seed, mutant, telling, kit.clone()))));
    // Tasks end with their runtime.
    drop(runtime);
    let mut outcome = ran.unwrap_or_default();
    if let Some(panic) = PANIC.with(|last| last.borrow_mut().take()) {
        outcome.violations.insert(0, format!("panic: {panic}"));
    }
    outcome
}

async fn simulate(seed: u64, mutant: Option<Mutant>, telling: Telling, kit: Arc<Kit>) -> Outcome {
    let world = World::new(seed, mutant, telling, kit);
    for sale in world.sales() {
        world.ledger.add_sale(checker::sale(&world, sale));
        world.ledger.set_resource(SaleKind::Goods, sale.0, checker::RESOURCE);
    }
    for (duty, name, count) in
        [(Duty::Serve, "serve", world.plan.roles[0]), (Duty::Settle, "settle", world.plan.roles[1])]
    {
        for number in 1..=count {
            let role = Role::start(&world, duty, format!("{name}-{number}"));
            world.roles.lock().expect("no holder panics").push(role);
        }
    }
    let mut crowd = JoinSet::new();
    for user in 1..=world.plan.buyers {
        crowd.spawn(buyers::shop(world.clone(), UserId(user)));
    }
    crowd.spawn(staff::work(world.clone()));
    disturbance::disturb(world.clone()).await;
    disturbance::heal(&world);
    let gone = timeout(checker::REST_WITHIN, async { while crowd.join_next().await.is_some() {} });
    if gone.await.is_err() {
        world.violated("buyers and staff do not come to an end".into());
    }

    ask_everything(&world).await;
    checker::rest(&world).await;
    checker::compare(&world).await;
    if world.plan.closes && world.oracle().violations().is_empty() {
        checker::close(&world).await;
        checker::compare(&world).await;
    }
    outcome(&world)
}

/// P6: every token that was ever used is told something definite.
async fn ask_everything(world: &Arc<World>) {
    let keys: Vec<Key> = {
        let history = world.history.lock().expect("no holder panics");
        history.tokens.iter().filter(|(_, told)| told.sent > 0).map(|(key, _)| *key).collect()
    };
    let deadline = Instant::now() + checker::REST_WITHIN;
    let mut asking = JoinSet::new();
    for key in keys {
        asking.spawn(buyers::ask_to_the_end(world.clone(), key, deadline));
    }
    while asking.join_next().await.is_some() {}
}

fn outcome(world: &World) -> Outcome {
    // The roles hold the world; they must not outlive the run.
    let roles = std::mem::take(&mut *world.roles.lock().expect("no holder panics"));
    Outcome {
        violations: world.oracle().violations().to_vec(),
        counts: world.counts(),
        answers: world.history.lock().expect("no holder panics").answers,
        rebuilt: roles.iter().map(|role| role.rebuilt()).sum(),
        took: world.begin.elapsed(),
        hash: world.story.hash(),
    }
}
