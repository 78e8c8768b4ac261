//! The promise: batches of reservations as records of the order log.
//!
//! [`Log`] is the port: [`kafka`] speaks to Kafka (or to librdkafka's own broker inside this process,
//! the embedded mode of the dev profile, over the same code path), [`memory`] keeps records in memory.
//!
//! Deliberately absent: deciding what a failed append means. The caller knows: unknown.

pub mod kafka;
pub mod memory;

use crate::fault::Fault;
use contract::ids::{Generation, SaleId};
use contract::record::{Record, Unreadable};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// The order log and its control topic.
pub trait Log: Clone + Send + Sync + 'static {
    /// Reads one partition in order.
    type Reader: LogReader;

    /// How many partitions the order log has; fixed while the process runs.
    fn partitions(&self) -> u32;

    /// Which log this is: changes when the topics were deleted and made again, or when an embedded log
    /// was lost with its process.
    fn identity(&self) -> Arc<str>;

    /// Whether the log lives in this process and is lost with it.
    fn embedded(&self) -> bool;

    /// Appends a record to its sale's partition; returns its offset once every in-sync replica has it.
    /// An error after the record was handed to the client is [`crate::fault::Effect::Unknown`].
    fn append(&self, record: &Record) -> impl Future<Output = Result<i64, Fault>> + Send;

    /// Appends a generation to the control topic, durable as above.
    fn announce(
        &self,
        sale: SaleId,
        generation: Generation,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// The newest generation announced for a sale, by a look at the control topic's end that began after
    /// this call; `Generation(0)` when none was. One look may answer many callers.
    fn announced(&self, sale: SaleId) -> impl Future<Output = Result<Generation, Fault>> + Send;

    /// Opens a partition for reading at an offset.
    fn read_from(
        &self,
        partition: u32,
        offset: i64,
    ) -> impl Future<Output = Result<Self::Reader, Fault>> + Send;

    /// First retained offset and end of a partition.
    fn bounds(&self, partition: u32) -> impl Future<Output = Result<(i64, i64), Fault>> + Send;

    /// What about this log forbids opening a sale, in words; empty when nothing does.
    fn unfit(&self) -> impl Future<Output = Result<Vec<String>, Fault>> + Send;

    /// Waits until what was appended is acknowledged or failed, at most this long.
    fn flush(&self, within: Duration) -> impl Future<Output = ()> + Send;
}

/// How the identity of an embedded log begins, so that a ledger can tell that it is lost for certain.
pub const EMBEDDED: &str = "embedded-";

/// Reads one partition in order.
pub trait LogReader: Send + 'static {
    /// The next records, at most `max`; an empty list when none came within `wait`. Cancel safe: a record
    /// is either returned or will be by the next call.
    fn next(&mut self, max: usize, wait: Duration) -> impl Future<Output = Result<Read, Fault>> + Send;
}

/// What reading gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Records in log order; offsets may have gaps.
    Records(Vec<Logged>),
    /// The position is outside of what the log holds: its tail was lost, or retention went past it.
    OutOfRange,
}

/// A record as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Its offset.
    pub offset: i64,
    /// When it was appended, unix ms by its writer's clock: the same record appended again at the same
    /// offset, after a tail was lost, has another one.
    pub appended_at_ms: i64,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What they say.
    pub record: Result<Record, Unreadable>,
}

/// The partition a sale's records go to.
pub fn partition_of(sale: SaleId, partitions: u32) -> u32 {
    (sale.0 % u64::from(partitions)) as u32
}
