//! Reading a litemall database. Names of tables and columns are constants of `crate::import`. Everything is
//! read as text, so that decimals stay exact and dates that are none can be told.
//!
//! Deliberately absent: any statement that writes there.

use futures_util::TryStreamExt;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlRow};
use sqlx::{FromRow, MySqlPool, QueryBuilder, Row};
use std::time::Duration;

/// A row, with its columns in the order that was asked for.
#[derive(Clone, Debug)]
pub struct SourceRow {
    /// Its id.
    pub id: u64,
    /// Text, or nothing.
    pub cells: Vec<Option<String>>,
}

/// A column that is there.
#[derive(Clone, Debug, FromRow)]
pub struct SourceColumn {
    /// Its table.
    pub table_name: String,
    /// Its name.
    pub column_name: String,
    /// int, varchar, …
    pub data_type: String,
}

/// What makes rows the same for a unique key of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sameness {
    /// Text, byte for byte.
    Exact,
    /// Text as the database compares it.
    Words,
    /// Numbers.
    Numbers,
}

/// How long to wait for the source.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Connects, and says where to: host, port and database without the account. Times of type `timestamp` are
/// read in the shop's offset as those of type `datetime` are stored.
pub async fn connect(url: &str, offset: &str) -> Result<(MySqlPool, String), sqlx::Error> {
    let options: MySqlConnectOptions = url.parse()?;
    let database = options.get_database().filter(|name| !name.is_empty());
    let database =
        database.ok_or_else(|| sqlx::Error::Configuration("the address names no database".into()))?;
    let name = format!("{}:{}/{database}", options.get_host(), options.get_port());
    let options = options.timezone(Some(offset.to_owned()));
    let pool = MySqlPoolOptions::new().max_connections(2).acquire_timeout(CONNECT_TIMEOUT);
    Ok((pool.connect_with(options).await?, name))
}

/// All columns of the database.
pub async fn columns(db: &MySqlPool) -> sqlx::Result<Vec<SourceColumn>> {
    sqlx::query_as(
        "select cast(table_name as char) as table_name, cast(column_name as char) as column_name, \
         cast(data_type as char) as data_type from information_schema.columns \
         where table_schema = database()",
    )
    .fetch_all(db)
    .await
}

/// Some rows by id, behind this one. A column with `true` is not text there.
pub async fn rows(
    db: &MySqlPool,
    table: &'static str,
    columns: &[(&'static str, bool)],
    after: u64,
    limit: u32,
) -> sqlx::Result<Vec<SourceRow>> {
    let mut query = QueryBuilder::new("select cast(id as unsigned) as id");
    for (column, cast) in columns {
        // Some of their names are words of the language.
        query.push(if *cast { ", cast(`" } else { ", `" }).push(*column);
        query.push(if *cast { "` as char)" } else { "`" });
    }
    query.push(" from ").push(table).push(" where id > ").push_bind(after);
    query.push(" order by id limit ").push_bind(limit);
    let rows = query.build().fetch_all(db).await?;
    rows.iter().map(|row| read(row, columns.len())).collect()
}

fn read(row: &MySqlRow, columns: usize) -> sqlx::Result<SourceRow> {
    // All are text, of whichever of its many types.
    let cells = (1..=columns).map(|at| row.try_get_unchecked(at)).collect::<sqlx::Result<_>>()?;
    Ok(SourceRow { id: row.try_get_unchecked(0)?, cells })
}

/// How many rows there are behind an id.
pub async fn count(db: &MySqlPool, table: &'static str, after: u64) -> sqlx::Result<i64> {
    let mut query = QueryBuilder::new("select count(*) from ");
    query.push(table).push(" where id > ").push_bind(after).build_query_scalar().fetch_one(db).await
}

/// Hands over the ids of all rows that repeat an earlier one in these columns; rows that are deleted, or have
/// nothing there, do not count as far as they are passed over.
pub async fn repeated(
    db: &MySqlPool,
    table: &'static str,
    columns: &[&'static str],
    (sameness, living): (Sameness, bool),
    mut found: impl FnMut(u64),
) -> sqlx::Result<()> {
    let key = |row: &str, column: &str| match sameness {
        Sameness::Exact => format!("cast({row}.`{column}` as binary)"),
        Sameness::Words | Sameness::Numbers => format!("{row}.`{column}`"),
    };
    let counts = |row: &str| {
        let mut counts = String::from("true");
        if living {
            counts.push_str(&format!(" and coalesce({row}.deleted, 0) = 0"));
        }
        if sameness != Sameness::Numbers {
            columns.iter().for_each(|column| counts.push_str(&format!(" and {row}.`{column}` <> ''")));
        }
        counts
    };
    let list = |row: &str| columns.iter().map(|column| key(row, column)).collect::<Vec<_>>();
    let named: Vec<String> =
        list("s").iter().enumerate().map(|(at, key)| format!("{key} as k{at}")).collect();
    let same: Vec<String> =
        list("r").iter().enumerate().map(|(at, key)| format!("{key} = f.k{at}")).collect();
    let mut query = QueryBuilder::<sqlx::MySql>::new("select cast(r.id as unsigned) from ");
    query.push(table).push(" r join (select min(s.id) as first, ").push(named.join(", "));
    query.push(" from ").push(table).push(" s where ").push(counts("s"));
    query.push(" group by ").push(list("s").join(", ")).push(" having count(*) > 1) f on ");
    query.push(same.join(" and ")).push(" where r.id > f.first and ").push(counts("r"));
    let mut ids = query.build_query_scalar::<u64>().fetch(db);
    while let Some(id) = ids.try_next().await? {
        found(id);
    }
    Ok(())
}

/// The value of a setting there.
pub async fn setting(db: &MySqlPool, name: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "select key_value from litemall_system where key_name = ? and coalesce(deleted, 0) = 0 order by id limit 1",
    )
    .bind(name)
    .fetch_optional(db)
    .await
}
