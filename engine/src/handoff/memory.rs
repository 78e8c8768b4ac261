//! The order log in memory: the same semantics, deterministic, for simulations and tests.
//!
//! It waits for nothing but other callers, so paused time passes as the test says. What goes wrong is
//! planned beforehand through [`MemoryLog::plan`], or done to it while it runs: tails are lost, records
//! repeated or expired.
//!
//! Deliberately absent: a bound. It lives as long as one run, which is bounded.

mod partition;

use crate::fault::{Fault, System};
use crate::handoff::{Log, LogReader, Read, partition_of};
use contract::ids::{Generation, SaleId};
use contract::record::Record;
use partition::Partition;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;

/// A call that can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// [`Log::append`].
    Append,
    /// [`Log::announce`].
    Announce,
    /// [`Log::announced`]; every fate but [`Fate::Done`] makes it fail.
    Look,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It succeeds.
    Done,
    /// It fails before anything happened, and says so.
    Refused,
    /// It fails as unknown; nothing happened.
    Lost,
    /// It fails as unknown; all of it happened.
    Kept,
    /// It fails as unknown, and happens when [`MemoryLog::deliver_late`] is called.
    Late,
}

/// The order log in memory; clones share everything.
#[derive(Clone)]
pub struct MemoryLog {
    shared: Arc<Shared>,
}

struct Shared {
    identity: Arc<str>,
    partitions: u32,
    state: Mutex<State>,
    // Something was appended or lost.
    moved: Notify,
}

struct State {
    partitions: Vec<Partition>,
    newest: HashMap<SaleId, Generation>,
    planned: HashMap<Call, VecDeque<Fate>>,
    late: VecDeque<Record>,
}

impl State {
    fn write(&mut self, record: &Record) -> i64 {
        if let Record::Control { sale, generation } = *record {
            let newest = self.newest.entry(sale).or_default();
            *newest = generation.max(*newest);
            return 0;
        }
        let partition = partition_of(record.sale(), self.partitions.len() as u32);
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        self.partitions[partition as usize].append(bytes)
    }

    fn next_fate(&mut self, call: Call) -> Fate {
        self.planned.get_mut(&call).and_then(VecDeque::pop_front).unwrap_or(Fate::Done)
    }
}

impl MemoryLog {
    /// An empty log of this name.
    pub fn new(partitions: u32, identity: &str) -> Self {
        let state = State {
            partitions: vec![Partition::default(); partitions as usize],
            newest: HashMap::new(),
            planned: HashMap::new(),
            late: VecDeque::new(),
        };
        let shared =
            Shared { identity: identity.into(), partitions, state: Mutex::new(state), moved: Notify::new() };
        Self { shared: Arc::new(shared) }
    }

    /// Decides what becomes of the next calls of a kind, after those already planned.
    pub fn plan(&self, call: Call, fates: impl IntoIterator<Item = Fate>) {
        self.state().planned.entry(call).or_default().extend(fates);
    }

    /// Lets everything happen whose fate was [`Fate::Late`], in order.
    pub fn deliver_late(&self) {
        let mut state = self.state();
        while let Some(record) = state.late.pop_front() {
            state.write(&record);
        }
        drop(state);
        self.shared.moved.notify_waiters();
    }

    /// Loses the records at and after `end`, acknowledged or not. A reader that stands behind the new end
    /// is out of range until the log has grown past it; then it skips what took the lost offsets, as a
    /// consumer without a leader epoch does.
    pub fn lose_tail(&self, partition: u32, end: i64) {
        self.change(partition, |partition| partition.lose_tail(end));
    }

    /// Forgets the records before `start`, as retention does.
    pub fn forget_before(&self, partition: u32, start: i64) {
        self.change(partition, |partition| partition.forget_before(start));
    }

    /// Appends the record at `offset` once more; returns the offset of the duplicate.
    pub fn duplicate(&self, partition: u32, offset: i64) -> i64 {
        self.change(partition, |partition| {
            let bytes = partition.bytes(offset).expect("a test repeats what it wrote").to_vec();
            partition.append(bytes)
        })
    }

    /// Appends bytes that need not be a record; returns their offset.
    pub fn append_bytes(&self, partition: u32, bytes: Vec<u8>) -> i64 {
        self.change(partition, |partition| partition.append(bytes))
    }

    fn change<T>(&self, partition: u32, change: impl FnOnce(&mut Partition) -> T) -> T {
        let changed = change(&mut self.state().partitions[partition as usize]);
        self.shared.moved.notify_waiters();
        changed
    }

    fn write(&self, call: Call, record: &Record) -> Result<i64, Fault> {
        let mut state = self.state();
        let fate = state.next_fate(call);
        let unknown = || Fault::unknown(System::Log, "appending a record", format!("planned: {fate:?}"));
        let written = match fate {
            Fate::Done => Ok(state.write(record)),
            Fate::Refused => Err(Fault::none(System::Log, "queueing a record", "planned: Refused")),
            Fate::Lost => Err(unknown()),
            Fate::Kept => {
                state.write(record);
                Err(unknown())
            }
            Fate::Late => {
                state.late.push_back(record.clone());
                Err(unknown())
            }
        };
        drop(state);
        self.shared.moved.notify_waiters();
        written
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for MemoryLog {
    type Reader = MemoryReader;

    fn partitions(&self) -> u32 {
        self.shared.partitions
    }

    fn identity(&self) -> Arc<str> {
        Arc::clone(&self.shared.identity)
    }

    fn embedded(&self) -> bool {
        true
    }

    async fn append(&self, record: &Record) -> Result<i64, Fault> {
        assert!(!matches!(record, Record::Control { .. }), "generations are announced, not appended");
        self.write(Call::Append, record)
    }

    async fn announce(&self, sale: SaleId, generation: Generation) -> Result<(), Fault> {
        self.write(Call::Announce, &Record::Control { sale, generation }).map(|_| ())
    }

    async fn announced(&self, sale: SaleId) -> Result<Generation, Fault> {
        let mut state = self.state();
        match state.next_fate(Call::Look) {
            Fate::Done => Ok(state.newest.get(&sale).copied().unwrap_or_default()),
            fate => {
                let why = format!("planned: {fate:?}");
                Err(Fault::none(System::Log, "looking at the control topic", why))
            }
        }
    }

    async fn read_from(&self, partition: u32, offset: i64) -> Result<MemoryReader, Fault> {
        Ok(MemoryReader { log: self.clone(), partition, position: offset })
    }

    async fn bounds(&self, partition: u32) -> Result<(i64, i64), Fault> {
        Ok(self.state().partitions[partition as usize].bounds())
    }

    async fn unfit(&self) -> Result<Vec<String>, Fault> {
        Ok(Vec::new())
    }

    async fn flush(&self, _within: Duration) {}
}

/// Reads one partition of a [`MemoryLog`].
pub struct MemoryReader {
    log: MemoryLog,
    partition: u32,
    position: i64,
}

impl MemoryReader {
    // What is there now; nothing at the end of the log.
    fn ready(&mut self, max: usize) -> Option<Read> {
        let state = self.log.state();
        let Some(records) = state.partitions[self.partition as usize].read(self.position, max) else {
            return Some(Read::OutOfRange);
        };
        self.position = records.last().map_or(self.position, |record| record.offset + 1);
        (!records.is_empty()).then_some(Read::Records(records))
    }
}

impl LogReader for MemoryReader {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Read, Fault> {
        let shared = Arc::clone(&self.log.shared);
        let first = async {
            loop {
                // Listening begins before the look, so that nothing falls between the two.
                let mut moved = std::pin::pin!(shared.moved.notified());
                moved.as_mut().enable();
                if let Some(read) = self.ready(max) {
                    return read;
                }
                moved.await;
            }
        };
        Ok(timeout(wait, first).await.unwrap_or(Read::Records(Vec::new())))
    }
}

#[cfg(test)]
mod tests;
