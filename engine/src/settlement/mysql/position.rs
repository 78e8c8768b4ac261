//! `log_position` and `lease`: who may settle, and from where.
//!
//! A row that an update finds counts as affected, changed or not: that is how sqlx connects.

use super::failure::Failure;
use super::rows::nonce;
use crate::settlement::{Position, Witness};
use sqlx::mysql::MySqlConnection;
use sqlx::{Row as _, query};
use std::time::Duration;

/// The position of a partition, if there is one.
pub(super) async fn find(
    connection: &mut MySqlConnection,
    partition: u32,
    log: &str,
) -> Result<Option<Position>, Failure> {
    let row = query(
        "select topic_identity, next_offset, witness_offset, witness from log_position
        where partition_id = ?",
    )
    .bind(partition)
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let identity: &str = row.try_get("topic_identity")?;
    if identity != log {
        return Ok(Some(Position::Foreign(identity.into())));
    }
    let witness = match row.try_get::<Option<&[u8]>, _>("witness")? {
        Some(_) => Some((row.try_get("witness_offset")?, nonce(&row, "witness")?)),
        None => None,
    };
    Ok(Some(Position::At { next: row.try_get("next_offset")?, witness }))
}

/// Begins at the beginning of a log; false when somebody else wrote a position meanwhile.
pub(super) async fn begin(
    connection: &mut MySqlConnection,
    partition: u32,
    log: &str,
) -> Result<bool, Failure> {
    let inserted =
        query("insert into log_position (partition_id, topic_identity, next_offset) values (?, ?, 0)")
            .bind(partition)
            .bind(log)
            .execute(connection)
            .await;
    unless_taken(inserted)
}

/// Moves a position forward, with the newest witness if there is one; false when it was not at `from`, or
/// not behind the record that `after` names.
pub(super) async fn advance(
    connection: &mut MySqlConnection,
    partition: u32,
    log: &str,
    (from, to): (i64, i64),
    (after, witness): (Option<Witness>, Option<Witness>),
) -> Result<bool, Failure> {
    let done = query(
        "update log_position set next_offset = ?, witness_offset = coalesce(?, witness_offset),
            witness = coalesce(?, witness)
        where partition_id = ? and topic_identity = ? and next_offset = ? and witness_offset = ?
            and witness <=> ?",
    )
    .bind(to)
    .bind(witness.map(|(offset, _)| offset))
    .bind(witness.as_ref().map(|(_, nonce)| nonce.0.as_slice()))
    .bind(partition)
    .bind(log)
    .bind(from)
    .bind(after.map_or(-1, |(offset, _)| offset))
    .bind(after.as_ref().map(|(_, nonce)| nonce.0.as_slice()))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Replaces a position in a lost log by the beginning of another one.
pub(super) async fn adopt(
    connection: &mut MySqlConnection,
    partition: u32,
    lost: &str,
    log: &str,
) -> Result<bool, Failure> {
    let done = query(
        "update log_position set topic_identity = ?, next_offset = 0, leader_epoch = -1,
            witness_offset = -1, witness = null
        where partition_id = ? and topic_identity = ?",
    )
    .bind(log)
    .bind(partition)
    .bind(lost)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Moves a position back. The witness goes with it: it stood in what the log may have lost.
pub(super) async fn rewind(
    connection: &mut MySqlConnection,
    partition: u32,
    log: &str,
    (from, to): (i64, i64),
) -> Result<bool, Failure> {
    let done = query(
        "update log_position set next_offset = ?, leader_epoch = -1, witness_offset = -1, witness = null
        where partition_id = ? and topic_identity = ? and next_offset = ?",
    )
    .bind(to)
    .bind(partition)
    .bind(log)
    .bind(from)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Renews a lease of the same owner, or takes one that has ended.
pub(super) async fn renew_lease(
    connection: &mut MySqlConnection,
    name: &str,
    owner: &str,
    life: Duration,
) -> Result<bool, Failure> {
    let done = query(
        "update lease set owner = ?, held_until = date_add(now(3), interval ? microsecond)
        where name = ? and (owner = ? or held_until < now(3))",
    )
    .bind(owner)
    .bind(life.as_micros() as i64)
    .bind(name)
    .bind(owner)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a lease that nobody ever had; false when somebody has it now.
pub(super) async fn first_lease(
    connection: &mut MySqlConnection,
    name: &str,
    owner: &str,
    life: Duration,
) -> Result<bool, Failure> {
    let inserted = query(
        "insert into lease (name, owner, held_until) values (?, ?, date_add(now(3), interval ? microsecond))",
    )
    .bind(name)
    .bind(owner)
    .bind(life.as_micros() as i64)
    .execute(connection)
    .await;
    unless_taken(inserted)
}

fn unless_taken<T>(inserted: Result<T, sqlx::Error>) -> Result<bool, Failure> {
    match inserted {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error.into()),
    }
}
