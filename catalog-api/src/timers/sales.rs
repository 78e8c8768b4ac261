//! Tasks about one sale.

use crate::error::Failure;
use crate::store::due_task::{self, Task};
use crate::store::{sale, sale_write};
use contract::ledger::SaleState;
use sqlx::MySqlConnection;

/// How often a sale that is to go is looked at.
const SALE_DELETE_EVERY_S: u32 = 2;

/// A sale that was deleted while its desk stood goes once it is reconciled.
pub(super) async fn delete(db: &mut MySqlConnection, task: &Task) -> Result<(), Failure> {
    let state = sale_write::state(db, task.subject_id).await?.and_then(SaleState::from_code);
    match state {
        Some(SaleState::Reconciled | SaleState::Archived) => {
            // A sale that got an order after all stays, and is shown again.
            if !sale::has_orders(db, task.subject_id).await? {
                sale_write::delete_reconciled(db, task.subject_id).await?;
            }
            due_task::finish(db, task.id).await?;
        }
        Some(_) => due_task::postpone(db, task.id, SALE_DELETE_EVERY_S, None).await?,
        None => due_task::finish(db, task.id).await?,
    }
    Ok(())
}
