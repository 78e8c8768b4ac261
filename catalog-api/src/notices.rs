//! Notices for staff: written, delivered to everybody, changed until somebody has read them, taken back.

use crate::access::Staff;
use crate::audit;
use crate::error::{Failure, NOTICE_WAS_READ, Refusal};
use crate::state::App;
use crate::store::notice;
use serde_json::json;

/// Writes a notice and delivers it; its id.
pub async fn create(app: &App, author: &Staff, title: &str, content: &str) -> Result<u64, Failure> {
    let mut tx = app.db.begin().await?;
    let id = notice::insert(&mut tx, title, content, author.id).await?;
    notice::deliver(&mut tx, id, title).await?;
    audit::record(&mut tx, &json!({ "added": { "id": id, "title": title } })).await?;
    tx.commit().await?;
    Ok(id)
}

/// Changes a notice. Failures: 401 unknown, 660 somebody has read it.
pub async fn update(
    app: &App,
    author: &Staff,
    id: u64,
    title: &str,
    content: Option<&str>,
) -> Result<(), Failure> {
    let mut tx = app.db.begin().await?;
    let before = notice::lock(&mut tx, id).await?.ok_or_else(|| Refusal::missing("id"))?;
    if notice::was_read(&mut tx, id).await? {
        return Err(NOTICE_WAS_READ.into());
    }
    notice::edit(&mut tx, id, title, content, author.id).await?;
    if before.title != title {
        notice::retitle(&mut tx, id, title).await?;
    }
    audit::record(
        &mut tx,
        &json!({ "before": { "id": id, "title": before.title }, "after": { "title": title } }),
    )
    .await?;
    Ok(tx.commit().await?)
}

/// Deletes notices, in the letter boxes too.
pub async fn delete(app: &App, ids: &[u64]) -> Result<(), Failure> {
    let mut tx = app.db.begin().await?;
    notice::delete(&mut tx, ids).await?;
    notice::take_back(&mut tx, ids).await?;
    audit::record(&mut tx, &json!({ "deleted": ids })).await?;
    Ok(tx.commit().await?)
}
