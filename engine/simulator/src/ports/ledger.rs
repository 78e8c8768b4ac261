//! The ledger as a process sees it. Whenever it was written, its books have to balance.

use super::through;
use crate::clock::SimClock;
use crate::link::Link;
use crate::mutant::Mutant;
use crate::world::World;
use contract::ids::{Generation, Nonce, OrderSn, SaleId, UserId};
use contract::ledger::{MovementState, SaleState};
use contract::record::Record;
use engine::fault::Fault;
use engine::handoff::{Logged, partition_of};
use engine::reservation::{DeskIdentity, DeskImage};
use engine::settlement::memory::MemoryLedger;
use engine::settlement::plan::balanced;
use engine::settlement::{
    Ledger, LedgerBooks, Look, Position, Reached, Sales, Settled, Step, StockChange, StockReturn, Witness,
};
use std::sync::Arc;
use std::time::Duration;

type Port = MemoryLedger<SimClock>;

/// The ledger, over a link.
#[derive(Clone)]
pub struct SimLedger {
    port: Port,
    link: Link,
}

impl SimLedger {
    /// The world's ledger over this link.
    pub fn new(link: Link) -> Self {
        Self { port: link.world.ledger.clone(), link }
    }
}

/// A step that outlives its caller.
#[derive(Clone, Debug)]
struct OwnedStep {
    partition: u32,
    log: Arc<str>,
    from: i64,
    after: Option<Witness>,
    to: i64,
    records: Vec<Logged>,
    bury: bool,
}

impl OwnedStep {
    fn of(step: &Step<'_>) -> Self {
        let Step { partition, log, from, after, to, records, bury } = *step;
        Self { partition, log: log.into(), from, after, to, records: records.to_vec(), bury }
    }

    fn step(&self) -> Step<'_> {
        let Self { partition, from, after, to, bury, .. } = *self;
        Step { partition, log: &self.log, from, after, to, records: &self.records, bury }
    }
}

impl Ledger for SimLedger {
    async fn sales(&self) -> Result<Sales, Fault> {
        through!(self, Look, "ledger sales", (), |ledger| ledger.sales().await)
    }

    async fn lease(&self, name: &str, owner: &str, life: Duration) -> Result<bool, Fault> {
        let (name, owner) = (name.to_owned(), owner.to_owned());
        through!(self, Look, "ledger lease", (name, owner), |ledger| ledger.lease(&name, &owner, life).await)
    }

    async fn position(&self, partition: u32, log: &str) -> Result<Position, Fault> {
        let log = log.to_owned();
        through!(self, Look, "ledger position", (log), |ledger| ledger.position(partition, &log).await)
    }

    async fn adopt_log(&self, partition: u32, lost: &str, log: &str) -> Result<bool, Fault> {
        let (lost, log) = (lost.to_owned(), log.to_owned());
        through!(self, Act, "ledger adopt_log", (lost, log), |ledger| {
            ledger.adopt_log(partition, &lost, &log).await
        })
    }

    async fn rewind(&self, partition: u32, log: &str, from: i64, to: i64) -> Result<bool, Fault> {
        let log = log.to_owned();
        through!(self, Act, "ledger rewind", (log), |ledger| ledger.rewind(partition, &log, from, to).await)
    }

    async fn settle(&self, step: &Step<'_>) -> Result<Settled, Fault> {
        let (mut owned, world) = (OwnedStep::of(step), self.link.world.clone());
        if world.mutant == Some(Mutant::LateSkip) {
            make_young(&self.port, &mut owned.records).await;
        }
        if world.mutant == Some(Mutant::PositionCas) {
            owned = self.move_blindly(owned).await?;
        }
        through!(self, Act, "ledger settle", (owned, world), |ledger| {
            let settled = ledger.settle(&owned.step()).await;
            if let Ok(Settled::Done(_)) = &settled {
                remember(&world, &ledger, &owned.records).await;
                balance(&world, &ledger).await;
            }
            settled
        })
    }

    async fn known(&self, sale: SaleId, nonces: &[Nonce]) -> Result<Vec<bool>, Fault> {
        let nonces = nonces.to_vec();
        through!(self, Look, "ledger known", (nonces), |ledger| ledger.known(sale, &nonces).await)
    }

    async fn raise_generation(&self, sale: SaleId, from: Generation) -> Result<bool, Fault> {
        let doing = "ledger raise_generation";
        self.link.world.story.tell(format_args!("{} {doing} of {sale} from {from}", self.link.life.name));
        through!(self, Act, "ledger raise_generation", (), |ledger| ledger.raise_generation(sale, from).await)
    }

    async fn image(&self, sale: SaleId, generation: Generation) -> Result<Option<DeskImage>, Fault> {
        if self.link.world.mutant == Some(Mutant::RebuildFence) {
            settle_barrier(&self.link.world, sale, generation).await;
        }
        through!(self, Look, "ledger image", (), |ledger| ledger.image(sale, generation).await)
    }

    async fn register_desk(
        &self,
        sale: SaleId,
        generation: Generation,
        identity: &DeskIdentity,
    ) -> Result<bool, Fault> {
        let identity = identity.clone();
        through!(self, Act, "ledger register_desk", (identity), |ledger| {
            ledger.register_desk(sale, generation, &identity).await
        })
    }

    async fn advance(&self, sale: SaleId, from: SaleState, to: SaleState) -> Result<bool, Fault> {
        self.link.world.story.tell(format_args!("{} moves {sale} to {to:?}", self.link.life.name));
        through!(self, Act, "ledger advance", (), |ledger| ledger.advance(sale, from, to).await)
    }

    async fn drained(
        &self,
        sale: SaleId,
        (partition, log): (u32, &str),
        reached: Reached,
    ) -> Result<bool, Fault> {
        let log = log.to_owned();
        through!(self, Act, "ledger drained", (log), |ledger| {
            ledger.drained(sale, (partition, &log), reached).await
        })
    }

    async fn reconcile(&self, sale: SaleId) -> Result<bool, Fault> {
        let world = self.link.world.clone();
        through!(self, Act, "ledger reconcile", (world), |ledger| {
            let reconciled = ledger.reconcile(sale).await;
            balance(&world, &ledger).await;
            reconciled
        })
    }

    async fn returns(&self, limit: u32) -> Result<Vec<StockReturn>, Fault> {
        through!(self, Look, "ledger returns", (), |ledger| ledger.returns(limit).await)
    }

    async fn book_return(&self, row: &StockReturn) -> Result<(), Fault> {
        let (row, world) = (row.clone(), self.link.world.clone());
        through!(self, Act, "ledger book_return", (row, world), |ledger| {
            let booked = ledger.book_return(&row).await;
            balance(&world, &ledger).await;
            booked
        })
    }

    async fn forget_return(&self, row: &StockReturn) -> Result<(), Fault> {
        let row = row.clone();
        through!(self, Act, "ledger forget_return", (row), |ledger| ledger.forget_return(&row).await)
    }

    async fn changes(&self) -> Result<Vec<StockChange>, Fault> {
        through!(self, Look, "ledger changes", (), |ledger| ledger.changes().await)
    }

    async fn book_change(&self, row: &StockChange, answered: Option<Generation>) -> Result<(), Fault> {
        let (row, world) = (row.clone(), self.link.world.clone());
        through!(self, Act, "ledger book_change", (row, world), |ledger| {
            let booked = ledger.book_change(&row, answered).await;
            balance(&world, &ledger).await;
            booked
        })
    }

    async fn end_change(
        &self,
        row: &StockChange,
        end: MovementState,
        answered: Option<Generation>,
    ) -> Result<(), Fault> {
        let (row, world) = (row.clone(), self.link.world.clone());
        through!(self, Act, "ledger end_change", (row, world), |ledger| {
            let ended = ledger.end_change(&row, end, answered).await;
            balance(&world, &ledger).await;
            ended
        })
    }

    async fn order(&self, sn: OrderSn, user: UserId) -> Result<Look, Fault> {
        through!(self, Look, "ledger order", (), |ledger| ledger.order(sn, user).await)
    }

    async fn books(&self, sale: SaleId) -> Result<Option<LedgerBooks>, Fault> {
        through!(self, Look, "ledger books", (), |ledger| ledger.books(sale).await)
    }

    async fn unfit(&self) -> Result<Vec<String>, Fault> {
        through!(self, Look, "ledger unfit", (), |ledger| ledger.unfit().await)
    }
}

impl SimLedger {
    /// The mutant without a compare-and-set: the position is written first, by itself, whatever it was.
    async fn move_blindly(&self, step: OwnedStep) -> Result<OwnedStep, Fault> {
        let OwnedStep { partition, to, .. } = step;
        let log = step.log.clone();
        let moved = through!(self, Act, "ledger position (mutant)", (log), |ledger| {
            let Position::At { next, witness } = ledger.position(partition, &log).await? else {
                return Ok((0, None));
            };
            let alone =
                Step { partition, log: &log, from: next, after: witness, to, records: &[], bury: false };
            ledger.settle(&alone).await.map(|_| (to, witness))
        })?;
        let (moved, after) = moved;
        Ok(OwnedStep { from: moved, after, to: moved, ..step })
    }
}

/// Which orders of these records the ledger now has.
async fn remember(world: &World, ledger: &Port, records: &[Logged]) {
    for logged in records {
        let batch = match &logged.record {
            Ok(Record::Orders(batch)) => batch,
            Ok(Record::Barrier { sale, generation }) => {
                world.oracle().barrier(*sale, *generation);
                continue;
            }
            _ => continue,
        };
        let nonces: Vec<Nonce> = batch.orders.iter().map(|order| order.nonce).collect();
        let known = ledger.known(batch.sale, &nonces).await.expect("a ledger in memory");
        for (nonce, known) in nonces.into_iter().zip(known) {
            if known {
                world.oracle().settled((batch.sale, nonce));
            }
        }
    }
}

/// Every unit is somewhere, at every commit.
async fn balance(world: &World, ledger: &Port) {
    for sale in world.sales() {
        let books = ledger.books(sale).await.expect("a ledger in memory").expect("a sale that was added");
        if !balanced(&books) {
            world.violated(format!("M + U + D + P + X = S: sale {sale}, {books:?}"));
        }
        if books.buyers_over_limit > 0 {
            world.violated(format!("active units per user <= limit: sale {sale}, {books:?}"));
        }
    }
}

/// The mutant that does not skip old generations: what is old is taken for new.
async fn make_young(ledger: &Port, records: &mut [Logged]) {
    let sales = ledger.sales().await.expect("a ledger in memory").sales;
    for logged in records {
        let Ok(Record::Orders(batch)) = &mut logged.record else { continue };
        if let Some(sale) = sales.iter().find(|sale| sale.id == batch.sale) {
            batch.entry.generation = batch.entry.generation.max(sale.settled_generation);
        }
    }
}

/// The mutant that does not wait for the barrier: it counts as settled where the position stands.
async fn settle_barrier(world: &World, sale: SaleId, generation: Generation) {
    let partition = partition_of(sale, crate::world::PARTITIONS);
    let log = "simulated";
    let position = world.ledger.position(partition, log).await.expect("a ledger in memory");
    let Position::At { next, witness } = position else { return };
    let barrier = Record::Barrier { sale, generation };
    let records = [Logged { offset: next, appended_at_ms: 0, bytes: Vec::new(), record: Ok(barrier) }];
    let step = Step { partition, log, from: next, after: witness, to: next, records: &records, bury: false };
    let _ = world.ledger.settle(&step).await;
}
