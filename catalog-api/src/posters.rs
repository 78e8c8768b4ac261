//! Share posters: the picture of goods with the code that opens the mini-program at them, for goods and for
//! groups that somebody opened. Making one asks WeChat for the code, so it is a task that is done by itself:
//! neither an edit nor a payment nor another task waits for it, and one that failed is tried again.
//!
//! Deliberately absent: text, which would need a typeface for every language goods are named in; and
//! pictures from other people's servers, which we never fetch.

mod drawing;

use crate::art;
use crate::cache::Subject;
use crate::envelope::chain;
use crate::error::{Failure, Fault};
use crate::metrics::Counter;
use crate::provider::weixin::Weixin;
use crate::state::App;
use crate::store::due_task::{self, GOODS_POSTER, GROUP_POSTER, Task};
use crate::store::poster::{self, Subject as Of};
use crate::uploads;
use axum::body::Bytes;
use sqlx::MySqlConnection;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Longer than making one takes: three calls outside at most, and a drawing.
const MAKING_S: u32 = 60;
/// Tries after which goods go without a poster until they are edited again.
const TRIES_MAX: u32 = 8;

/// Asks for the poster of goods, where posters are made at all.
pub async fn ask(app: &App, db: &mut MySqlConnection, goods: u64) -> Result<(), Failure> {
    if app.weixin.is_some() && app.settings.read(&app.db).await?.makes_posters() {
        due_task::ask_in(db, GOODS_POSTER, goods, 0).await?;
    }
    Ok(())
}

/// Makes what is asked for, one of each kind a round, until told to stop; a poster in hand is finished.
pub async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let interval = Duration::from_millis(app.config.timers.interval_ms);
    while !*stop.borrow() {
        for kind in [GOODS_POSTER, GROUP_POSTER] {
            if let Err(failure) = next(&app, kind).await {
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
        failure if failure.lost_a_lock() => tracing::info!("a poster lost a lock and is made later"),
        Failure::Fault(fault) => tracing::error!(fault = chain(fault), "a poster was not made"),
        Failure::Refused(refusal) => tracing::error!(refusal.errno, "a poster was refused"),
    }
}

/// One poster, if one is asked for. No row is locked while it is made, so that an edit which asks for the next
/// one does not wait; the task is put off instead, and stays if it was asked for again meanwhile.
async fn next(app: &App, kind: &str) -> Result<(), Failure> {
    let Some(task) = claimed(app, kind).await? else { return Ok(()) };
    let mut db = app.db.acquire().await?;
    match made(app, &mut db, &task).await {
        Ok(()) => due_task::finish_unless_asked(&mut db, task.id).await?,
        Err(Failure::Refused(refusal)) => {
            tracing::warn!(task.kind, task.subject_id, refusal.errno, "a poster cannot be kept");
            due_task::finish_unless_asked(&mut db, task.id).await?;
        }
        Err(Failure::Fault(fault)) => {
            let text: String = chain(&fault).chars().take(255).collect();
            tracing::warn!(task.kind, task.subject_id, task.attempts, fault = text, "a poster was not made");
            if task.attempts + 1 >= TRIES_MAX {
                due_task::finish_unless_asked(&mut db, task.id).await?;
            } else {
                let rest_s = 2_u32.saturating_pow(task.attempts);
                due_task::postpone(&mut db, task.id, rest_s, Some(&text)).await?;
            }
        }
    }
    if kind == GOODS_POSTER {
        app.cache.changed(&app.redis, &[Subject::Goods]).await;
    }
    Ok(())
}

async fn claimed(app: &App, kind: &str) -> Result<Option<Task>, Failure> {
    let mut tx = app.db.begin().await?;
    let task = due_task::claim_one(&mut tx, kind).await?;
    if let Some(task) = &task {
        due_task::postpone(&mut tx, task.id, MAKING_S, None).await?;
    }
    tx.commit().await?;
    Ok(task)
}

async fn made(app: &App, db: &mut MySqlConnection, task: &Task) -> Result<(), Failure> {
    let Some(weixin) = app.weixin.as_deref() else { return Ok(()) };
    if !app.settings.read(&app.db).await?.makes_posters() {
        return Ok(());
    }
    let of = if task.kind == GOODS_POSTER { Of::Goods } else { Of::Group };
    // Goods may have been deleted since.
    let Some(row) = poster::read(db, of, task.subject_id).await? else { return Ok(()) };
    let scene = format!("{},{}", if of == Of::Goods { "goods" } else { "groupon" }, task.subject_id);
    let bytes = drawn(app, weixin, &row.pic_url, &scene).await?;
    let kept = uploads::keep_made(app, &format!("{scene}.jpg"), bytes).await?;
    poster::set(db, of, task.subject_id, &kept.url).await?;
    // The one before it is of no use to anybody.
    if let Some(key) = key_of(app, &row.share_url) {
        uploads::delete(app, key).await?;
    }
    Ok(())
}

async fn drawn(app: &App, weixin: &dyn Weixin, pic_url: &str, scene: &str) -> Result<Bytes, Failure> {
    let code = weixin.mini_code(scene).await?;
    let picture = picture(app, pic_url).await?;
    let drawn = tokio::task::spawn_blocking(move || drawing::poster(picture.as_deref(), &code)).await;
    match drawn {
        Ok(Some(bytes)) => Ok(bytes.into()),
        Ok(None) => Err(Fault::Provider("weixin's code is no picture".into()).into()),
        Err(_) => Err(Fault::Broken("drawing a poster panicked").into()),
    }
}

/// The picture of goods, if we have it: an upload, or one of the demo shop's.
async fn picture(app: &App, pic_url: &str) -> Result<Option<Bytes>, Failure> {
    if let Some(key) = key_of(app, pic_url) {
        return Ok(uploads::give(app, key).await?.map(|file| file.bytes));
    }
    let name = pic_url.strip_prefix(art::PATH).and_then(|name| name.strip_prefix('/'));
    let Some(name) = name.filter(|_| app.config.is_dev()).map(str::to_owned) else { return Ok(None) };
    let drawn = tokio::task::spawn_blocking(move || art::draw(&name)).await;
    Ok(drawn.ok().flatten().map(Bytes::from))
}

/// The key of a file of ours, from its address.
fn key_of<'a>(app: &App, url: &'a str) -> Option<&'a str> {
    url.strip_prefix(&app.config.storage_url()).filter(|key| uploads::is_key(key))
}
