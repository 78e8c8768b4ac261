//! Adding to a cart and changing it. Each change is one statement that checks and writes at once, so
//! there is no transaction to lose; what was read before it only words the refusal.

use super::ROWS_MAX;
use crate::error::{CART_TOO_LITTLE_STOCK, Failure, Fault, GOODS_OFF_SHELF, OUT_OF_STOCK, Refusal};
use crate::state::App;
use crate::store::cart::{self, CartRow, Copied};
use crate::store::cart_write::{self, NewRow, QUANTITY_MAX};
use crate::store::retrying;

/// What is to lie in the cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Goods.
    pub goods: u64,
    /// One of their SKUs.
    pub sku: u64,
    /// Units.
    pub number: i64,
}

/// Two callers of the same shopper may make and take out the same row again and again; nobody does.
const TURNS: usize = 8;

/// Adds units; the answer is how many the whole cart holds now.
pub async fn add(app: &App, user: u64, wanted: Wanted) -> Result<i64, Failure> {
    let copied = on_shelf(app, wanted).await?;
    let bound = bound(&copied);
    for _ in 0..TURNS {
        let added = retrying(|| async {
            Ok(cart_write::add_units(&app.db, user, wanted.sku, wanted.number, bound).await?)
        });
        if added.await? {
            return Ok(cart::units(&app.db, user).await?);
        }
        if let Some(id) = cart::row_of(&app.db, user, wanted.sku).await? {
            // It may have been made after the statement above looked for it; then it is added to again.
            let held = cart::find(&app.db, user, id).await?.map_or(0, |row| i64::from(row.quantity));
            if held + wanted.number > bound {
                return Err(OUT_OF_STOCK.into());
            }
            continue;
        }
        if insert(app, user, wanted, &copied).await?.is_some() {
            return Ok(cart::units(&app.db, user).await?);
        }
    }
    Err(Fault::Busy("a cart row changes faster than it can be written").into())
}

/// Sets the units of a row, or makes it; the answer is its id.
pub async fn buy_now(app: &App, user: u64, wanted: Wanted) -> Result<u64, Failure> {
    let copied = on_shelf(app, wanted).await?;
    for _ in 0..TURNS {
        if let Some(id) = cart::row_of(&app.db, user, wanted.sku).await? {
            if wanted.number > bound(&copied) {
                return Err(OUT_OF_STOCK.into());
            }
            let set = retrying(|| async {
                Ok(cart_write::set_units(&app.db, user, wanted.sku, wanted.number).await?)
            });
            if set.await? {
                return Ok(id);
            }
        } else if let Some(id) = insert(app, user, wanted, &copied).await? {
            return Ok(id);
        }
    }
    Err(Fault::Busy("a cart row changes faster than it can be written").into())
}

/// Sets the units of a row of a shopper.
pub async fn update(app: &App, user: u64, id: u64, wanted: Wanted) -> Result<(), Failure> {
    let row = cart::find(&app.db, user, id).await?.ok_or_else(|| Refusal::wrong("id"))?;
    if row.goods_id != wanted.goods {
        return Err(Refusal::wrong("goodsId").into());
    }
    if row.sku_id != wanted.sku {
        return Err(Refusal::wrong("productId").into());
    }
    let copied = on_shelf(app, wanted).await?;
    if wanted.number > bound(&copied) {
        return Err(CART_TOO_LITTLE_STOCK.into());
    }
    let set =
        retrying(|| async { Ok(cart_write::set_units(&app.db, user, wanted.sku, wanted.number).await?) });
    if set.await? { Ok(()) } else { Err(crate::error::UPDATE_FAILED.into()) }
}

/// The whole cart; rows that cannot be bought any more leave it here.
pub async fn content(app: &App, user: u64) -> Result<Vec<CartRow>, Failure> {
    retrying(|| async { Ok(cart_write::delete_off_shelf(&app.db, user).await?) }).await?;
    Ok(cart::list(&app.db, user).await?)
}

async fn on_shelf(app: &App, wanted: Wanted) -> Result<Copied, Failure> {
    let copied = cart::copied(&app.db, wanted.goods, wanted.sku).await?;
    Ok(copied.filter(|copied| copied.on_shelf).ok_or(GOODS_OFF_SHELF)?)
}

/// Units a row may hold; none of a SKU that is unknown.
fn bound(copied: &Copied) -> i64 {
    copied.stock.map_or(0, i64::from).min(QUANTITY_MAX)
}

/// Nothing when another call of this shopper made the row meanwhile.
async fn insert(app: &App, user: u64, wanted: Wanted, copied: &Copied) -> Result<Option<u64>, Failure> {
    let (Some(price_minor), Some(specifications)) = (copied.price_minor, &copied.specifications) else {
        return Err(OUT_OF_STOCK.into());
    };
    if wanted.number > bound(copied) {
        return Err(OUT_OF_STOCK.into());
    }
    if cart::rows(&app.db, user).await? >= ROWS_MAX {
        return Err(Refusal::wrong_because("productId", "the cart is full").into());
    }
    let row = NewRow {
        user,
        goods: wanted.goods,
        sku: wanted.sku,
        price_minor,
        specifications,
        units: wanted.number,
        copied,
    };
    retrying(|| async { Ok(cart_write::insert(&app.db, row).await?) }).await
}
