//! The consumer spine: one partition's records, in log order, one transaction per batch, each followed
//! by the trim of what it settled.
//!
//! Any number of consumers may work on a partition; the compare-and-set on its position lets one of
//! them through. The lease only keeps them from working in vain.

use super::plan::{self, Poison};
use super::witness;
use super::{Ledger, Position, RETURNS_MAX, Reached, Settled, Step, Tally, Witness};
use crate::fault::{Effect, Fault};
use crate::handoff::{EMBEDDED, Log, LogReader, Logged, Read};
use crate::metrics::{Count, Gauge, Metrics, Stage};
use crate::reservation::{At, Desk, Reply};
use crate::shutdown::Shutdown;
use contract::ids::{EntryId, SaleId};
use contract::ledger::MovementState;
use contract::record::Record;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Life of a lease; a dead consumer's partition is taken over after it.
pub const LEASE: Duration = Duration::from_secs(4);
/// Records read at once.
const RECORDS_MAX: usize = 64;
/// Orders settled in one transaction, unless one record alone has more.
const ORDERS_MAX: usize = 512;
/// How long reading waits before the lease is looked after.
const READ_WAIT: Duration = Duration::from_millis(500);
/// First and longest wait after a failed step.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// How long orders that the ledger has no units for are tried again. After a ledger went back, what gave
/// them their units (a return, more stock) may still have to be booked again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Settles partitions.
pub struct Consumer<D, L, G> {
    /// The log to read.
    pub log: L,
    /// The ledger to write.
    pub ledger: G,
    /// The desk to trim.
    pub desk: D,
    /// Where a sale's desk is, as last polled.
    pub desk_of: Arc<dyn Fn(SaleId) -> Option<At> + Send + Sync>,
    /// Name of this process in leases.
    pub owner: String,
    /// Counters.
    pub metrics: Arc<Metrics>,
}

/// The record that could not settle last, and since when.
type Doubt = Option<(i64, tokio::time::Instant)>;

/// Why a turn on a partition ended.
enum End {
    /// Somebody else works on it, or moved its position: look again.
    Elsewhere,
    /// The position is in another log: nothing may be settled until somebody looked.
    ForeignLog(Arc<str>),
    /// The log no longer holds the position.
    OutOfRange(i64, Option<Witness>),
}

impl<D: Desk, L: Log, G: Ledger> Consumer<D, L, G> {
    /// Settles one partition until shutdown.
    pub async fn run(self: Arc<Self>, partition: u32, shutdown: Shutdown) {
        let mut back_off = BACK_OFF.0;
        let mut told = false;
        let mut doubt = None;
        while !shutdown.has_begun() {
            let began = tokio::time::Instant::now();
            let wait = match self.turn(partition, (&mut doubt, &mut told), &shutdown).await {
                Ok(End::Elsewhere) => LEASE / 6,
                Ok(End::OutOfRange(from, after)) => {
                    self.to_what_is_left(partition, (from, after)).await;
                    BACK_OFF.0
                }
                Ok(End::ForeignLog(lost)) => self.foreign_log(partition, &lost, &mut told).await,
                Err(fault) => {
                    self.metrics.fault(&fault);
                    // Only failures that follow each other wait longer and longer.
                    let goes_on = began.elapsed() <= BACK_OFF.1;
                    back_off = if goes_on { (back_off * 2).min(BACK_OFF.1) } else { BACK_OFF.0 };
                    back_off
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = shutdown.begun() => {}
            }
        }
    }

    /// Works on the partition from its position on, until something is in the way.
    async fn turn(
        &self,
        partition: u32,
        (doubt, told): (&mut Doubt, &mut bool),
        shutdown: &Shutdown,
    ) -> Result<End, Fault> {
        let lease = format!("settle-{partition}");
        if !self.ledger.lease(&lease, &self.owner, LEASE).await? {
            return Ok(End::Elsewhere);
        }
        let mut leased_at = tokio::time::Instant::now();
        // A log that was made anew since it was opened complains here, and nothing of it is settled.
        self.log.announced(SaleId(0)).await?;
        let log = self.log.identity();
        let (mut next, mut newest) = match self.ledger.position(partition, &log).await? {
            Position::At { next, witness } => (next, witness),
            Position::Foreign(lost) => return Ok(End::ForeignLog(lost)),
        };
        if std::mem::take(told) {
            self.metrics.shift(Gauge::SettlementStopped, -1);
        }
        if !witness::stands(&self.log, partition, newest).await? {
            return Ok(End::OutOfRange(next, newest));
        }
        let mut reader = self.log.read_from(partition, next).await?;
        while !shutdown.has_begun() {
            if leased_at.elapsed() > LEASE / 3 {
                if !self.ledger.lease(&lease, &self.owner, LEASE).await? {
                    return Ok(End::Elsewhere);
                }
                leased_at = tokio::time::Instant::now();
                // Without a new record nobody else would notice that the ledger went back.
                if self.ledger.position(partition, &log).await? != (Position::At { next, witness: newest }) {
                    return Ok(End::Elsewhere);
                }
            }
            let mut records = match reader.next(RECORDS_MAX, READ_WAIT).await? {
                Read::Records(records) => records,
                Read::OutOfRange => return Ok(End::OutOfRange(next, newest)),
            };
            while !records.is_empty() {
                let rest = records.split_off(in_one_step(&records));
                match self.settle((partition, &log), (next, newest), &records, doubt).await? {
                    Some(reached) => (next, newest) = reached,
                    None => {
                        self.metrics.count(Count::Fenced, 1);
                        return Ok(End::Elsewhere);
                    }
                }
                records = rest;
            }
        }
        Ok(End::Elsewhere)
    }

    /// Settles records that follow each other; answers with the position reached, or nothing when
    /// somebody else moved it. A step that cannot be done whole is halved until the record that is in
    /// the way stands alone; it is buried when waiting cannot help it any more.
    async fn settle(
        &self,
        (partition, log): (u32, &str),
        (mut from, mut after): Reached,
        mut records: &[Logged],
        doubt: &mut Doubt,
    ) -> Result<Option<Reached>, Fault> {
        let mut size = records.len();
        while !records.is_empty() {
            let (now, later) = records.split_at(size.min(records.len()));
            let to = now.last().map_or(from, |last| last.offset + 1);
            let bury = now.len() == 1 && hopeless(&now[0], doubt);
            let step = Step { partition, log, from, after, to, records: now, bury };
            let began = tokio::time::Instant::now();
            let settled = self.ledger.settle(&step).await;
            self.metrics.took(Stage::Settle, began.elapsed());
            match settled {
                Ok(Settled::Done(tally)) => {
                    self.count(&tally);
                    // A purchase that is repeated takes a missing entry for a settled one, and void it is
                    // not. What was settled beside void ones is left to the sweep.
                    if tally.void == 0 {
                        self.trim(now).await;
                    }
                    (from, after, records) = (to, plan::witness(now).or(after), later);
                }
                Ok(Settled::Fenced) => return Ok(None),
                // Whether it was committed is written in the position.
                Err(fault) if fault.effect == Effect::Unknown => return Err(fault),
                Err(fault) if now.len() == 1 => {
                    let since = doubt.filter(|(offset, _)| *offset == now[0].offset);
                    if let Some(poison) = fault.source.downcast_ref::<Poison>() {
                        if since.is_none() {
                            *doubt = Some((now[0].offset, tokio::time::Instant::now()));
                        }
                        self.book_what_is_asked(poison.sale).await?;
                    }
                    return Err(fault);
                }
                Err(_) => size = now.len() / 2,
            }
        }
        Ok(Some((from, after)))
    }

    /// Books what gives a sale units. The keeper does that otherwise, but after the ledger went back it
    /// may be waiting in a rebuild for the very record that waits for these.
    async fn book_what_is_asked(&self, sale: SaleId) -> Result<(), Fault> {
        for row in self.ledger.returns(RETURNS_MAX).await? {
            if row.state == MovementState::Asked {
                self.ledger.book_return(&row).await?;
                self.metrics.count(Count::Returned, 1);
            }
        }
        for row in self.ledger.changes().await? {
            if row.sale == sale && row.state == MovementState::Asked && row.delta > 0 {
                self.ledger.book_change(&row, None).await?;
            }
        }
        Ok(())
    }

    /// After the commit, never before: an entry that is gone from the outbox is published by nobody.
    async fn trim(&self, settled: &[Logged]) {
        let mut entries: BTreeMap<SaleId, Vec<(EntryId, u16)>> = BTreeMap::new();
        for logged in settled {
            if let Ok(Record::Orders(batch)) = &logged.record {
                entries.entry(batch.sale).or_default().push((batch.entry, batch.orders.len() as u16));
            }
        }
        for (sale, mut entries) in entries {
            let Some(at) = (self.desk_of)(sale) else { continue };
            entries.retain(|(entry, _)| entry.generation == at.generation);
            if entries.is_empty() {
                continue;
            }
            match self.desk.trim(at, &entries).await {
                Ok(Reply::Done(())) => self.metrics.count(Count::Trimmed, entries.len() as u64),
                // The sweep trims what is settled and still there.
                Ok(Reply::Absent | Reply::OtherGeneration(_) | Reply::OtherDesk(_)) => {}
                Err(fault) => self.metrics.fault(&fault),
            }
        }
    }

    fn count(&self, tally: &Tally) {
        self.metrics.count(Count::Settled, tally.orders);
        self.metrics.count(Count::SettledAgain, tally.known);
        self.metrics.count(Count::Void, tally.void);
        if tally.dead > 0 {
            self.metrics.count(Count::DeadLetters, tally.dead);
            tracing::error!(
                orders = tally.dead,
                "promised orders could not be settled and lie in dead_letter"
            );
        }
    }

    /// Begins again where the log begins. Everything settled is skipped by its token, and what the log
    /// lost is in the outbox.
    async fn to_what_is_left(&self, partition: u32, (from, after): Reached) {
        let moved = async {
            let (first, _) = self.log.bounds(partition).await?;
            let log = self.log.identity();
            if first <= from {
                return self.ledger.rewind(partition, &log, from, first).await;
            }
            // Retention went past the position. What it took is in the outbox and comes again.
            let over = Step { partition, log: &log, from, after, to: first, records: &[], bury: false };
            self.ledger.settle(&over).await.map(|settled| settled != Settled::Fenced)
        };
        match moved.await {
            Ok(_) => tracing::error!(
                partition,
                "the log does not hold the settled position; settling again from its beginning"
            ),
            Err(fault) => self.metrics.fault(&fault),
        }
    }

    /// An embedded log dies with its process: the next one begins anew, the outbox has what it lost.
    /// Any other log that is not ours any more is for a person to look at.
    async fn foreign_log(&self, partition: u32, lost: &str, told: &mut bool) -> Duration {
        let log = self.log.identity();
        if self.log.embedded() || lost.starts_with(EMBEDDED) {
            if let Err(fault) = self.ledger.adopt_log(partition, lost, &log).await {
                self.metrics.fault(&fault);
            }
            return BACK_OFF.0;
        }
        if !std::mem::replace(told, true) {
            self.metrics.shift(Gauge::SettlementStopped, 1);
            tracing::error!(
                partition,
                "the order log was deleted and made again; settlement stands still. Nothing promised is lost: \
                 it is in the outbox. When the new log is meant, delete the row of this partition in log_position"
            );
        }
        BACK_OFF.1
    }
}

/// Whether a record that cannot settle is past waiting for. Nothing makes bytes readable.
fn hopeless(logged: &Logged, doubt: &Doubt) -> bool {
    !matches!(logged.record, Ok(Record::Orders(_)))
        || doubt.is_some_and(|(offset, since)| offset == logged.offset && since.elapsed() >= PATIENCE)
}

/// How many of the first records one transaction takes.
fn in_one_step(records: &[Logged]) -> usize {
    let mut orders = 0;
    let fits = records.iter().take_while(|logged| {
        orders += match &logged.record {
            Ok(Record::Orders(batch)) => batch.orders.len(),
            _ => 1,
        };
        orders <= ORDERS_MAX
    });
    fits.count().max(1)
}
