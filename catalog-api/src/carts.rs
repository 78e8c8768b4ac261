//! What is done with carts: what shoppers do themselves, and what an order takes out of one.

// Adding and changing.
mod change;
// What an order of the selection would cost.
mod checkout;

pub use change::{Wanted, add, buy_now, content, update};
pub use checkout::{Asked, CheckOut, check_out, freight, judged, selection};

use crate::error::{Failure, GOODS_OFF_SHELF, Refusal};
use crate::pricing::Line;
use crate::store::cart::{self, CartRow};
use crate::store::cart_write;
use sqlx::MySqlConnection;
use std::collections::HashMap;

/// Rows of one cart; a new one beyond them is refused.
pub const ROWS_MAX: i64 = 500;

/// Cart rows that go into an order, and the lines the price calculation sees.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The rows.
    pub rows: Vec<CartRow>,
    /// A line for each row.
    pub lines: Vec<Line>,
}

/// Locks what an order is made of: the checked rows of a shopper (`cart_id` 0) or one row, checked or
/// not. Nothing there is 402; what has left the shelf since is 710.
pub async fn for_order(db: &mut MySqlConnection, user: u64, cart_id: u64) -> Result<Selection, Failure> {
    let rows = match cart_id {
        0 => cart::lock_checked(db, user).await?,
        id => cart::lock_one(db, user, id).await?,
    };
    if rows.is_empty() {
        return Err(Refusal::wrong_because("cartId", "nothing in the cart is chosen").into());
    }
    let skus: Vec<u64> = rows.iter().map(|row| row.sku_id).collect();
    let shelf: HashMap<u64, _> =
        cart::shelf(db, &skus).await?.into_iter().map(|shelf| (shelf.sku_id, shelf)).collect();
    let line = |row: &CartRow| {
        let on_shelf = shelf.get(&row.sku_id).filter(|shelf| shelf.on_shelf);
        on_shelf.map(|shelf| row.line(shelf.category_id)).ok_or(GOODS_OFF_SHELF)
    };
    let lines = rows.iter().map(line).collect::<Result<_, _>>()?;
    Ok(Selection { rows, lines })
}

/// Takes the rows of an order out of the cart and leaves an event for other services.
pub async fn ordered(
    db: &mut MySqlConnection,
    user: u64,
    order: u64,
    selection: &Selection,
) -> Result<(), Failure> {
    let ids: Vec<u64> = selection.rows.iter().map(|row| row.id).collect();
    if cart_write::delete_rows(db, user, &ids).await? != ids.len() as u64 {
        return Err(crate::error::Fault::Broken("a locked cart row is gone").into());
    }
    Ok(cart_write::record_ordered(db, user, order, &selection.rows).await?)
}
