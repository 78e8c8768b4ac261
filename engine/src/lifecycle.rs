//! Sales follow the ledger: their desks are built, revised, opened, closed and archived, their windows
//! begin and end, units that come back or are added find their way.
//!
//! One process at a time does this, by lease; another doing it too would only repeat what can be
//! repeated. Every turn starts from the ledger, so nothing has to be remembered over a restart.

mod doubt;
mod movements;
mod sweep;

use crate::clock::Clock;
use crate::fault::Fault;
use crate::handoff::{Log, partition_of};
use crate::metrics::{Gauge, Metrics};
use crate::reconcile::{self, LastCount};
use crate::recovery;
use crate::reservation::{Desk, Inspection, Reply};
use crate::settlement::{Ledger, Position, Sale, witness};
use crate::shutdown::Shutdown;
use contract::ids::{Generation, SaleId};
use contract::ledger::SaleState;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Time between two turns.
const TURN_EVERY: Duration = Duration::from_millis(150);
/// Life of the keeper's lease.
const LEASE: Duration = Duration::from_secs(4);
/// Turns between two looks at the books of every sale.
const TURNS_PER_COUNT: u64 = 20;

/// Keeps the sales.
pub struct Keeper<D, L, G, C> {
    /// The desk.
    pub desk: D,
    /// The log.
    pub log: L,
    /// The ledger.
    pub ledger: G,
    /// The clock.
    pub clock: C,
    /// Name of this process in leases.
    pub owner: String,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Where each count is left for who looks.
    pub counted: Arc<LastCount>,
    /// Time after its end at which the desk of a reconciled sale is deleted.
    pub archive_after: Duration,
}

/// What a keeper remembers between turns; losing it costs time, nothing else.
#[derive(Default)]
struct Memory {
    /// End of the log when a closing sale's desk was closed and its outbox empty.
    closed_at: HashMap<SaleId, i64>,
    /// Whether desk, log and ledger were fit to keep promises when last asked.
    fit: bool,
    turns: u64,
    /// Most unsettled orders of one sale this turn, and their bound.
    unsettled: (i64, i64),
    doubt: doubt::Doubt,
}

impl<D: Desk, L: Log, G: Ledger, C: Clock> Keeper<D, L, G, C> {
    /// Keeps the sales until shutdown.
    pub async fn run(self, shutdown: Shutdown) {
        let mut memory = Memory::default();
        while !shutdown.has_begun() {
            match self.ledger.lease("keeper", &self.owner, LEASE).await {
                Ok(true) => {
                    if let Err(fault) = self.turn(&mut memory).await {
                        self.metrics.fault(&fault);
                    }
                }
                Ok(false) => {
                    memory = Memory::default();
                    // Somebody else tells these; what we knew last would be taken for now.
                    for figure in
                        [Gauge::BooksGap, Gauge::OutboxAgeMs, Gauge::SettlementLag, Gauge::Unsettled]
                    {
                        self.metrics.set(figure, 0);
                    }
                    self.counted.clear();
                }
                Err(fault) => self.metrics.fault(&fault),
            }
            tokio::select! {
                () = tokio::time::sleep(TURN_EVERY) => {}
                () = shutdown.begun() => {}
            }
        }
    }

    async fn turn(&self, memory: &mut Memory) -> Result<(), Fault> {
        memory.turns += 1;
        let polled = self.ledger.sales().await?;
        // What is not fit to keep a promise makes none.
        if !memory.fit || memory.turns.is_multiple_of(TURNS_PER_COUNT) {
            memory.fit = self.desk.unfit().await?.is_empty()
                && self.log.unfit().await?.is_empty()
                && self.ledger.unfit().await?.is_empty();
        }
        self.doubt_ledger(&polled.sales, memory).await?;
        memory.unsettled = (0, 0);
        for sale in &polled.sales {
            if let Err(fault) = self.keep(sale, polled.now_ms, memory).await {
                self.metrics.fault(&fault);
            }
        }
        self.metrics.set(Gauge::Unsettled, memory.unsettled.0);
        self.metrics.set(Gauge::UnsettledMax, memory.unsettled.1);
        self.move_units(&polled.sales).await?;
        self.sweep(&polled.sales).await?;
        if memory.turns.is_multiple_of(TURNS_PER_COUNT) {
            self.look_at_figures(&polled.sales, memory).await?;
        }
        Ok(())
    }

    /// One sale's next step.
    async fn keep(&self, sale: &Sale, now_ms: u64, memory: &mut Memory) -> Result<(), Fault> {
        match sale.state {
            SaleState::Armed | SaleState::Open | SaleState::Recovering | SaleState::Closing => {
                // Terms end a sale whether its desk is well or not.
                if sale.state < SaleState::Closing && now_ms >= sale.terms.ends_at_ms {
                    self.ledger.advance(sale.id, sale.state, SaleState::Closing).await?;
                    return Ok(());
                }
                let Some(desk) = self.sound_desk(sale, memory).await? else { return Ok(()) };
                let unsettled = (desk.unsettled as i64, i64::from(sale.terms.unsettled_max));
                memory.unsettled = memory.unsettled.max(unsettled);
                self.follow(sale, now_ms, &desk).await?;
                if sale.state == SaleState::Closing {
                    self.drain(sale, &desk, memory).await?;
                }
            }
            SaleState::Drained => {
                if self.ledger.reconcile(sale.id).await? {
                    tracing::info!(sale.id = sale.id.0, "a sale's books balance; unsold units went back");
                }
            }
            SaleState::Reconciled
                if now_ms > sale.terms.ends_at_ms + self.archive_after.as_millis() as u64 =>
            {
                let at = crate::reservation::At { identity: self.desk.identity(sale.id).await?, ..sale.at() };
                if self.desk.archive(at).await? {
                    self.ledger.advance(sale.id, SaleState::Reconciled, SaleState::Archived).await?;
                }
            }
            SaleState::Draft | SaleState::Reconciled | SaleState::Archived => {}
        }
        Ok(())
    }

    /// The desk of a sale, if it is the registered one, whole, and of the sale's generation by the ledger
    /// and by the log; otherwise it is rebuilt, and there is none this turn.
    async fn sound_desk(&self, sale: &Sale, memory: &mut Memory) -> Result<Option<Inspection>, Fault> {
        let why = if sale.generation == Generation(0) {
            "new sale"
        } else if sale.recovery_asked() {
            &sale.desk.0
        } else if sale.desk_generation != sale.generation {
            "an earlier rebuild did not end"
        } else if sale.settled_generation > sale.generation {
            "the ledger went back: it settled a generation it never began"
        } else if self.log.announced(sale.id).await? != sale.generation {
            "the control topic knows another generation"
        } else if self.desk.identity(sale.id).await? != sale.desk {
            "another desk answers than the registered one"
        } else {
            match self.desk.inspect(sale.id).await? {
                Reply::Done(desk) if desk.generation != sale.generation => {
                    "the desk is of another generation"
                }
                // A rebuild began and closed it for good, but did not get as far as the ledger.
                Reply::Done(desk) if desk.over && sale.state < SaleState::Closing => {
                    "the desk was closed for good"
                }
                Reply::Done(desk) if memory.doubt.went_back(sale.id, &desk) => "the desk went back",
                Reply::Done(desk) => return Ok(Some(desk)),
                Reply::Absent | Reply::OtherGeneration(_) | Reply::OtherDesk(_) => {
                    "a key of the sale is missing"
                }
            }
        };
        if memory.fit {
            recovery::rebuild((&self.desk, &self.log, &self.ledger), sale, why, &self.metrics).await?;
        }
        Ok(None)
    }

    /// The desk's terms, and whether it lets buyers in, follow the ledger; an armed sale whose time has
    /// come is open.
    async fn follow(&self, sale: &Sale, now_ms: u64, desk: &Inspection) -> Result<(), Fault> {
        let open = matches!(sale.state, SaleState::Armed | SaleState::Open);
        if desk.version < sale.terms.version || (open && !desk.open) {
            self.desk.revise(sale.at(), &sale.terms, open).await?;
        }
        if sale.state == SaleState::Armed && now_ms >= sale.terms.starts_at_ms {
            self.ledger.advance(sale.id, SaleState::Armed, SaleState::Open).await?;
        }
        Ok(())
    }

    /// Closes the desk, waits until the log is settled past that moment and the outbox is empty, and
    /// until every movement is done.
    async fn drain(&self, sale: &Sale, desk: &Inspection, memory: &mut Memory) -> Result<(), Fault> {
        let partition = partition_of(sale.id, self.log.partitions());
        if !desk.over {
            self.desk.close(sale.at()).await?;
        }
        // What is still in the outbox may be appended behind any end of the log there is now.
        if !desk.over || desk.entries > 0 {
            memory.closed_at.remove(&sale.id);
            return Ok(());
        }
        let Some(&closed_at) = memory.closed_at.get(&sale.id) else {
            let (_, end) = self.log.bounds(partition).await?;
            memory.closed_at.insert(sale.id, end);
            return Ok(());
        };
        // What a lost tail took is settled already or still in the outbox. But a ledger that went back may
        // stand in a log that was written on since: then it has orders to settle again.
        let (_, end) = self.log.bounds(partition).await?;
        let log = self.log.identity();
        let Position::At { next, witness } = self.ledger.position(partition, &log).await? else {
            return Ok(());
        };
        let is_settled = (closed_at.min(end)..=end).contains(&next);
        if !is_settled || !witness::stands(&self.log, partition, witness).await? {
            return Ok(());
        }
        let moving = self.ledger.returns(1000).await?.iter().any(|row| row.sale == sale.id)
            || self.ledger.changes().await?.iter().any(|row| row.sale == sale.id);
        if !moving && self.ledger.drained(sale.id, (partition, &log), (next, witness)).await? {
            memory.closed_at.remove(&sale.id);
        }
        Ok(())
    }

    async fn look_at_figures(&self, sales: &[Sale], memory: &mut Memory) -> Result<(), Fault> {
        let mut lag = 0;
        for partition in 0..self.log.partitions() {
            if let Position::At { next, .. } = self.ledger.position(partition, &self.log.identity()).await? {
                lag += (self.log.bounds(partition).await?.1 - next).max(0);
            }
        }
        self.metrics.set(Gauge::SettlementLag, lag);
        let mut gap = 0;
        let mut counted = Vec::with_capacity(sales.len());
        for sale in sales {
            if let Some(books) = reconcile::books(&self.desk, &self.ledger, sale).await? {
                gap += books.gap.abs();
                self.doubt_books(sale, &books, lag, memory).await?;
                counted.push(books);
            }
        }
        if gap != 0 {
            tracing::error!(gap, "units are in no term of the books; see engine reconcile");
        }
        self.metrics.set(Gauge::BooksGap, gap);
        self.counted.replace(self.clock.unix_ms(), counted);
        Ok(())
    }
}
