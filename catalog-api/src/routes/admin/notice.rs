//! Notices for staff, by those who write them.

use super::account::RowId;
use super::profile::Letter;
use crate::access::Staff;
use crate::envelope::{Answer, Envelope, Nothing, Page, Reply};
use crate::extract::{Entity, Loose, Query};
use crate::notices;
use crate::rich_text;
use crate::state::App;
use crate::store::letter_box;
use crate::store::notice::{self, Filter, NoticeRow};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A notice.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    id: u64,
    title: String,
    /// HTML.
    content: String,
    /// The author; 0 is nobody in particular.
    admin_id: u64,
    add_time: String,
    update_time: String,
    deleted: bool,
}

/// A notice and who has read it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NoticeDetail {
    notice: Notice,
    notice_admin_list: Vec<Letter>,
}

/// A notice to add or change.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct NoticeForm {
    /// Which one to change.
    id: Option<u64>,
    title: String,
    /// HTML; what could run in a browser is taken out.
    content: Option<String>,
}

/// Which rows.
#[derive(Debug, ToSchema)]
#[schema(as = NoticeRowIds)]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct RowIds {
    ids: Vec<u64>,
}

/// Notices. Failures: 402.
#[utoipa::path(get, path = "/admin/notice/list", tag = "staff: notices",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("title" = Option<String>, Query),
        ("content" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<Notice>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Notice>> {
    let listing = query.listing()?;
    let text = |name| query.text_within(name, 255).map(|text| text.map(str::to_owned));
    let filter = Filter { title: text("title")?, content: text("content")? };
    let rows = listing.rows(notice::count(&app.db, &filter).await?)?;
    let found = notice::list(&app.db, &filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| Notice::of(&app, row)).collect())))
}

/// A notice and who has read it, nothing if it is not there. Failures: 402.
#[utoipa::path(get, path = "/admin/notice/read", tag = "staff: notices", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<NoticeDetail>)), security(("staff" = []), ("bearer" = [])))]
pub async fn read(State(app): State<Arc<App>>, query: Query) -> Answer<Option<NoticeDetail>> {
    let Some(row) = notice::find(&app.db, query.required_id("id")?).await? else {
        return Ok(Reply::data(None));
    };
    let letters = letter_box::of_notice(&app.db, row.id).await?;
    let notice_admin_list = letters.into_iter().map(|row| Letter::of(&app, row)).collect();
    Ok(Reply::data(Some(NoticeDetail { notice: Notice::of(&app, row), notice_admin_list })))
}

/// Write a notice to everybody. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/notice/create", tag = "staff: notices", request_body = NoticeForm,
    responses((status = 200, body = Envelope<Notice>)), security(("staff" = []), ("bearer" = [])))]
pub async fn create(State(app): State<Arc<App>>, staff: Staff, body: Entity) -> Answer<Option<Notice>> {
    let title = body.required_text_within("title", 63)?;
    let content = content_of(&body)?.unwrap_or_default();
    let id = notices::create(&app, &staff, &title, &content).await?;
    Ok(Reply::data(notice::find(&app.db, id).await?.map(|row| Notice::of(&app, row))))
}

/// Change a notice nobody has read. Failures: 401 no title, 401 unknown id, 402, 660.
#[utoipa::path(post, path = "/admin/notice/update", tag = "staff: notices", request_body = NoticeForm,
    responses((status = 200, body = Envelope<Notice>)), security(("staff" = []), ("bearer" = [])))]
pub async fn update(State(app): State<Arc<App>>, staff: Staff, body: Entity) -> Answer<Option<Notice>> {
    let title = body.required_text_within("title", 63)?;
    let content = content_of(&body)?;
    let id = body.required_id("id")?;
    notices::update(&app, &staff, id, &title, content.as_deref()).await?;
    Ok(Reply::data(notice::find(&app.db, id).await?.map(|row| Notice::of(&app, row))))
}

fn content_of(body: &Entity) -> Result<Option<String>, crate::error::Refusal> {
    let text = body.text_within("content", 16_000)?;
    text.map(|text| rich_text::cleaned("content", &text)).transpose()
}

/// Delete a notice. Failures: 402.
#[utoipa::path(post, path = "/admin/notice/delete", tag = "staff: notices", request_body = RowId,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, body: Entity) -> Answer<Nothing> {
    notices::delete(&app, &[body.required_id("id")?]).await?;
    Ok(Reply::done())
}

/// Delete notices. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/notice/batch-delete", tag = "staff: notices", request_body = RowIds,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn batch_delete(State(app): State<Arc<App>>, body: Loose) -> Answer<Nothing> {
    notices::delete(&app, &body.required_ids("ids")?).await?;
    Ok(Reply::done())
}

impl Notice {
    fn of(app: &App, row: NoticeRow) -> Self {
        Self {
            id: row.id,
            title: row.title,
            content: row.content,
            admin_id: row.admin_id,
            add_time: app.zone.show(row.added_at),
            update_time: app.zone.show(row.updated_at),
            deleted: false,
        }
    }
}
