//! The own account of a member of staff: its password, and its letter box.

use super::notice::RowIds;
use crate::access::Staff;
use crate::envelope::{Answer, Envelope, Nothing, Page, Reply};
use crate::error::Refusal;
use crate::extract::{ClientAddress, Loose, Query};
use crate::password;
use crate::staff::accounts;
use crate::state::App;
use crate::store::letter_box::{self, Filter, LetterRow};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A notice in the own letter box.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NoticeAdmin)]
pub struct Letter {
    id: u64,
    notice_id: u64,
    notice_title: String,
    admin_id: u64,
    /// Absent until it is read.
    read_time: Option<String>,
    add_time: String,
    update_time: String,
    deleted: bool,
}

/// A notice that was opened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenedNotice)]
pub struct OpenedLetter {
    title: String,
    /// HTML.
    content: String,
    time: String,
    /// The author's name.
    admin: String,
    /// The author's picture, absent where there is no author.
    avatar: Option<String>,
}

/// Another password.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct PasswordForm {
    old_password: String,
    new_password: String,
}

/// Which notice.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct NoticeId {
    notice_id: u64,
}

/// Which letter.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct LetterId {
    id: u64,
}

/// Change the own password; the other sessions end. Failures: 401, 402, 605 the old one is wrong, 602 the same
/// again where another is demanded.
#[utoipa::path(post, path = "/admin/profile/password", tag = "staff: account", request_body = PasswordForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn password(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    staff: Staff,
    body: Loose,
) -> Answer<Nothing> {
    let text = |name| body.required_text_within(name, password::CHARS_MAX);
    let (old, new) = (text("oldPassword")?, text("newPassword")?);
    accounts::change_password(&app, address, &staff, old, new).await?;
    Ok(Reply::done())
}

/// How many notices are unread.
#[utoipa::path(get, path = "/admin/profile/nnotice", tag = "staff: account",
    responses((status = 200, body = Envelope<i64>)), security(("staff" = []), ("bearer" = [])))]
pub async fn nnotice(State(app): State<Arc<App>>, staff: Staff) -> Answer<i64> {
    let unread = Filter { is_read: Some(false), ..Filter::default() };
    Ok(Reply::data(letter_box::count(&app.db, staff.id, &unread).await?))
}

/// The own letter box; `type` is `unread`, `read` or anything else for all. Failures: 402.
#[utoipa::path(get, path = "/admin/profile/lsnotice", tag = "staff: account",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("title" = Option<String>, Query), ("type" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<Letter>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn lsnotice(State(app): State<Arc<App>>, staff: Staff, query: Query) -> Answer<Page<Letter>> {
    let listing = query.listing()?;
    let is_read = match query.text("type") {
        Some("unread") => Some(false),
        Some("read") => Some(true),
        _ => None,
    };
    let filter = Filter { title: query.text_within("title", 63)?.map(str::to_owned), is_read };
    let rows = listing.rows(letter_box::count(&app.db, staff.id, &filter).await?)?;
    let found = letter_box::list(&app.db, staff.id, &filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| Letter::of(&app, row)).collect())))
}

/// The author where there is none.
const NOBODY: &str = "system";

/// Open a notice; it counts as read. Failures: 401, 402 not addressed to the caller.
#[utoipa::path(post, path = "/admin/profile/catnotice", tag = "staff: account", request_body = NoticeId,
    responses((status = 200, body = Envelope<OpenedLetter>)), security(("staff" = []), ("bearer" = [])))]
pub async fn catnotice(State(app): State<Arc<App>>, staff: Staff, body: Loose) -> Answer<OpenedLetter> {
    let id = body.id("noticeId").ok_or_else(|| Refusal::missing("noticeId"))?;
    let opened = letter_box::open(&app.db, staff.id, id).await?.ok_or_else(|| Refusal::wrong("noticeId"))?;
    letter_box::read_notice(&app.db, staff.id, id).await?;
    Ok(Reply::data(OpenedLetter {
        title: opened.title,
        content: opened.content,
        time: app.zone.show(opened.updated_at),
        admin: opened.author.unwrap_or_else(|| NOBODY.to_owned()),
        avatar: opened.avatar,
    }))
}

/// Mark own letters as read. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/profile/bcatnotice", tag = "staff: account", request_body = RowIds,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn bcatnotice(State(app): State<Arc<App>>, staff: Staff, body: Loose) -> Answer<Nothing> {
    letter_box::read(&app.db, staff.id, &body.required_ids("ids")?).await?;
    Ok(Reply::done())
}

/// Delete an own letter. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/profile/rmnotice", tag = "staff: account", request_body = LetterId,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn rmnotice(State(app): State<Arc<App>>, staff: Staff, body: Loose) -> Answer<Nothing> {
    let id = body.id("id").ok_or_else(|| Refusal::missing("id"))?;
    letter_box::delete(&app.db, staff.id, &[id]).await?;
    Ok(Reply::done())
}

/// Delete own letters. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/profile/brmnotice", tag = "staff: account", request_body = RowIds,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn brmnotice(State(app): State<Arc<App>>, staff: Staff, body: Loose) -> Answer<Nothing> {
    letter_box::delete(&app.db, staff.id, &body.required_ids("ids")?).await?;
    Ok(Reply::done())
}

impl Letter {
    /// As it is shown.
    pub fn of(app: &App, row: LetterRow) -> Self {
        Self {
            id: row.id,
            notice_id: row.notice_id,
            notice_title: row.notice_title,
            admin_id: row.admin_id,
            read_time: row.read_at.map(|at| app.zone.show(at)),
            add_time: app.zone.show(row.added_at),
            update_time: app.zone.show(row.updated_at),
            deleted: false,
        }
    }
}
