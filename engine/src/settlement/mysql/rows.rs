//! Statements over many rows, in row counts that repeat, so that each is prepared once a connection.

use super::failure::Failure;
use contract::ids::Nonce;
use sqlx::mysql::{MySqlArguments, MySqlConnection, MySqlRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, MySql, Row as _};
use std::ops::Range;

/// Most rows of an insert, and most values of a list.
pub(super) const ROWS_MAX: usize = 256;
/// Letters carry their record, so that few of them fill a packet.
pub(super) const LETTERS_MAX: usize = 8;

/// A statement with its values.
pub(super) type Bound<'q> = Query<'q, MySql, MySqlArguments>;

/// Inserts rows: `head` up to `values`, `row` the places of one row.
/// Answers with the range their ids are in, where the table counts ids by one; nobody may rely on it.
pub(super) async fn insert<R>(
    connection: &mut MySqlConnection,
    head: &str,
    row: &str,
    rows: &[R],
    bind: impl for<'q> Fn(Bound<'q>, &R) -> Bound<'q>,
) -> Result<Range<u64>, Failure> {
    insert_at_most(connection, ROWS_MAX, head, row, rows, bind).await
}

/// Inserts rows, at most so many by one statement.
pub(super) async fn insert_at_most<R>(
    connection: &mut MySqlConnection,
    most: usize,
    head: &str,
    row: &str,
    mut rows: &[R],
    bind: impl for<'q> Fn(Bound<'q>, &R) -> Bound<'q>,
) -> Result<Range<u64>, Failure> {
    let mut ids = 0..0;
    while !rows.is_empty() {
        let count = most.min(rows_at_once(rows.len()));
        let (now, later) = rows.split_at(count);
        rows = later;
        let mut sql = String::with_capacity(head.len() + 9 + count * (row.len() + 1));
        sql.push_str(head);
        sql.push_str(" values ");
        for place in 0..count {
            sql.push_str(if place == 0 { "" } else { "," });
            sql.push_str(row);
        }
        let mut statement = sqlx::query(AssertSqlSafe(sql));
        for row in now {
            statement = bind(statement, row);
        }
        let first = statement.execute(&mut *connection).await?.last_insert_id();
        ids = if ids.is_empty() { first } else { ids.start }..first + count as u64;
    }
    Ok(ids)
}

/// How many rows the next statement takes: few different counts, and few statements for any number.
fn rows_at_once(rows: usize) -> usize {
    const STRIDE: usize = 32;
    if rows >= STRIDE { rows / STRIDE * STRIDE } else { 1 << rows.ilog2() }
}

/// How many places a list of so many values gets; the last value fills the rest.
pub(super) fn places(values: usize) -> usize {
    [1, 4, 16, 64].into_iter().find(|&size| values <= size).unwrap_or(ROWS_MAX)
}

/// The places of a list, without the brackets.
pub(super) fn list(values: usize) -> String {
    let places = places(values);
    let mut list = "?,".repeat(places);
    list.pop();
    list
}

/// Binds a list of values to its places, the last one again to those left over.
pub(super) fn bind_list<'q, R>(
    statement: Bound<'q>,
    values: &[R],
    bind: impl Fn(Bound<'q>, &R) -> Bound<'q>,
) -> Bound<'q> {
    let last = values.last().into_iter().cycle();
    values.iter().chain(last).take(places(values.len())).fold(statement, bind)
}

/// A token from a column.
pub(super) fn nonce(row: &MySqlRow, column: &str) -> Result<Nonce, Failure> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes.try_into().map(Nonce).map_err(|_| Failure::Broken("a token in the ledger is not 16 bytes"))
}

/// A count of units from a signed column.
pub(super) fn units(row: &MySqlRow, column: &str) -> Result<u64, Failure> {
    let units: i64 = row.try_get(column)?;
    u64::try_from(units).map_err(|_| Failure::Broken("a count of units in the ledger is below zero"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn lists_have_few_lengths_and_room_for_every_value() {
        for values in 1..=ROWS_MAX {
            assert!(places(values) >= values, "{values}");
        }
        assert_eq!([1, 2, 5, 17, 65, 256].map(places), [1, 4, 16, 64, 256, 256]);
        assert_eq!(list(3), "?,?,?,?");
    }

    #[test]
    fn rows_go_in_few_counts_and_few_statements() {
        let counts: BTreeSet<_> = (1..=ROWS_MAX).map(rows_at_once).collect();
        assert_eq!(counts, [1, 2, 4, 8, 16, 32, 64, 96, 128, 160, 192, 224, 256].into());
        for mut rows in 1..=ROWS_MAX {
            let began = rows;
            let mut statements = 0;
            while rows > 0 {
                rows -= rows_at_once(rows);
                statements += 1;
            }
            assert!(statements <= 6, "{began}");
        }
    }
}
