//! The hand-off: a batch of 64 orders appended and its generation looked at, beside a bare produce of the
//! same bytes with as many in flight; and what one small record costs, for the whole purchase.

use crate::door::ROUNDS;
use crate::host;
use crate::installation::Installation;
use crate::table::{Goal, Table, median};
use anyhow::{Result, ensure};
use contract::ids::{AddressId, EntryId, Generation, Nonce, SaleId, Sequence, UserId};
use contract::record::{Batch, Order, Record};
use engine::handoff::Log as _;
use engine::handoff::kafka::{Brokers, KafkaLog, KafkaLogSettings};
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

const SALE: SaleId = SaleId(1);
/// Batches in flight.
const IN_FLIGHT: usize = 8;
/// Small records in flight.
const SMALL_IN_FLIGHT: usize = 512;
/// Bytes of a small record, as an order alone would be.
const SMALL_BYTES: usize = 200;
const CELL: Duration = Duration::from_millis(1500);

pub(crate) async fn measure(mall: &Installation, table: &mut Table) -> Result<()> {
    let log = KafkaLog::open(KafkaLogSettings {
        brokers: Brokers::At(mall.brokers.clone()),
        topic_prefix: "bench-handoff".into(),
        partitions: 1,
        replication: 1,
        min_insync: 1,
        message_timeout: Duration::from_secs(10),
        owner: "bench".into(),
        create_topics: true,
    })
    .await?;
    log.announce(SALE, Generation(1)).await?;
    let record = Arc::new(record());
    let mut bytes = Vec::new();
    record.encode(&mut bytes);
    let bytes: Arc<[u8]> = bytes.into();
    let raw: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", &mall.brokers)
        .set("acks", "all")
        .set("enable.idempotence", "true")
        .set("linger.ms", "0")
        .create()?;
    let small: Arc<[u8]> = vec![7; SMALL_BYTES].into();
    let with_us = [mall.pids.kafka, std::process::id()];
    let (mut rates, mut cpus, mut smalls) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let limit = measured(&with_us, IN_FLIGHT, || produce(raw.clone(), bytes.clone())).await?;
        let ours = measured(&with_us, IN_FLIGHT, || append(log.clone(), record.clone())).await?;
        let one = measured(&with_us, SMALL_IN_FLIGHT, || produce(raw.clone(), small.clone())).await?;
        eprintln!("hand-off: {:.0} batches/s, bare {:.0}; small records {:.0}/s", ours.0, limit.0, one.0);
        rates.push((ours.0, limit.0));
        cpus.push((ours.1, limit.1));
        smalls.push(one.1);
    }
    table.limits.one_record = Some(median(smalls));
    table.add("hand-off and generation, 8 batches in flight", "/s", rates, Goal::Shown);
    table.add("hand-off and generation: CPU of Kafka and client a batch", "µs", cpus, Goal::Shown);
    Ok(())
}

/// So many loops of `one` at once; rate, and CPU µs each.
async fn measured<F>(watched: &[u32], at_once: usize, one: impl Fn() -> F) -> Result<(f64, f64)>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let done = Arc::new(AtomicU64::new(0));
    let before = host::cpu(watched)?;
    let begin = Instant::now();
    let mut loops = JoinSet::new();
    while begin.elapsed() < CELL {
        while loops.len() < at_once {
            loops.spawn(one());
        }
        if let Some(ended) = loops.join_next().await {
            ended??;
            done.fetch_add(1, Ordering::Relaxed);
        }
    }
    let rate = done.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64();
    while let Some(ended) = loops.join_next().await {
        ended??;
        done.fetch_add(1, Ordering::Relaxed);
    }
    let cpu = host::cpu(watched)? - before;
    Ok((rate, cpu.as_secs_f64() * 1e6 / done.load(Ordering::Relaxed) as f64))
}

async fn append(log: KafkaLog, record: Arc<Record>) -> Result<()> {
    log.append(&record).await?;
    ensure!(log.announced(SALE).await? == Generation(1), "another generation");
    Ok(())
}

async fn produce(producer: FutureProducer, bytes: Arc<[u8]>) -> Result<()> {
    let record = FutureRecord::to("bench-handoff.orders").partition(0).key("1").payload(&*bytes);
    let sent = producer.send(record, Duration::from_secs(10)).await;
    sent.map(drop).map_err(|(error, _)| error.into())
}

fn record() -> Record {
    let order = |user: u64| Order {
        user: UserId(user),
        nonce: Nonce([user as u8; 16]),
        quantity: 1,
        address: AddressId(user),
        message: "leave it at the door, please".into(),
    };
    Record::Orders(Batch {
        sale: SALE,
        entry: EntryId { generation: Generation(1), sequence: Sequence(1) },
        price_minor: 990,
        terms_version: 1,
        reserved_at_ms: 1_700_000_000_000,
        orders: (1..=64).map(order).collect(),
    })
}
