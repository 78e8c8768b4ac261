//! Writing an unpaid order down, whatever it sells, inside the transaction in which its units were
//! taken. Everything that belongs to it (lines, tickets, a booking, a group) goes into the same
//! transaction; then [`settle_if_free`] says whether there is anything to pay.

use super::number;
use crate::envelope::Zone;
use crate::error::{Failure, Fault};
use crate::store::due_task;
use crate::store::order_state::{self, Moved};
use crate::store::order_write::{self, NewLine, NewOrder};
use sqlx::MySqlConnection;

/// An order that was written down.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Its id.
    pub id: u64,
    /// Its number.
    pub order_sn: String,
    /// What is to be paid.
    pub actual_minor: i64,
}

/// Inserts the order with its lines, and the task that ends it when nobody pays in time.
pub async fn place(
    db: &mut MySqlConnection,
    zone: Zone,
    order: &NewOrder<'_>,
    lines: &[NewLine<'_>],
) -> Result<Placed, Failure> {
    let mut tries = 1;
    let (id, order_sn) = loop {
        let order_sn = number::fresh(zone);
        match order_write::insert(db, &order_sn, order).await? {
            Some(id) => break (id, order_sn),
            None if tries == number::TRIES => return Err(Fault::Broken("no order number is free").into()),
            None => tries += 1,
        }
    };
    order_write::insert_lines(db, id, lines).await?;
    if order.actual_minor > 0 {
        due_task::ask_in(db, due_task::ORDER_UNPAID, id, order.pay_within_s).await?;
    }
    Ok(Placed { id, order_sn, actual_minor: order.actual_minor })
}

/// An order that costs nothing is paid at once; true when it is.
pub async fn settle_if_free(db: &mut MySqlConnection, placed: &Placed) -> Result<bool, Failure> {
    if placed.actual_minor > 0 {
        return Ok(false);
    }
    let order =
        order_state::lock(db, placed.id).await?.ok_or(Fault::Broken("an order just placed is gone"))?;
    match order_state::mark_free(db, &order).await? {
        Moved::Done => Ok(true),
        Moved::NotThere => Err(Fault::Broken("an order just placed is not unpaid").into()),
    }
}
