//! Texts that were promised in a transaction (`store::sms_outbox::promise`) on their way to the provider,
//! and the end of old rows of the operation log: work of accounts that nobody calls for. Claims are row
//! locks past which other instances skip.

use crate::envelope::chain;
use crate::error::{Failure, Fault};
use crate::metrics::Counter;
use crate::provider::sms::{Message, Sms, Template};
use crate::state::App;
use crate::store::operation_log;
use crate::store::sms_outbox::{self, Due};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Tries after which a text is given up: with the rests between them, most of a day.
const TRIES_MAX: u32 = 16;
/// The longest rest between two tries.
const REST_MAX_S: u32 = 3600;
/// How long the provider may take; the row is locked for so long.
const PROVIDER_DEADLINE: Duration = Duration::from_secs(5);
/// How often old rows are looked for.
const CLEAN_EVERY: Duration = Duration::from_secs(600);
/// Rows deleted in one statement, so that none of them locks the table for long.
const CLEAN_BATCH: u32 = 1_000;

/// Runs until told to stop; a text in hand is finished.
pub async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let interval = Duration::from_millis(app.config.timers.interval_ms);
    let mut cleaned: Option<Instant> = None;
    while !*stop.borrow() {
        let mut rounds = vec![send_due(&app).await];
        if cleaned.is_none_or(|at| at.elapsed() >= CLEAN_EVERY) {
            rounds.push(clean(&app).await);
            cleaned = Some(Instant::now());
        }
        for failure in rounds.into_iter().filter_map(Result::err) {
            app.metrics.count(Counter::TimerFaults);
            match &failure {
                Failure::Fault(fault) => tracing::error!(fault = chain(fault), "a round of texts failed"),
                Failure::Refused(refusal) => tracing::error!(refusal.errno, "a round of texts was refused"),
            }
        }
        // A closed channel means the process is ending.
        if tokio::time::timeout(interval, stop.changed()).await.is_ok_and(|changed| changed.is_err()) {
            break;
        }
    }
}

/// Sends texts, one transaction each, until none is due.
async fn send_due(app: &App) -> Result<(), Failure> {
    let Some(sms) = &app.sms else { return Ok(()) };
    while send_one(app, sms.as_ref()).await? {}
    Ok(())
}

async fn send_one(app: &App, sms: &dyn Sms) -> Result<bool, Failure> {
    let mut tx = app.db.begin().await?;
    let Some(due) = sms_outbox::claim(&mut tx).await? else { return Ok(false) };
    // Sent twice if the commit below fails: two texts are better than none.
    let tried = match message(&due) {
        Some(message) => tokio::time::timeout(PROVIDER_DEADLINE, sms.send(&message)).await,
        None => Ok(Err(Fault::Broken("a promised text cannot be read"))),
    };
    match tried {
        Ok(Ok(provider_id)) => {
            sms_outbox::sent(&mut tx, due.id, &provider_id).await?;
            app.metrics.count(Counter::TextsSent);
        }
        Ok(Err(fault)) => failed(&mut tx, app, sms, &due, &chain(&fault)).await?,
        Err(_) => failed(&mut tx, app, sms, &due, "the provider did not answer").await?,
    }
    tx.commit().await?;
    Ok(true)
}

async fn failed(
    tx: &mut sqlx::MySqlConnection,
    app: &App,
    sms: &dyn Sms,
    due: &Due,
    failure: &str,
) -> Result<(), Failure> {
    app.metrics.count(Counter::TextsFailed);
    tracing::error!(text.id = due.id, due.attempts, provider = sms.name(), failure, "a text was not sent");
    if due.attempts + 1 >= TRIES_MAX {
        sms_outbox::given_up(tx, due.id, failure).await?;
    } else {
        let rest_s = 2_u32.saturating_pow(due.attempts + 1).min(REST_MAX_S);
        sms_outbox::postponed(tx, due.id, rest_s, failure).await?;
    }
    Ok(())
}

fn message(due: &Due) -> Option<Message> {
    Some(Message {
        mobile: due.mobile.clone(),
        template: Template::from_name(&due.template)?,
        parameters: serde_json::from_str(&due.parameters).ok()?,
    })
}

/// Deletes what is older than the operation log is kept.
async fn clean(app: &App) -> Result<(), Failure> {
    let days = app.config.operation_log.keep_days;
    while operation_log::delete_older(&app.db, days, CLEAN_BATCH).await? == u64::from(CLEAN_BATCH) {}
    Ok(())
}
