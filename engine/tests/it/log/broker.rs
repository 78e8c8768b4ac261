//! What only a broker can do: be shared, be wrong, go away, and kill a producer.

use super::{PARTITIONS, barrier, fresh_sale, open, settings};
use contract::ids::Generation;
use engine::fault::{Effect, Fault};
use engine::handoff::kafka::{Brokers, KafkaLog, KafkaLogSettings};
use engine::handoff::{Log, LogReader};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

type Broker = MockCluster<'static, DefaultProducerContext>;

fn broker(partitions: u32) -> Broker {
    let broker = MockCluster::new(1).unwrap();
    broker.create_topic("mall.orders", partitions as i32, 1).unwrap();
    broker.create_topic("mall.control", 1, 1).unwrap();
    broker
}

fn at(broker: &Broker) -> KafkaLogSettings {
    let brokers = Brokers::At(broker.bootstrap_servers());
    // librdkafka's own broker knows neither how to make topics nor how to describe them.
    KafkaLogSettings { create_topics: false, message_timeout: Duration::from_secs(1), ..settings(brokers) }
}

async fn until<T, F: Future<Output = Result<T, Fault>>>(mut attempt: impl FnMut() -> F) -> T {
    let began = Instant::now();
    loop {
        match attempt().await {
            Ok(done) => return done,
            Err(fault) => assert!(began.elapsed() < super::DEADLINE, "still: {fault}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_one_log_agree_on_its_name_and_see_each_others_announcements() {
    let first = open(Brokers::Embedded).await;
    let brokers = Brokers::At(first.bootstrap().to_owned());
    let second =
        KafkaLog::open(KafkaLogSettings { create_topics: false, ..settings(brokers) }).await.unwrap();
    assert_eq!(first.identity(), second.identity());
    assert!(first.embedded() && !second.embedded());

    let sale = fresh_sale();
    first.announce(sale, Generation(3)).await.unwrap();
    // Behind this address nobody expects librdkafka's own broker, which wakes a waiting fetch late.
    assert_eq!(until(|| second.announced(sale)).await, Generation(3));
    assert_ne!(open(Brokers::Embedded).await.identity(), first.identity());
}

#[tokio::test]
async fn of_many_processes_that_name_a_log_at_once_all_take_the_first_name() {
    let broker = broker(PARTITIONS);
    let mut opening = JoinSet::new();
    for _ in 0..4 {
        let settings = at(&broker);
        opening.spawn(async move { KafkaLog::open(settings).await.unwrap() });
    }
    let logs = opening.join_all().await;
    for log in &logs {
        assert_eq!(log.identity(), logs[0].identity());
    }
    let later = KafkaLog::open(at(&broker)).await.unwrap();
    assert_eq!(later.identity(), logs[0].identity());
}

#[tokio::test]
async fn a_missing_topic_and_an_absent_broker_are_faults_and_a_wrong_partition_count_is_told() {
    let empty: Broker = MockCluster::new(1).unwrap();
    empty.create_topic("mall.orders", 4, 1).unwrap();
    let missing = KafkaLog::open(at(&empty)).await.err().expect("the control topic is missing");
    assert!(missing.to_string().contains("mall.control"), "{missing}");

    let nobody = Brokers::At("127.0.0.1:1".into());
    assert!(KafkaLog::open(settings(nobody)).await.is_err());

    let wide = broker(7);
    let log = KafkaLog::open(at(&wide)).await.unwrap();
    let told = log.unfit().await.unwrap();
    assert_eq!(told, ["topic mall.orders has 7 partitions instead of 4"]);
    wide.broker_down(-1).unwrap();
    let told = log.unfit().await.unwrap();
    assert!(told[0].starts_with("no broker at "), "{told:?}");
}

#[tokio::test]
async fn while_the_broker_is_away_appends_are_unknown_and_looks_fail_and_afterwards_all_work() {
    let broker = broker(PARTITIONS);
    let log = KafkaLog::open(at(&broker)).await.unwrap();
    let sale = fresh_sale();
    log.announce(sale, Generation(1)).await.unwrap();
    let offset = log.append(&barrier(sale, 1)).await.unwrap();
    let partition = engine::handoff::partition_of(sale, PARTITIONS);
    let mut reader = log.read_from(partition, offset).await.unwrap();
    super::read(&mut reader, sale, 1).await;

    broker.broker_down(-1).unwrap();
    assert_eq!(log.append(&barrier(sale, 2)).await.unwrap_err().effect, Effect::Unknown);
    assert!(log.announced(sale).await.is_err());
    // The reader tells that the connection was lost, and goes on telling.
    let began = Instant::now();
    while reader.next(9, Duration::from_millis(100)).await.is_ok() {
        assert!(began.elapsed() < super::DEADLINE, "the reader did not notice");
    }
    assert!(reader.next(9, Duration::from_millis(100)).await.is_err());

    broker.broker_up(-1).unwrap();
    let third = barrier(sale, 3);
    let offset = until(|| log.append(&third)).await;
    assert_eq!(until(|| log.announced(sale)).await, Generation(1));
    let mut reader = log.read_from(partition, offset).await.unwrap();
    assert_eq!(super::read(&mut reader, sale, 1).await, [(offset, third)]);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_nothing_has_happened() {
    let broker = broker(PARTITIONS);
    let log = KafkaLog::open(KafkaLogSettings { message_timeout: Duration::from_secs(3), ..at(&broker) })
        .await
        .unwrap();
    broker.broker_down(-1).unwrap();
    let sale = fresh_sale();
    let mut appends = JoinSet::new();
    for generation in 0..5_000 {
        let log = log.clone();
        appends.spawn(async move {
            let began = Instant::now();
            let fault = log.append(&barrier(sale, generation)).await.unwrap_err();
            (fault.effect, began.elapsed())
        });
    }
    let faults = appends.join_all().await;
    let refused: Vec<_> = faults.iter().filter(|(effect, _)| *effect == Effect::None).collect();
    // The queue holds 4,096.
    assert_eq!(refused.len(), 5_000 - 4_096);
    assert!(refused.iter().all(|(_, waited)| *waited < Duration::from_secs(1)), "{refused:?}");
}

#[tokio::test]
async fn a_producer_that_died_is_replaced() {
    let broker = broker(PARTITIONS);
    let log = KafkaLog::open(at(&broker)).await.unwrap();
    let sale = fresh_sale();
    log.append(&barrier(sale, 1)).await.unwrap();
    // To an idempotent producer this says that broker and client no longer agree on what was written.
    let desync = RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    broker.request_errors(RDKafkaApiKey::Produce, &[desync]);
    assert_eq!(log.append(&barrier(sale, 2)).await.unwrap_err().effect, Effect::Unknown);
    for generation in 3..6 {
        log.append(&barrier(sale, generation)).await.unwrap();
    }
    assert_eq!(log.unfit().await.unwrap().len(), 1, "only that this broker cannot describe its topics");
}
