//! Our own driver: plain sockets, requests that were built beforehand, no pipelining. It has to cost less
//! than what it measures, so its ceiling is printed beside every result: bare hyper, driven the same way.
//!
//! Closed: each connection asks again as soon as it was answered, which measures work but hides waiting.
//! Open: arrivals are due at fixed moments whatever the server does, and a latency counts from the due
//! moment, so a stalled server is charged with everybody who would have come meanwhile.
//!
//! Deliberately absent: what a request means. A [`Caller`] knows.

mod arrivals;
mod socket;

use anyhow::{Context, Result, ensure};
use arrivals::Arrivals;
use hdrhistogram::Histogram;
use socket::Socket;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Connections being opened at once; the backlog of most listeners is larger.
const DIALLING_MAX: usize = 64;

/// Whoever speaks on one connection.
pub trait Caller: Send + 'static {
    /// Writes the next request; false when there is none any more.
    fn next(&mut self, request: &mut Vec<u8>) -> bool;

    /// Takes the answer to it. `due` is when it was due, `latency` counts from there.
    fn answered(&mut self, status: u16, body: &[u8], due: Instant, latency: Duration) -> Then;

    /// No answer came, and nobody knows what happened.
    fn lost(&mut self, _due: Instant) -> Then {
        Then::Arrive
    }
}

/// What a connection does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Waits for the next arrival.
    Arrive,
    /// Goes on with the same visit after this long; that moment is when the next request is due.
    GoOn(Duration),
}

/// When requests are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// As soon as the connection was answered.
    Closed,
    /// So many a second, evenly, over all connections.
    Open(f64),
}

/// What came of a drive.
#[derive(Clone, Debug)]
pub struct Driven {
    /// Answers by status.
    pub answers: BTreeMap<u16, u64>,
    /// Requests without an answer.
    pub lost: u64,
    /// From the first request to the last answer.
    pub took: Duration,
    /// Latencies in µs.
    pub latencies: Histogram<u64>,
}

impl Driven {
    /// Answers with this status.
    pub fn count(&self, status: u16) -> u64 {
        self.answers.get(&status).copied().unwrap_or_default()
    }

    /// All answers.
    pub fn total(&self) -> u64 {
        self.answers.values().sum()
    }

    /// Answers a second.
    pub fn rate(&self) -> f64 {
        self.total() as f64 / self.took.as_secs_f64()
    }

    /// A latency in ms.
    pub fn percentile_ms(&self, percentile: f64) -> f64 {
        self.latencies.value_at_percentile(percentile) as f64 / 1e3
    }
}

/// A histogram of latencies up to two minutes, to two digits.
pub fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 120_000_000, 2).expect("the bounds are in order and two digits are allowed")
}

/// Open connections to one server.
#[derive(Debug)]
pub struct Connections {
    sockets: Vec<Socket>,
}

/// What one connection saw.
struct Seen<C> {
    caller: C,
    answers: BTreeMap<u16, u64>,
    lost: u64,
    micros: Vec<u32>,
    last: Instant,
}

impl Connections {
    /// Opens so many, some at a time: a server closes those that stay silent for long, and a busy machine
    /// takes its time over thousands.
    pub async fn open(address: SocketAddr, count: usize) -> Result<Self> {
        let mut sockets = Vec::with_capacity(count);
        let mut opening = JoinSet::new();
        let mut left = count;
        while sockets.len() < count {
            while left > 0 && opening.len() < DIALLING_MAX {
                opening.spawn(Socket::open(address));
                left -= 1;
            }
            let opened = opening.join_next().await.context("somebody is dialling")?;
            sockets.push(opened??);
        }
        Ok(Self { sockets })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.sockets.len()
    }

    /// Lets one caller speak on each for so long; no request is sent later, answers are waited for.
    pub async fn drive<C: Caller>(
        self,
        pace: Pace,
        within: Duration,
        callers: Vec<C>,
    ) -> Result<(Driven, Vec<C>)> {
        ensure!(callers.len() == self.sockets.len(), "one caller a connection");
        let begin = Instant::now();
        let arrivals = Arc::new(Arrivals::new(pace, begin, within));
        let mut speaking = JoinSet::new();
        for (socket, caller) in self.sockets.into_iter().zip(callers) {
            speaking.spawn(speak(socket, caller, arrivals.clone()));
        }
        let mut driven =
            Driven { answers: BTreeMap::new(), lost: 0, took: Duration::ZERO, latencies: latencies() };
        let mut callers = Vec::new();
        let mut end = begin;
        while let Some(seen) = speaking.join_next().await {
            let seen = seen?;
            for (status, count) in seen.answers {
                *driven.answers.entry(status).or_default() += count;
            }
            driven.lost += seen.lost;
            for micros in seen.micros {
                driven.latencies.saturating_record(u64::from(micros).max(1));
            }
            end = end.max(seen.last);
            callers.push(seen.caller);
        }
        driven.took = end - begin;
        Ok((driven, callers))
    }
}

async fn speak<C: Caller>(mut socket: Socket, mut caller: C, arrivals: Arc<Arrivals>) -> Seen<C> {
    let (mut answers, mut lost, mut micros) = (BTreeMap::new(), 0, Vec::new());
    let mut last = arrivals.begin;
    let mut request = Vec::with_capacity(1024);
    let mut then = Then::Arrive;
    loop {
        let due = match then {
            Then::Arrive => arrivals.next().await,
            Then::GoOn(pause) => Some(after(pause).await),
        };
        let Some(due) = due else { break };
        request.clear();
        if !caller.next(&mut request) {
            break;
        }
        then = match socket.exchange(&request).await {
            Ok((status, body)) => {
                last = Instant::now();
                let latency = last - due;
                micros.push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
                *answers.entry(status).or_default() += 1;
                caller.answered(status, body, due, latency)
            }
            Err(_) => {
                lost += 1;
                let then = caller.lost(due);
                // A phone dials again; a server that is gone ends the call.
                match Socket::open(socket.address).await {
                    Ok(again) => socket = again,
                    Err(_) => break,
                }
                then
            }
        };
    }
    Seen { caller, answers, lost, micros, last }
}

async fn after(pause: Duration) -> Instant {
    let due = Instant::now() + pause;
    if !pause.is_zero() {
        tokio::time::sleep_until(due).await;
    }
    due
}
