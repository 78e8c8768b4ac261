//! What the payment provider has to be told: refunds, and requests that are not wanted any more. One
//! transaction each, because every one waits for a call to somebody else's machine.

use crate::envelope::chain;
use crate::error::Failure;
use crate::orders::refunds::{self, Sent};
use crate::provider::pay::{Pay, Request};
use crate::state::App;
use crate::store::due_task::{self, Task};
use crate::store::payment_request;
use sqlx::MySqlConnection;
use std::time::Duration;

/// Does what may be done now.
pub(super) async fn round(app: &App) -> Result<(), Failure> {
    let Some(pay) = app.pay.as_deref() else { return Ok(()) };
    while refunds::send_next(app, pay).await? != Sent::None {}
    while close_next(app, pay).await? {}
    Ok(())
}

/// How long one call to the provider may take; the task's row is locked for so long.
const PROVIDER_DEADLINE: Duration = Duration::from_secs(5);

/// Closes the requests of one order; false when there is none to look at.
async fn close_next(app: &App, pay: &dyn Pay) -> Result<bool, Failure> {
    let mut tx = app.db.begin().await?;
    let Some(task) = due_task::claim_one(&mut tx, due_task::PAYMENT_CLOSE).await? else { return Ok(false) };
    close(&mut tx, pay, &task).await?;
    tx.commit().await?;
    Ok(true)
}

async fn close(db: &mut MySqlConnection, pay: &dyn Pay, task: &Task) -> Result<(), Failure> {
    for unwanted in payment_request::unwanted(db, task.subject_id).await? {
        let request = Request { order_id: unwanted.order_id, amount_minor: unwanted.amount_minor };
        let problem = match tokio::time::timeout(PROVIDER_DEADLINE, pay.close(&request)).await {
            Ok(Ok(())) => {
                payment_request::closed(db, unwanted.id).await?;
                continue;
            }
            Ok(Err(fault)) => chain(&fault),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::warn!(order.sn = unwanted.order_sn, fault = problem, "a payment could not be closed");
        let text: String = problem.chars().take(255).collect();
        let rest_s = 2_u32.saturating_pow(task.attempts.min(8)).min(300);
        return Ok(due_task::postpone(db, task.id, rest_s, Some(&text)).await?);
    }
    Ok(due_task::finish(db, task.id).await?)
}
