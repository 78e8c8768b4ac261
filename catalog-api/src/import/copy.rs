//! Copying: batch by batch in the order of ids, each in one transaction with the note of how far it came. The
//! next batch is read while one is written, so that two are in memory.

use super::draft::{Judge, Known, Law, Ready};
use super::look::{Progress, judge_one, read};
use super::report::{Report, Told};
use super::table::{Table, Then};
use super::tables;
use crate::store::import::progress::{self, ProgressRow, Step};
use crate::store::import::{self as store, Value, rest};
use crate::store::{error_number, litemall};
use anyhow::{Context, ensure};
use sqlx::{Connection, MySqlConnection, MySqlPool};

/// Copies what is not there yet. What is wrong with rows was told when they were looked at; here those are
/// told that our database refuses.
pub async fn copy(db: &MySqlPool, source: &MySqlPool, law: &Law, batch: u32) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let mut known = Known::default();
    let mut connection = db.acquire().await?;
    store::be_strict(&mut connection).await?;
    let begun = progress::all(db).await?;
    for table in tables::ALL {
        let state = begun.iter().find(|row| row.source_table == table.from);
        let state = state.with_context(|| format!("{} is not among the tables of the import", table.from))?;
        let told = report.of(table.from);
        *told = Told::there(state);
        remember(db, table, state, &mut known).await?;
        if state.finished {
            let newer = litemall::count(source, table.from, state.last_id).await?;
            if newer > 0 {
                told.newer(table.from, newer);
            }
            continue;
        }
        let mut copying = Copying { table, judge: Judge::new(table, law), known: &mut known, told };
        copying.table(&mut connection, source, batch, state.last_id).await?;
    }
    Ok(report)
}

/// Ids an earlier run copied, as far as others refer to them.
async fn remember(db: &MySqlPool, table: &Table, state: &ProgressRow, known: &mut Known) -> sqlx::Result<()> {
    const IDS: u32 = 50_000;
    let Some(subject) = table.subject else { return Ok(()) };
    for living in [false, true] {
        let mut after = 0;
        loop {
            let ids = store::ids(db, table.to, living, (after, state.last_id), IDS).await?;
            let Some(last) = ids.last() else { break };
            after = *last;
            ids.iter().for_each(|id| known.add(subject, *id, living));
        }
    }
    Ok(())
}

/// A table that is being copied.
struct Copying<'a> {
    table: &'static Table,
    judge: Judge<'a>,
    known: &'a mut Known,
    told: &'a mut Told,
}

impl Copying<'_> {
    async fn table(
        &mut self,
        db: &mut MySqlConnection,
        source: &MySqlPool,
        batch: u32,
        mut after: u64,
    ) -> anyhow::Result<()> {
        let all = litemall::count(source, self.table.from, after).await?.unsigned_abs();
        let mut progress = Progress::new("copying", self.table, all);
        let mut rows = read(source, self.table, after, batch).await?;
        while let Some(last) = rows.last().map(|row| row.id) {
            let before = self.told.clone();
            let ready: Vec<Ready> = rows
                .iter()
                .filter_map(|row| judge_one(&self.judge, self.table, row, self.known, self.told))
                .collect();
            let read_rows = rows.len() as u64;
            drop(rows);
            let next = read(source, self.table, last, batch);
            let (next, written) =
                futures_util::future::join(next, self.batch(db, ready, &before, (after, last))).await;
            written.with_context(|| format!("{} behind id {after}", self.table.from))?;
            progress.add(read_rows);
            after = last;
            rows = next?;
        }
        if self.table.has_id {
            rest::number_behind(db, self.table.to, after).await?;
        }
        self.finish(db).await
    }

    /// One transaction.
    async fn batch(
        &mut self,
        db: &mut MySqlConnection,
        ready: Vec<Ready>,
        before: &Told,
        (from_id, last_id): (u64, u64),
    ) -> anyhow::Result<()> {
        let (mut values, mut beside, mut owners) = (Vec::new(), Vec::new(), Vec::new());
        for row in ready {
            owners.push(row.id);
            beside.push(row.beside);
            values.push(row.values);
        }
        let mut tx = db.begin().await?;
        let columns = self.judge.columns();
        let refused = insert_all(&mut tx, self.table.to, &columns, &values).await?;
        for (at, reason) in refused {
            beside[at] = None;
            self.told.refused(self.table.from, owners[at], &reason);
            if let Some(subject) = self.table.subject {
                self.known.remove(subject, owners[at]);
            }
        }
        if let Some((name, columns)) = self.table.beside {
            let rows: Vec<Vec<Value>> = beside.into_iter().flatten().collect();
            let refused = insert_all(&mut tx, name, columns, &rows).await?;
            ensure!(refused.is_empty(), "{name}: {refused:?}");
        }
        let told = &self.told;
        let step = Step {
            from_id,
            last_id,
            read_rows: told.read - before.read,
            copied_rows: told.copied - before.copied,
            left_out_rows: told.left_out - before.left_out,
            not_kept_rows: told.not_kept - before.not_kept,
        };
        let moved = progress::step(&mut tx, self.table.from, step).await?;
        ensure!(moved, "another import has moved the table");
        tx.commit().await?;
        Ok(())
    }

    /// The table is in, with what our own tables need beside it.
    async fn finish(&self, db: &mut MySqlConnection) -> anyhow::Result<()> {
        let mut tx = db.begin().await?;
        match self.table.then {
            Then::Nothing => {}
            Then::CountClaims => rest::count_claims(&mut tx).await?,
            Then::AskExpiries => rest::ask_expiries(&mut tx).await?,
            Then::Recount => rest::recount(&mut tx).await?,
        }
        progress::finish(&mut tx, self.table.from).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Inserts rows, many in a statement. Where one of them is refused, its statement did nothing, and its rows
/// go in one by one: places and reasons of those that cannot.
async fn insert_all(
    db: &mut MySqlConnection,
    table: &'static str,
    columns: &[&'static str],
    rows: &[Vec<Value>],
) -> sqlx::Result<Vec<(usize, String)>> {
    let mut refused = Vec::new();
    let mut at = 0;
    while at < rows.len() {
        let some = &rows[at..at + store::statement_rows(&rows[at..])];
        match store::insert(db, table, columns, some).await {
            Ok(()) => {}
            Err(error) if reason(&error).is_none() => return Err(error),
            Err(_) => {
                for (nth, row) in some.iter().enumerate() {
                    if let Err(error) = store::insert(db, table, columns, std::slice::from_ref(row)).await {
                        refused.push((at + nth, reason(&error).ok_or(error)?));
                    }
                }
            }
        }
        at += some.len();
    }
    Ok(refused)
}

/// Why a row was refused, if it was for what it holds.
fn reason(error: &sqlx::Error) -> Option<String> {
    // Doubled key; nothing where something is needed; out of range; no such text, number or time; too long;
    // nothing referred to; a rule of a table, of MySQL and of MariaDB.
    const OF_THE_ROW: [u16; 10] = [1062, 1048, 1264, 1292, 1366, 1406, 1452, 3819, 4025, 3140];
    error_number(error).filter(|number| OF_THE_ROW.contains(number))?;
    error.as_database_error().map(|error| error.message().to_owned())
}
