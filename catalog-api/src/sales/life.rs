//! Starting a sale by hand, closing it, deleting it.
//!
//! Deleting depends on whether the engine has a desk for the sale, because then units may be out of our
//! sight. Without one the units go back to the resource and the row is deleted at once. With one, as
//! long as the window has not begun, the sale is closed and a `sale_delete` task hides it from then on:
//! the engine gives the units back when it reconciles, and the task then deletes the row.

use super::{Scope, in_scope, locked, logged};
use crate::envelope::{Answer, Nothing, Reply};
use crate::error::{CHANGED_MEANWHILE, Failure, SALE_ENDED, SALE_HAS_ORDERS, SALE_NOT_OPEN};
use crate::routes::admin::sale::Sale;
use crate::state::App;
use crate::store::sale::SaleRow;
use crate::store::{due_task, resource, retrying, sale, sale_write};
use contract::ledger::SaleState;
use serde_json::json;
use sqlx::MySqlConnection;

/// Moves the window's beginning to now; repeating it is a success.
pub async fn force_start(app: &App, scope: Scope, id: u64) -> Answer<Sale> {
    let before = retrying(|| async {
        let mut tx = app.db.begin().await?;
        let before = locked(&mut tx, scope, id).await?;
        match before.state()? {
            SaleState::Draft | SaleState::Armed | SaleState::Open | SaleState::Recovering
                if !before.is_over => {}
            _ => return Err(SALE_ENDED.into()),
        }
        if !before.has_begun {
            sale_write::start_now(&mut tx, id).await?;
            tx.commit().await?;
        }
        Ok(before)
    })
    .await?;
    shown(app, scope, before).await
}

/// Ends a sale now; the engine settles what it promised and gives the rest back.
pub async fn close(app: &App, scope: Scope, id: u64) -> Answer<Sale> {
    let before = retrying(|| async {
        let mut tx = app.db.begin().await?;
        let before = locked(&mut tx, scope, id).await?;
        if !sale_write::close_by_staff(&mut tx, id).await? {
            return Err(SALE_NOT_OPEN.into());
        }
        tx.commit().await?;
        Ok(before)
    })
    .await?;
    shown(app, scope, before).await
}

async fn shown(app: &App, scope: Scope, before: SaleRow) -> Answer<Sale> {
    let after = in_scope(sale::find(&app.db, before.id).await?, scope)?;
    let changes = json!({ "before": logged(&before), "after": logged(&after) });
    Ok(Reply::data(Sale::show(after, app.zone)?).changing(changes))
}

/// Deletes a sale that has no orders and is not open.
pub async fn delete(app: &App, scope: Scope, id: u64) -> Answer<Nothing> {
    let before = retrying(|| async {
        let mut tx = app.db.begin().await?;
        let before = locked(&mut tx, scope, id).await?;
        if sale::has_orders(&mut tx, id).await? {
            return Err(SALE_HAS_ORDERS.into());
        }
        match before.state()? {
            SaleState::Draft | SaleState::Armed if before.generation == 0 => {
                delete_unbuilt(&mut tx, &before).await?;
            }
            SaleState::Armed if !before.has_begun => {
                sale_write::close_by_staff(&mut tx, id).await?;
                due_task::ask(&mut tx, due_task::SALE_DELETE, id).await?;
            }
            SaleState::Reconciled | SaleState::Archived => {
                sale_write::delete_reconciled(&mut tx, id).await?;
            }
            SaleState::Draft
            | SaleState::Armed
            | SaleState::Open
            | SaleState::Recovering
            | SaleState::Closing
            | SaleState::Drained => return Err(SALE_HAS_ORDERS.into()),
        }
        tx.commit().await?;
        Ok(before)
    })
    .await?;
    Ok(Reply::done().changing(json!({ "before": logged(&before) })))
}

async fn delete_unbuilt(db: &mut MySqlConnection, sale: &SaleRow) -> Result<(), Failure> {
    // A draft has taken nothing.
    let held = if sale.state()? == SaleState::Draft { 0 } else { sale.free };
    let asked = sale_write::lock_asked_changes(db, sale.id).await?;
    sale_write::refuse_asked_changes(db, sale.id).await?;
    if !sale_write::delete_unbuilt(db, sale.id).await? {
        return Err(CHANGED_MEANWHILE.into());
    }
    if sale.free > 0 {
        sale_write::log_unsold(db, sale.id, sale.free).await?;
    }
    if held + asked > 0 {
        resource::give_back(db, sale.resource()?, held + asked).await?;
    }
    Ok(())
}
