//! What has to happen with a transition, to everything that hangs on an order.

use super::{BOOKING, Locked};
use crate::error::{Failure, Fault};
use crate::groups::{self, Paid};
use crate::store::bbq::booking;
use chrono::NaiveDateTime;
use contract::ledger::{FlashOrderState, SaleKind};
use sqlx::MySqlConnection;

/// With 101 → 201: the flash-sale row, granted coupons, tickets, a booking, the group.
pub(super) async fn of_payment(db: &mut MySqlConnection, order: &Locked) -> Result<Paid, Failure> {
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
    if order.kind == BOOKING {
        booking::paid(db, order.id).await?;
    }
    groups::order_paid(db, order.id).await
}

/// What ends with an order that is not to be fulfilled: tickets, a booking's slot, its place in a group.
pub(super) async fn end(db: &mut MySqlConnection, order: &Locked) -> Result<(), Failure> {
    void_tickets(db, order.id).await?;
    if order.kind == BOOKING {
        booking::free(db, order.id).await?;
    }
    groups::order_ended(db, order.id).await
}

/// The order's units go back: through the engine when it was bought in a flash sale, otherwise to what
/// they were taken from.
pub(super) async fn give_units_back(
    db: &mut MySqlConnection,
    order: &Locked,
    flash_state: FlashOrderState,
) -> Result<(), Failure> {
    match order.sale_id {
        Some(_) => ask_for_return(db, order.id, flash_state).await,
        None => Ok(restock(db, order).await?),
    }
}

/// The flash-sale row lapses and its units are asked back, once: the row's key is the order's token.
async fn ask_for_return(db: &mut MySqlConnection, order: u64, from: FlashOrderState) -> Result<(), Failure> {
    let lapsed = sqlx::query("update flash_order set state = ? where order_id = ? and state = ?")
        .bind(FlashOrderState::Lapsed.code())
        .bind(order)
        .bind(from.code())
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
        return Err(Fault::Broken("an order's flash-sale row is not in the order's state").into());
    }
    Ok(())
}

/// An ordinary order's units go back to the SKUs, or ticket types, they came from. A booking has no
/// units: its slot is free as soon as the booking ends.
async fn restock(db: &mut MySqlConnection, order: &Locked) -> sqlx::Result<()> {
    let statement = if order.kind == SaleKind::Ticket.code() {
        "update ticket_type join (select ticket_type_id, count(*) as units from ticket \
         where order_id = ? and status = 3 group by ticket_type_id) back on back.ticket_type_id = ticket_type.id \
         set ticket_type.stock = ticket_type.stock + back.units"
    } else if order.kind == BOOKING {
        return Ok(());
    } else {
        // Two lines may name the same SKU; a joined update would change its row once.
        "update sku join (select sku_id, sum(quantity) as units from order_goods \
         where order_id = ? group by sku_id) back on back.sku_id = sku.id \
         set sku.stock = sku.stock + back.units"
    };
    sqlx::query(statement).bind(order.id).execute(db).await?;
    Ok(())
}

/// Unpaid and valid tickets end.
async fn void_tickets(db: &mut MySqlConnection, order: u64) -> sqlx::Result<()> {
    sqlx::query("update ticket set status = 3 where order_id = ? and status in (0, 1)")
        .bind(order)
        .execute(db)
        .await?;
    Ok(())
}

/// Whether a ticket of the order was used, or a coupon it granted is no longer unused. The rows are
/// locked, so that nothing is used between this look and the transition.
pub(super) async fn something_was_used(db: &mut MySqlConnection, order: &Locked) -> sqlx::Result<bool> {
    let tickets: Vec<u8> = sqlx::query_scalar("select status from ticket where order_id = ? for update")
        .bind(order.id)
        .fetch_all(&mut *db)
        .await?;
    let mut coupons = Vec::new();
    if order.kind == SaleKind::Coupon.code() {
        coupons = sqlx::query_scalar("select status from coupon_user where flash_sn = ? for update")
            .bind(&order.order_sn)
            .fetch_all(db)
            .await?;
    }
    Ok(tickets.contains(&2) || coupons.iter().any(|status: &u8| *status != 0))
}

/// Coupons the order granted cannot be used any more.
pub(super) async fn withdraw_granted(db: &mut MySqlConnection, order: &Locked) -> sqlx::Result<()> {
    if order.kind == SaleKind::Coupon.code() {
        sqlx::query("update coupon_user set status = 3 where flash_sn = ? and status = 0")
            .bind(&order.order_sn)
            .execute(db)
            .await?;
    }
    Ok(())
}

/// How many lines an order has.
pub(super) async fn count_lines(db: &mut MySqlConnection, order: u64) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from order_goods where order_id = ? and deleted = false")
        .bind(order)
        .fetch_one(db)
        .await
}

/// Coupons that were used for the order can be used again.
pub(super) async fn release_coupons(db: &mut MySqlConnection, order: u64) -> sqlx::Result<()> {
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
