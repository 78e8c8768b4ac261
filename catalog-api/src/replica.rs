//! Reads that may go to a copy of the database, when `database.read_url` names one.
//!
//! A copy lags behind. It is asked only for what it is known to have: a mark is counted up in the database
//! every [`EVERY`] and looked for in the copy. The copy applies transactions in the order of their commits, so
//! once it shows a mark it has everything that was committed before the mark was written (the heartbeat of
//! pt-heartbeat, with a number in the place of a time, so that no two clocks are compared). Whoever reads says
//! which moment it needs; where the copy is not known to have come so far, or fails, the database answers.
//!
//! Deliberately absent: what a person changed and looks at next. Accounts, carts, orders and the lists of
//! staff are read where they are written.

use crate::envelope::chain;
use crate::error::Failure;
use crate::metrics::Counter;
use crate::state::App;
use crate::store::replica_mark;
use sqlx::MySqlPool;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often a mark is written and looked for.
const EVERY: Duration = Duration::from_millis(250);
/// How old may be what is read without a moment of its own.
const RECENT: Duration = Duration::from_secs(1);
/// A copy that is this far behind is worth a line in the log.
const FAR_BEHIND: Duration = Duration::from_secs(10);

/// A copy of the database.
pub struct Replica {
    db: MySqlPool,
    begin: Instant,
    /// Up to when it is known to have everything, in milliseconds from the beginning; 0 for not at all.
    has_ms: AtomicU64,
}

impl Replica {
    /// A copy of which nothing is known yet.
    pub fn new(db: MySqlPool) -> Self {
        Self { db, begin: Instant::now(), has_ms: AtomicU64::new(0) }
    }

    /// Ends its connections.
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// Whether everything committed before a moment is known to be there.
    fn has(&self, moment: Instant) -> bool {
        self.ms(moment).is_some_and(|ms| ms < self.has_ms.load(Ordering::Relaxed))
    }

    fn ms(&self, moment: Instant) -> Option<u64> {
        u64::try_from(moment.checked_duration_since(self.begin)?.as_millis()).ok()
    }
}

/// Reads something that has to show everything committed before `moment`, from the copy if it does.
pub async fn read<T, F>(app: &App, moment: Instant, load: impl Fn(MySqlPool) -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    if let Some(replica) = app.replica.as_ref().filter(|replica| replica.has(moment)) {
        match load(replica.db.clone()).await {
            Err(Failure::Fault(fault)) => {
                tracing::warn!(fault = chain(&fault), "the copy of the database did not answer");
            }
            answered => {
                app.metrics.count(Counter::ReplicaReads);
                return answered;
            }
        }
    }
    load(app.db.clone()).await
}

/// Reads something that may be a second old.
pub async fn read_recent<T, F>(app: &App, load: impl Fn(MySqlPool) -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let now = Instant::now();
    read(app, now.checked_sub(RECENT).unwrap_or(now), load).await
}

/// Follows the copy until told to stop; ends at once where there is none.
pub async fn follow(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let Some(replica) = &app.replica else { return };
    let (mut written, mut seen_at, mut told) = (Marks::default(), Instant::now(), false);
    while !*stop.borrow() {
        match round(&app.db, replica, &mut written).await {
            Ok(true) => seen_at = Instant::now(),
            Ok(false) => {}
            Err(error) => {
                tracing::debug!(error = chain(&error), "the copy of the database cannot be followed")
            }
        }
        let is_behind = seen_at.elapsed() > FAR_BEHIND;
        if is_behind != told {
            told = is_behind;
            if is_behind {
                tracing::error!(
                    "the copy of the database is more than {FAR_BEHIND:?} behind; nothing is read from it"
                );
            } else {
                tracing::info!("the copy of the database is read again");
            }
        }
        // A closed channel means the process is ending.
        if tokio::time::timeout(EVERY, stop.changed()).await.is_ok_and(|changed| changed.is_err()) {
            break;
        }
    }
}

/// Marks that the copy has not shown yet, each with the moment before it was written.
#[derive(Default)]
struct Marks(std::collections::VecDeque<(u64, u64)>);

impl Marks {
    /// The latest moment that a mark seen in the copy stands for.
    fn seen(&mut self, mark: u64) -> Option<u64> {
        let mut moment = None;
        while self.0.front().is_some_and(|(written, _)| *written <= mark) {
            moment = self.0.pop_front().map(|(_, before)| before);
        }
        moment
    }

    fn wrote(&mut self, mark: u64, before: u64) {
        /// About a minute of them; a copy further behind is caught up with by the newest.
        const KEPT: usize = 256;
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back((mark, before));
    }
}

/// Writes a mark and looks how far the copy is; whether it came further.
async fn round(db: &MySqlPool, replica: &Replica, marks: &mut Marks) -> sqlx::Result<bool> {
    let before = replica.ms(Instant::now()).unwrap_or(0);
    marks.wrote(replica_mark::write(db).await?, before);
    let Some(moment) = marks.seen(replica_mark::read(&replica.db).await?) else { return Ok(false) };
    replica.has_ms.fetch_max(moment, Ordering::Relaxed);
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_that_is_seen_stands_for_all_before_it() {
        let mut marks = Marks::default();
        for (mark, before) in [(10, 1000), (12, 1250), (13, 1500)] {
            marks.wrote(mark, before);
        }
        assert_eq!(marks.seen(9), None);
        assert_eq!(marks.seen(12), Some(1250));
        assert_eq!(marks.seen(12), None, "nothing new");
        // Another process counts the same mark up.
        assert_eq!(marks.seen(20), Some(1500));
    }

    #[tokio::test]
    async fn a_copy_is_not_asked_for_what_it_is_not_known_to_have() {
        let replica = Replica::new(MySqlPool::connect_lazy("mysql://nobody@127.0.0.1:1/none").unwrap());
        assert!(!replica.has(replica.begin));
        replica.has_ms.store(5, Ordering::Relaxed);
        assert!(replica.has(replica.begin + Duration::from_millis(4)));
        assert!(!replica.has(replica.begin + Duration::from_millis(5)));
        assert!(
            !replica.has(replica.begin - Duration::from_millis(1)),
            "before the process it knows nothing"
        );
    }
}
