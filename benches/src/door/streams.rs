//! A crowd that watches: what open event streams cost, and whether buyers notice them.
//!
//! The streams are read by this process, on the same cores, so that the harm told is more than the engine's
//! own.

use super::{ROUNDS, orders, tokens};
use crate::callers::request;
use crate::cell::Cell;
use crate::host;
use crate::installation::{BUYERS, Installation, Served};
use crate::table::{Goal, Table};
use anyhow::{Context, Result, ensure};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// Streams that are open at once.
const STREAMS: usize = 10_000;
/// Streams that are being opened at once.
const OPENING: usize = 100;
const CONNECTIONS: usize = 512;
/// How long the crowd is watched watching.
const QUIET: Duration = Duration::from_secs(5);
/// Session rounds of the other stages come before.
const FIRST_ROUND: usize = 1000;
/// Longest wait for closed streams to be forgotten.
const GONE_LIMIT: Duration = Duration::from_secs(20);
const MB: f64 = 1e6;

pub(crate) async fn measure(mall: &Installation, table: &mut Table) -> Result<()> {
    let (_settle, serve) = (mall.engine("settle").await?, mall.engine("serve").await?);
    // Once through everything, so that nothing is measured that only the first purchase brings.
    let (sale, sessions) = armed(mall, &serve, FIRST_ROUND).await?;
    sell(mall, &serve, sale, &sessions).await?;
    let (mut memory, mut watching, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let (sale, sessions) = armed(mall, &serve, FIRST_ROUND + 2 * round).await?;
        let alone = sell(mall, &serve, sale, &sessions).await?;
        let (sale, sessions) = armed(mall, &serve, FIRST_ROUND + 2 * round + 1).await?;
        let before = host::resident(serve.pid())?;
        let crowd = Crowd::open(&serve, sale).await?;
        let open = host::resident(serve.pid())?;
        let (cpu, told) = (host::cpu(&[serve.pid()])?, crowd.told());
        sleep(QUIET).await;
        let cpu = (host::cpu(&[serve.pid()])? - cpu).as_secs_f64() / QUIET.as_secs_f64();
        let idle_told = crowd.told() - told;
        let told = crowd.told();
        let begin = Instant::now();
        let watched = sell(mall, &serve, sale, &sessions).await?;
        let told_per_s = (crowd.told() - told) as f64 / begin.elapsed().as_secs_f64();
        eprintln!(
            "{STREAMS} streams: {:.0} MB more, {:.1} % of a core and {idle_told} bytes in {QUIET:?} of quiet; while \
             selling {told_per_s:.0} bytes/s; {:.0} accepted/s, {:.0} without them; p99 {:.1} ms, {:.1} without",
            (open.saturating_sub(before)) as f64 / MB,
            cpu * 100.0,
            watched.rate(),
            alone.rate(),
            watched.driven.percentile_ms(99.0),
            alone.driven.percentile_ms(99.0)
        );
        memory.push((open as f64 / MB, f64::NAN));
        watching.push((cpu * 100.0, f64::NAN));
        rates.push((watched.rate(), alone.rate()));
        drop(crowd);
        gone(&serve).await?;
    }
    table.add("memory of the engine, 10,000 event streams", "MB", memory, Goal::Shown);
    table.add("10,000 event streams of a quiet sale, engine's CPU", "% of a core", watching, Goal::Shown);
    table.add("orders accepted beside 10,000 event streams of the sale", "/s", rates, Goal::AtLeast(0.9));
    Ok(())
}

/// A sale of its own, with sessions that nobody has verified before.
async fn armed(mall: &Installation, serve: &Served, round: usize) -> Result<(u64, Vec<String>)> {
    let sessions = mall.sessions(round, BUYERS).await?;
    let sale = mall.arm(BUYERS + 1, -1).await?;
    mall.wait_desk(serve, sale, &sessions[0], &[]).await?;
    Ok((sale, sessions))
}

async fn sell(mall: &Installation, serve: &Served, sale: u64, sessions: &[String]) -> Result<Cell> {
    let tokens = tokens(serve, sessions, |_| sale, CONNECTIONS).await?;
    let orders = orders(serve, &tokens, sessions, |_| sale, CONNECTIONS).await?;
    // Nothing of it may compete with the next round.
    mall.wait_settled(sale, orders.driven.total()).await?;
    Ok(orders)
}

/// Everybody who watches one sale, reading what they are told.
struct Crowd {
    _readers: JoinSet<()>,
    told: Arc<AtomicU64>,
}

impl Crowd {
    async fn open(serve: &Served, sale: u64) -> Result<Self> {
        let ask = request("GET", &format!("/seckill/v1/sales/{sale}/events"), None, None);
        let (told, mut readers) = (Arc::new(AtomicU64::new(0)), JoinSet::new());
        let mut opening = JoinSet::new();
        let mut asked = 0;
        while readers.len() < STREAMS {
            while asked < STREAMS && opening.len() < OPENING {
                opening.spawn(watch(serve.address, ask.clone()));
                asked += 1;
            }
            let stream = opening.join_next().await.context("streams are being opened")??;
            readers.spawn(read(stream?, told.clone()));
        }
        Ok(Self { _readers: readers, told })
    }

    fn told(&self) -> u64 {
        self.told.load(Ordering::Relaxed)
    }
}

async fn watch(address: std::net::SocketAddr, ask: Vec<u8>) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(&ask).await?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    ensure!(&head == b"HTTP/1.1 200", "a stream is refused");
    Ok(stream)
}

async fn read(mut stream: TcpStream, told: Arc<AtomicU64>) {
    let mut buffer = [0; 1024];
    while let Ok(bytes @ 1..) = stream.read(&mut buffer).await {
        told.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// Waits until the engine has forgotten those who went.
async fn gone(serve: &Served) -> Result<()> {
    let begin = Instant::now();
    loop {
        let (_, text) = xtask::http::get(serve.private_port(), "/metrics")?;
        if text.lines().any(|line| line == "engine_streams 0") {
            return Ok(());
        }
        ensure!(begin.elapsed() < GONE_LIMIT, "streams that were closed are still counted");
        sleep(Duration::from_millis(200)).await;
    }
}
