//! Writing what an import copies: rows of any table, and how far it has come.
//!
//! Names of tables and columns are constants of `crate::import`; values are always bound. Deliberately
//! absent: any statement that changes or deletes a row somebody else wrote.

pub mod progress;
pub mod rest;

use chrono::{NaiveDate, NaiveDateTime};
use sqlx::query_builder::Separated;
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// What stands in a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A number; a flag is 0 or 1.
    Int(i64),
    /// Text, and JSON.
    Text(String),
    /// A UTC time.
    Time(NaiveDateTime),
    /// A day.
    Date(NaiveDate),
}

impl Value {
    /// Bytes it takes on the wire, more or less.
    fn weight(&self) -> usize {
        match self {
            Self::Text(text) => text.len() + 9,
            Self::Null | Self::Int(_) | Self::Time(_) | Self::Date(_) => 12,
        }
    }
}

/// What a text column of ours can hold.
#[derive(Clone, Debug, FromRow)]
pub struct ColumnRow {
    /// Its table.
    pub table_name: String,
    /// Its name.
    pub column_name: String,
    /// varchar, char, text, …
    pub data_type: String,
    /// Characters at most; bytes for the types without a length.
    pub length: u64,
    /// utf8mb4, ascii, …
    pub charset: String,
}

/// The text columns of this database.
pub async fn text_columns(db: &MySqlPool) -> sqlx::Result<Vec<ColumnRow>> {
    sqlx::query_as(
        "select cast(table_name as char) as table_name, cast(column_name as char) as column_name, \
         cast(data_type as char) as data_type, cast(character_maximum_length as unsigned) as length, \
         cast(character_set_name as char) as charset from information_schema.columns \
         where table_schema = database() and character_maximum_length is not null \
         and character_set_name is not null",
    )
    .fetch_all(db)
    .await
}

/// Whether a table has a row; of those with ids, one behind this id.
pub async fn is_occupied(db: &MySqlPool, table: &'static str, behind: Option<u64>) -> sqlx::Result<bool> {
    let mut query = QueryBuilder::new("select exists(select 1 from ");
    query.push(table);
    if let Some(id) = behind {
        query.push(" where id > ").push_bind(id);
    }
    query.push(")").build_query_scalar().fetch_one(db).await
}

/// The next ids of a table up to one of them; `living` passes over deleted rows.
pub async fn ids(
    db: &MySqlPool,
    table: &'static str,
    living: bool,
    (after, last): (u64, u64),
    limit: u32,
) -> sqlx::Result<Vec<u64>> {
    let mut query = QueryBuilder::new("select cast(id as unsigned) from ");
    query.push(table).push(" where id > ").push_bind(after).push(" and id <= ").push_bind(last);
    if living {
        query.push(" and deleted = false");
    }
    query.push(" order by id limit ").push_bind(limit).build_query_scalar().fetch_all(db).await
}

/// A value that is refused must not be stored in another form, whatever the server's own setting is.
pub async fn be_strict(db: &mut MySqlConnection) -> sqlx::Result<()> {
    sqlx::raw_sql("set session sql_mode = concat(@@sql_mode, ',STRICT_ALL_TABLES')").execute(db).await?;
    Ok(())
}

/// Parameters a statement can have.
const PARAMETERS_MAX: usize = 65_535;
/// Rows of one statement at most; more are not written any faster.
const STATEMENT_ROWS: usize = 1_000;
/// Bytes of one statement, more or less: well below what any server takes.
const STATEMENT_BYTES: usize = 1 << 20;

/// How many of these rows one statement takes.
pub fn statement_rows(rows: &[Vec<Value>]) -> usize {
    let columns = rows.first().map_or(1, Vec::len).max(1);
    let most = STATEMENT_ROWS.min(PARAMETERS_MAX / columns).max(1);
    let mut bytes = 0;
    let fits = rows.iter().take(most).take_while(|row| {
        bytes += row.iter().map(Value::weight).sum::<usize>();
        bytes <= STATEMENT_BYTES
    });
    // A row that is too large for it alone is a statement nevertheless.
    fits.count().max(1).min(rows.len().max(1))
}

/// Inserts rows in one statement.
pub async fn insert(
    db: &mut MySqlConnection,
    table: &'static str,
    columns: &[&'static str],
    rows: &[Vec<Value>],
) -> sqlx::Result<()> {
    let mut query = QueryBuilder::new("insert into ");
    query.push(table).push(" (").push(columns.join(", ")).push(") ");
    query.push_values(rows, |mut row, values| {
        for value in values {
            push(&mut row, value);
        }
    });
    // Statements of all lengths come by; keeping each would fill the server.
    let full = rows.len() == STATEMENT_ROWS.min(PARAMETERS_MAX / columns.len().max(1));
    query.build().persistent(full).execute(db).await?;
    Ok(())
}

fn push(row: &mut Separated<'_, MySql, &'static str>, value: &Value) {
    match value {
        Value::Null => row.push_bind(None::<i64>),
        Value::Int(number) => row.push_bind(*number),
        Value::Text(text) => row.push_bind(text.as_str()),
        Value::Time(time) => row.push_bind(*time),
        Value::Date(date) => row.push_bind(*date),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_bounded_by_rows_parameters_and_bytes() {
        let row = |columns: usize, text: usize| vec![Value::Text("x".repeat(text)); columns];
        assert_eq!(statement_rows(&vec![row(2, 1); 5_000]), STATEMENT_ROWS);
        assert_eq!(statement_rows(&vec![row(100, 1); 2_000]), PARAMETERS_MAX / 100);
        assert_eq!(statement_rows(&vec![row(1, 400_000); 9]), 2);
        assert_eq!(statement_rows(&[row(1, 4_000_000)]), 1);
        assert_eq!(statement_rows(&[row(2, 1), row(2, 1)]), 2);
    }
}
