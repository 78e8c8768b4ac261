//! The books of a sale, and the report that ends it.

use super::failure::Failure;
use super::stock::{self, LockedStock};
use crate::settlement::LedgerBooks;
use contract::ids::SaleId;
use contract::ledger::{FlashOrderState, MovementState, SaleKind, SaleState, StockCause};
use sqlx::mysql::MySqlConnection;
use sqlx::{Row as _, query};

/// The books of a sale, by one statement: one consistent snapshot whatever moves meanwhile.
pub(super) async fn read(
    connection: &mut MySqlConnection,
    sale: SaleId,
) -> Result<Option<LedgerBooks>, Failure> {
    let row = query(
        "select s.put_on_sale, s.free, s.given_back,
            cast(o.unpaid as signed) as unpaid, cast(o.paid as signed) as paid, o.orders,
            cast(r.returning_units as signed) as returning_units,
            cast(r.booked_back as signed) as booked_back,
            cast(d.dead as signed) as dead, cast(l.moved as signed) as moved,
            b.buyers_over_limit,
            cast(o.orders_missing as signed) as orders_missing,
            cast(o.granted_units as signed) as granted_units, c.coupons
        from flash_sale s
        cross join (
            select coalesce(sum(if(f.state = ?, f.units, 0)), 0) as unpaid,
                coalesce(sum(if(f.state = ?, f.units, 0)), 0) as paid, count(*) as orders,
                -- An order without a mall order is a free coupon, or something is missing.
                coalesce(sum(m.id is null and not (f.order_id is null and f.price_minor = 0
                    and k.kind = ?)), 0) as orders_missing,
                coalesce(sum(if(f.order_id is null and f.price_minor = 0 and k.kind = ?, f.units, 0)), 0)
                    as granted_units
            from flash_order f
            join flash_sale k on k.id = f.sale_id
            left join orders m on m.id = f.order_id
            where f.sale_id = ?
        ) o
        cross join (
            select coalesce(sum(if(state = ?, units, 0)), 0) as returning_units,
                coalesce(sum(if(state = ?, units, 0)), 0) as booked_back
            from stock_return where sale_id = ?
        ) r
        cross join (
            select coalesce(sum(units), 0) as dead from dead_letter where sale_id = ? and resolved = false
        ) d
        cross join (select coalesce(sum(delta), 0) as moved from stock_log where sale_id = ?) l
        cross join (
            select count(*) as buyers_over_limit from (
                select f.user_id from flash_order f join flash_sale k on k.id = f.sale_id
                where f.sale_id = ? and f.state <> ?
                group by f.user_id, k.per_user_max having sum(f.units) > k.per_user_max
            ) over_limit
        ) b
        cross join (select count(*) as coupons from coupon_user where flash_sn like ?) c
        where s.id = ?",
    )
    .bind(FlashOrderState::Unpaid.code())
    .bind(FlashOrderState::Paid.code())
    .bind(SaleKind::Coupon.code())
    .bind(SaleKind::Coupon.code())
    .bind(sale.0)
    .bind(MovementState::Asked.code())
    .bind(MovementState::Booked.code())
    .bind(sale.0)
    .bind(sale.0)
    .bind(sale.0)
    .bind(sale.0)
    .bind(FlashOrderState::Lapsed.code())
    .bind(format!("{sale}-%"))
    .bind(sale.0)
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let count = |column: &str| row.try_get::<i64, _>(column);
    // Coupons of paid orders are granted under the same numbers, so more of them is no gap.
    let coupons_missing = (count("granted_units")? - count("coupons")?).max(0);
    Ok(Some(LedgerBooks {
        put_on_sale: count("put_on_sale")?,
        free: count("free")?,
        unpaid: count("unpaid")?,
        paid: count("paid")?,
        returning: count("returning_units")?,
        booked_back: count("booked_back")?,
        dead: count("dead")?,
        given_back: count("given_back")?,
        moved: count("moved")?,
        orders: count("orders")?,
        buyers_over_limit: count("buyers_over_limit")?,
        rows_missing: count("orders_missing")? + coupons_missing,
    }))
}

/// Reconciles a drained sale, in a transaction of the caller's; false when it cannot be done yet.
pub(super) async fn reconcile(connection: &mut MySqlConnection, sale: SaleId) -> Result<bool, Failure> {
    let locked = stock::lock(connection, sale).await?;
    if locked.state != SaleState::Drained || underway(connection, sale).await? {
        return Ok(false);
    }
    let Some(books) = read(connection, sale).await? else { return Ok(false) };
    if !crate::settlement::plan::balanced(&books) {
        return Ok(false);
    }
    give_back_unsold(connection, &locked).await?;
    let report = serde_json::to_string(&books).expect("books are plain numbers");
    query("update flash_sale set state = ?, report = ? where id = ?")
        .bind(SaleState::Reconciled.code())
        .bind(report)
        .bind(sale.0)
        .execute(connection)
        .await?;
    Ok(true)
}

async fn give_back_unsold(connection: &mut MySqlConnection, sale: &LockedStock) -> Result<(), Failure> {
    stock::give_to_resource(connection, sale, sale.free).await?;
    stock::shift(connection, sale.sale, (-sale.free, 0, sale.free)).await?;
    stock::log(connection, sale.sale, StockCause::Unsold, [0; 16], -sale.free).await
}

/// Whether a return or a change is on its way. One that is asked for after this look finds the sale
/// reconciled, and goes to the resource or is refused.
async fn underway(connection: &mut MySqlConnection, sale: SaleId) -> Result<bool, Failure> {
    let row = query(
        "select exists(select 1 from stock_return where sale_id = ? and state in (?, ?))
            or exists(select 1 from stock_change where sale_id = ? and state in (?, ?)) as underway",
    )
    .bind(sale.0)
    .bind(MovementState::Asked.code())
    .bind(MovementState::Booked.code())
    .bind(sale.0)
    .bind(MovementState::Asked.code())
    .bind(MovementState::Booked.code())
    .fetch_one(connection)
    .await?;
    Ok(row.try_get::<bool, _>("underway")?)
}
