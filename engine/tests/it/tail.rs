//! The order log loses its tail, or is deleted and made again: nothing promised is lost, nothing is settled
//! from a log nobody vouches for, and whoever has to act is told how.

use crate::harness::{Buyer, Mall, Spec, eventually};
use crate::outages::OwnStores;
use contract::ids::SaleId;
use contract::record::{control_topic, orders_topic};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use sqlx::{MySql, Transaction};
use std::time::{Duration, Instant};

const PARTITIONS: u64 = 2;

/// Settlement of the sale's partition stands still until this ends.
async fn hold_settlement(mall: &Mall, sale: SaleId) -> Transaction<'static, MySql> {
    let mut gate = mall.db.begin().await.expect("begin");
    sqlx::query("select next_offset from log_position where partition_id = ? for update")
        .bind(sale.0 % PARTITIONS)
        .execute(&mut *gate)
        .await
        .expect("locked");
    gate
}

async fn sell(mall: &Mall, sale: SaleId, count: usize) -> Vec<(Buyer, String)> {
    let mut sold = Vec::new();
    for buyer in mall.crowd(count).await {
        let sn = mall.buy_soon(&buyer, sale).await;
        sold.push((buyer, sn));
    }
    sold
}

async fn wait_settled(mall: &Mall, sold: &[(Buyer, String)]) {
    for (buyer, sn) in sold {
        mall.wait_status(buyer, sn, "settled").await;
    }
}

async fn wait_rows(mall: &Mall, sale: SaleId, rows: i64) {
    eventually("all are settled", 60, async || match mall.rows(sale).await {
        now if now == rows => Ok(()),
        now => Err(format!("{now} rows instead of {rows}")),
    })
    .await;
}

fn end_of(mall: &Mall, sale: SaleId) -> i64 {
    let asker: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", &mall.stores.brokers).create().expect("a client");
    let partition = (sale.0 % PARTITIONS) as i32;
    let topic = orders_topic(mall.prefix());
    asker.fetch_watermarks(&topic, partition, Duration::from_secs(10)).expect("the broker answers").1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_lost_its_tail_costs_no_promise_settled_or_not() {
    let mut stores = OwnStores::start("tail");
    let mall = stores.mall().await;
    let sale = mall.sale(Spec { units: 40, ..Spec::default() }).await;
    let settled = sell(&mall, sale, 10).await;
    wait_settled(&mall, &settled).await;
    let gate = hold_settlement(&mall, sale).await;
    sell(&mall, sale, 5).await;
    let before = end_of(&mall, sale);

    // As after a power cut: what the broker had not written through is gone, half a record with it.
    stores.kafka.kill9();
    let folder = format!("{}-{}", orders_topic(mall.prefix()), sale.0 % PARTITIONS);
    let segment = stores.dir.join("kafka/data").join(folder).join("00000000000000000000.log");
    let file = std::fs::File::options().write(true).open(&segment).expect("the newest segment");
    let length = file.metadata().expect("its length").len();
    file.set_len(length * 2 / 5).expect("cut");
    stores.kafka.restart().expect("kafka restarts");
    assert!(end_of(&mall, sale) < before - 6, "settled and unsettled records are gone");

    gate.rollback().await.expect("unlocked");
    wait_rows(&mall, sale, 15).await;
    let more = sell(&mall, sale, 10).await;
    wait_settled(&mall, &more).await;
    wait_rows(&mall, sale, 25).await;
    mall.finish().await;
}

/// The broker's administrator deletes topics, and they are gone.
async fn delete(mall: &Mall, topics: &[&str]) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &mall.stores.brokers);
    let admin: AdminClient<DefaultClientContext> = config.create().expect("a client");
    for deleted in admin.delete_topics(topics, &AdminOptions::new()).await.expect("the broker answers") {
        deleted.expect("deleted");
    }
    let asker: BaseConsumer = config.create().expect("a client");
    eventually("the topics are gone", 20, async || {
        let known = asker.fetch_metadata(None, Duration::from_secs(5)).map_err(|error| error.to_string())?;
        let left: Vec<_> = known.topics().iter().map(|topic| topic.name()).collect();
        if topics.iter().any(|topic| left.contains(topic)) { Err(format!("{left:?}")) } else { Ok(()) }
    })
    .await;
}

async fn nothing_settles(mall: &Mall, sale: SaleId, rows: i64) {
    let until = Instant::now() + Duration::from_secs(2);
    while Instant::now() < until {
        assert_eq!(mall.rows(sale).await, rows, "nothing is settled from a log nobody vouches for");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_made_anew_stop_settlement_until_a_person_says_that_they_are_meant() {
    let mut mall = Mall::start().await;
    let sale = mall.sale(Spec { units: 20, ..Spec::default() }).await;
    let settled = sell(&mall, sale, 3).await;
    wait_settled(&mall, &settled).await;
    let gate = hold_settlement(&mall, sale).await;
    sell(&mall, sale, 2).await;
    let (orders, control) = (orders_topic(mall.prefix()), control_topic(mall.prefix()));
    delete(&mall, &[&orders, &control]).await;
    // The next engine to start makes topics that are missing.
    let maker = mall.another_engine("serve").await;
    let first = mall.engine.take().expect("an engine");
    mall.wait_missing(&first, "it was made anew. If that was meant").await;
    // What was read from the old log and waits for the lock is given up, and not read again.
    let mut quiet = 0;
    eventually("nobody tries to settle", 60, async || {
        let waiting = "select count(*) from information_schema.processlist where db = database() \
             and info like 'update log_position set next_offset%'";
        quiet = if mall.number(waiting).await == 0 { quiet + 1 } else { 0 };
        tokio::time::sleep(Duration::from_millis(80)).await;
        if quiet > 40 { Ok(()) } else { Err(format!("quiet for {quiet} looks")) }
    })
    .await;
    gate.rollback().await.expect("unlocked");
    nothing_settles(&mall, sale, 3).await;
    drop((first, maker));

    let second = mall.spawn("all");
    mall.wait_missing(&second, "delete the rows of log_position").await;
    nothing_settles(&mall, sale, 3).await;
    mall.run("delete from log_position").await;
    mall.wait_ready(&second).await;
    mall.engine = Some(second);
    wait_rows(&mall, sale, 5).await;
    mall.wait_recovered(sale, 1).await;
    let more = sell(&mall, sale, 3).await;
    wait_settled(&mall, &more).await;
    mall.finish().await;
}

/// The name of the log is on the control topic, so that the order topic alone made anew is a log that lost
/// everything: settled again from its beginning, with what the outbox still has.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_topic_alone_made_anew_gets_what_was_promised_from_the_outbox() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec { units: 20, ..Spec::default() }).await;
    let settled = sell(&mall, sale, 4).await;
    wait_settled(&mall, &settled).await;
    let gate = hold_settlement(&mall, sale).await;
    sell(&mall, sale, 2).await;
    let orders = orders_topic(mall.prefix());
    delete(&mall, &[&orders]).await;
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &mall.stores.brokers);
    let admin: AdminClient<DefaultClientContext> = config.create().expect("a client");
    let topic = NewTopic::new(&orders, PARTITIONS as i32, TopicReplication::Fixed(1))
        .set("unclean.leader.election.enable", "false")
        .set("retention.ms", "1209600000")
        .set("retention.bytes", "-1");
    admin.create_topics([&topic], &AdminOptions::new()).await.expect("the broker answers");
    gate.rollback().await.expect("unlocked");
    wait_rows(&mall, sale, 6).await;
    let more = sell(&mall, sale, 3).await;
    wait_settled(&mall, &more).await;
    mall.finish().await;
}
