//! The order log as a process sees it.

use super::through;
use crate::link::Link;
use crate::mutant::Mutant;
use crate::world::World;
use contract::ids::{Generation, SaleId};
use contract::record::{Batch, Record};
use engine::fault::{Effect, Fault, System};
use engine::handoff::memory::{MemoryLog, MemoryReader};
use engine::handoff::{Log, LogReader, Read, partition_of};
use engine::reservation::{At, Desk as _};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The log, over a link.
#[derive(Clone)]
pub struct SimLog {
    port: MemoryLog,
    link: Link,
    /// The generation of the batch this process appended last, per sale; for a mutant.
    appended: Arc<Mutex<BTreeMap<SaleId, Generation>>>,
    /// Whether this process answers buyers.
    serves: bool,
}

impl SimLog {
    /// The world's log over this link.
    pub fn new(link: Link, serves: bool) -> Self {
        Self { port: link.world.log.clone(), link, appended: Arc::default(), serves }
    }

    fn mutant(&self, mutant: Mutant) -> bool {
        self.serves && self.link.world.mutant == Some(mutant)
    }
}

impl Log for SimLog {
    type Reader = SimReader;

    fn partitions(&self) -> u32 {
        self.port.partitions()
    }

    fn identity(&self) -> Arc<str> {
        self.port.identity()
    }

    // As a broker's: losing it is not to be expected.
    fn embedded(&self) -> bool {
        false
    }

    async fn append(&self, record: &Record) -> Result<i64, Fault> {
        let (record, world) = (record.clone(), self.link.world.clone());
        let trims = self.mutant(Mutant::TrimAfterSettlement);
        let batch = if let Record::Orders(batch) = &record { Some(batch.clone()) } else { None };
        if let Some(batch) = &batch {
            let mut appended = self.appended.lock().expect("no holder panics");
            appended.insert(batch.sale, batch.entry.generation);
        }
        self.link.world.story.tell(format_args!("{} appends {record:?}", self.link.life.name));
        let answer = through!(self, Act, "log append", (record, world), |log| {
            let offset = log.append(&record).await;
            if let (Record::Orders(batch), Ok(offset)) = (&record, &offset) {
                world.oracle().logged(batch, partition_of(batch.sale, log.partitions()), *offset);
            }
            offset
        });
        match (&answer, batch) {
            (Ok(_), Some(batch)) if trims => trim(&self.link.world, &batch).await,
            (Err(fault), Some(batch))
                if fault.effect == Effect::Unknown && self.mutant(Mutant::NoGiveBack) =>
            {
                give_back(&self.link.world, &batch).await;
            }
            _ => {}
        }
        answer
    }

    async fn announce(&self, sale: SaleId, generation: Generation) -> Result<(), Fault> {
        let story = &self.link.world.story;
        story.tell(format_args!("{} announces generation {generation} of {sale}", self.link.life.name));
        through!(self, Act, "log announce", (), |log| log.announce(sale, generation).await)
    }

    async fn announced(&self, sale: SaleId) -> Result<Generation, Fault> {
        if self.mutant(Mutant::GenerationCheck) {
            let appended = self.appended.lock().expect("no holder panics");
            return Ok(appended.get(&sale).copied().unwrap_or_default());
        }
        through!(self, Look, "log announced", (), |log| log.announced(sale).await)
    }

    async fn read_from(&self, partition: u32, offset: i64) -> Result<SimReader, Fault> {
        self.link.life.running().await;
        self.link.fails("log read_from")?;
        let reader = self.port.read_from(partition, offset).await?;
        let losses = self.link.world.log_losses(partition);
        Ok(SimReader { reader, partition, losses, link: self.link.clone() })
    }

    async fn bounds(&self, partition: u32) -> Result<(i64, i64), Fault> {
        through!(self, Look, "log bounds", (), |log| log.bounds(partition).await)
    }

    async fn unfit(&self) -> Result<Vec<String>, Fault> {
        through!(self, Look, "log unfit", (), |log| log.unfit().await)
    }

    async fn flush(&self, _within: Duration) {}
}

/// The mutant that trims when the log has acknowledged.
async fn trim(world: &World, batch: &Batch) {
    let at = desk_of(world, batch).await;
    let _ = world.desk.trim(at, &[(batch.entry, batch.orders.len() as u16)]).await;
}

/// The mutant that gives units back when it does not know.
async fn give_back(world: &World, batch: &Batch) {
    let at = desk_of(world, batch).await;
    let orders: Vec<_> = batch.orders.iter().map(|order| (order.user, order.nonce)).collect();
    let _ = world.desk.give_back(at.clone(), &orders).await;
    let _ = world.desk.trim(at, &[(batch.entry, batch.orders.len() as u16)]).await;
}

async fn desk_of(world: &World, batch: &Batch) -> At {
    let identity = world.desk.identity(batch.sale).await.expect("the desk in memory has a name");
    At { sale: batch.sale, generation: batch.entry.generation, identity }
}

/// Reads a partition, over a link.
pub struct SimReader {
    reader: MemoryReader,
    partition: u32,
    /// Losses of the partition when it was opened.
    losses: u64,
    link: Link,
}

impl LogReader for SimReader {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Read, Fault> {
        self.link.life.running().await;
        self.link.fails("log next")?;
        let stalled = self.link.world.stalled_until(self.partition).saturating_duration_since(Instant::now());
        if !stalled.is_zero() {
            sleep(stalled.min(wait)).await;
            self.link.life.running().await;
            return Ok(Read::Records(Vec::new()));
        }
        let read = self.reader.next(max, wait).await;
        self.link.life.running().await;
        // A broker that lost records was away, and a reader ends with its connection.
        if self.losses != self.link.world.log_losses(self.partition) {
            return Err(Fault::none(System::Log, "log next", "simulated: the connection was lost"));
        }
        let (story, name) = (&self.link.world.story, &self.link.life.name);
        match &read {
            Ok(Read::Records(records)) if records.is_empty() => {}
            Ok(Read::Records(records)) => {
                let offsets: Vec<i64> = records.iter().map(|record| record.offset).collect();
                story.tell(format_args!("{name} reads {offsets:?} of partition {}", self.partition));
            }
            other => story.tell(format_args!("{name} reads partition {}: {other:?}", self.partition)),
        }
        read
    }
}
