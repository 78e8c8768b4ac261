//! Everything a desk is built from. The caller's transaction makes it one snapshot.

use super::failure::Failure;
use super::rows::{nonce, units};
use super::sales;
use crate::reservation::{DeskImage, HeldOrder};
use contract::ids::{EntryId, Generation, SaleId, Sequence, UserId};
use contract::ledger::{FlashOrderState, MovementState};
use contract::record::BodyHash;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{Row as _, query};

/// The image for a generation, if its barrier is settled and no newer one was raised.
pub(super) async fn read(
    connection: &mut MySqlConnection,
    sale: SaleId,
    generation: Generation,
    unsettled_max: u32,
) -> Result<Option<DeskImage>, Failure> {
    let row = query(
        "select free, version, starts_at, ends_at, price_minor, per_order_max, per_user_max, cooldown_s,
            token_ttl_s, token_multiplier
        from flash_sale where id = ? and generation = ? and settled_generation >= ?",
    )
    .bind(sale.0)
    .bind(generation.0)
    .bind(generation.0)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(DeskImage {
        sale,
        generation,
        free: units(&row, "free")?,
        terms: sales::terms(&row, unsettled_max)?,
        orders: orders(connection, sale).await?,
        changes: changes(connection, sale).await?,
    }))
}

async fn orders(connection: &mut MySqlConnection, sale: SaleId) -> Result<Vec<HeldOrder>, Failure> {
    let rows = query(
        "select f.user_id, f.nonce, f.generation, f.sequence, f.units, f.body_hash, f.state, f.added_at,
            r.state as return_state
        from flash_order f
        left join stock_return r on r.sale_id = f.sale_id and r.nonce = f.nonce
        where f.sale_id = ?",
    )
    .bind(sale.0)
    .fetch_all(connection)
    .await?;
    rows.iter().map(held_order).collect()
}

fn held_order(row: &MySqlRow) -> Result<HeldOrder, Failure> {
    let lapsed = row.try_get::<u8, _>("state")? == FlashOrderState::Lapsed.code();
    // Until its return is booked the snapshot's free units do not hold the order's.
    let asked = row.try_get::<Option<u8>, _>("return_state")? == Some(MovementState::Asked.code());
    let added_at: DateTime<Utc> = row.try_get("added_at")?;
    let body_hash: &[u8] = row.try_get("body_hash")?;
    let body_hash = body_hash.try_into().map_err(|_| Failure::Broken("a body hash is not 8 bytes"))?;
    Ok(HeldOrder {
        user: UserId(row.try_get("user_id")?),
        nonce: nonce(row, "nonce")?,
        entry: EntryId {
            generation: Generation(row.try_get("generation")?),
            sequence: Sequence(row.try_get("sequence")?),
        },
        units: row.try_get("units")?,
        body_hash: BodyHash(body_hash),
        returned: lapsed && !asked,
        ordered_at_s: sales::unix_ms(added_at) / 1000,
    })
}

async fn changes(connection: &mut MySqlConnection, sale: SaleId) -> Result<Vec<u64>, Failure> {
    let rows = query("select id from stock_change where sale_id = ? and state in (?, ?) order by id")
        .bind(sale.0)
        .bind(MovementState::Booked.code())
        .bind(MovementState::Done.code())
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok(row.try_get("id")?)).collect()
}
