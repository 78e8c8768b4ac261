//! librdkafka's own broker inside this process: the log of the dev profile.
//!
//! It keeps about 5 MB a partition and nothing over a restart. The client side is the one that talks to
//! real brokers, unchanged.

use super::KafkaLogSettings;
use contract::record::{control_topic, orders_topic};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::mocking::MockCluster;
use std::sync::mpsc;
use std::thread;

/// A broker that lives as long as this value.
pub(super) struct Embedded {
    pub(super) bootstrap: String,
    // Dropping it ends the broker's thread.
    _alive: mpsc::SyncSender<()>,
}

impl Embedded {
    /// Starts a broker with both topics.
    pub(super) fn start(settings: &KafkaLogSettings) -> KafkaResult<Self> {
        let partitions = settings.partitions as i32;
        let (orders, control) = (orders_topic(&settings.topic_prefix), control_topic(&settings.topic_prefix));
        let (started, bootstrap) = mpsc::sync_channel(1);
        let (alive, dropped) = mpsc::sync_channel::<()>(0);
        // The broker's handle must not leave the thread that made it.
        thread::Builder::new()
            .name("log-broker".into())
            .spawn(move || match broker(partitions, &orders, &control) {
                Ok(broker) => {
                    let _ = started.send(Ok(broker.bootstrap_servers()));
                    // Nothing is ever sent; an error says that the log was dropped.
                    let _ = dropped.recv();
                }
                Err(error) => {
                    let _ = started.send(Err(error));
                }
            })
            .map_err(|error| KafkaError::ClientCreation(error.to_string()))?;
        let bootstrap = bootstrap.recv().unwrap_or_else(|_| {
            Err(KafkaError::ClientCreation("the embedded broker did not start".into()))
        })?;
        Ok(Self { bootstrap, _alive: alive })
    }
}

fn broker(
    partitions: i32,
    orders: &str,
    control: &str,
) -> KafkaResult<MockCluster<'static, rdkafka::producer::DefaultProducerContext>> {
    let broker = MockCluster::new(1)?;
    broker.create_topic(orders, partitions, 1)?;
    broker.create_topic(control, 1, 1)?;
    Ok(broker)
}
