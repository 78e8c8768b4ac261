//! The crowd: logs in, starts at the same moment, and is watched until all units are in live orders.

use crate::buyer::Buyer;
use crate::history::{self, Recorder, Seen};
use crate::mall::{Mall, Session};
use crate::measure::Measured;
use crate::referee::{Plan, Referee, Score};
use crate::settings::Addresses;
use crate::wire::Answer;
use anyhow::{Context, Result, bail, ensure};
use chrono::Utc;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// Of the buyers, so many log in by password; hashing one each would measure argon2 only.
const BY_PASSWORD_MAX: usize = 20;
/// Longest wait for a sale to open.
const OPEN_LIMIT: Duration = Duration::from_secs(30);

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Sale.
    pub sale: u64,
    /// Buyers.
    pub buyers: usize,
    /// How it is to end.
    pub plan: Plan,
    /// Folder for the history.
    pub out: PathBuf,
    /// Longest wait for an accepted order to be settled, and for a paid one to be seen as such.
    pub settle_limit: Duration,
    /// Longest time for everything.
    pub limit: Duration,
}

/// What buyers share.
#[derive(Debug)]
pub struct Crowd {
    /// Both services.
    pub mall: Mall,
    /// Sale.
    pub sale: u64,
    /// Score.
    pub referee: Referee,
    /// See [`Options::settle_limit`].
    pub settle_limit: Duration,
    recorder: Recorder,
    measured: Mutex<Measured>,
    remaining: AtomicU64,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub score: Score,
    /// Answers and times.
    pub measured: Measured,
    /// From the start to the end of the last buyer.
    pub took: Duration,
}

impl Crowd {
    /// Keeps a time.
    pub fn time(&self, of: &'static str, took: Duration) {
        self.measured.lock().unwrap_or_else(PoisonError::into_inner).time(of, took);
    }

    /// Counts an answer.
    pub fn count(&self, call: &'static str, answer: &Result<Answer>) {
        let outcome = match answer {
            Ok(answer) => match answer.code() {
                Some(code) => format!("{} {code}", answer.status),
                None => answer.status.to_string(),
            },
            Err(_) => "no answer".to_owned(),
        };
        self.measured.lock().unwrap_or_else(PoisonError::into_inner).answer(call, outcome);
    }

    /// Writes an answer down.
    pub fn record(
        &self,
        session: &Session,
        call: &str,
        token: Option<String>,
        answer: &Result<Answer>,
    ) -> Result<()> {
        let json = answer.as_ref().map(Answer::json).unwrap_or_default();
        let word = |member: &str| json[member].as_str().map(str::to_owned);
        self.recorder.add(&Seen {
            t: Utc::now().timestamp_millis(),
            user: session.user.clone(),
            call: call.to_owned(),
            token,
            answer: answer.as_ref().ok().map(|answer| answer.status),
            code: word("code").or_else(|| if call == "status" { word("status") } else { None }),
            order_sn: word("order_sn"),
        })
    }

    /// Writes down what the mall answered.
    pub fn record_status(&self, session: &Session, call: &str, answer: Option<u16>) -> Result<()> {
        self.recorder.add(&Seen {
            t: Utc::now().timestamp_millis(),
            user: session.user.clone(),
            call: call.to_owned(),
            token: None,
            answer,
            code: None,
            order_sn: None,
        })
    }

    /// One line about how it stands.
    fn line(&self, elapsed: Duration) -> String {
        let score = self.referee.score();
        let answers = self.measured.lock().unwrap_or_else(PoisonError::into_inner).total();
        format!(
            "{:5.1} s   {answers} answers   about {} free   {} live orders, {} paid, {} cancelled",
            elapsed.as_secs_f64(),
            self.remaining.load(Ordering::Relaxed),
            score.settled - score.cancelled,
            score.paid,
            score.cancelled,
        )
    }
}

/// Runs a crowd to its end.
pub async fn run(addresses: &Addresses, options: &Options) -> Result<Outcome> {
    let Plan { units, pay, cancel } = options.plan;
    ensure!(pay + cancel <= units, "{pay} cannot pay and {cancel} cancel with {units} units");
    ensure!(options.buyers >= units + cancel, "{} buyers cannot buy {units} units again", options.buyers);
    let mall = Mall::new(addresses)?;
    let sessions = sessions(&mall, addresses, options.buyers).await?;
    history::write(&options.out.join("buyers.jsonl"), &sessions)?;
    wait_open(&mall, options.sale).await?;
    let crowd = Arc::new(Crowd {
        mall,
        sale: options.sale,
        referee: Referee::new(options.plan),
        settle_limit: options.settle_limit,
        recorder: Recorder::create(&options.out.join("history.jsonl"))?,
        measured: Mutex::default(),
        remaining: AtomicU64::new(units as u64),
    });
    let began = Instant::now();
    let result = timeout(options.limit, release(&crowd, sessions)).await;
    crowd.recorder.flush()?;
    if result.is_err() {
        crowd.referee.wrong(format!("it was not over after {} s", options.limit.as_secs()));
    }
    let took = began.elapsed();
    let measured = crowd.measured.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(Outcome { score: crowd.referee.score(), measured, took })
}

/// Some log in as people do, the rest are given sessions.
async fn sessions(mall: &Mall, addresses: &Addresses, count: usize) -> Result<Vec<Session>> {
    eprintln!("{count} buyers are logging in");
    let by_password = count.min(BY_PASSWORD_MAX);
    let mut logins = JoinSet::new();
    for number in 1..=by_password {
        let user = format!("buyer{number:02}");
        let password = addresses.entries.get("BUYER_PASSWORD").unwrap_or(&user).clone();
        let mall = mall.clone();
        logins.spawn(async move { mall.log_in(&user, &password).await });
    }
    let mut sessions = Vec::with_capacity(count);
    while let Some(login) = logins.join_next().await {
        sessions.push(login??);
    }
    if count > by_password {
        sessions.extend(mall.sessions(count - by_password).await?);
    }
    Ok(sessions)
}

async fn wait_open(mall: &Mall, sale: u64) -> Result<()> {
    let mut connection = mall.engine();
    let begin = Instant::now();
    loop {
        let state = match mall.shown(&mut connection, sale).await {
            Ok(shown) if shown.state == "open" => return Ok(()),
            Ok(shown) => format!("it is {}", shown.state),
            Err(error) => format!("{error:#}"),
        };
        if begin.elapsed() > OPEN_LIMIT {
            bail!("sale {sale} did not open within {} s: {state}", OPEN_LIMIT.as_secs());
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// Lets them go all at once, and waits until the last is home.
async fn release(crowd: &Arc<Crowd>, sessions: Vec<Session>) {
    let start = Arc::new(Barrier::new(sessions.len() + 1));
    let mut buyers = JoinSet::new();
    for (number, session) in sessions.into_iter().enumerate() {
        let (crowd, start) = (Arc::clone(crowd), Arc::clone(&start));
        buyers.spawn(async move {
            let mut buyer = Buyer { number, session, connection: crowd.mall.engine() };
            // A connection that cannot be opened now is opened with the first request.
            let _ = buyer.connection.open().await;
            start.wait().await;
            let user = buyer.session.user.clone();
            let shopped = buyer.shop(&crowd).await;
            if let Err(error) = shopped {
                crowd.referee.wrong(format!("buyer {user}: {error:#}"));
            }
        });
    }
    start.wait().await;
    let watch = tokio::spawn(watch(Arc::clone(crowd)));
    while let Some(done) = buyers.join_next().await {
        if let Err(error) = done {
            crowd.referee.wrong(format!("a buyer broke down: {error}"));
        }
    }
    watch.abort();
    if std::io::stderr().is_terminal() {
        eprintln!();
    }
}

/// Shows how it stands, on one line where there is a terminal.
async fn watch(crowd: Arc<Crowd>) {
    let live = std::io::stderr().is_terminal();
    let begin = Instant::now();
    let mut connection = crowd.mall.engine();
    loop {
        if let Ok(shown) = crowd.mall.shown(&mut connection, crowd.sale).await {
            crowd.remaining.store(shown.remaining.unwrap_or_default(), Ordering::Relaxed);
        }
        let line = crowd.line(begin.elapsed());
        if live {
            eprint!("\r\x1b[K{line}");
            let _ = std::io::stderr().flush();
        } else {
            eprintln!("{line}");
        }
        sleep(if live { Duration::from_millis(300) } else { Duration::from_secs(2) }).await;
    }
}

/// Makes a sale of its own; its id.
pub async fn make_sale(addresses: &Addresses, units: u64) -> Result<u64> {
    Mall::new(addresses)?.staff().await?.create_sale(units).await.context("no fresh sale")
}
