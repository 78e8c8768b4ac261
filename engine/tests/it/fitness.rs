//! What a promise cannot be kept on is named by `/readyz`, and no sale opens on it.

use crate::harness::{Mall, Spec, Stores, eventually};
use contract::ids::SaleId;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use xtask::services::redis::Redis;

/// No desk is built for longer than a sound engine takes to build one.
async fn stays_shut(mall: &Mall, sale: SaleId) {
    let until = Instant::now() + Duration::from_millis(2500);
    while Instant::now() < until {
        let generation = format!("select cast(generation as signed) from flash_sale where id = {sale}");
        assert_eq!(mall.number(&generation).await, 0, "no desk is built on what is not fit");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn opens(mut mall: Mall, engine: crate::harness::Engine, sale: SaleId) {
    mall.wait_ready(&engine).await;
    mall.engine = Some(engine);
    let buyer = mall.buyer().await;
    let sn = eventually("it opens", 10, async || mall.buy(&buyer, sale).await).await;
    mall.wait_status(&buyer, &sn, "settled").await;
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_evicts_or_forgets_opens_no_sale_until_it_is_mended() {
    let dir = std::env::var_os("MALL_TEST_DIR")
        .map_or_else(std::env::temp_dir, PathBuf::from)
        .join(format!("unfit-redis-{}", std::process::id()));
    let redis = Redis::start(&dir, None).expect("redis starts");
    let client = redis::Client::open(redis.url()).expect("a redis url");
    let mut wires = client.get_multiplexed_async_connection().await.expect("redis answers");
    let mut set = async |name: &str, value: &str| {
        redis::cmd("CONFIG")
            .arg(&["SET", name, value])
            .exec_async(&mut wires)
            .await
            .expect("a setting of redis");
    };
    set("maxmemory-policy", "allkeys-lru").await;
    set("appendfsync", "everysec").await;
    let mall = Mall::prepare(Stores { redis_url: redis.url(), ..Stores::shared() }, &[]).await;
    let engine = mall.spawn("all");
    mall.wait_missing(&engine, "maxmemory-policy").await;
    mall.wait_missing(&engine, "appendfsync").await;
    let sale = mall.arm(Spec::default()).await;
    stays_shut(&mall, sale).await;
    set("maxmemory-policy", "noeviction").await;
    set("appendfsync", "always").await;
    set("appendonly", "no").await;
    mall.wait_missing(&engine, "appendonly").await;
    stays_shut(&mall, sale).await;
    set("appendonly", "yes").await;
    opens(mall, engine, sale).await;
    drop(redis);
    let _ = std::fs::remove_dir_all(dir);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_topic_opens_no_sale_until_somebody_makes_it() {
    let mut mall = Mall::prepare(Stores::shared(), &[("MALL_ENGINE__LOG__CREATE_TOPICS", "false")]).await;
    let engine = mall.spawn("all");
    mall.wait_missing(&engine, ".orders does not exist").await;
    let sale = mall.arm(Spec::default()).await;
    stays_shut(&mall, sale).await;
    mall.set("MALL_ENGINE__LOG__CREATE_TOPICS", "true");
    let maker = mall.another_engine("serve").await;
    drop(maker);
    opens(mall, engine, sale).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unmigrated_schema_opens_no_sale_until_it_is_migrated() {
    let mall = Mall::prepare(Stores::shared(), &[]).await;
    mall.run("rename table _sqlx_migrations to kept_migrations").await;
    let engine = mall.spawn("all");
    mall.wait_missing(&engine, "the schema is not migrated").await;
    let sale = mall.arm(Spec::default()).await;
    stays_shut(&mall, sale).await;
    // In this order: there must be no moment at which the schema looks whole.
    mall.run("update kept_migrations set success = false where version = 2").await;
    mall.run("rename table kept_migrations to _sqlx_migrations").await;
    mall.wait_missing(&engine, "failed half way").await;
    stays_shut(&mall, sale).await;
    mall.run("update _sqlx_migrations set success = true where version = 2").await;
    opens(mall, engine, sale).await;
}
