//! What a log consists of once it is connected, and how it gets its name.

use super::control::{Control, IDENTITY_KEY};
use super::dial::{Dial, Line};
use super::embedded::Embedded;
use super::fence::Fence;
use super::producer::Producer;
use super::{Brokers, KafkaLogSettings, topics};
use crate::fault::{Fault, System};
use crate::handoff::EMBEDDED;
use contract::record::{control_topic, orders_topic};
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::KafkaError;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;

// How long reading the control topic for the first time may take.
const FIRST_READING_WITHIN: Duration = Duration::from_secs(30);
// Between two attempts at it.
const PAUSE: Duration = Duration::from_millis(50);

/// The clients and threads of one log; they end with it.
pub(super) struct Connection {
    pub(super) settings: KafkaLogSettings,
    pub(super) dial: Dial,
    pub(super) producer: Producer,
    pub(super) control: Arc<Control>,
    pub(super) fence: Fence,
    pub(super) asker: Arc<BaseConsumer<Line>>,
    _embedded: Option<Embedded>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.control.stop();
    }
}

impl Connection {
    /// Finds the topics and starts the threads. Blocks.
    pub(super) fn start(settings: KafkaLogSettings) -> Result<Self, KafkaError> {
        let (bootstrap, embedded) = match &settings.brokers {
            Brokers::At(brokers) => (brokers.clone(), None),
            Brokers::Embedded => {
                let embedded = Embedded::start(&settings)?;
                (embedded.bootstrap.clone(), Some(embedded))
            }
        };
        let dial = Dial {
            bootstrap,
            owner: settings.owner.clone(),
            embedded: embedded.is_some(),
            orders: orders_topic(&settings.topic_prefix).into(),
            control: control_topic(&settings.topic_prefix).into(),
        };
        let line = Line::default();
        let asker = Arc::new(dial.asker(line.clone())?);
        if settings.create_topics && embedded.is_none() {
            topics::create_missing(&dial, &asker, &settings)?;
        }
        for topic in [&*dial.orders, &*dial.control] {
            if topics::partitions(&asker, topic)?.is_none() {
                return Err(KafkaError::ClientCreation(format!("topic {topic} does not exist")));
            }
        }
        // First, so that it has its producer id by the time of the first order.
        let producer = Producer::new(dial.producer(settings.message_timeout))?;
        let no_thread = |error: std::io::Error| KafkaError::ClientCreation(error.to_string());
        let control = Control::follow(dial.clone(), line).map_err(no_thread)?;
        let fence = Fence::start(Arc::clone(&asker), Arc::clone(&control), Arc::clone(&dial.control))
            .map_err(no_thread)?;
        Ok(Self { settings, dial, producer, control, fence, asker, _embedded: embedded })
    }

    /// The name that stands first on the control topic; when none does, one is put there. Of two
    /// processes that do so at once, both take the one that came first.
    pub(super) async fn identity(&self) -> Result<Arc<str>, Fault> {
        self.first_look().await?;
        if let Some(identity) = self.control.identity() {
            return Ok(identity);
        }
        let kind = if self.dial.embedded { EMBEDDED } else { "" };
        let name = format!("{kind}{}", new_name()?);
        let key = format!("{IDENTITY_KEY}{name}");
        self.producer.send(&self.dial.control, 0, &key, name.as_bytes()).await?;
        self.first_look().await?;
        let gone = || Fault::none(System::Log, "naming the log", "the name is gone already");
        self.control.identity().ok_or_else(gone)
    }

    /// What forbids opening a sale on these topics. Blocks.
    pub(super) fn shortcomings(&self) -> Vec<String> {
        topics::shortcomings(&self.dial, &self.asker, &self.settings)
    }

    // The tail is still connecting, so that a look may come too early.
    async fn first_look(&self) -> Result<(), Fault> {
        let deadline = Instant::now() + FIRST_READING_WITHIN;
        loop {
            match self.fence.look().await {
                Err(_) if Instant::now() < deadline => sleep(PAUSE).await,
                seen => return seen,
            }
        }
    }
}

fn new_name() -> Result<String, Fault> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Fault::none(System::Log, "naming the log", error))?;
    Ok(bytes.iter().fold(String::new(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    }))
}
