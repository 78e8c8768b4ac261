//! Appends, and a new producer in place of one that died.
//!
//! An idempotent producer that meets an error it cannot order records across is dead for good; a
//! process that kept it would answer "unknown" for ever.

use super::dial::tell;
use crate::fault::{Fault, System};
use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext as _, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tracing::{debug, error, warn};

type Delivered = Result<i64, KafkaError>;
type Client = ThreadedProducer<Reports>;

/// Appends records; clones share one producer. Dropping the last clone waits up to 0.1 s for the
/// client's thread.
#[derive(Clone)]
pub(super) struct Producer {
    shared: Arc<Shared>,
}

struct Shared {
    config: ClientConfig,
    // Held for reading while a record is copied into the client's queue, for writing while the client
    // is exchanged: never across a wait.
    client: RwLock<Arc<Client>>,
    // Only one rebuild at a time.
    rebuilding: Mutex<()>,
}

impl Producer {
    pub(super) fn new(config: ClientConfig) -> KafkaResult<Self> {
        let client = RwLock::new(Arc::new(build(&config)?));
        Ok(Self { shared: Arc::new(Shared { config, client, rebuilding: Mutex::new(()) }) })
    }

    /// Appends a record and waits until every in-sync replica has it.
    pub(super) async fn send(
        &self,
        topic: &str,
        partition: i32,
        key: &str,
        payload: &[u8],
    ) -> Result<i64, Fault> {
        let none = |error| Fault::none(System::Log, "queueing a record", error);
        let delivered = match self.enqueue(topic, partition, key, payload) {
            // A dead producer took nothing, so the record can be given to the next one.
            Err(KafkaError::MessageProduction(RDKafkaErrorCode::Fatal)) => {
                self.rebuild().await.map_err(none)?;
                self.enqueue(topic, partition, key, payload).map_err(none)?
            }
            other => other.map_err(none)?,
        };
        let unknown = |error| Fault::unknown(System::Log, "appending a record", error);
        match delivered.await {
            Ok(delivered) => delivered.map_err(unknown),
            // The producer was dropped with the record in its queue.
            Err(_) => Err(unknown(KafkaError::Canceled)),
        }
    }

    /// Waits until the queue is empty, at most this long.
    pub(super) async fn flush(&self, within: Duration) {
        let client = Arc::clone(&self.shared.client.read().unwrap_or_else(PoisonError::into_inner));
        let flushed = spawn_blocking(move || client.flush(within)).await;
        if let Ok(Err(error)) = flushed {
            warn!(kafka.error = %error, "records were still unacknowledged when the flush ended");
        }
    }

    fn enqueue(
        &self,
        topic: &str,
        partition: i32,
        key: &str,
        payload: &[u8],
    ) -> KafkaResult<oneshot::Receiver<Delivered>> {
        let (report, delivered) = oneshot::channel();
        let record = BaseRecord::with_opaque_to(topic, Box::new(report))
            .partition(partition)
            .key(key)
            .payload(payload);
        let client = self.shared.client.read().unwrap_or_else(PoisonError::into_inner);
        if client.context().dead.load(Ordering::Acquire) {
            return Err(KafkaError::MessageProduction(RDKafkaErrorCode::Fatal));
        }
        match client.send(record) {
            Ok(()) => Ok(delivered),
            Err((error, _)) => Err(error),
        }
    }

    async fn rebuild(&self) -> KafkaResult<()> {
        let shared = Arc::clone(&self.shared);
        // Making a client starts threads, and dropping one waits for its own.
        spawn_blocking(move || shared.rebuild()).await.unwrap_or(Err(KafkaError::Canceled))
    }
}

impl Shared {
    fn rebuild(&self) -> KafkaResult<()> {
        let _one_at_a_time = self.rebuilding.lock().unwrap_or_else(PoisonError::into_inner);
        let client = Arc::clone(&self.client.read().unwrap_or_else(PoisonError::into_inner));
        if client.client().fatal_error().is_none() {
            // Somebody else was faster.
            return Ok(());
        }
        let fresh = Arc::new(build(&self.config)?);
        let old = mem::replace(&mut *self.client.write().unwrap_or_else(PoisonError::into_inner), fresh);
        drop(client);
        // Its records in flight fail as unknown.
        drop(old);
        Ok(())
    }
}

fn build(config: &ClientConfig) -> KafkaResult<Client> {
    Client::from_config_and_context(config, Reports { dead: AtomicBool::new(false) })
}

/// Hands delivery reports to those who wait for them, and notices death.
struct Reports {
    dead: AtomicBool,
}

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tell(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let fatal = error.rdkafka_error_code() == Some(RDKafkaErrorCode::Fatal);
        if fatal && !self.dead.swap(true, Ordering::AcqRel) {
            error!(kafka.reason = reason, "kafka producer died and will be replaced");
        } else {
            debug!(kafka.error = %error, kafka.reason = reason, "kafka producer reports an error");
        }
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = Box<oneshot::Sender<Delivered>>;

    fn delivery(&self, result: &DeliveryResult<'_>, report: Self::DeliveryOpaque) {
        let delivered = match result {
            Ok(message) => Ok(message.offset()),
            Err((error, _)) => Err(error.clone()),
        };
        // Whoever waited may have given up.
        let _ = report.send(delivered);
    }
}
