//! Buyers who arrive whatever the house does, and what they remember.

use crate::buyer;
use crate::house::House;
use crate::tally::Tally;
use anyhow::{Context, Result};
use fastrand::Rng;
use loadtest::history::{Recorder, Seen, name_of};
use loadtest::mall::{Mall, Session};
use loadtest::settings::Addresses;
use loadtest::wire::{Connection, Host};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Accounts.
const BUYERS: usize = 3_000;
/// Arrivals a second.
const ARRIVALS_PER_S: f64 = 60.0;
/// Buyers inside at once; further ones are turned away by us and counted.
const INSIDE_MAX: usize = 1_500;
/// Longest wait for one answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// What became of a token, as its holder knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing can have happened yet.
    Open,
    /// It is not known whether it became an order; since when.
    Unknown(i64),
    /// It became this order.
    Accepted(String),
    /// It was refused for good.
    Refused,
}

/// A token and its holder.
#[derive(Clone, Debug)]
pub(crate) struct Promise {
    /// The sale.
    pub(crate) sale: u64,
    /// Whose it is.
    pub(crate) user: String,
    /// What became of it.
    pub(crate) fate: Fate,
}

/// Everybody who buys.
#[derive(Debug)]
pub(crate) struct Crowd {
    /// What was counted.
    pub(crate) tally: Arc<Tally>,
    /// The mall's own calls.
    pub(crate) mall: Mall,
    /// Where everything is.
    pub(crate) addresses: Addresses,
    /// Sales that are sold in just now.
    pub(crate) sales: RwLock<Vec<u64>>,
    /// Every sale there ever was.
    pub(crate) all_sales: Mutex<Vec<u64>>,
    /// Tokens by their text.
    pub(crate) promises: Mutex<BTreeMap<String, Promise>>,
    /// What must not be, as buyers saw it.
    pub(crate) wrong: Mutex<Vec<String>>,
    engines: [Host; 2],
    sessions: RwLock<Vec<Session>>,
    renewing: tokio::sync::Mutex<()>,
    history: Recorder,
    inside: AtomicUsize,
}

impl Crowd {
    /// Gathers it before the doors.
    pub(crate) async fn gather(house: &House, out: &Path) -> Result<Arc<Self>> {
        let addresses = Addresses { entries: house.addresses() };
        let mall = Mall::new(&addresses)?;
        let sessions = mall.sessions(BUYERS).await?;
        let engines = [Host::new(addresses.get("ENGINE_URL")?)?, Host::new(addresses.get("ENGINE_2_URL")?)?];
        Ok(Arc::new(Self {
            tally: Arc::new(Tally::new()),
            mall,
            addresses,
            sales: RwLock::default(),
            all_sales: Mutex::default(),
            promises: Mutex::default(),
            wrong: Mutex::default(),
            engines,
            sessions: RwLock::new(sessions),
            renewing: tokio::sync::Mutex::new(()),
            history: Recorder::create(&out.join("history.jsonl"))?,
            inside: AtomicUsize::new(0),
        }))
    }

    /// Sends buyers in until it is over, and waits until the last one knows what came of it. Who pays too late
    /// does so before the end.
    pub(crate) async fn storm(self: Arc<Self>, mut dice: Rng, end: Instant) -> Result<()> {
        let mut buyers = tokio::task::JoinSet::new();
        while !self.tally.is_over() {
            // Gaps of a Poisson process: people do not come in step.
            let gap = -(1.0 - dice.f64()).ln() / ARRIVALS_PER_S;
            tokio::time::sleep(Duration::from_secs_f64(gap)).await;
            while let Some(left) = buyers.try_join_next() {
                left.context("a buyer died")?;
            }
            if self.inside.load(Ordering::Relaxed) >= INSIDE_MAX {
                self.tally.turned_away.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            let Some(sale) =
                dice.choice(&*self.sales.read().unwrap_or_else(PoisonError::into_inner)).copied()
            else {
                continue;
            };
            self.inside.fetch_add(1, Ordering::Relaxed);
            let (crowd, buyer) = (Arc::clone(&self), dice.usize(..BUYERS));
            let luck = dice.fork();
            buyers.spawn(async move {
                buyer::shop(&crowd, buyer, sale, luck, end).await;
                crowd.inside.fetch_sub(1, Ordering::Relaxed);
            });
        }
        while let Some(left) = buyers.join_next().await {
            left.context("a buyer died")?;
        }
        self.history.flush()
    }

    /// Somebody's session as of now.
    pub(crate) fn session(&self, buyer: usize) -> Session {
        self.sessions.read().unwrap_or_else(PoisonError::into_inner)[buyer].clone()
    }

    /// Logs everybody in again, once for all who found themselves logged out.
    pub(crate) async fn renew(&self, buyer: usize, old: &str) {
        let _alone = self.renewing.lock().await;
        if self.session(buyer).token != old {
            return;
        }
        match self.mall.sessions(BUYERS).await {
            Ok(sessions) => *self.sessions.write().unwrap_or_else(PoisonError::into_inner) = sessions,
            // The mall is down as well; whoever needs it asks again.
            Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
        }
    }

    /// A connection to one of the engines.
    pub(crate) fn connection(&self, engine: usize) -> Connection {
        self.engines[engine].connection(ANSWER_LIMIT)
    }

    /// Writes an answer down.
    pub(crate) fn record(&self, seen: Seen) {
        if let Err(error) = self.history.add(&seen) {
            self.complain(format!("the history cannot be written: {error:#}"));
        }
    }

    /// A line of the history.
    pub(crate) fn seen(&self, user: &str, call: &str, token: Option<&str>, answer: Option<u16>) -> Seen {
        Seen {
            t: self.tally.now_ms(),
            user: user.to_owned(),
            call: call.to_owned(),
            token: token.map(name_of),
            answer,
            code: None,
            order_sn: None,
        }
    }

    /// Notes what became of a token.
    pub(crate) fn note(&self, token: &str, sale: u64, user: &str, fate: Fate) {
        let mut promises = self.promises.lock().unwrap_or_else(PoisonError::into_inner);
        promises.insert(token.to_owned(), Promise { sale, user: user.to_owned(), fate });
    }

    /// Writes down what must not be.
    pub(crate) fn complain(&self, what: String) {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }
}
