//! Settings and schema without which no sale may open, each as a sentence that names the setting.

use super::failure::Failure;
use sqlx::mysql::{MySqlConnection, MySqlDatabaseError};
use sqlx::{Row as _, query};
use std::collections::HashMap;

/// "Table does not exist".
const NO_TABLE: u16 = 1146;

/// What forbids opening a sale.
pub(super) async fn reasons(connection: &mut MySqlConnection) -> Result<Vec<String>, Failure> {
    let mut reasons = settings(connection).await?;
    reasons.extend(schema(connection).await?);
    Ok(reasons)
}

async fn settings(connection: &mut MySqlConnection) -> Result<Vec<String>, Failure> {
    let row = query(
        "select @@session.sql_mode as mode, cast(@@global.innodb_flush_log_at_trx_commit as signed) as flush,
            cast(@@global.log_bin as signed) as log_bin, cast(@@global.sync_binlog as signed) as sync_binlog,
            @@session.binlog_format as binlog_format",
    )
    .fetch_one(connection)
    .await?;
    let mut reasons = Vec::new();
    let mode: String = row.try_get("mode")?;
    if !mode.contains("STRICT_TRANS_TABLES") && !mode.contains("STRICT_ALL_TABLES") {
        reasons
            .push("sql_mode is not strict: add STRICT_TRANS_TABLES, or values are cut silently".to_owned());
    }
    if row.try_get::<i64, _>("flush")? != 1 {
        reasons.push("innodb_flush_log_at_trx_commit is not 1: a commit may be lost".to_owned());
    }
    if row.try_get::<i64, _>("log_bin")? == 1 {
        if row.try_get::<i64, _>("sync_binlog")? != 1 {
            reasons.push("sync_binlog is not 1 while log_bin is on: a commit may be lost".to_owned());
        }
        if row.try_get::<String, _>("binlog_format")? == "STATEMENT" {
            reasons.push("binlog_format is STATEMENT: read committed needs ROW or MIXED".to_owned());
        }
    }
    Ok(reasons)
}

async fn schema(connection: &mut MySqlConnection) -> Result<Vec<String>, Failure> {
    let applied = match applied(connection).await {
        Err(Failure::Sql(sqlx::Error::Database(error)))
            if error.downcast_ref::<MySqlDatabaseError>().number() == NO_TABLE =>
        {
            return Ok(vec!["the schema is not migrated: there is no table _sqlx_migrations".to_owned()]);
        }
        other => other?,
    };
    let mut reasons = Vec::new();
    // Newer migrations than ours are fine: a schema only ever grows.
    for migration in sqlx::migrate!("../migrations").iter() {
        let name = format!("migration {} ({})", migration.version, migration.description);
        match applied.get(&migration.version) {
            None => reasons.push(format!("the schema is not migrated: {name} is missing")),
            Some((_, false)) => reasons.push(format!("the schema is not migrated: {name} failed half way")),
            Some((checksum, true)) if *checksum != *migration.checksum => {
                reasons.push(format!("the schema is another one: {name} was applied with other contents"));
            }
            Some((_, true)) => {}
        }
    }
    if reasons.is_empty() && charset_of_notes(connection).await? != "utf8mb4" {
        reasons.push("the database's character set is not utf8mb4: a buyer's note may not fit".to_owned());
    }
    Ok(reasons)
}

async fn applied(connection: &mut MySqlConnection) -> Result<HashMap<i64, (Vec<u8>, bool)>, Failure> {
    let rows = query("select version, checksum, success from _sqlx_migrations").fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("version")?, (row.try_get("checksum")?, row.try_get("success")?))))
        .collect()
}

async fn charset_of_notes(connection: &mut MySqlConnection) -> Result<String, Failure> {
    let row = query(
        "select cast(character_set_name as char) as name from information_schema.columns
        where table_schema = database() and table_name = 'orders' and column_name = 'message'",
    )
    .fetch_one(connection)
    .await?;
    Ok(row.try_get("name")?)
}
