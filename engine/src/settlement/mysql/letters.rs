//! `dead_letter`: what was promised and could not be settled, in the transaction that found out.

use super::failure::Failure;
use super::rows::{LETTERS_MAX, insert_at_most};
use super::settle::OwnedStep;
use crate::settlement::plan::Letter;
use sqlx::mysql::MySqlConnection;

/// Inserts them.
pub(super) async fn insert(
    connection: &mut MySqlConnection,
    step: &OwnedStep,
    letters: &[Letter<'_>],
) -> Result<(), Failure> {
    insert_at_most(
        connection,
        LETTERS_MAX,
        "insert into dead_letter (sale_id, nonce, user_id, units, reason, partition_id, log_offset,
            topic_identity, bytes)",
        "(?,?,?,?,?,?,?,?,?)",
        letters,
        |statement, letter| {
            statement
                .bind(letter.sale.0)
                .bind(letter.order.map(|order| order.nonce.0.as_slice()))
                .bind(letter.order.map(|order| order.user.0))
                .bind(letter.units)
                .bind(letter.reason.as_str())
                .bind(step.partition)
                .bind(letter.offset)
                .bind(&*step.log)
                .bind(letter.bytes.as_slice())
        },
    )
    .await
    .map(drop)
}
