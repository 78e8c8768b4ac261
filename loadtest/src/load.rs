//! A load: visitors arrive by the clock whatever the mall does, for a while; then the proof.
//!
//! The open model is the honest one. With `closed` set, a fixed number of visitors come again as soon as
//! they were served: it shows the most a server can do and hides how long anybody waited, and the page
//! says so.
//!
//! Deliberately absent: judging the books. `verify` does that, with the history written here.

pub mod page;
mod plot;
mod shopper;
pub mod timeline;

use crate::history::{self, Recorder};
use crate::mall::{Mall, Session};
use crate::native::{Connections, Driven, Pace};
use crate::settings::Addresses;
use anyhow::{Context, Result, bail, ensure};
use shopper::{Shopper, Street};
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;
use timeline::Timeline;
use tokio::time::{Instant, sleep};

/// Longest wait for a sale to open.
const OPEN_LIMIT: Duration = Duration::from_secs(30);
/// Sessions the mall makes by one call.
const SESSIONS_MAX: usize = 10_000;

/// What visitors do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// Look at the list of sales and at the sale.
    Browse,
    /// Ask for a token and order at once, as a script does.
    Seckill,
    /// Look first, then try to buy.
    Mix,
}

impl Scenario {
    /// By its name.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "browse" => Ok(Self::Browse),
            "seckill" => Ok(Self::Seckill),
            "mix" => Ok(Self::Mix),
            other => bail!("there is no scenario `{other}`: browse, seckill or mix"),
        }
    }
}

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Sale.
    pub sale: u64,
    /// What visitors do.
    pub scenario: Scenario,
    /// Visitors a second, or as fast as the connections go.
    pub pace: Pace,
    /// For how long they arrive.
    pub within: Duration,
    /// Connections; an arrival that finds none free waits, and its waiting counts.
    pub connections: usize,
    /// Different buyers.
    pub buyers: usize,
    /// Folder for history and page.
    pub out: PathBuf,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// All answers and latencies.
    pub driven: Driven,
    /// Second by second.
    pub timeline: Timeline,
}

/// Runs it: history and buyers are in the folder afterwards.
pub async fn run(addresses: &Addresses, options: &Options) -> Result<Outcome> {
    ensure!(options.connections > 0 && options.buyers > 0, "there is nobody to come");
    let mall = Mall::new(addresses)?;
    let engine = engine_address(addresses)?;
    let sessions = gather(&mall, options.sale, options.buyers, &options.out).await?;
    let street = Arc::new(Street {
        sale: options.sale,
        scenario: options.scenario,
        sessions,
        next: AtomicUsize::new(0),
        recorder: Recorder::create(&options.out.join("history.jsonl"))?,
        timeline: Timeline::begin(),
    });
    let connections = Connections::open(engine, options.connections).await?;
    let shoppers = (0..options.connections).map(|_| Shopper::new(street.clone())).collect();
    let watch = tokio::spawn(watch(mall, street.clone()));
    let (driven, shoppers) = connections.drive(options.pace, options.within, shoppers).await?;
    watch.abort();
    // Aborted or not, it has let go of the street once this returns.
    let _ = watch.await;
    if std::io::stderr().is_terminal() {
        eprintln!();
    }
    drop(shoppers);
    let street = Arc::into_inner(street).context("a visitor is still in the street")?;
    street.recorder.flush()?;
    Ok(Outcome { driven, timeline: street.timeline })
}

/// So many buyers with sessions, also in the folder as `buyers.jsonl`, in front of an open sale.
pub async fn gather(mall: &Mall, sale: u64, buyers: usize, out: &Path) -> Result<Vec<Session>> {
    eprintln!("{buyers} buyers are given sessions");
    let sessions = sessions(mall, buyers).await?;
    history::write(&out.join("buyers.jsonl"), &sessions)?;
    wait_open(mall, sale).await?;
    Ok(sessions)
}

fn engine_address(addresses: &Addresses) -> Result<SocketAddr> {
    let url = addresses.get("ENGINE_URL")?;
    let authority = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
    authority
        .and_then(|text| text.parse().ok())
        .with_context(|| format!("`{url}` is not http://address:port"))
}

async fn sessions(mall: &Mall, count: usize) -> Result<Vec<Session>> {
    let mut sessions = Vec::with_capacity(count);
    while sessions.len() < count {
        sessions.extend(mall.sessions((count - sessions.len()).min(SESSIONS_MAX)).await?);
    }
    Ok(sessions)
}

async fn wait_open(mall: &Mall, sale: u64) -> Result<()> {
    let mut connection = mall.engine();
    let begin = Instant::now();
    while !mall.shown(&mut connection, sale).await.is_ok_and(|shown| shown.state == "open") {
        ensure!(begin.elapsed() < OPEN_LIMIT, "sale {sale} did not open in time");
        sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// Every second: free units into the timeline, and a line for whoever is watching.
async fn watch(mall: Mall, street: Arc<Street>) {
    let live = std::io::stderr().is_terminal();
    let mut connection = mall.engine();
    loop {
        sleep(Duration::from_secs(1)).await;
        let free = mall.shown(&mut connection, street.sale).await.ok().and_then(|shown| shown.remaining);
        let line = street.timeline.second_over(free);
        if live {
            eprint!("\r\x1b[K{line}");
            let _ = std::io::stderr().flush();
        } else {
            eprintln!("{line}");
        }
    }
}
