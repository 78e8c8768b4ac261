//! Units: those of a sale with their log, and those of the resource they come from.

use super::failure::Failure;
use super::rows;
use crate::settlement::plan::Plan;
use contract::ids::{Generation, SaleId};
use contract::ledger::{SaleKind, SaleState, StockCause};
use sqlx::mysql::MySqlConnection;
use sqlx::{Row as _, query};

/// A locked sale, as far as movements need it.
pub(super) struct LockedStock {
    /// The sale.
    pub(super) sale: SaleId,
    /// What it sells.
    pub(super) kind: SaleKind,
    /// Its state.
    pub(super) state: SaleState,
    /// Its generation.
    pub(super) generation: Generation,
    /// SKU, coupon or ticket type, by kind.
    pub(super) resource: u64,
    /// Free units.
    pub(super) free: i64,
}

/// Locks a sale.
pub(super) async fn lock(connection: &mut MySqlConnection, sale: SaleId) -> Result<LockedStock, Failure> {
    let row = query(
        "select kind, state, generation, sku_id, coupon_id, ticket_type_id, free from flash_sale
        where id = ? for update",
    )
    .bind(sale.0)
    .fetch_optional(connection)
    .await?
    .ok_or(Failure::Broken("the sale is not in the ledger"))?;
    let kind = super::sales::kind(&row)?;
    let resource: Option<u64> = row.try_get(match kind {
        SaleKind::Goods => "sku_id",
        SaleKind::Coupon => "coupon_id",
        SaleKind::Ticket => "ticket_type_id",
    })?;
    let state = super::sales::state(&row)?;
    let resource = resource.ok_or(Failure::Broken("the sale has no resource"))?;
    let generation = Generation(row.try_get("generation")?);
    Ok(LockedStock { sale, kind, state, generation, resource, free: row.try_get("free")? })
}

impl LockedStock {
    /// Whether the sale has had another desk since one of this generation answered.
    pub(super) fn is_past(&self, answered: Option<Generation>) -> bool {
        answered.is_some_and(|generation| generation != self.generation)
    }
}

/// Takes settled units out of the free ones, and raises the settled generation.
pub(super) async fn settle(
    connection: &mut MySqlConnection,
    sale: SaleId,
    taken: u64,
    settled_generation: Generation,
) -> Result<(), Failure> {
    let done = query(
        "update flash_sale set free = free - ?, settled_generation = greatest(settled_generation, ?)
        where id = ? and free >= ?",
    )
    .bind(signed(taken))
    .bind(settled_generation.0)
    .bind(sale.0)
    .bind(signed(taken))
    .execute(connection)
    .await?;
    exactly_one(done.rows_affected(), "free units changed while the sale was locked")
}

/// Logs what a plan takes: one row a record.
pub(super) async fn log_settled(connection: &mut MySqlConnection, plan: &Plan<'_>) -> Result<(), Failure> {
    let records: Vec<_> = plan.records().map(|(_, record)| record).collect();
    rows::insert(
        connection,
        "insert into stock_log (sale_id, cause, cause_id, delta)",
        "(?,?,?,?)",
        &records,
        |statement, record| {
            statement
                .bind(record.batch.sale.0)
                .bind(StockCause::Settle.code())
                .bind(record.cause.0.as_slice())
                .bind(-signed(record.taken))
        },
    )
    .await
    .map(drop)
}

/// Moves units of a sale: `free`, `put_on_sale` and `given_back` by so many.
pub(super) async fn shift(
    connection: &mut MySqlConnection,
    sale: SaleId,
    (free, put_on_sale, given_back): (i64, i64, i64),
) -> Result<(), Failure> {
    let done = query(
        "update flash_sale set free = free + ?, put_on_sale = put_on_sale + ?, given_back = given_back + ?
        where id = ? and free + ? >= 0",
    )
    .bind(free)
    .bind(put_on_sale)
    .bind(given_back)
    .bind(sale.0)
    .bind(free)
    .execute(connection)
    .await?;
    exactly_one(done.rows_affected(), "fewer units are free than are to be taken")
}

/// Logs one movement.
pub(super) async fn log(
    connection: &mut MySqlConnection,
    sale: SaleId,
    cause: StockCause,
    cause_id: [u8; 16],
    delta: i64,
) -> Result<(), Failure> {
    query("insert into stock_log (sale_id, cause, cause_id, delta) values (?, ?, ?, ?)")
        .bind(sale.0)
        .bind(cause.code())
        .bind(cause_id.as_slice())
        .bind(delta)
        .execute(connection)
        .await?;
    Ok(())
}

/// Gives units back to what the sale sells.
pub(super) async fn give_to_resource(
    connection: &mut MySqlConnection,
    sale: &LockedStock,
    units: i64,
) -> Result<(), Failure> {
    let sql = match sale.kind {
        SaleKind::Goods => "update sku set stock = stock + ? where id = ?",
        SaleKind::Coupon => "update coupon set stock = stock + ? where id = ?",
        SaleKind::Ticket => "update ticket_type set stock = stock + ? where id = ?",
    };
    let done = query(sql).bind(units).bind(sale.resource).execute(connection).await?;
    exactly_one(done.rows_affected(), "what the sale sells is not in the ledger")
}

/// Units in a signed column.
pub(super) fn signed(units: u64) -> i64 {
    i64::try_from(units).expect("units come from a signed column or from a sum of 16-bit counts")
}

fn exactly_one(rows: u64, otherwise: &'static str) -> Result<(), Failure> {
    if rows == 1 { Ok(()) } else { Err(Failure::Broken(otherwise)) }
}
