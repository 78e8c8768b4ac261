//! The order log: one suite over every implementation, then what only a broker can do.
//!
//! The embedded log is librdkafka's own broker behind the client of production. The suite also runs at the
//! shared Kafka, beside whatever its topics hold already: every test takes a sale of its own.

mod broker;

use contract::ids::{AddressId, EntryId, Generation, Nonce, SaleId, Sequence, UserId};
use contract::record::{BATCH_MAX, Batch, MESSAGE_BYTES_MAX, Order, Record};
use engine::handoff::kafka::{Brokers, KafkaLog, KafkaLogSettings};
use engine::handoff::memory::MemoryLog;
use engine::handoff::{Log, LogReader, Read, partition_of};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::timeout;

const PARTITIONS: u32 = 4;
// Far more than anything here takes; only a hang gets that far.
const DEADLINE: Duration = Duration::from_secs(30);

fn settings(brokers: Brokers) -> KafkaLogSettings {
    KafkaLogSettings {
        brokers,
        topic_prefix: "mall".into(),
        partitions: PARTITIONS,
        replication: 1,
        min_insync: 1,
        message_timeout: Duration::from_secs(10),
        owner: "engine-test".into(),
        create_topics: true,
    }
}

async fn open(brokers: Brokers) -> KafkaLog {
    KafkaLog::open(settings(brokers)).await.expect("the broker is there")
}

fn fresh_sale() -> SaleId {
    SaleId(getrandom::u64().expect("the system has random numbers"))
}

fn barrier(sale: SaleId, generation: u32) -> Record {
    Record::Barrier { sale, generation: Generation(generation) }
}

fn largest(sale: SaleId) -> Record {
    let order = Order {
        user: UserId(1),
        nonce: Nonce([7; 16]),
        quantity: 1,
        address: AddressId(0),
        message: "x".repeat(MESSAGE_BYTES_MAX),
    };
    Record::Orders(Batch {
        sale,
        entry: EntryId { generation: Generation(1), sequence: Sequence(1) },
        price_minor: 990,
        terms_version: 1,
        reserved_at_ms: 1_700_000_000_000,
        orders: vec![order; BATCH_MAX],
    })
}

/// Reads until `count` records of the sale came; whatever belongs to others is passed over.
async fn read(reader: &mut impl LogReader, sale: SaleId, count: usize) -> Vec<(i64, Record)> {
    let mut found = Vec::new();
    let began = Instant::now();
    while found.len() < count {
        assert!(began.elapsed() < DEADLINE, "{} of {count} records came", found.len());
        let Read::Records(records) = reader.next(64, Duration::from_secs(1)).await.unwrap() else {
            panic!("out of range");
        };
        found.extend(records.into_iter().filter_map(|logged| {
            let record = logged.record.expect("only records are written here");
            (record.sale() == sale).then_some((logged.offset, record))
        }));
    }
    found
}

macro_rules! for_every_log {
    ($($behaviour:ident)*) => {
        mod memory {$(
            #[tokio::test]
            async fn $behaviour() {
                super::$behaviour(super::MemoryLog::new(super::PARTITIONS, "memory")).await;
            }
        )*}
        mod embedded {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() {
                super::$behaviour(super::open(super::Brokers::Embedded).await).await;
            }
        )*}
        mod kafka {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() {
                let brokers = super::Brokers::At(crate::harness::Stores::shared().brokers);
                super::$behaviour(super::open(brokers).await).await;
            }
        )*}
    };
}

for_every_log! {
    records_come_back_in_the_order_of_their_offsets
    the_largest_record_fits
    a_reader_resumes_at_an_offset
    a_waiting_reader_gets_what_is_appended_meanwhile
    a_cancelled_read_loses_nothing
    a_position_behind_the_end_is_out_of_range
    what_was_announced_before_is_seen
    many_callers_see_what_was_announced_before_they_asked
    identity_is_stable_and_the_log_is_fit
}

async fn records_come_back_in_the_order_of_their_offsets(log: impl Log) {
    let sale = fresh_sale();
    let mut written = Vec::new();
    for generation in 1..=50 {
        let record = barrier(sale, generation);
        written.push((log.append(&record).await.unwrap(), record));
    }
    assert!(written.is_sorted_by_key(|(offset, _)| *offset));
    let partition = partition_of(sale, log.partitions());
    let (start, end) = log.bounds(partition).await.unwrap();
    assert!(start <= written[0].0 && end > written[49].0, "{start}..{end} holds what was written");

    let mut reader = log.read_from(partition, written[0].0).await.unwrap();
    assert_eq!(read(&mut reader, sale, written.len()).await, written);
    log.flush(DEADLINE).await;
}

async fn the_largest_record_fits(log: impl Log) {
    let sale = fresh_sale();
    let record = largest(sale);
    let offset = log.append(&record).await.unwrap();
    let mut reader = log.read_from(partition_of(sale, log.partitions()), offset).await.unwrap();
    assert_eq!(read(&mut reader, sale, 1).await, [(offset, record)]);
}

async fn a_reader_resumes_at_an_offset(log: impl Log) {
    let sale = fresh_sale();
    let mut offsets = Vec::new();
    for generation in 0..10 {
        offsets.push(log.append(&barrier(sale, generation)).await.unwrap());
    }
    let partition = partition_of(sale, log.partitions());
    let mut first = log.read_from(partition, offsets[0]).await.unwrap();
    let Read::Records(some) = first.next(3, DEADLINE).await.unwrap() else { panic!("out of range") };
    assert!((1..=3).contains(&some.len()), "at most what was asked for, and something");
    drop(first);

    let mut second = log.read_from(partition, offsets[4]).await.unwrap();
    let rest = read(&mut second, sale, 6).await;
    assert_eq!(rest[0], (offsets[4], barrier(sale, 4)));
    assert_eq!(rest[5], (offsets[9], barrier(sale, 9)));
}

async fn a_waiting_reader_gets_what_is_appended_meanwhile(log: impl Log) {
    let sale = fresh_sale();
    let partition = partition_of(sale, log.partitions());
    let (_, end) = log.bounds(partition).await.unwrap();
    let mut reader = log.read_from(partition, end).await.unwrap();
    if let Read::Records(none) = reader.next(9, Duration::from_millis(20)).await.unwrap() {
        assert!(none.iter().all(|logged| logged.record.as_ref().is_ok_and(|other| other.sale() != sale)));
    } else {
        panic!("the end is in range");
    }
    let waiting = tokio::spawn(async move { read(&mut reader, sale, 1).await });
    let offset = log.append(&barrier(sale, 1)).await.unwrap();
    assert_eq!(waiting.await.unwrap(), [(offset, barrier(sale, 1))]);
}

async fn a_cancelled_read_loses_nothing(log: impl Log) {
    let sale = fresh_sale();
    let partition = partition_of(sale, log.partitions());
    let (_, end) = log.bounds(partition).await.unwrap();
    let mut reader = log.read_from(partition, end).await.unwrap();
    let writer = log.clone();
    let writing = tokio::spawn(async move {
        for generation in 0..200 {
            writer.append(&barrier(sale, generation)).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    let mut seen = Vec::new();
    let mut cancelled = 0;
    let began = Instant::now();
    while seen.len() < 200 {
        assert!(began.elapsed() < DEADLINE, "only {} records came", seen.len());
        match timeout(Duration::from_micros(200), reader.next(2, DEADLINE)).await {
            Ok(read) => {
                let Read::Records(records) = read.unwrap() else { panic!("out of range") };
                seen.extend(records.into_iter().filter_map(|logged| match logged.record {
                    Ok(Record::Barrier { sale: of, generation }) if of == sale => Some(generation.0),
                    _ => None,
                }));
            }
            Err(_) => cancelled += 1,
        }
    }
    writing.await.unwrap();
    assert_eq!(seen, (0..200).collect::<Vec<_>>());
    eprintln!("{cancelled} reads were cancelled");
}

async fn a_position_behind_the_end_is_out_of_range(log: impl Log) {
    let partition = partition_of(fresh_sale(), log.partitions());
    let (_, end) = log.bounds(partition).await.unwrap();
    let mut reader = log.read_from(partition, end + 100_000).await.unwrap();
    assert_eq!(reader.next(9, DEADLINE).await.unwrap(), Read::OutOfRange);
    assert_eq!(reader.next(9, DEADLINE).await.unwrap(), Read::OutOfRange);
}

async fn what_was_announced_before_is_seen(log: impl Log) {
    let (sale, other) = (fresh_sale(), fresh_sale());
    assert_eq!(log.announced(sale).await.unwrap(), Generation(0));
    for generation in (1..=20).map(Generation) {
        log.announce(sale, generation).await.unwrap();
        assert_eq!(log.announced(sale).await.unwrap(), generation);
    }
    // A process that slept through the newer ones must not turn the clock back.
    log.announce(sale, Generation(7)).await.unwrap();
    assert_eq!(log.announced(sale).await.unwrap(), Generation(20));
    assert_eq!(log.announced(other).await.unwrap(), Generation(0));
}

async fn many_callers_see_what_was_announced_before_they_asked(log: impl Log) {
    let sale = fresh_sale();
    let mut callers = JoinSet::new();
    for generation in (1..=10).map(Generation) {
        log.announce(sale, generation).await.unwrap();
        for _ in 0..50 {
            let log = log.clone();
            callers.spawn(async move { (generation, log.announced(sale).await.unwrap()) });
        }
    }
    let mut answered = 0;
    while let Some(answer) = callers.join_next().await {
        let (before, seen) = answer.unwrap();
        assert!((before..=Generation(10)).contains(&seen), "asked after {before}, saw {seen}");
        answered += 1;
    }
    assert_eq!(answered, 500);
}

async fn identity_is_stable_and_the_log_is_fit(log: impl Log) {
    let identity = log.identity();
    assert!(!identity.is_empty());
    log.announce(fresh_sale(), Generation(1)).await.unwrap();
    assert_eq!(log.clone().identity(), identity);
    assert_eq!(log.unfit().await.unwrap(), Vec::<String>::new());
}
