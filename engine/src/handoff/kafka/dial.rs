//! How each of our clients talks to the brokers: every setting that differs from the default of
//! librdkafka, with its reason.
//!
//! A client of its own for each purpose, because a broker answers the requests of one connection one
//! after another: a question asked on a connection whose fetch is waiting for records waits with it.

use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext as _, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tracing::{debug, warn};

// The facility of lines about lost connections.
const LOST: &str = "FAIL";
// Events served after each question: more than one lost connection produces.
const EVENTS: usize = 32;

/// Where the brokers are and who asks.
#[derive(Clone, Debug)]
pub(super) struct Dial {
    pub(super) bootstrap: String,
    pub(super) owner: String,
    pub(super) embedded: bool,
    /// Topic of the order log.
    pub(super) orders: Arc<str>,
    /// Topic on which generations are announced.
    pub(super) control: Arc<str>,
}

impl Dial {
    /// What all clients have in common.
    pub(super) fn common(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap)
            .set("client.id", &self.owner)
            // A connection that died without a word (60 s by default) must not outlast a sale.
            .set("socket.timeout.ms", "10000")
            .set("socket.keepalive.enable", "true")
            // 10 s by default: a restarted broker would be found that much later.
            .set("reconnect.backoff.max.ms", "1000")
            // The lines about lost connections are of this level; see `Line`.
            .set_log_level(RDKafkaLogLevel::Info);
        config
    }

    /// The producer of orders and announcements.
    pub(super) fn producer(&self, message_timeout: Duration) -> ClientConfig {
        let mut config = self.common();
        config
            // A promise is durable once every in-sync replica has it.
            .set("acks", "all")
            // A retry inside the client neither duplicates nor reorders the records of a partition.
            .set("enable.idempotence", "true")
            // 5 minutes by default; then the answer is "unknown", and buyers wait for it.
            .set("message.timeout.ms", message_timeout.as_millis().to_string())
            // 5 ms by default. A record is already a batch of orders; waiting for a second one only
            // adds to the buyers' wait, and under load records gather by themselves behind those in
            // flight.
            .set("linger.ms", "0")
            // 100,000 records and 1 GB by default. What does not fit is refused at once, and 64 MB are
            // 400 of the largest records: more would not be acknowledged within the time-out anyway.
            .set("queue.buffering.max.messages", "4096")
            .set("queue.buffering.max.kbytes", "65536");
        config
    }

    /// A client that only asks for offsets and metadata. Without a group, so it can never fetch.
    pub(super) fn asker(&self, line: Line) -> KafkaResult<BaseConsumer<Line>> {
        let mut config = self.common();
        config.set("isolation.level", "read_uncommitted");
        BaseConsumer::from_config_and_context(&config, line)
    }

    /// A client that reads one partition from a position we name.
    pub(super) fn reader(&self, line: Line) -> KafkaResult<BaseConsumer<Line>> {
        let mut config = self.common();
        config
            // Assigning a partition needs a group by name; nothing is stored in it, nobody joins it.
            .set("group.id", &self.owner)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // "largest" by default: records would be skipped without a word.
            .set("auto.offset.reset", "error")
            // Off by default; these bytes become orders.
            .set("check.crcs", "true")
            // There are no transactions here; the stable offset could only lag behind the end.
            .set("isolation.level", "read_uncommitted")
            // 64 MB and 100,000 records by default, per open partition.
            .set("queued.max.messages.kbytes", "4096")
            .set("queued.min.messages", "1000")
            // 1 s by default: with a queue this small, catching up would stop and go by the second.
            .set("fetch.queue.backoff.ms", "5")
            // 500 ms by default, after a broker asked us to look elsewhere.
            .set("fetch.error.backoff.ms", "100");
        if self.embedded {
            // A broker answers a waiting fetch as soon as records come; librdkafka's own one only when
            // the wait (500 ms by default) is over.
            config.set("fetch.wait.max.ms", "20");
        }
        BaseConsumer::from_config_and_context(&config, line)
    }
}

/// Counts lost connections: after one, the broker behind the next may have lost its tail, and what was
/// read before says nothing about what stands there now.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    breaks: Arc<AtomicU64>,
}

impl Line {
    /// How many connections were lost so far, as far as the clients' events were polled.
    pub(super) fn breaks(&self) -> u64 {
        self.breaks.load(Ordering::Acquire)
    }
}

impl ClientContext for Line {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        // A lost connection is an event only when the broker cannot be reached again, but always a line
        // of this facility. Connections closed for idleness are not reported, and the coordinator of a
        // group that nobody joins does not matter.
        if facility == LOST && !message.contains("GroupCoordinator") {
            self.breaks.fetch_add(1, Ordering::AcqRel);
        }
        tell(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        // Also returned by the poll, where it becomes an answer.
        debug!(kafka.error = %error, kafka.reason = reason, "kafka client reports an error");
    }
}

impl ConsumerContext for Line {}

/// Serves the events of an asking client, which nobody polls for records: lost connections are counted,
/// and its queue of events stays short.
pub(super) fn serve(asker: &BaseConsumer<Line>) {
    for _ in 0..EVENTS {
        let _ = asker.poll(Duration::ZERO);
    }
}

/// Passes a line of librdkafka on.
pub(super) fn tell(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        // Lost connections, over and over while a broker is away. Whoever needs it gets a fault, and that
        // is logged.
        _ if facility == LOST => debug!("kafka client says: {message}"),
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error
        | RDKafkaLogLevel::Warning => warn!(kafka.facility = facility, "kafka client says: {message}"),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
            debug!(kafka.facility = facility, "kafka client says: {message}");
        }
    }
}

/// Whether an error of a reading client concerns only the group, which is not used.
pub(super) fn concerns_only_the_group(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::CoordinatorNotAvailable
                | RDKafkaErrorCode::CoordinatorLoadInProgress
                | RDKafkaErrorCode::NotCoordinator
                | RDKafkaErrorCode::GroupAuthorizationFailed
        )
    )
}

/// Whether an error says that the position is outside of what the partition holds.
pub(super) fn is_out_of_range(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::OffsetOutOfRange
                | RDKafkaErrorCode::AutoOffsetReset
                | RDKafkaErrorCode::LogTruncation
        )
    )
}
