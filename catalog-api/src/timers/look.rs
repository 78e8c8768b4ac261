//! Looking for what is due and has no task: orders the engine settled (which know nothing of tasks),
//! shipped orders and reviews (whose time depends on settings that may change), and rows that were kept
//! long enough.

use crate::error::Failure;
use crate::state::App;
use crate::store::{due_task, order_request};
use std::time::{Duration, Instant};

/// A shopper may repeat a submit for so long.
const REQUESTS_KEPT_DAYS: u32 = 7;
/// Rows that are too old, deleted in one statement.
const FORGOTTEN_AT_ONCE: u32 = 500;
/// Rounds of timers between two looks at what is due by days, not by seconds.
const SLOW_LOOK_EVERY_ROUNDS: u32 = 20;

/// When something was last looked for.
#[derive(Debug, Default)]
pub(super) struct Look {
    last: Option<Instant>,
}

impl Look {
    /// Asks for tasks.
    pub(super) async fn around(&mut self, app: &App) -> Result<(), Failure> {
        let batch = app.config.timers.batch;
        let forgotten = due_task::overdue_orders_without_task(&app.db, batch).await?;
        due_task::ask_many(&app.db, due_task::ORDER_UNPAID, &forgotten).await?;
        let rest = Duration::from_millis(app.config.timers.interval_ms) * SLOW_LOOK_EVERY_ROUNDS;
        if self.last.is_some_and(|last| last.elapsed() < rest) {
            return Ok(());
        }
        self.last = Some(Instant::now());
        let settings = app.settings.read(&app.db).await?;
        let days = |days: i64| u32::try_from(days).unwrap_or(0);
        let shipped =
            due_task::shipped_long_ago(&app.db, days(settings.order_unconfirmed_days()), batch).await?;
        due_task::ask_many(&app.db, due_task::ORDER_RECEIVED, &shipped).await?;
        let reviewable =
            due_task::reviewable_long_ago(&app.db, days(settings.order_comment_days()), batch).await?;
        due_task::ask_many(&app.db, due_task::REVIEW_OVER, &reviewable).await?;
        order_request::forget(&app.db, REQUESTS_KEPT_DAYS, FORGOTTEN_AT_ONCE).await?;
        Ok(())
    }
}
