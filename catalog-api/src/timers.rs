//! Work nobody calls for: unpaid orders lapse, shipped ones count as received, the time for reviews ends,
//! deleted sales go once they are reconciled, refunds and closings reach the payment provider. Claims are row locks past which other instances skip, so any number of them may run.

// Finding what nobody wrote a task for.
mod look;
// The tasks, by what they are about.
mod orders;
mod sales;
// What the payment provider has to be told.
mod money;

use crate::envelope::chain;
use crate::error::Failure;
use crate::metrics::Counter;
use crate::state::App;
use crate::stats;
use crate::store::due_task::{self, Task};
use crate::{coupons, groups};
use sqlx::{Connection, MySqlConnection};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Runs until told to stop; a round in hand is finished.
pub async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let interval = Duration::from_millis(app.config.timers.interval_ms);
    let mut look = look::Look::default();
    let mut figures = stats::Background::default();
    while !*stop.borrow() {
        let rounds =
            [look.around(&app).await, tasks(&app).await, money::round(&app).await, figures.round(&app).await];
        for round in rounds {
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
        due_task::ORDER_UNPAID => orders::lapse(&mut savepoint, task).await,
        due_task::ORDER_RECEIVED => orders::receive(&mut savepoint, task).await.map(|()| false),
        due_task::REVIEW_OVER => orders::end_reviews(&mut savepoint, task).await.map(|()| false),
        due_task::SALE_DELETE => sales::delete(&mut savepoint, task).await.map(|()| false),
        due_task::GROUPON_EXPIRY => groups::expiry::turn(&mut savepoint, task).await.map(|()| false),
        due_task::COUPON_EXPIRY => coupons::expiry::turn(&mut savepoint, task).await.map(|()| false),
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
