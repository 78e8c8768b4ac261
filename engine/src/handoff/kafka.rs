//! The order log on Kafka, through librdkafka.
//!
//! One path for real brokers and for the one inside librdkafka ([`Brokers::Embedded`]). Threads of our
//! own: one follows the control topic, one looks at its end for all who wait, one per open partition.
//! Nothing here blocks a tokio worker.
//!
//! Deliberately absent: consumer groups and committed offsets, since positions live in the ledger, and
//! Kafka transactions.

mod connection;
mod control;
mod dial;
mod embedded;
mod fence;
mod producer;
mod reader;
mod topics;

pub use reader::KafkaReader;

use crate::fault::{Fault, System};
use crate::handoff::{Log, partition_of};
use connection::Connection;
use contract::ids::{Generation, SaleId};
use contract::record::Record;
use dial::serve;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaError;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;

// How long asking for the bounds of a partition may take.
const BOUNDS_WITHIN: Duration = Duration::from_secs(5);

/// Where the brokers are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Brokers {
    /// Real ones: `host:port`, separated by commas.
    At(String),
    /// One inside this process, lost with it. For the dev profile only.
    Embedded,
}

/// How to reach the log, and what it must be like.
#[derive(Clone, Debug)]
pub struct KafkaLogSettings {
    /// Where the brokers are.
    pub brokers: Brokers,
    /// Prefix of both topics' names; keeps installations on one Kafka apart.
    pub topic_prefix: String,
    /// Partitions of the order topic.
    pub partitions: u32,
    /// Replicas of each partition.
    pub replication: i32,
    /// Replicas that must have a record before it is acknowledged.
    pub min_insync: u32,
    /// After how long an append without acknowledgement is "unknown".
    pub message_timeout: Duration,
    /// The client id, as the brokers' logs show it.
    pub owner: String,
    /// Whether to make missing topics.
    pub create_topics: bool,
}

/// The order log on Kafka; clones share everything.
#[derive(Clone)]
pub struct KafkaLog {
    inner: Arc<Inner>,
}

struct Inner {
    connection: Connection,
    identity: Arc<str>,
}

impl KafkaLog {
    /// Connects, makes missing topics where allowed, and reads the control topic to its end.
    ///
    /// Fails when nothing could work: no broker, a topic missing, the identity unreadable. Lesser
    /// shortcomings are told by [`Log::unfit`].
    pub async fn open(settings: KafkaLogSettings) -> Result<Self, Fault> {
        let connection = spawn_blocking(move || Connection::start(settings))
            .await
            .unwrap_or(Err(KafkaError::Canceled))
            .map_err(|error| Fault::none(System::Log, "connecting to the log", error))?;
        let identity = connection.identity().await?;
        Ok(Self { inner: Arc::new(Inner { connection, identity }) })
    }

    /// The address of the brokers, for another client of the same log.
    pub fn bootstrap(&self) -> &str {
        &self.inner.connection.dial.bootstrap
    }
}

impl Log for KafkaLog {
    type Reader = KafkaReader;

    fn partitions(&self) -> u32 {
        self.inner.connection.settings.partitions
    }

    fn identity(&self) -> Arc<str> {
        Arc::clone(&self.inner.identity)
    }

    fn embedded(&self) -> bool {
        self.inner.connection.dial.embedded
    }

    async fn append(&self, record: &Record) -> Result<i64, Fault> {
        assert!(!matches!(record, Record::Control { .. }), "generations are announced, not appended");
        let sale = record.sale();
        let partition = partition_of(sale, self.partitions()) as i32;
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        let topic = &self.inner.connection.dial.orders;
        self.inner.connection.producer.send(topic, partition, &sale.to_string(), &bytes).await
    }

    async fn announce(&self, sale: SaleId, generation: Generation) -> Result<(), Fault> {
        let mut bytes = Vec::new();
        Record::Control { sale, generation }.encode(&mut bytes);
        let key = format!("{sale}-{generation}");
        let topic = &self.inner.connection.dial.control;
        self.inner.connection.producer.send(topic, 0, &key, &bytes).await.map(|_| ())
    }

    async fn announced(&self, sale: SaleId) -> Result<Generation, Fault> {
        self.inner.connection.fence.look().await?;
        Ok(self.inner.connection.control.newest(sale))
    }

    async fn read_from(&self, partition: u32, offset: i64) -> Result<KafkaReader, Fault> {
        KafkaReader::open(self.inner.connection.dial.clone(), partition as i32, offset)
            .map_err(|error| Fault::none(System::Log, "starting a reader", error))
    }

    async fn bounds(&self, partition: u32) -> Result<(i64, i64), Fault> {
        let asker = Arc::clone(&self.inner.connection.asker);
        let topic = Arc::clone(&self.inner.connection.dial.orders);
        let ask = move || {
            let bounds = asker.fetch_watermarks(&topic, partition as i32, BOUNDS_WITHIN);
            serve(&asker);
            bounds
        };
        spawn_blocking(ask)
            .await
            .unwrap_or(Err(KafkaError::Canceled))
            .map_err(|error| Fault::none(System::Log, "asking for the bounds of a partition", error))
    }

    async fn unfit(&self) -> Result<Vec<String>, Fault> {
        let inner = Arc::clone(&self.inner);
        let mut found = spawn_blocking(move || inner.connection.shortcomings())
            .await
            .map_err(|error| Fault::none(System::Log, "inspecting the log", error))?;
        if found.is_empty()
            && let Err(fault) = self.inner.connection.fence.look().await
        {
            found.push(format!("the control topic cannot be trusted: {}", fault.source));
        }
        Ok(found)
    }

    async fn flush(&self, within: Duration) {
        self.inner.connection.producer.flush(within).await;
    }
}
