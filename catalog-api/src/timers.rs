//! Work nobody calls for: unpaid orders lapse, deleted sales go once they are reconciled, refunds reach
//! the provider. Claims are row locks past which other instances skip, so any number of them may run.

use crate::envelope::chain;
use crate::error::{Failure, Fault};
use crate::metrics::Counter;
use crate::provider::pay::{MoneyBack, Pay};
use crate::state::App;
use crate::store::due_task::{self, Task};
use crate::store::order_state::{self, End, Moved};
use crate::store::{payment, sale, sale_write};
use contract::ledger::SaleState;
use contract::ledger::order_status::UNPAID;
use sqlx::{Connection, MySqlConnection};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Runs until told to stop; a round in hand is finished.
pub async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let interval = Duration::from_millis(app.config.timers.interval_ms);
    while !*stop.borrow() {
        for round in [tasks(&app).await, refunds(&app).await] {
            if let Err(failure) = round {
                app.metrics.count(Counter::TimerFaults);
                report(&failure);
            }
        }
        // A closed channel means the process is ending.
        if tokio::time::timeout(interval, stop.changed()).await.is_ok_and(|changed| changed.is_err()) {
            break;
        }
    }
}

fn report(failure: &Failure) {
    match failure {
        // A lock lost to a shopper is ordinary; the next round is half a second away.
        failure if failure.lost_a_lock() => tracing::info!("a round of timers lost a lock and is repeated"),
        Failure::Fault(fault) => tracing::error!(fault = chain(fault), "a round of timers failed"),
        Failure::Refused(refusal) => tracing::error!(refusal.errno, "a round of timers was refused"),
    }
}

/// Does what is due, batch after batch, until nothing is.
async fn tasks(app: &App) -> Result<(), Failure> {
    let batch = app.config.timers.batch;
    let forgotten = due_task::overdue_orders_without_task(&app.db, batch).await?;
    if !forgotten.is_empty() {
        due_task::ask_lapses(&app.db, &forgotten).await?;
    }
    loop {
        let mut tx = app.db.begin().await?;
        let claimed = due_task::claim(&mut tx, batch).await?;
        let mut lapsed = 0;
        for task in &claimed {
            lapsed += usize::from(one(&mut tx, task).await?);
        }
        tx.commit().await?;
        (0..lapsed).for_each(|_| app.metrics.count(Counter::Lapsed));
        if claimed.len() < batch as usize {
            return Ok(());
        }
    }
}

/// One task in a savepoint, so that one that cannot be done holds up no other; true when an order
/// lapsed.
async fn one(tx: &mut MySqlConnection, task: &Task) -> Result<bool, Failure> {
    let mut savepoint = tx.begin().await?;
    let done = match task.kind.as_str() {
        due_task::ORDER_UNPAID => lapse(&mut savepoint, task).await,
        due_task::SALE_DELETE => delete_sale(&mut savepoint, task).await.map(|()| false),
        _ => Ok(false),
    };
    match done {
        Ok(lapsed) => {
            savepoint.commit().await?;
            Ok(lapsed)
        }
        // The server has rolled the whole transaction back, the savepoint with it.
        Err(failure) if failure.lost_a_lock() => Err(failure),
        Err(failure) => {
            savepoint.rollback().await?;
            let text = match &failure {
                Failure::Fault(fault) => chain(fault),
                Failure::Refused(refusal) => refusal.errmsg.to_string(),
            };
            tracing::error!(task.id, task.kind, task.subject_id, fault = text, "a task failed");
            let text: String = text.chars().take(255).collect();
            let rest_s = 2_u32.saturating_pow(task.attempts.min(8)).min(300);
            due_task::postpone(tx, task.id, rest_s, Some(&text)).await?;
            Ok(false)
        }
    }
}

async fn lapse(db: &mut MySqlConnection, task: &Task) -> Result<bool, Failure> {
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

/// How often a sale that is to go is looked at.
const SALE_DELETE_EVERY_S: u32 = 2;

async fn delete_sale(db: &mut MySqlConnection, task: &Task) -> Result<(), Failure> {
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

/// How long one call to the provider may take; the refund's row is locked for so long.
const PROVIDER_DEADLINE: Duration = Duration::from_secs(5);

/// Sends refunds, one transaction each, until none is left that may be tried now.
async fn refunds(app: &App) -> Result<(), Failure> {
    let Some(pay) = &app.pay else { return Ok(()) };
    while send_refund(app, pay.as_ref()).await? {}
    Ok(())
}

async fn send_refund(app: &App, pay: &dyn Pay) -> Result<bool, Failure> {
    let mut tx = app.db.begin().await?;
    let Some(refund) = payment::claim_refund(&mut tx, pay.name()).await? else { return Ok(false) };
    let back = MoneyBack {
        payment_id: refund.payment_id,
        transaction_id: refund.transaction_id,
        amount_minor: refund.amount_minor,
    };
    // Sent twice if the commit below fails, which the provider recognises by the payment.
    match tokio::time::timeout(PROVIDER_DEADLINE, pay.refund(&back)).await {
        Ok(Ok(provider_id)) => {
            payment::refund_done(&mut tx, refund.id, &provider_id).await?;
            tx.commit().await?;
            app.metrics.count(Counter::Refunded);
        }
        Ok(Err(fault)) => {
            tracing::error!(refund.id, refund.attempts, fault = chain(&fault), "a refund was not accepted");
            payment::refund_failed(&mut tx, refund.id).await?;
            tx.commit().await?;
        }
        Err(_) => {
            tracing::error!(refund.id, refund.attempts, "a refund was not answered");
            payment::refund_failed(&mut tx, refund.id).await?;
            tx.commit().await?;
        }
    }
    Ok(true)
}
