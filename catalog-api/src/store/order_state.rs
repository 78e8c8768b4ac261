//! The state machine of orders. Every transition is a compare-and-set on the state it leaves, inside
//! the caller's transaction, together with everything that has to happen with it:
//!
//! | from → to | function | with it |
//! |---|---|---|
//! | 101 → 102 | [`end_unpaid`] | stock or a stock return, tickets, coupons |
//! | 101 → 103 | [`end_unpaid`] | the same |
//! | 101 → 201 | [`mark_paid`] | flash order, tickets, granted coupons |
//!
//! A flash-sale order never gives units back by itself: it leaves a `stock_return` row, which the
//! engine books. Whether an order is due is judged by the database's clock.

use crate::error::{Failure, Fault};
use chrono::NaiveDateTime;
use contract::ledger::SaleKind;
use contract::ledger::order_status::{CANCELLED, LAPSED, PAID, UNPAID};
use sqlx::{FromRow, MySqlConnection};

/// Why an unpaid order ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its owner cancels it.
    Cancelled,
    /// Nobody paid in time.
    Lapsed,
}

/// What a transition did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// The order is in its new state.
    Done,
    /// The order was not in the state the transition leaves.
    NotThere,
}

/// What a transition needs to know of an order.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Locked {
    pub id: u64,
    pub user_id: u64,
    pub order_sn: String,
    pub kind: u8,
    pub sale_id: Option<u64>,
    pub status: u16,
    pub actual_minor: i64,
    /// Whether the time to pay is over, by the database's clock.
    pub is_due: bool,
}

/// Locks an order by id.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<Locked>> {
    sqlx::query_as(
        "select id, user_id, order_sn, kind, sale_id, status, actual_minor, pay_by <= now(3) as is_due \
         from orders where id = ? and deleted = false for update",
    )
    .bind(id)
    .fetch_optional(db)
    .await
}

/// Locks an order by number.
pub async fn lock_by_sn(db: &mut MySqlConnection, order_sn: &str) -> sqlx::Result<Option<Locked>> {
    sqlx::query_as(
        "select id, user_id, order_sn, kind, sale_id, status, actual_minor, pay_by <= now(3) as is_due \
         from orders where order_sn = ? for update",
    )
    .bind(order_sn)
    .fetch_optional(db)
    .await
}

/// 101 → 102 or 103.
pub async fn end_unpaid(db: &mut MySqlConnection, order: &Locked, end: End) -> Result<Moved, Failure> {
    let to = match end {
        End::Cancelled => CANCELLED,
        End::Lapsed => LAPSED,
    };
    let done = sqlx::query("update orders set status = ?, ended_at = now(3) where id = ? and status = ?")
        .bind(to)
        .bind(order.id)
        .bind(UNPAID)
        .execute(&mut *db)
        .await?;
    if done.rows_affected() != 1 {
        return Ok(Moved::NotThere);
    }
    match order.sale_id {
        Some(_) => ask_for_return(db, order.id).await?,
        None => restock(db, order).await?,
    }
    void_tickets(db, order.id).await?;
    release_coupons(db, order.id).await?;
    Ok(Moved::Done)
}

/// 101 → 201, if what was paid is what is due.
pub async fn mark_paid(
    db: &mut MySqlConnection,
    order: &Locked,
    pay_id: &str,
    amount_minor: i64,
    paid_at: NaiveDateTime,
) -> Result<Moved, Failure> {
    let done = sqlx::query(
        "update orders set status = ?, pay_id = ?, paid_at = ? \
         where id = ? and status = ? and actual_minor = ? and deleted = false",
    )
    .bind(PAID)
    .bind(pay_id)
    .bind(paid_at)
    .bind(order.id)
    .bind(UNPAID)
    .bind(amount_minor)
    .execute(&mut *db)
    .await?;
    if done.rows_affected() != 1 {
        return Ok(Moved::NotThere);
    }
    if order.sale_id.is_some() {
        let paid = sqlx::query("update flash_order set state = 1 where order_id = ? and state = 0")
            .bind(order.id)
            .execute(&mut *db)
            .await?;
        if paid.rows_affected() != 1 {
            return Err(Fault::Broken("an unpaid order's flash-sale row is not unpaid").into());
        }
    }
    if order.kind == SaleKind::Coupon.code() {
        grant_coupons(db, order).await?;
    }
    sqlx::query("update ticket set status = 1 where order_id = ? and status = 0")
        .bind(order.id)
        .execute(&mut *db)
        .await?;
    Ok(Moved::Done)
}

/// The flash-sale row lapses and its units are asked back, once: the row's key is the order's token.
async fn ask_for_return(db: &mut MySqlConnection, order: u64) -> Result<(), Failure> {
    let lapsed = sqlx::query("update flash_order set state = 2 where order_id = ? and state = 0")
        .bind(order)
        .execute(&mut *db)
        .await?;
    let asked = sqlx::query(
        "insert into stock_return (sale_id, nonce, user_id, units, state) \
         select sale_id, nonce, user_id, units, 0 from flash_order where order_id = ?",
    )
    .bind(order)
    .execute(&mut *db)
    .await?;
    if (lapsed.rows_affected(), asked.rows_affected()) != (1, 1) {
        return Err(Fault::Broken("an unpaid order's flash-sale row is not unpaid").into());
    }
    Ok(())
}

/// An ordinary order's units go back to the SKUs, or ticket types, they came from.
async fn restock(db: &mut MySqlConnection, order: &Locked) -> sqlx::Result<()> {
    let statement = if order.kind == SaleKind::Ticket.code() {
        "update ticket_type join (select ticket_type_id, count(*) as units from ticket \
         where order_id = ? and status = 0 group by ticket_type_id) back on back.ticket_type_id = ticket_type.id \
         set ticket_type.stock = ticket_type.stock + back.units"
    } else {
        // Two lines may name the same SKU; a joined update would change its row once.
        "update sku join (select sku_id, sum(quantity) as units from order_goods \
         where order_id = ? and deleted = false group by sku_id) back on back.sku_id = sku.id \
         set sku.stock = sku.stock + back.units"
    };
    sqlx::query(statement).bind(order.id).execute(db).await?;
    Ok(())
}

async fn void_tickets(db: &mut MySqlConnection, order: u64) -> sqlx::Result<()> {
    sqlx::query("update ticket set status = 3 where order_id = ? and status = 0")
        .bind(order)
        .execute(db)
        .await?;
    Ok(())
}

/// Coupons that were used for the order can be used again.
async fn release_coupons(db: &mut MySqlConnection, order: u64) -> sqlx::Result<()> {
    sqlx::query(
        "update coupon_user set status = 0, used_at = null, order_id = null where order_id = ? and status = 1",
    )
    .bind(order)
    .execute(db)
    .await?;
    Ok(())
}

/// Coupons granted in one statement.
const GRANTS_PER_STATEMENT: u32 = 500;

/// One coupon for every unit of the purchase. The unique key on purchase and unit keeps it to that.
async fn grant_coupons(db: &mut MySqlConnection, order: &Locked) -> Result<(), Failure> {
    let found: Option<(u64, u32, Option<NaiveDateTime>, Option<NaiveDateTime>)> = sqlx::query_as(
        "select c.id, o.units, if(c.time_kind = 1, c.starts_at, now(3)), \
         if(c.time_kind = 1, c.ends_at, date_add(now(3), interval c.days day)) \
         from flash_order o join flash_sale s on s.id = o.sale_id join coupon c on c.id = s.coupon_id \
         where o.order_id = ?",
    )
    .bind(order.id)
    .fetch_optional(&mut *db)
    .await?;
    let (coupon, units, starts_at, ends_at) = found.ok_or(Fault::Broken("a coupon order has no coupon"))?;
    // Units count from 1, as they do where the engine grants coupons that cost nothing.
    for first in (1..=units).step_by(GRANTS_PER_STATEMENT as usize) {
        let some = first..=units.min(first + GRANTS_PER_STATEMENT - 1);
        let mut query = sqlx::QueryBuilder::new(
            "insert into coupon_user (user_id, coupon_id, status, starts_at, ends_at, flash_sn, flash_unit) ",
        );
        query.push_values(some, |mut row, unit| {
            row.push_bind(order.user_id)
                .push_bind(coupon)
                .push_bind(0_u8)
                .push_bind(starts_at)
                .push_bind(ends_at)
                .push_bind(order.order_sn.as_str())
                .push_bind(unit);
        });
        query.build().execute(&mut *db).await?;
    }
    Ok(())
}
