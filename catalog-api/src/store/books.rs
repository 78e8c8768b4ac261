//! The ledger's side of the books of a sale: the terms of the invariants, in units.

use serde::Serialize;
use sqlx::{FromRow, MySqlPool};
use utoipa::ToSchema;

/// The terms; with `gap` 0 and `moved` equal to `free - put_on_sale` the books balance.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize, ToSchema)]
pub struct Books {
    /// Put on sale.
    pub put_on_sale: i64,
    /// Free in the ledger.
    pub free: i64,
    /// In unpaid orders.
    pub unpaid: i64,
    /// In paid orders.
    pub paid: i64,
    /// In returns not yet booked. (The word itself is reserved in MariaDB.)
    #[sqlx(rename = "returning_units")]
    pub returning: i64,
    /// Booked back, not yet at the desk.
    pub booked_back: i64,
    /// In dead letters.
    pub dead: i64,
    /// Given back to the resource.
    pub given_back: i64,
    /// Sum of all movements of `free`.
    pub moved: i64,
    /// Orders, whatever became of them.
    pub orders: i64,
    /// What the terms do not explain.
    pub gap: i64,
}

/// Reads them in one statement, which sees one state of the ledger.
pub async fn books(db: &MySqlPool, sale: u64) -> sqlx::Result<Option<Books>> {
    sqlx::query_as(
        "select put_on_sale, free, unpaid, paid, returning_units, booked_back, dead, given_back, \
         moved, orders, \
         put_on_sale - (free + unpaid + paid + returning_units + dead + given_back) as gap from ( \
         select s.put_on_sale, s.free, s.given_back, \
         cast(coalesce((select sum(units) from flash_order where sale_id = s.id and state = 0), 0) as signed) as unpaid, \
         cast(coalesce((select sum(units) from flash_order where sale_id = s.id and state = 1), 0) as signed) as paid, \
         cast(coalesce((select sum(units) from stock_return where sale_id = s.id and state = 0), 0) as signed) \
         as returning_units, \
         cast(coalesce((select sum(units) from stock_return where sale_id = s.id and state = 1), 0) as signed) \
         as booked_back, \
         cast(coalesce((select sum(units) from dead_letter where sale_id = s.id and resolved = false), 0) as signed) \
         as dead, \
         cast(coalesce((select sum(delta) from stock_log where sale_id = s.id), 0) as signed) as moved, \
         (select count(*) from flash_order where sale_id = s.id) as orders \
         from flash_sale s where s.id = ?) terms",
    )
    .bind(sale)
    .fetch_optional(db)
    .await
}
