//! Tasks about one order. Whether it is really time is judged here, where the order is locked.

use crate::error::{Failure, Fault};
use crate::store::due_task::{self, Task};
use crate::store::order_state::{self, End, Moved, Receipt};
use crate::store::order_write;
use contract::ledger::order_status::{SHIPPED, UNPAID};
use sqlx::MySqlConnection;

/// Nobody paid; true when the order lapsed.
pub(super) async fn lapse(db: &mut MySqlConnection, task: &Task) -> Result<bool, Failure> {
    let order = order_state::lock(db, task.subject_id).await?.filter(|order| order.status == UNPAID);
    let Some(order) = order else {
        due_task::finish(db, task.id).await?;
        return Ok(false);
    };
    if !order.is_due {
        // Its time to pay was made longer after the task was written.
        due_task::postpone(db, task.id, 1, None).await?;
        return Ok(false);
    }
    if order_state::end_unpaid(db, &order, End::Lapsed).await? == Moved::NotThere {
        return Err(Fault::Broken("a locked order changed").into());
    }
    due_task::finish(db, task.id).await?;
    Ok(true)
}

/// Nobody said that the goods arrived. Whether it is long enough ago was judged by who asked for the
/// task, by the settings of that moment.
pub(super) async fn receive(db: &mut MySqlConnection, task: &Task) -> Result<(), Failure> {
    let order = order_state::lock(db, task.subject_id).await?.filter(|order| order.status == SHIPPED);
    if let Some(order) = order
        && order_state::confirm(db, &order, Receipt::Timer).await? == Moved::NotThere
    {
        return Err(Fault::Broken("a locked order changed").into());
    }
    Ok(due_task::finish(db, task.id).await?)
}

/// The time to review is over.
pub(super) async fn end_reviews(db: &mut MySqlConnection, task: &Task) -> Result<(), Failure> {
    if let Some(order) = order_state::lock_any(db, task.subject_id).await? {
        order_write::end_reviews(db, order.id).await?;
    }
    Ok(due_task::finish(db, task.id).await?)
}
