//! The desk: batches of 64 orders with all checks, beside one script call an order, pipelined.

use crate::door::ROUNDS;
use crate::host;
use crate::installation::Installation;
use crate::table::{Goal, Table, median};
use anyhow::{Context, Result, bail, ensure};
use contract::ids::{AddressId, Generation, Nonce, SaleId, UserId};
use contract::keys;
use contract::record::BATCH_MAX;
use engine::reservation::redis::{RedisDesk, RedisDeskSettings};
use engine::reservation::{
    At, Desk, DeskImage, Reply, ReserveCall, ReserveItem, ReserveOutcome, Terms, TokenCall, TokenItem,
    TokenOutcome,
};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::Instant;

const PREFIX: &str = "bench-desk";
/// Orders of a round: enough that the kernel's 10 ms ticks say something.
const ORDERS: u64 = 128_000;
/// Orders of a call.
const BATCH: usize = 64;
/// Calls at once, and connections.
const CALLERS: usize = 4;
/// Orders of a round of single calls.
const SINGLES: u64 = 120_000;

/// Orders a second and CPU µs of Redis an order.
type Seen = (f64, f64);

pub(crate) async fn measure(mall: &Installation, table: &mut Table) -> Result<()> {
    let desk = RedisDesk::new(RedisDeskSettings {
        url: mall.redis_url.clone(),
        prefix: PREFIX.into(),
        connections: CALLERS,
        connect_timeout: Duration::from_secs(2),
        response_timeout: Duration::from_secs(10),
        require_append_only_always: true,
    })?;
    let (mut rates, mut cpus) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let limit = singles(mall).await?;
        let ours = batches(mall, &desk, SaleId(round as u64 + 1)).await?;
        eprintln!(
            "desk: {:.0} orders/s at {:.2} µs, one by one {:.0} at {:.2} µs",
            ours.0, ours.1, limit.0, limit.1
        );
        rates.push((ours.0, limit.0));
        cpus.push((ours.1, limit.1));
    }
    table.limits.one_script = Some(median(cpus.iter().map(|(_, limit)| *limit).collect()));
    table.add("desk, all checks, batches of 64: orders", "/s", rates, Goal::AtLeast(3.0));
    table.add("desk, all checks, batches of 64: Redis' CPU", "µs", cpus, Goal::AtMost(0.333));
    Ok(())
}

/// `redis-benchmark` with one order a call, 64 in the pipeline.
async fn singles(mall: &Installation) -> Result<Seen> {
    let mut redis = mall.redis.clone();
    let keys = ["stock", "buyers", "outbox"].map(|key| format!("{PREFIX}:{{single}}:{key}"));
    redis::cmd("DEL").arg(&keys).exec_async(&mut redis).await?;
    redis::cmd("SET").arg(&keys[0]).arg(SINGLES * 2).exec_async(&mut redis).await?;
    let script = include_str!("one_order.lua");
    let sha: String = redis::cmd("SCRIPT").arg("LOAD").arg(script).query_async(&mut redis).await?;
    let (_, port) = mall.redis_url.rsplit_once(':').context("REDIS_URL names no port")?;
    let port = port.split('/').next().unwrap_or(port);
    let before = host::cpu(&[mall.pids.redis])?;
    let output = Command::new("redis-benchmark")
        .args(["-p", port, "-n", &SINGLES.to_string(), "-c", "4", "-P", "64", "-r", "1000000000", "--csv"])
        .args(["EVALSHA", &sha, "3"])
        .args(&keys)
        .arg("__rand_int__")
        .stdin(Stdio::null())
        .output()
        .await
        .context("redis-benchmark does not run")?;
    let cpu = host::cpu(&[mall.pids.redis])? - before;
    let printed = String::from_utf8_lossy(&output.stdout);
    let rate = printed.lines().last().and_then(|line| line.split("\",\"").nth(1)?.parse().ok());
    let rate: f64 = rate.with_context(|| format!("redis-benchmark printed {printed}"))?;
    let left: u64 = redis::cmd("GET").arg(&keys[0]).query_async(&mut redis).await?;
    // A few of a thousand million random users are the same one.
    ensure!(SINGLES * 2 - left > SINGLES * 99 / 100, "the single orders were refused");
    redis::cmd("DEL").arg(&keys).exec_async(&mut redis).await?;
    Ok((rate, cpu.as_secs_f64() * 1e6 / SINGLES as f64))
}

async fn batches(mall: &Installation, desk: &RedisDesk, sale: SaleId) -> Result<Seen> {
    let mut redis = mall.redis.clone();
    redis::cmd("SET").arg(keys::session(PREFIX, "all")).arg("{}").exec_async(&mut redis).await?;
    let at = open(desk, sale).await?;
    let users: Vec<u64> = (1..=ORDERS).collect();
    for users in users.chunks(BATCH_MAX) {
        let items = users.iter().map(|&user| token_item(user)).collect();
        match desk.token(TokenCall { at: at.clone(), items }).await? {
            Reply::Done(reply)
                if reply.outcomes.iter().all(|it| matches!(it, TokenOutcome::Token { .. })) => {}
            other => bail!("no tokens: {other:?}"),
        }
    }
    let before = host::cpu(&[mall.pids.redis])?;
    let begin = Instant::now();
    let mut calling = JoinSet::new();
    for users in users.chunks(users.len().div_ceil(CALLERS)) {
        calling.spawn(reserve(desk.clone(), at.clone(), users.to_vec()));
    }
    while let Some(done) = calling.join_next().await {
        done??;
    }
    let took = begin.elapsed();
    let cpu = host::cpu(&[mall.pids.redis])? - before;
    let keys = keys::DeskKeys::new(PREFIX, sale);
    let keys = [keys.terms, keys.buyers, keys.outbox, keys.tokens, keys.changes];
    redis::cmd("DEL").arg(&keys).exec_async(&mut redis).await?;
    Ok((ORDERS as f64 / took.as_secs_f64(), cpu.as_secs_f64() * 1e6 / ORDERS as f64))
}

async fn reserve(desk: RedisDesk, at: At, users: Vec<u64>) -> Result<()> {
    for users in users.chunks(BATCH) {
        let items = users.iter().map(|&user| order_item(user, at.generation)).collect();
        match desk.reserve(ReserveCall { at: at.clone(), items }).await? {
            Reply::Done(reply) if reply.outcomes.iter().all(|it| *it == ReserveOutcome::Reserved) => {}
            other => bail!("not reserved: {other:?}"),
        }
    }
    Ok(())
}

async fn open(desk: &RedisDesk, sale: SaleId) -> Result<At> {
    let generation = Generation(1);
    let terms = Terms {
        version: 1,
        starts_at_ms: 0,
        ends_at_ms: 4_000_000_000_000,
        price_minor: 990,
        per_order_max: 1,
        per_user_max: 1,
        cooldown_s: 0,
        token_ttl_s: 900,
        token_multiplier: 5,
        unsettled_max: ORDERS as u32,
    };
    let image = DeskImage {
        sale,
        generation,
        free: ORDERS,
        terms: terms.clone(),
        orders: Vec::new(),
        changes: Vec::new(),
    };
    let Reply::Done(identity) = desk.open(&image).await? else { bail!("the desk was not built") };
    let at = At { sale, generation, identity };
    ensure!(desk.revise(at.clone(), &terms, true).await? == Reply::Done(()), "the desk was not opened");
    Ok(at)
}

fn nonce(user: u64) -> Nonce {
    let mut bytes = [7; 16];
    bytes[..8].copy_from_slice(&user.to_be_bytes());
    Nonce(bytes)
}

fn token_item(user: u64) -> TokenItem {
    TokenItem { user: UserId(user), nonce: nonce(user), session: Arc::from("all") }
}

fn order_item(user: u64, token_generation: Generation) -> ReserveItem {
    ReserveItem {
        user: UserId(user),
        nonce: nonce(user),
        token_generation,
        quantity: 1,
        address: AddressId(0),
        message: String::new(),
    }
}
