//! Whole engines on a desk that fails over: a Redis Cluster, and a primary that a Sentinel names. Sessions
//! stay on a Redis of their own, as catalog-api keeps them.

use crate::harness::{Mall, Spec, Stores, eventually};
use crate::outages::{Seen, all_sold, storm};
use contract::ids::SaleId;
use contract::keys::DeskKeys;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use xtask::services::free_port;
use xtask::services::redis::Redis;
use xtask::services::redis_cluster::{RedisCluster, ask};

fn folder(name: &str) -> PathBuf {
    std::env::var_os("MALL_TEST_DIR")
        .map_or_else(std::env::temp_dir, PathBuf::from)
        .join(format!("{name}-{}", std::process::id()))
}

/// An engine whose desk is there.
async fn mall_on(desk: &str) -> Mall {
    let sessions = Stores::shared().redis_url;
    let settings = [
        ("REDIS_URL", desk),
        ("MALL_ENGINE__DESK__SESSIONS_URL", &*sessions),
        ("MALL_ENGINE__DESK__REQUIRE_APPEND_ONLY_ALWAYS", "false"),
    ];
    let mut mall = Mall::prepare(Stores::shared(), &settings).await;
    mall.start_engine("all").await;
    mall
}

fn terms(mall: &Mall, sale: SaleId) -> String {
    DeskKeys::new(mall.prefix(), sale).terms
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_of_the_cluster_dies_in_an_open_sale_and_its_replica_goes_on() {
    let dir = folder("cluster-kill");
    let mut cluster = RedisCluster::start(&dir).expect("a cluster");
    let mall = mall_on(&cluster.url()).await;
    let sale = mall.sale(Spec { units: 300, ..Spec::default() }).await;
    let other = mall.sale(Spec::default()).await;
    let buyers = mall.crowd(400).await;
    let seen = Arc::new(Seen::default());
    let mall = Arc::new(mall);
    let crowd = storm(&mall, sale, buyers, &seen);
    seen.wait_orders(80).await;
    cluster.primary_of(&terms(&mall, sale)).expect("its primary").kill9();
    let killed = Instant::now();
    mall.wait_recovered(sale, 1).await;
    eprintln!("reopened {:?} after its primary died", killed.elapsed());
    let mall = all_sold(mall, sale, crowd, 300).await;
    let buyer = mall.buyer().await;
    mall.buy_soon(&buyer, other).await;
    mall.finish().await;
    drop(cluster);
    let _ = std::fs::remove_dir_all(dir);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_moves_within_the_cluster_is_another_desk() {
    let dir = folder("cluster-move");
    let mut cluster = RedisCluster::start(&dir).expect("a cluster");
    let mall = mall_on(&cluster.url()).await;
    let sale = mall.sale(Spec { units: 30, ..Spec::default() }).await;
    for buyer in mall.crowd(5).await {
        mall.buy(&buyer, sale).await.expect("a unit");
    }
    let key = terms(&mall, sale);

    // A replica takes over by agreement; the old primary lives on and redirects.
    let primary = cluster.primary_of(&key).expect("its primary").port();
    let replica = replica_of(&cluster, primary);
    ask(replica, &["CLUSTER", "FAILOVER"]).expect("asked");
    mall.wait_recovered(sale, 1).await;
    for buyer in mall.crowd(5).await {
        mall.buy_soon(&buyer, sale).await;
    }

    // The slot moves to another primary, key by key: meanwhile nothing is sold, and nothing twice.
    let source = cluster.primary_of(&key).expect("its primary").port();
    let target = cluster
        .servers
        .iter()
        .map(|server| server.port())
        .find(|port| *port != source && is_primary(*port))
        .expect("another primary");
    let slot = ask(source, &["CLUSTER", "KEYSLOT", &key]).expect("a slot").trim().to_owned();
    let (from, to) = (id(source), id(target));
    ask(target, &["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from]).expect("importing");
    ask(source, &["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to]).expect("migrating");
    let keys = ask(source, &["CLUSTER", "GETKEYSINSLOT", &slot, "100"]).expect("keys");
    for key in keys.lines() {
        let moved = ask(source, &["MIGRATE", "127.0.0.1", &target.to_string(), key, "0", "5000"]);
        assert_eq!(moved.expect("migrated").trim(), "OK");
    }
    let early = mall.crowd(1).await;
    let refused = mall.token(&early[0], sale).await;
    assert_eq!(refused.status, 503, "{refused:?}");
    let before = mall.generation(sale).await;
    for port in [target, source] {
        ask(port, &["CLUSTER", "SETSLOT", &slot, "NODE", &to]).expect("moved");
    }
    mall.wait_recovered(sale, before).await;
    for buyer in mall.crowd(5).await {
        mall.buy_soon(&buyer, sale).await;
    }
    mall.finish().await;
    drop(cluster);
    let _ = std::fs::remove_dir_all(dir);
}

fn id(port: u16) -> String {
    ask(port, &["CLUSTER", "MYID"]).expect("an id").trim().to_owned()
}

fn is_primary(port: u16) -> bool {
    ask(port, &["INFO", "replication"]).is_ok_and(|info| info.contains("role:master"))
}

fn replica_of(cluster: &RedisCluster, primary: u16) -> u16 {
    let follows = |port: &u16| {
        ask(*port, &["INFO", "replication"])
            .is_ok_and(|info| info.contains(&format!("master_port:{primary}\r\n")))
    };
    cluster.servers.iter().map(|server| server.port()).find(follows).expect("a replica")
}

/// A Sentinel, killed with the test.
struct Sentinel(Child);

impl Sentinel {
    fn start(dir: &Path, primary: u16) -> (Self, u16) {
        std::fs::create_dir_all(dir).expect("a folder");
        let port = free_port().expect("a port");
        let config = dir.join("sentinel.conf");
        let text = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor mall 127.0.0.1 {primary} 1\n\
             sentinel down-after-milliseconds mall 1000\nsentinel failover-timeout mall 5000\n",
            dir.display()
        );
        std::fs::write(&config, text).expect("a configuration");
        let child = Command::new("redis-server")
            .arg(config)
            .arg("--sentinel")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server runs");
        (Self(child), port)
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_primary_that_a_sentinel_names_is_followed() {
    let dir = folder("sentinel");
    let mut primary = Redis::start(&dir.join("one"), None).expect("redis starts");
    let port = free_port().expect("a port");
    let replica = Redis::start(&dir.join("two"), Some(port)).expect("a second redis");
    ask(port, &["REPLICAOF", "127.0.0.1", &primary.port().to_string()]).expect("it follows");
    let (sentinel, named_by) = Sentinel::start(&dir.join("sentinel"), primary.port());
    eventually("the Sentinel knows both", 20, async || {
        match ask(named_by, &["SENTINEL", "replicas", "mall"]) {
            Ok(text) if text.contains(&port.to_string()) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    let mall = mall_on(&format!("redis+sentinel://127.0.0.1:{named_by}/mall/0")).await;
    let sale = mall.sale(Spec { units: 200, ..Spec::default() }).await;
    let buyers = mall.crowd(300).await;
    let seen = Arc::new(Seen::default());
    let mall = Arc::new(mall);
    let crowd = storm(&mall, sale, buyers, &seen);
    seen.wait_orders(60).await;
    primary.kill9();
    let killed = Instant::now();
    mall.wait_recovered(sale, 1).await;
    eprintln!("reopened {:?} after its primary died", killed.elapsed());
    let mall = all_sold(mall, sale, crowd, 200).await;
    assert!(killed.elapsed() > Duration::from_millis(500), "the outage was felt");
    mall.finish().await;
    drop((sentinel, replica, primary));
    let _ = std::fs::remove_dir_all(dir);
}
