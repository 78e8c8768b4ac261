//! How many orders a list of staff has. Of a million orders most are long done: what they come to is rolled
//! up by day and state (`stats`), and only the days in which something has changed since are counted anew,
//! in the same snapshot. The answer is what counting every row gives.

use crate::error::Failure;
use crate::state::App;
use crate::store::order_desk::{self, Filter};
use crate::store::stat::{self, Mark, Subject};
use chrono::{Days, Duration, NaiveDate, NaiveDateTime, NaiveTime};
use sqlx::{Connection, MySqlConnection};

/// Figures older than this are behind in too many days; then every row is counted.
const MARK_AGE_MAX: Duration = Duration::hours(6);
/// Pieces counted anew at most; with more, one count of all costs less.
const PIECES_MAX: usize = 40;

/// Counts.
pub async fn count(app: &App, filter: &Filter) -> Result<i64, Failure> {
    let mut db = app.db.acquire().await?;
    if !filter.is_of_days_and_states() {
        return Ok(order_desk::count(&mut db, filter).await?);
    }
    let offset_s = app.zone.offset_s();
    // Of the next transaction only; the pool's connections read what is committed.
    sqlx::raw_sql("set transaction isolation level repeatable read").execute(&mut *db).await?;
    let mut snapshot = db.begin_with("start transaction with consistent snapshot, read only").await?;
    let counted = match stat::mark(&mut snapshot, Subject::State).await? {
        Some(mark) if is_of_use(&mark, offset_s) => by_days(&mut snapshot, filter, &mark).await?,
        _ => None,
    };
    let counted = match counted {
        Some(counted) => counted,
        None => order_desk::count(&mut snapshot, filter).await?,
    };
    snapshot.commit().await?;
    Ok(counted)
}

fn is_of_use(mark: &Mark, offset_s: i32) -> bool {
    mark.offset_s == offset_s && mark.now - mark.followed_to <= MARK_AGE_MAX
}

/// From the figures, with what they lack; nothing when they lack too much.
async fn by_days(db: &mut MySqlConnection, filter: &Filter, mark: &Mark) -> sqlx::Result<Option<i64>> {
    let changed = stat::changed_days(db, Subject::State, mark.followed_to, mark.offset_s).await?;
    let plan = Plan::new(filter, &changed, mark.offset_s);
    if plan.pieces.len() > PIECES_MAX {
        return Ok(None);
    }
    let days = stat::in_states(db, &filter.statuses).await?;
    let mut counted: i64 = days
        .iter()
        .filter(|(day, _)| plan.takes(*day) && !changed.contains(day))
        .map(|(_, orders)| orders)
        .sum();
    for (start, end) in plan.pieces {
        let piece = Filter { start, end, ..filter.clone() };
        counted += order_desk::count(db, &piece).await?;
    }
    Ok(Some(counted))
}

/// What comes from the figures and what does not.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    /// Whole days: the first, and the first behind them.
    from: Option<NaiveDate>,
    before: Option<NaiveDate>,
    /// Times to be counted anew.
    pieces: Vec<(Option<NaiveDateTime>, Option<NaiveDateTime>)>,
}

impl Plan {
    /// The changed days come in order.
    fn new(filter: &Filter, changed: &[NaiveDate], offset_s: i32) -> Self {
        let offset = Duration::seconds(offset_s.into());
        let begin = |day: NaiveDate| day.and_time(NaiveTime::MIN) - offset;
        let next = |day: NaiveDate| day.checked_add_days(Days::new(1)).unwrap_or(day);
        let from = filter.start.map(|start| {
            let day = (start + offset).date();
            if begin(day) == start { day } else { next(day) }
        });
        let before = filter.end.map(|end| (end + offset).date());
        if let (Some(from), Some(before)) = (from, before)
            && from >= before
        {
            // Within a day, or two.
            return Self { from: Some(from), before: Some(from), pieces: vec![(filter.start, filter.end)] };
        }
        let mut plan = Self { from, before, pieces: Vec::new() };
        let edges = [(filter.start, from.map(begin)), (before.map(begin), filter.end)];
        plan.pieces.extend(edges.into_iter().filter(|(start, end)| start.is_some() && start < end));
        let days: Vec<_> = changed.iter().copied().filter(|day| plan.takes(*day)).collect();
        for day in days {
            let (start, end) = (Some(begin(day)), Some(begin(next(day))));
            match plan.pieces.last_mut() {
                // Days that follow each other are one piece.
                Some((_, last)) if *last == start => *last = end,
                _ => plan.pieces.push((start, end)),
            }
        }
        plan
    }

    fn takes(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| day >= from) && self.before.is_none_or(|before| day < before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::read_date;

    fn time(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()
    }

    fn plan(start: Option<&str>, end: Option<&str>, changed: &[&str]) -> Plan {
        let filter = Filter { start: start.map(time), end: end.map(time), ..Filter::default() };
        let changed: Vec<NaiveDate> = changed.iter().map(|day| read_date(day).unwrap()).collect();
        Plan::new(&filter, &changed, 8 * 3600)
    }

    #[test]
    fn whole_days_come_from_the_figures_and_the_rest_is_counted() {
        let day = |text: &str| read_date(text);
        let piece = |start: &str, end: &str| (Some(time(start)), Some(time(end)));
        assert_eq!(plan(None, None, &[]), Plan { from: None, before: None, pieces: vec![] });
        // A day of ours begins at four in the afternoon of the day before, in UTC.
        let whole =
            plan(Some("2026-01-01 16:00:00"), Some("2026-01-04 16:00:00"), &["2026-01-03", "2026-01-09"]);
        assert_eq!(whole.pieces, [piece("2026-01-02 16:00:00", "2026-01-03 16:00:00")]);
        assert_eq!((whole.from, whole.before), (day("2026-01-02"), day("2026-01-05")));
        let parts = plan(Some("2026-01-01 16:00:01"), Some("2026-01-04 17:00:00"), &[]);
        assert_eq!(
            parts.pieces,
            [
                piece("2026-01-01 16:00:01", "2026-01-02 16:00:00"),
                piece("2026-01-04 16:00:00", "2026-01-04 17:00:00")
            ]
        );
        assert_eq!((parts.from, parts.before), (day("2026-01-03"), day("2026-01-05")));
        let within = plan(Some("2026-01-01 20:00:00"), Some("2026-01-02 10:00:00"), &["2026-01-02"]);
        assert_eq!(within.pieces, [piece("2026-01-01 20:00:00", "2026-01-02 10:00:00")]);
        assert!(!within.takes(day("2026-01-02").unwrap()));
        let open = plan(None, Some("2026-01-01 17:00:00"), &["2025-12-30", "2025-12-31"]);
        assert_eq!(
            open.pieces,
            [
                piece("2026-01-01 16:00:00", "2026-01-01 17:00:00"),
                piece("2025-12-29 16:00:00", "2025-12-31 16:00:00")
            ]
        );
    }
}
