//! The end of an offer. First it stops standing; then, some records at a time and each with its order
//! locked first, as every payment does it, what waits for payment or for people has failed, and money
//! that was paid for it goes back.

use crate::error::Failure;
use crate::store::due_task::{self, Task};
use crate::store::groupon::{self, FAILED, GroupRow, RUNNING, UNPAID};
use crate::store::groupon_rule::{self, ON};
use crate::store::groupon_rule_write;
use crate::store::order_state;
use contract::ledger::order_status::PAID;
use sqlx::MySqlConnection;

/// Records that one turn ends.
const RECORDS_AT_ONCE: u32 = 50;

/// One turn of the task; its subject is the offer, deleted or not.
pub async fn turn(db: &mut MySqlConnection, task: &Task) -> Result<(), Failure> {
    let Some(rule) = groupon_rule::lock(db, task.subject_id).await? else {
        return Ok(due_task::finish(db, task.id).await?);
    };
    if rule.status == ON && !rule.is_over {
        // Its end was moved after the task was claimed.
        return Ok(groupon_rule_write::ask_expiry(db, rule.id).await?);
    }
    if rule.status == ON {
        groupon_rule_write::expire(db, rule.id).await?;
        // The records come in transactions of their own, which do not hold the offer.
        return Ok(due_task::postpone(db, task.id, 0, None).await?);
    }
    let waiting = groupon::waiting_of_rule(db, rule.id, RECORDS_AT_ONCE).await?;
    for record in &waiting {
        end(db, record).await?;
    }
    if waiting.len() < RECORDS_AT_ONCE as usize {
        return Ok(due_task::finish(db, task.id).await?);
    }
    Ok(due_task::postpone(db, task.id, 0, None).await?)
}

async fn end(db: &mut MySqlConnection, record: &GroupRow) -> Result<(), Failure> {
    let order = order_state::lock(db, record.order_id).await?;
    if groupon::advance(db, record.id, UNPAID, FAILED).await? {
        return Ok(());
    }
    if !groupon::advance(db, record.id, RUNNING, FAILED).await? {
        // It succeeded or ended meanwhile.
        return Ok(());
    }
    // What is shipped already, or going back already, stays as it is.
    if let Some(order) = order.filter(|order| order.status == PAID) {
        order_state::ask_refund(db, &order).await?;
    }
    Ok(())
}
