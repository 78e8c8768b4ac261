//! `flash_sale`: reading sales, and their generation and state by compare-and-set.

use super::failure::Failure;
use super::rows::units;
use crate::reservation::{DeskIdentity, Terms};
use crate::settlement::{Reached, Sale, Sales};
use contract::ids::{Generation, SaleId};
use contract::ledger::{SaleKind, SaleState};
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{Row as _, query};

/// Sales that are neither draft nor archived nor deleted, with the clock.
pub(super) async fn followed(connection: &mut MySqlConnection, unsettled_max: u32) -> Result<Sales, Failure> {
    let now: DateTime<Utc> = query("select now(3)").fetch_one(&mut *connection).await?.try_get(0)?;
    let rows = query(
        "select id, name, kind, goods_id, sku_id, coupon_id, ticket_type_id, pic_url, price_minor,
            starts_at, ends_at, pay_within_s, per_order_max, per_user_max, cooldown_s, token_ttl_s,
            token_multiplier, min_user_level, state, version, put_on_sale, free, generation,
            settled_generation, desk_generation, desk_identity
        from flash_sale where state <> ? and state <> ? and deleted = false order by id",
    )
    .bind(SaleState::Draft.code())
    .bind(SaleState::Archived.code())
    .fetch_all(connection)
    .await?;
    let sales = rows.iter().map(|row| sale(row, unsettled_max)).collect::<Result<_, _>>()?;
    Ok(Sales { now_ms: unix_ms(now), sales })
}

fn sale(row: &MySqlRow, unsettled_max: u32) -> Result<Sale, Failure> {
    let kind = kind(row)?;
    // The other resources are no business of a sale of this kind, whatever stands in their columns.
    let of = |kinds: SaleKind, column: &str| -> Result<u64, Failure> {
        let id: Option<u64> = row.try_get(column)?;
        Ok(if kind == kinds { id.unwrap_or(0) } else { 0 })
    };
    Ok(Sale {
        id: SaleId(row.try_get("id")?),
        name: row.try_get("name")?,
        kind,
        goods_id: of(SaleKind::Goods, "goods_id")?,
        sku_id: of(SaleKind::Goods, "sku_id")?,
        coupon_id: of(SaleKind::Coupon, "coupon_id")?,
        ticket_type_id: of(SaleKind::Ticket, "ticket_type_id")?,
        pic_url: row.try_get("pic_url")?,
        state: state(row)?,
        terms: terms(row, unsettled_max)?,
        pay_within_s: row.try_get("pay_within_s")?,
        min_user_level: row.try_get("min_user_level")?,
        put_on_sale: units(row, "put_on_sale")?,
        free: units(row, "free")?,
        generation: Generation(row.try_get("generation")?),
        settled_generation: Generation(row.try_get("settled_generation")?),
        desk_generation: Generation(row.try_get("desk_generation")?),
        desk: DeskIdentity(row.try_get::<&str, _>("desk_identity")?.into()),
    })
}

/// The terms in a row of `flash_sale`.
pub(super) fn terms(row: &MySqlRow, unsettled_max: u32) -> Result<Terms, Failure> {
    Ok(Terms {
        version: row.try_get("version")?,
        starts_at_ms: unix_ms(row.try_get("starts_at")?),
        ends_at_ms: unix_ms(row.try_get("ends_at")?),
        price_minor: row.try_get("price_minor")?,
        per_order_max: row.try_get("per_order_max")?,
        per_user_max: row.try_get("per_user_max")?,
        cooldown_s: row.try_get("cooldown_s")?,
        token_ttl_s: row.try_get("token_ttl_s")?,
        token_multiplier: row.try_get("token_multiplier")?,
        unsettled_max,
    })
}

/// The kind in a row of `flash_sale`.
pub(super) fn kind(row: &MySqlRow) -> Result<SaleKind, Failure> {
    SaleKind::from_code(row.try_get("kind")?).ok_or(Failure::Broken("a sale of unknown kind"))
}

/// The state in a row of `flash_sale`.
pub(super) fn state(row: &MySqlRow) -> Result<SaleState, Failure> {
    SaleState::from_code(row.try_get("state")?).ok_or(Failure::Broken("a sale in an unknown state"))
}

/// Milliseconds since 1970.
pub(super) fn unix_ms(time: DateTime<Utc>) -> u64 {
    u64::try_from(time.timestamp_millis()).unwrap_or(0)
}

/// Raises a generation by one if it is still `from`; an open sale becomes recovering.
pub(super) async fn raise_generation(
    connection: &mut MySqlConnection,
    sale: SaleId,
    from: Generation,
) -> Result<bool, Failure> {
    let done = query(
        "update flash_sale set generation = generation + 1, state = if(state = ?, ?, state)
        where id = ? and generation = ? and state in (?, ?, ?, ?)",
    )
    .bind(SaleState::Open.code())
    .bind(SaleState::Recovering.code())
    .bind(sale.0)
    .bind(from.0)
    .bind(SaleState::Armed.code())
    .bind(SaleState::Open.code())
    .bind(SaleState::Recovering.code())
    .bind(SaleState::Closing.code())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Registers the desk of a generation; a recovering sale becomes open.
pub(super) async fn register_desk(
    connection: &mut MySqlConnection,
    sale: SaleId,
    generation: Generation,
    identity: &str,
) -> Result<bool, Failure> {
    let done = query(
        "update flash_sale set desk_generation = ?, desk_identity = ?, state = if(state = ?, ?, state)
        where id = ? and generation = ?",
    )
    .bind(generation.0)
    .bind(identity)
    .bind(SaleState::Recovering.code())
    .bind(SaleState::Open.code())
    .bind(sale.0)
    .bind(generation.0)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Moves a sale from one state to another.
pub(super) async fn advance(
    connection: &mut MySqlConnection,
    sale: SaleId,
    from: SaleState,
    to: SaleState,
) -> Result<bool, Failure> {
    let done = query("update flash_sale set state = ? where id = ? and state = ?")
        .bind(to.code())
        .bind(sale.0)
        .bind(from.code())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Moves a closing sale to drained, compare-and-set on its state and on how far its log is settled.
pub(super) async fn drained(
    connection: &mut MySqlConnection,
    sale: SaleId,
    (partition, log): (u32, &str),
    (next, witness): Reached,
) -> Result<bool, Failure> {
    let done = query(
        "update flash_sale set state = ? where id = ? and state = ? and exists (
            select 1 from log_position where partition_id = ? and topic_identity = ? and next_offset = ?
                and witness_offset = ? and witness <=> ?
        )",
    )
    .bind(SaleState::Drained.code())
    .bind(sale.0)
    .bind(SaleState::Closing.code())
    .bind(partition)
    .bind(log)
    .bind(next)
    .bind(witness.map_or(-1, |(offset, _)| offset))
    .bind(witness.as_ref().map(|(_, nonce)| nonce.0.as_slice()))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
