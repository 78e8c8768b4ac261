//! Accounts of staff.

use crate::access::Staff;
use crate::envelope::{Answer, Envelope, Nothing, Page, Reply};
use crate::error::{Refusal, STAFF_NAME_MALFORMED, STAFF_PASSWORD_SHORT};
use crate::extract::{Entity, Query};
use crate::password;
use crate::staff::accounts::{self, Form, is_name};
use crate::state::App;
use crate::store::admin_desk::{self, AdminRow};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// An account of staff.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminAccount {
    id: u64,
    username: String,
    avatar: String,
    role_ids: Vec<u64>,
}

/// An account to add or change.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct AdminForm {
    /// Which one to change.
    id: Option<u64>,
    /// 6 to 20 letters, digits, underscores or Chinese characters.
    username: String,
    /// At least 6 characters; a change wants it and ignores it.
    password: String,
    avatar: Option<String>,
    role_ids: Option<Vec<u64>>,
}

/// Which row.
#[derive(Debug, ToSchema)]
#[schema(as = AccountRowId)]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct RowId {
    id: u64,
}

/// Accounts of staff. Failures: 402.
#[utoipa::path(get, path = "/admin/admin/list", tag = "staff: staff",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("username" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<AdminAccount>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<AdminAccount>> {
    let (listing, username) = (query.listing()?, query.text_within("username", 63)?);
    let rows = listing.rows(admin_desk::count(&app.db, username).await?)?;
    let found = admin_desk::list(&app.db, username, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(AdminAccount::of).collect())))
}

/// An account of staff, nothing if it is not there. Failures: 402.
#[utoipa::path(get, path = "/admin/admin/read", tag = "staff: staff", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<AdminAccount>)), security(("staff" = []), ("bearer" = [])))]
pub async fn read(State(app): State<Arc<App>>, query: Query) -> Answer<Option<AdminAccount>> {
    let row = admin_desk::find(&app.db, query.required_id("id")?).await?;
    Ok(Reply::data(row.map(AdminAccount::of)))
}

/// The same under the name the front end has for it.
#[utoipa::path(get, path = "/admin/admin/readmin", tag = "staff: staff", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<AdminAccount>)), security(("staff" = []), ("bearer" = [])))]
pub async fn readmin(app: State<Arc<App>>, query: Query) -> Answer<Option<AdminAccount>> {
    read(app, query).await
}

/// Add an account. Failures: 401, 402, 601, 602 short password or taken name, 506 more than the caller has.
#[utoipa::path(post, path = "/admin/admin/create", tag = "staff: staff", request_body = AdminForm,
    responses((status = 200, body = Envelope<AdminAccount>)), security(("staff" = []), ("bearer" = [])))]
pub async fn create(State(app): State<Arc<App>>, staff: Staff, body: Entity) -> Answer<AdminAccount> {
    let form = form(&body)?;
    let id = accounts::create(&app, &staff, &form).await?;
    Ok(Reply::data(shown(id, form)))
}

/// Change an account, but not its password. Failures: 401, 402, 601, 602, 505, 506.
#[utoipa::path(post, path = "/admin/admin/update", tag = "staff: staff", request_body = AdminForm,
    responses((status = 200, body = Envelope<AdminAccount>)), security(("staff" = []), ("bearer" = [])))]
pub async fn update(State(app): State<Arc<App>>, staff: Staff, body: Entity) -> Answer<Option<AdminAccount>> {
    let form = form(&body)?;
    let id = body.required_id("id")?;
    accounts::update(&app, &staff, id, &form).await?;
    let row = admin_desk::find(&app.db, id).await?;
    Ok(Reply::data(row.map(AdminAccount::of)))
}

/// Delete an account and end its sessions. Failures: 401, 402, 604 the own one, 506.
#[utoipa::path(post, path = "/admin/admin/delete", tag = "staff: staff", request_body = RowId,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, staff: Staff, body: Entity) -> Answer<Nothing> {
    accounts::delete(&app, &staff, body.required_id("id")?).await?;
    Ok(Reply::done())
}

fn form(body: &Entity) -> Result<Form, Refusal> {
    let username = body.text("username")?.filter(|text| !text.is_empty());
    let username = username.ok_or_else(|| Refusal::missing("username"))?;
    if !is_name(&username) {
        return Err(STAFF_NAME_MALFORMED);
    }
    let password = body.text_within("password", password::CHARS_MAX)?.unwrap_or_default();
    if password.chars().count() < 6 {
        return Err(STAFF_PASSWORD_SHORT);
    }
    let role_ids = body.ints("roleIds")?.map(|ids| {
        let mut ids: Vec<u64> = ids.into_iter().map(|id| u64::try_from(id).unwrap_or(0)).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    });
    Ok(Form { username, password, avatar: body.link("avatar")?, role_ids })
}

fn shown(id: u64, form: Form) -> AdminAccount {
    AdminAccount {
        id,
        username: form.username,
        avatar: form.avatar.unwrap_or_default(),
        role_ids: form.role_ids.unwrap_or_default(),
    }
}

impl AdminAccount {
    fn of(row: AdminRow) -> Self {
        let role_ids = serde_json::from_str(&row.role_ids).unwrap_or_default();
        Self { id: row.id, username: row.username, avatar: row.avatar, role_ids }
    }
}
