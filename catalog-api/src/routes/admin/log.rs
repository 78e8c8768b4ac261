//! The operation log.

use crate::envelope::{Answer, Envelope, Page, Reply};
use crate::extract::Query;
use crate::state::App;
use crate::store::operation_log::{self, OperationRow};
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;

/// A call that was written down.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OperationLogRow)]
pub struct Log {
    id: u64,
    /// Name of the account of staff, `shopper` with a number, or `anonymous`.
    admin: String,
    ip: String,
    /// 0 general, 1 security, 2 order, 3 calls of shoppers.
    #[serde(rename = "type")]
    kind: u8,
    /// Method and path.
    action: String,
    /// Whether it was a success.
    status: bool,
    /// Code and text of a failure.
    result: String,
    /// What was changed, as text.
    comment: String,
    /// What was changed, before and after.
    #[schema(value_type = Option<Object>)]
    changes: Option<Value>,
    add_time: String,
    update_time: String,
    deleted: bool,
}

/// Characters of the changes that the list's column shows.
const COMMENT_CHARS: usize = 255;

/// The operation log, newest first; `name` is searched in the account's name. Failures: 402.
#[utoipa::path(get, path = "/admin/log/list", tag = "staff: staff",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("name" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<Log>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Log>> {
    let (listing, name) = (query.listing()?, query.text_within("name", 63)?);
    let rows = listing.rows(operation_log::count(&app.db, name).await?)?;
    let found = operation_log::list(&app.db, name, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| Log::of(&app, row)).collect())))
}

impl Log {
    fn of(app: &App, row: OperationRow) -> Self {
        let at = app.zone.show(row.added_at);
        let changes = row.changes.unwrap_or_default();
        Self {
            id: row.id,
            admin: row.actor,
            ip: row.ip,
            kind: row.kind,
            action: row.action,
            status: row.succeeded,
            result: row.result,
            comment: changes.chars().take(COMMENT_CHARS).collect(),
            changes: serde_json::from_str(&changes).ok(),
            update_time: at.clone(),
            add_time: at,
            deleted: false,
        }
    }
}
