//! The two topics: making them where allowed, and what about them forbids opening a sale.
//!
//! Everything here blocks and belongs on a thread that may.

use super::KafkaLogSettings;
use super::dial::{Dial, Line};
use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::FromClientConfig as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::metadata::MetadataTopic;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

// How long one question to the brokers may take.
const ASK_WITHIN: Duration = Duration::from_secs(3);
// How long topics may take to be made and known.
const MAKE_WITHIN: Duration = Duration::from_secs(30);

// A settlement that stood still over a long holiday still finds every order; the least is 7 days.
const RETENTION_MS: &str = "1209600000";
const RETENTION_MS_MIN: i64 = 7 * 24 * 60 * 60 * 1000;

/// How many partitions a topic has; `None` when there is no such topic.
pub(super) fn partitions(asker: &BaseConsumer<Line>, topic: &str) -> KafkaResult<Option<usize>> {
    let metadata = asker.fetch_metadata(Some(topic), ASK_WITHIN)?;
    let found = metadata.topics().iter().find(|found| found.name() == topic);
    match found.map(|found| (found, found.error().map(RDKafkaErrorCode::from))) {
        None | Some((_, Some(RDKafkaErrorCode::UnknownTopicOrPartition))) => Ok(None),
        Some((_, Some(error))) => Err(KafkaError::MetadataFetch(error)),
        Some((found, None)) => Ok(Some(found.partitions().len())),
    }
}

/// Makes the topics that are missing, and waits until they are known.
pub(super) fn create_missing(
    dial: &Dial,
    asker: &BaseConsumer<Line>,
    settings: &KafkaLogSettings,
) -> KafkaResult<()> {
    let min_insync = settings.min_insync.to_string();
    let topic = |name, partitions| {
        NewTopic::new(name, partitions, TopicReplication::Fixed(settings.replication))
            .set("min.insync.replicas", &min_insync)
            // A replica that missed acknowledged records must not become the truth.
            .set("unclean.leader.election.enable", "false")
    };
    let mut wanted = Vec::new();
    if partitions(asker, &dial.orders)?.is_none() {
        let orders = topic(&*dial.orders, settings.partitions as i32)
            .set("cleanup.policy", "delete")
            .set("retention.ms", RETENTION_MS)
            // By size a flood would delete orders that nobody settled yet.
            .set("retention.bytes", "-1");
        wanted.push(orders);
    }
    if partitions(asker, &dial.control)?.is_none() {
        wanted.push(topic(&*dial.control, 1).set("cleanup.policy", "compact"));
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let admin = AdminClient::<DefaultClientContext>::from_config(&dial.common())?;
    let options = AdminOptions::new().operation_timeout(Some(MAKE_WITHIN));
    for made in Handle::current().block_on(admin.create_topics(&wanted, &options))? {
        match made {
            // Another process may be starting too.
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((_, code)) => return Err(KafkaError::AdminOp(code)),
        }
    }
    // The controller answered; brokers learn of it a little later.
    let deadline = Instant::now() + MAKE_WITHIN;
    for topic in &wanted {
        while partitions(asker, topic.name)?.is_none_or(|count| count == 0) {
            if Instant::now() >= deadline {
                return Err(KafkaError::AdminOp(RDKafkaErrorCode::OperationTimedOut));
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }
    Ok(())
}

/// What about the topics forbids opening a sale, in sentences.
pub(super) fn shortcomings(
    dial: &Dial,
    asker: &BaseConsumer<Line>,
    settings: &KafkaLogSettings,
) -> Vec<String> {
    let mut found = Vec::new();
    for (topic, wanted) in [(&*dial.orders, settings.partitions as usize), (&*dial.control, 1)] {
        match asker.fetch_metadata(Some(topic), ASK_WITHIN) {
            Ok(metadata) => match metadata.topics().iter().find(|known| known.name() == topic) {
                Some(known) => found.extend(shape(known, wanted, settings, dial.embedded)),
                None => found.push(format!("topic {topic} does not exist")),
            },
            Err(error) => {
                found.push(format!("no broker at {} answers: {error}", dial.bootstrap));
                return found;
            }
        }
    }
    // librdkafka's own broker has no settings to describe, and the dev profile's log may be lost.
    if found.is_empty() && !dial.embedded {
        match described(dial) {
            Ok(topics) => found.extend(topics.iter().flat_map(|topic| rules(dial, topic, settings))),
            Err(error) => found.push(format!("the settings of the topics cannot be read: {error}")),
        }
    }
    found
}

fn shape(topic: &MetadataTopic, wanted: usize, settings: &KafkaLogSettings, embedded: bool) -> Vec<String> {
    let name = topic.name();
    match topic.error().map(RDKafkaErrorCode::from) {
        None => {}
        Some(RDKafkaErrorCode::UnknownTopicOrPartition) => {
            return vec![format!("topic {name} does not exist")];
        }
        Some(error) => return vec![format!("topic {name} cannot be described: {error}")],
    }
    let mut found = Vec::new();
    let partitions = topic.partitions();
    if partitions.len() != wanted {
        found.push(format!("topic {name} has {} partitions instead of {wanted}", partitions.len()));
    }
    let fewest = partitions.iter().map(|partition| partition.replicas().len()).min().unwrap_or(0);
    if !embedded && (fewest as i64) < i64::from(settings.replication) {
        found.push(format!("topic {name} has {fewest} replicas instead of {}", settings.replication));
    }
    found
}

fn described(dial: &Dial) -> KafkaResult<Vec<ConfigResource>> {
    let admin = AdminClient::<DefaultClientContext>::from_config(&dial.common())?;
    let options = AdminOptions::new().request_timeout(Some(ASK_WITHIN));
    let topics = [ResourceSpecifier::Topic(&dial.orders), ResourceSpecifier::Topic(&dial.control)];
    Handle::current()
        .block_on(admin.describe_configs(&topics, &options))?
        .into_iter()
        .map(|topic| topic.map_err(KafkaError::AdminOp))
        .collect()
}

fn rules(dial: &Dial, topic: &ConfigResource, settings: &KafkaLogSettings) -> Vec<String> {
    let number = |key| value(topic, key).parse::<i64>().ok();
    let is_orders = matches!(
        &topic.specifier,
        rdkafka::admin::OwnedResourceSpecifier::Topic(name) if *name == *dial.orders
    );
    let name = if is_orders { &*dial.orders } else { &*dial.control };
    let mut found = Vec::new();
    let mut demand = |holds: bool, key: &str, wanted: &str| {
        if !holds {
            found.push(format!("topic {name} has {key}={} instead of {wanted}", value(topic, key)));
        }
    };
    let is = |key, wanted| value(topic, key) == wanted;
    let enough = number("min.insync.replicas").is_some_and(|n| n >= i64::from(settings.min_insync));
    demand(enough, "min.insync.replicas", &format!("at least {}", settings.min_insync));
    demand(is("unclean.leader.election.enable", "false"), "unclean.leader.election.enable", "false");
    let forever = |key| number(key) == Some(-1);
    if is_orders {
        let long = forever("retention.ms") || number("retention.ms").is_some_and(|ms| ms >= RETENTION_MS_MIN);
        demand(is("cleanup.policy", "delete"), "cleanup.policy", "delete");
        demand(long, "retention.ms", "7 days or more");
        demand(forever("retention.bytes"), "retention.bytes", "-1");
    } else if !is("cleanup.policy", "compact") {
        // What was announced must never be forgotten.
        let kept = forever("retention.ms") && forever("retention.bytes");
        demand(kept, "cleanup.policy", "compact");
    }
    found
}

fn value<'a>(topic: &'a ConfigResource, key: &str) -> &'a str {
    topic.get(key).and_then(|entry| entry.value.as_deref()).unwrap_or("")
}
