//! Looking: every row of every table is read and judged, and nothing is written.

use super::draft::{Judge, Known, Law, Ready};
use super::report::{Report, Told, tell};
use super::table::{Stays, Table};
use super::tables;
use crate::store::litemall::{self, SourceRow};
use anyhow::Context;
use sqlx::MySqlPool;
use std::time::{Duration, Instant};

/// Rows of a batch that can hold long texts.
const HEAVY_ROWS: u32 = 200;
/// Between two lines about the same table.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// Judges all rows.
pub async fn look(db: &MySqlPool, law: &Law, batch: u32, report: &mut Report) -> anyhow::Result<()> {
    let mut known = Known::default();
    for table in tables::ALL {
        let name = table.from;
        let all = litemall::count(db, name, 0).await.with_context(|| name.to_owned())?.unsigned_abs();
        let judge = Judge::new(table, law);
        let mut progress = Progress::new("looking at", table, all);
        let mut rows = read(db, table, 0, batch).await?;
        while let Some(last) = rows.last().map(|row| row.id) {
            // The next rows are on their way while these are judged.
            let next = read(db, table, last, batch);
            let judged = async {
                let told = report.of(name);
                for row in &rows {
                    judge_one(&judge, table, row, &mut known, told);
                }
            };
            let (next, ()) = futures_util::future::join(next, judged).await;
            progress.add(rows.len() as u64);
            rows = next?;
        }
    }
    Ok(())
}

/// Judges a row; what cannot come along is told.
pub(super) fn judge_one(
    judge: &Judge<'_>,
    table: &Table,
    row: &SourceRow,
    known: &mut Known,
    told: &mut Told,
) -> Option<Ready> {
    told.read += 1;
    match judge.row(row, known) {
        Ok(ready) => {
            told.copied += 1;
            if !ready.notes.is_empty() {
                told.changed(table.from, row.id, &ready.notes);
            }
            if let Some(subject) = table.subject {
                known.add(subject, row.id, ready.lives);
            }
            Some(ready)
        }
        Err(Stays::NotKept) => {
            told.not_kept += 1;
            None
        }
        Err(Stays::LeftOut(reason)) => {
            told.left_out(table.from, row.id, &reason);
            None
        }
    }
}

/// The next rows of a table.
pub(super) async fn read(
    db: &MySqlPool,
    table: &Table,
    after: u64,
    batch: u32,
) -> anyhow::Result<Vec<SourceRow>> {
    let columns: Vec<(&'static str, bool)> =
        table.columns.iter().map(|column| (column.from, column.kind.needs_cast())).collect();
    let rows = if table.heavy { batch.min(HEAVY_ROWS) } else { batch };
    litemall::rows(db, table.from, &columns, after, rows)
        .await
        .with_context(|| format!("{} behind id {after}", table.from))
}

/// How far a table is, told now and then.
pub(super) struct Progress {
    doing: &'static str,
    table: &'static str,
    done: u64,
    all: u64,
    told: Instant,
}

impl Progress {
    /// Of a table with so many rows to come.
    pub(super) fn new(doing: &'static str, table: &Table, all: u64) -> Self {
        tell(doing, table.from, 0, all);
        Self { doing, table: table.from, done: 0, all, told: Instant::now() }
    }

    /// So many more are done.
    pub(super) fn add(&mut self, rows: u64) {
        self.done += rows;
        if self.told.elapsed() >= TELL_EVERY || self.done >= self.all {
            self.told = Instant::now();
            tell(self.doing, self.table, self.done, self.all);
        }
    }
}
