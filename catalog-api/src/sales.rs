//! What staff do with sales. Transactions begin and end here and in the files below; every change locks
//! the sale's row first, so that it sees the state it changes.

// Creating: units leave the resource.
mod create;
// Changing terms and units.
mod update;
// Starting, closing, deleting.
mod life;
// What the engines say, for the board.
mod board;
// What came in a body, and what of it may be accepted.
pub mod input;

pub use board::{Board, board};
pub use create::create;
pub use life::{close, delete, force_start};
pub use update::update;

use crate::envelope::Page;
use crate::error::{Failure, Refusal};
use crate::extract::Listing;
use crate::routes::admin::sale::Sale;
use crate::state::App;
use crate::store::books::{self, Books};
use crate::store::sale::{self, Filter, SaleRow};
use contract::ledger::SaleKind;
use serde_json::{Value, json};
use sqlx::MySqlConnection;

/// Which sales a call is about; the others are unknown to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every kind.
    All,
    /// Goods and tickets.
    GoodsAndTickets,
    /// Coupons.
    Coupons,
}

impl Scope {
    fn has(self, kind: SaleKind) -> bool {
        match self {
            Self::All => true,
            Self::GoodsAndTickets => kind != SaleKind::Coupon,
            Self::Coupons => kind == SaleKind::Coupon,
        }
    }
}

/// One page of the sales that match.
pub async fn list(app: &App, scope: Scope, filter: Filter, listing: Listing) -> Result<Page<Sale>, Failure> {
    let filter = match scope {
        Scope::All | Scope::GoodsAndTickets => filter,
        Scope::Coupons => Filter { kind: Some(SaleKind::Coupon), ..filter },
    };
    let rows = listing.rows(sale::count(&app.db, &filter).await?)?;
    let found = sale::list(&app.db, &filter, listing, rows).await?;
    let shown = found.into_iter().map(|row| Sale::show(row, app.zone));
    Ok(rows.page(shown.collect::<Result<_, _>>()?))
}

/// A sale.
pub async fn read(app: &App, scope: Scope, id: u64) -> Result<Sale, Failure> {
    let row = in_scope(sale::find(&app.db, id).await?, scope)?;
    Ok(Sale::show(row, app.zone)?)
}

/// The books of a sale.
pub async fn books(app: &App, scope: Scope, id: u64) -> Result<Books, Failure> {
    in_scope(sale::find(&app.db, id).await?, scope)?;
    books::books(&app.db, id).await?.ok_or_else(|| Refusal::wrong("id").into())
}

fn in_scope(row: Option<SaleRow>, scope: Scope) -> Result<SaleRow, Failure> {
    let row = row.ok_or_else(|| Refusal::wrong("id"))?;
    if scope.has(row.kind()?) { Ok(row) } else { Err(Refusal::wrong("id").into()) }
}

/// Locks a sale and reads it as it is under the lock.
async fn locked(db: &mut MySqlConnection, scope: Scope, id: u64) -> Result<SaleRow, Failure> {
    if !sale::lock(&mut *db, id).await? {
        return Err(Refusal::wrong("id").into());
    }
    in_scope(sale::find_locked(&mut *db, id).await?, scope)
}

/// What the operation log keeps of a sale.
fn logged(row: &SaleRow) -> Value {
    json!({
        "id": row.id, "name": row.name, "state": row.state, "version": row.version,
        "price_minor": row.price_minor, "starts_at": row.starts_at.to_string(),
        "ends_at": row.ends_at.to_string(), "put_on_sale": row.put_on_sale, "free": row.free,
        "per_order_max": row.per_order_max, "per_user_max": row.per_user_max,
        "cooldown_s": row.cooldown_s, "token_multiplier": row.token_multiplier,
        "min_user_level": row.min_user_level, "pay_within_s": row.pay_within_s,
    })
}
