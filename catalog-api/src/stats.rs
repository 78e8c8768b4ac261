//! Figures per day and totals. They are asked for seldom and their sources are long, so they are rolled
//! up: every row has the time of its last change, and the days of changed rows are counted again, in the
//! background and whenever somebody looks. What is shown is therefore what counting everything shows.

use crate::error::Failure;
use crate::state::App;
use crate::store::retrying;
use crate::store::stat::{self, Mark, Subject};
use chrono::{Days, Duration, NaiveDate, NaiveDateTime};
use std::time::{Duration as StdDuration, Instant};

/// How old figures may be before the background counts them again.
const BACKGROUND_EVERY_S: u32 = 60;
/// How often the background looks how old they are.
const BACKGROUND_LOOK: StdDuration = StdDuration::from_secs(15);

/// A row's time of change is that of its statement; the transaction may commit later, by so much at
/// most. Changes of the last minutes are therefore looked at again every time.
const LATEST_COMMIT: Duration = Duration::minutes(5);

/// Brings figures up to date; waits for somebody else who does.
pub async fn refresh(app: &App, subject: Subject) -> Result<(), Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        if let Some(mark) = stat::lock_mark(&mut tx, subject).await? {
            follow(&mut tx, app, subject, mark).await?;
        }
        Ok(tx.commit().await?)
    })
    .await
}

/// Figures in the background.
#[derive(Debug, Default)]
pub struct Background {
    last: Option<Instant>,
}

impl Background {
    /// Brings figures up to date that nobody has looked at for a while; called often, it looks seldom.
    pub async fn round(&mut self, app: &App) -> Result<(), Failure> {
        if self.last.is_some_and(|last| last.elapsed() < BACKGROUND_LOOK) {
            return Ok(());
        }
        self.last = Some(Instant::now());
        for subject in Subject::ALL {
            let mut tx = app.db.begin().await?;
            if let Some(mark) = stat::lock_old_mark(&mut tx, subject, BACKGROUND_EVERY_S).await? {
                follow(&mut tx, app, subject, mark).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }
}

async fn follow(
    db: &mut sqlx::MySqlConnection,
    app: &App,
    subject: Subject,
    mark: Mark,
) -> Result<(), Failure> {
    let offset_s = app.zone.offset_s();
    let mut since = mark.followed_to;
    if mark.offset_s != offset_s {
        // Days were cut elsewhere.
        stat::clear(db, subject).await?;
        since = NaiveDateTime::default();
    }
    let days = stat::changed_days(db, subject, since, offset_s).await?;
    for (first, last) in runs(&days) {
        let utc = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN) - Duration::seconds(offset_s.into());
        let after = last.checked_add_days(Days::new(1)).unwrap_or(last);
        stat::count_days(db, subject, utc(first), utc(after), offset_s).await?;
    }
    stat::move_mark(db, subject, mark.now - LATEST_COMMIT, offset_s).await?;
    Ok(())
}

/// Days that follow each other, as first and last of each run; the days come in order.
fn runs(days: &[NaiveDate]) -> Vec<(NaiveDate, NaiveDate)> {
    let mut runs: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for &day in days {
        match runs.last_mut() {
            Some((_, last)) if last.succ_opt() == Some(day) => *last = day,
            _ => runs.push((day, day)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_follow_each_other_are_counted_together() {
        let day = |text: &str| crate::calendar::read_date(text).unwrap();
        let days = ["2026-01-31", "2026-02-01", "2026-02-03", "2026-02-05", "2026-02-06"].map(day);
        let expected = [
            (day("2026-01-31"), day("2026-02-01")),
            (day("2026-02-03"), day("2026-02-03")),
            (day("2026-02-05"), day("2026-02-06")),
        ];
        assert_eq!(runs(&days), expected);
        assert!(runs(&[]).is_empty());
    }
}
