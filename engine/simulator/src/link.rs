//! What lies between a process and a store: each call through it may fail before or after its effect,
//! be slow, or happen twice, and belongs to a process that may stop or die meanwhile.

use crate::faults::Kind;
use crate::life::Life;
use crate::plan::skewed;
use crate::world::World;
use engine::fault::{Fault, System};
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// A process's way to one store.
#[derive(Clone)]
pub struct Link {
    /// Where it lies.
    pub world: Arc<World>,
    /// Whose it is.
    pub life: Arc<Life>,
    system: System,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Done,
    Refused,
    Lost,
    Kept,
    Late,
    SlowThere,
    SlowBack,
    Twice,
}

/// Whether a call is told in a story when all goes well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It looks.
    Look,
    /// It changes something.
    Act,
}

impl Link {
    /// A way to a store.
    pub fn new(world: &Arc<World>, life: &Arc<Life>, system: System) -> Self {
        Self { world: world.clone(), life: life.clone(), system }
    }

    /// Makes a call, whatever becomes of it. `effect` is the call itself; it is made as often as the
    /// call happens, at the moments at which it does.
    pub async fn call<T, F, E>(&self, weight: Weight, doing: &'static str, effect: E) -> Result<T, Fault>
    where
        T: Debug + Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
        E: Fn() -> F + Send + 'static,
    {
        self.life.running().await;
        let fate = self.fate(weight);
        let (there, back) = self.travel(fate);
        pass(there).await;
        // What was sent may arrive although its sender is gone.
        if self.life.dead() && self.world.random().bool() {
            return std::future::pending().await;
        }
        let answer = match fate {
            Fate::Done | Fate::SlowThere | Fate::SlowBack => effect().await,
            Fate::Refused => Err(Fault::none(self.system, doing, "simulated: refused")),
            Fate::Lost => Err(Fault::unknown(self.system, doing, "simulated: lost")),
            Fate::Kept => {
                let _ = effect().await;
                Err(Fault::unknown(self.system, doing, "simulated: answer lost"))
            }
            Fate::Late => {
                let late = self.late();
                tokio::spawn(async move {
                    sleep(late).await;
                    effect().await
                });
                Err(Fault::unknown(self.system, doing, "simulated: still on its way"))
            }
            Fate::Twice => {
                let first = effect().await;
                pass(self.a_moment()).await;
                let second = effect().await;
                if self.world.random().bool() { first } else { second }
            }
        };
        self.tell(weight, doing, fate, &answer);
        pass(back).await;
        self.life.running().await;
        answer
    }

    /// Whether a call fails that has no effect to speak of.
    pub fn fails(&self, doing: &'static str) -> Result<(), Fault> {
        match self.fate(Weight::Look) {
            Fate::Refused | Fate::Lost | Fate::Kept => {
                self.world.story.tell(format_args!("{} {doing}: fails", self.life.name));
                Err(Fault::none(self.system, doing, "simulated: failed"))
            }
            _ => Ok(()),
        }
    }

    fn fate(&self, weight: Weight) -> Fate {
        if self.world.calm() {
            return Fate::Done;
        }
        let rates = self.world.plan.calls;
        let mut random = self.world.random();
        let mut drawn = random.u32(..10_000);
        let mut met = |rate: u32| {
            let met = drawn < rate;
            drawn = drawn.wrapping_sub(rate);
            met
        };
        let (fate, kind) = if met(rates.before) {
            (if random.bool() { Fate::Refused } else { Fate::Lost }, Kind::ErrorBefore)
        } else if met(rates.after) {
            let late = weight == Weight::Act && random.bool();
            (if late { Fate::Late } else { Fate::Kept }, Kind::ErrorAfter)
        } else if met(rates.slow) {
            (if random.bool() { Fate::SlowThere } else { Fate::SlowBack }, Kind::Delay)
        } else if weight == Weight::Act && met(rates.twice) {
            (Fate::Twice, Kind::Duplicate)
        } else {
            return Fate::Done;
        };
        drop(random);
        self.world.fired(kind);
        fate
    }

    /// How long the way there and back takes.
    fn travel(&self, fate: Fate) -> (Duration, Duration) {
        let slow_ms = match self.system {
            // The desk's client gives up after half a second, which is another fate.
            System::Desk => 450,
            System::Log | System::Ledger => 5000,
        };
        let (there, back) = (self.a_moment(), self.a_moment());
        let slow = |world: &World| Duration::from_millis(skewed(&mut world.random(), 20..=slow_ms));
        match fate {
            Fate::SlowThere => (slow(&self.world), back),
            Fate::SlowBack => (there, slow(&self.world)),
            _ => (there, back),
        }
    }

    fn a_moment(&self) -> Duration {
        Duration::from_millis(u64::from(self.world.random().u8(..4)).saturating_sub(1))
    }

    fn late(&self) -> Duration {
        Duration::from_millis(skewed(&mut self.world.random(), 1..=4000))
    }

    fn tell<T: Debug>(&self, weight: Weight, doing: &str, fate: Fate, answer: &Result<T, Fault>) {
        let name = &self.life.name;
        if fate != Fate::Done {
            self.world.story.tell(format_args!("{name} {doing}: {fate:?}, {answer:?}"));
        } else if weight == Weight::Act {
            self.world.story.tell(format_args!("{name} {doing}: {answer:?}"));
        } else {
            self.world.story.note(format_args!("{name} {doing}: {answer:?}"));
        }
    }
}

async fn pass(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}
