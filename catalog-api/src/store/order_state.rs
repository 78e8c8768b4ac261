//! The state machine of orders. Every transition is a compare-and-set on the state it leaves, inside
//! the caller's transaction, together with everything that has to happen with it:
//!
//! | from → to | function | with it |
//! |---|---|---|
//! | 101 → 102 | [`end_unpaid`] | stock or a stock return, tickets, coupons, booking, group, prepared payments |
//! | 101 → 103 | [`end_unpaid`] | the same |
//! | 101 → 201 | [`mark_paid`] | flash order, tickets, granted coupons, booking, group |
//! | 101 → 201 | [`mark_paid_offline`], [`mark_free`] | the same |
//! | 201 → 202 | [`ask_refund`] | tickets, granted coupons, booking and group end, unless something was used |
//! | 202 → 203 | [`mark_refunded`] | stock or a stock return, coupons |
//! | 201 → 301 | [`ship`] | – |
//! | 301 → 401 | [`confirm`] | lines can be reviewed |
//! | 301 → 402 | [`confirm`] | – |
//!
//! 104 and 204 are known to the front ends and never set. A flash-sale order never gives units back by
//! itself: it leaves a `stock_return` row, which the engine books. Whether an order is due is judged by
//! the database's clock.

mod effects;

use crate::error::Failure;
use crate::groups::Paid;
use crate::store::due_task;
use chrono::NaiveDateTime;
use contract::ledger::FlashOrderState;
use contract::ledger::order_status::{
    AUTO_RECEIVED, CANCELLED, LAPSED, PAID, RECEIVED, REFUND_ASKED, REFUNDED, SHIPPED, UNPAID,
};
use sqlx::{FromRow, MySqlConnection};

/// What an order sells, beside the kinds a sale can have: a booking of a slot.
pub const BOOKING: u8 = 3;

/// Why an unpaid order ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its owner cancels it.
    Cancelled,
    /// Nobody paid in time.
    Lapsed,
}

/// Who says that the goods arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// The owner.
    Owner,
    /// Nobody said anything for long enough.
    Timer,
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
    pub mobile: String,
    pub kind: u8,
    pub sale_id: Option<u64>,
    pub status: u16,
    pub aftersale_status: u8,
    pub actual_minor: i64,
    pub freight_minor: i64,
    pub deleted: bool,
    pub pay_by: NaiveDateTime,
    /// Whether the time to pay is over, by the database's clock.
    pub is_due: bool,
}

macro_rules! select_locked {
    ($tail:literal) => {
        concat!(
            "select id, user_id, order_sn, mobile, kind, sale_id, status, aftersale_status, actual_minor, \
             freight_minor, deleted, pay_by, pay_by <= now(3) as is_due from orders where ",
            $tail,
            " for update"
        )
    };
}

/// Locks an order by id.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<Locked>> {
    sqlx::query_as(select_locked!("id = ? and deleted = false")).bind(id).fetch_optional(db).await
}

/// Locks an order by id, even when its owner deleted it meanwhile.
pub async fn lock_any(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<Locked>> {
    sqlx::query_as(select_locked!("id = ?")).bind(id).fetch_optional(db).await
}

/// Locks an order of a shopper.
pub async fn lock_own(db: &mut MySqlConnection, id: u64, owner: u64) -> sqlx::Result<Option<Locked>> {
    sqlx::query_as(select_locked!("id = ? and user_id = ? and deleted = false"))
        .bind(id)
        .bind(owner)
        .fetch_optional(db)
        .await
}

/// Locks an order by number.
pub async fn lock_by_sn(db: &mut MySqlConnection, order_sn: &str) -> sqlx::Result<Option<Locked>> {
    sqlx::query_as(select_locked!("order_sn = ?")).bind(order_sn).fetch_optional(db).await
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
    effects::end(db, order).await?;
    effects::give_units_back(db, order, FlashOrderState::Unpaid).await?;
    effects::release_coupons(db, order.id).await?;
    due_task::close_payments(db, order.id).await?;
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
    settled(db, order).await
}

/// 101 → 201 of an order that costs nothing; there is no time of payment.
pub async fn mark_free(db: &mut MySqlConnection, order: &Locked) -> Result<Moved, Failure> {
    mark_paid_offline(db, order, 0).await
}

/// 101 → 201 because staff say that so much was paid elsewhere, which becomes what the order cost.
pub async fn mark_paid_offline(
    db: &mut MySqlConnection,
    order: &Locked,
    amount_minor: i64,
) -> Result<Moved, Failure> {
    let done = sqlx::query(
        "update orders set status = ?, actual_minor = ? where id = ? and status = ? and deleted = false",
    )
    .bind(PAID)
    .bind(amount_minor)
    .bind(order.id)
    .bind(UNPAID)
    .execute(&mut *db)
    .await?;
    if done.rows_affected() != 1 {
        return Ok(Moved::NotThere);
    }
    due_task::close_payments(db, order.id).await?;
    settled(db, order).await
}

/// What hangs on a payment. A group that failed before the money came lets the money go back.
async fn settled(db: &mut MySqlConnection, order: &Locked) -> Result<Moved, Failure> {
    if effects::of_payment(db, order).await? == Paid::Failed {
        let paid = Locked { status: PAID, ..order.clone() };
        return ask_refund(db, &paid).await;
    }
    Ok(Moved::Done)
}

/// 201 → 202. What was granted with the order ends here, so that it cannot be used on the way; an order
/// of which something was used stays as it is.
pub async fn ask_refund(db: &mut MySqlConnection, order: &Locked) -> Result<Moved, Failure> {
    if order.status != PAID || effects::something_was_used(db, order).await? {
        return Ok(Moved::NotThere);
    }
    let done = sqlx::query("update orders set status = ? where id = ? and status = ? and deleted = false")
        .bind(REFUND_ASKED)
        .bind(order.id)
        .bind(PAID)
        .execute(&mut *db)
        .await?;
    if done.rows_affected() != 1 {
        return Ok(Moved::NotThere);
    }
    effects::end(db, order).await?;
    effects::withdraw_granted(db, order).await?;
    Ok(Moved::Done)
}

/// How money went back.
#[derive(Clone, Copy, Debug)]
pub struct Returned<'a> {
    /// How much.
    pub amount_minor: i64,
    /// Which way, as text for people.
    pub way: &'a str,
    /// The provider's number of it.
    pub reference: &'a str,
}

/// 202 → 203.
pub async fn mark_refunded(
    db: &mut MySqlConnection,
    order: &Locked,
    returned: Returned<'_>,
) -> Result<Moved, Failure> {
    let done = sqlx::query(
        "update orders set status = ?, ended_at = now(3), refund_minor = ?, refund_type = ?, \
         refund_content = ?, refunded_at = now(3) where id = ? and status = ?",
    )
    .bind(REFUNDED)
    .bind(returned.amount_minor)
    .bind(returned.way)
    .bind(returned.reference)
    .bind(order.id)
    .bind(REFUND_ASKED)
    .execute(&mut *db)
    .await?;
    if done.rows_affected() != 1 {
        return Ok(Moved::NotThere);
    }
    effects::give_units_back(db, order, FlashOrderState::Paid).await?;
    effects::release_coupons(db, order.id).await?;
    Ok(Moved::Done)
}

/// 201 → 301.
pub async fn ship(
    db: &mut MySqlConnection,
    order: &Locked,
    channel: &str,
    number: &str,
) -> Result<Moved, Failure> {
    let done = sqlx::query(
        "update orders set status = ?, ship_channel = ?, ship_sn = ?, shipped_at = now(3) \
         where id = ? and status = ? and deleted = false",
    )
    .bind(SHIPPED)
    .bind(channel)
    .bind(number)
    .bind(order.id)
    .bind(PAID)
    .execute(db)
    .await?;
    Ok(if done.rows_affected() == 1 { Moved::Done } else { Moved::NotThere })
}

/// 301 → 401 or 402. After the owner's word every line waits for a review.
pub async fn confirm(db: &mut MySqlConnection, order: &Locked, receipt: Receipt) -> Result<Moved, Failure> {
    let (to, lines) = match receipt {
        Receipt::Owner => (RECEIVED, effects::count_lines(db, order.id).await?),
        Receipt::Timer => (AUTO_RECEIVED, 0),
    };
    let done = sqlx::query(
        "update orders set status = ?, confirmed_at = now(3), comments = ? \
         where id = ? and status = ? and deleted = false",
    )
    .bind(to)
    .bind(lines)
    .bind(order.id)
    .bind(SHIPPED)
    .execute(db)
    .await?;
    Ok(if done.rows_affected() == 1 { Moved::Done } else { Moved::NotThere })
}

/// The units of a received order come back; its state stays.
pub async fn take_goods_back(db: &mut MySqlConnection, order: &Locked) -> Result<(), Failure> {
    effects::give_units_back(db, order, FlashOrderState::Paid).await
}
