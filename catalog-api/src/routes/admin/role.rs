//! Roles, and what they may do.

use super::account::RowId;
use crate::access::Staff;
use crate::envelope::{Answer, Envelope, Nothing, Page, Reply};
use crate::error::Refusal;
use crate::extract::{Entity, Loose, Query};
use crate::permission::{Branch, SharedRegistry, allows};
use crate::staff::roles::{self, Edit};
use crate::state::App;
use crate::store::role::{self, RoleRow};
use axum::Extension;
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A role.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    id: u64,
    name: String,
    desc: String,
    enabled: bool,
    add_time: String,
    update_time: String,
    deleted: bool,
}

/// A role as a choice.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoleOption {
    value: u64,
    label: String,
}

/// A role to add or change.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct RoleForm {
    /// Which one to change.
    id: Option<u64>,
    name: String,
    desc: Option<String>,
    enabled: Option<bool>,
}

/// What a role may do, beside all there is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RolePermissions {
    /// Three levels: parts of the mall, their subjects, and what can be done there.
    system_permissions: Vec<Branch>,
    /// Leaves the role has.
    assigned_permissions: Vec<String>,
    /// Leaves the caller has; absent when that is all.
    cur_permissions: Option<Vec<String>>,
}

/// What a role may do from now on.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct RoleGrant {
    role_id: u64,
    permissions: Vec<String>,
}

/// Roles. Failures: 402.
#[utoipa::path(get, path = "/admin/role/list", tag = "staff: staff",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("name" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<Role>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Role>> {
    let (listing, name) = (query.listing()?, query.text_within("name", 63)?);
    let rows = listing.rows(role::count(&app.db, name).await?)?;
    let found = role::list(&app.db, name, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| Role::of(&app, row)).collect())))
}

/// Roles as choices, all of them.
#[utoipa::path(get, path = "/admin/role/options", tag = "staff: staff",
    responses((status = 200, body = Envelope<Page<RoleOption>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn options(State(app): State<Arc<App>>) -> Answer<Page<RoleOption>> {
    let all = role::all_names(&app.db).await?;
    let options = all.into_iter().map(|(value, label)| RoleOption { value, label });
    Ok(Reply::data(Page::whole(options.collect())))
}

/// A role, nothing if it is not there. Failures: 402.
#[utoipa::path(get, path = "/admin/role/read", tag = "staff: staff", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<Role>)), security(("staff" = []), ("bearer" = [])))]
pub async fn read(State(app): State<Arc<App>>, query: Query) -> Answer<Option<Role>> {
    let row = role::find(&app.db, query.required_id("id")?).await?;
    Ok(Reply::data(row.map(|row| Role::of(&app, row))))
}

/// Add a role that may do nothing yet. Failures: 401, 402, 640.
#[utoipa::path(post, path = "/admin/role/create", tag = "staff: staff", request_body = RoleForm,
    responses((status = 200, body = Envelope<Role>)), security(("staff" = []), ("bearer" = [])))]
pub async fn create(State(app): State<Arc<App>>, body: Entity) -> Answer<Option<Role>> {
    let (name, description) = (body.required_text_within("name", 63)?, body.text_within("desc", 1023)?);
    let id = roles::create(&app, &name, &description.unwrap_or_default()).await?;
    let row = role::find(&app.db, id).await?;
    Ok(Reply::data(row.map(|row| Role::of(&app, row))))
}

/// Change a role. Failures: 401, 402, 640, 506 one with more than the caller has.
#[utoipa::path(post, path = "/admin/role/update", tag = "staff: staff", request_body = RoleForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn update(State(app): State<Arc<App>>, staff: Staff, body: Entity) -> Answer<Nothing> {
    let edit = Edit {
        name: body.required_text_within("name", 63)?,
        description: body.text_within("desc", 1023)?,
        enabled: body.flag("enabled")?,
    };
    roles::update(&app, &staff, body.required_id("id")?, &edit).await?;
    Ok(Reply::done())
}

/// Delete a role nobody holds. Failures: 401, 402, 642, 506.
#[utoipa::path(post, path = "/admin/role/delete", tag = "staff: staff", request_body = RowId,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, staff: Staff, body: Entity) -> Answer<Nothing> {
    roles::delete(&app, &staff, body.required_id("id")?).await?;
    Ok(Reply::done())
}

/// What a role may do. Failures: 402.
#[utoipa::path(get, path = "/admin/role/permissions", tag = "staff: staff", params(("roleId" = i64, Query)),
    responses((status = 200, body = Envelope<RolePermissions>)), security(("staff" = []), ("bearer" = [])))]
pub async fn permissions(
    State(app): State<Arc<App>>,
    Extension(registry): Extension<SharedRegistry>,
    staff: Staff,
    query: Query,
) -> Answer<RolePermissions> {
    let id = query.id("roleId")?.unwrap_or(0);
    let mut db = app.db.acquire().await?;
    let held = role::permissions(&mut db, id).await?;
    let everything = allows(&staff.permissions, "*");
    Ok(Reply::data(RolePermissions {
        system_permissions: registry.tree(),
        assigned_permissions: registry.leaves(&held),
        cur_permissions: (!everything).then(|| registry.leaves(&staff.permissions)),
    }))
}

/// Set what a role may do; it counts at once. Failures: 401, 402, 641, 506 more than the caller has.
#[utoipa::path(post, path = "/admin/role/permissions", tag = "staff: staff", request_body = RoleGrant,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn set_permissions(
    State(app): State<Arc<App>>,
    Extension(registry): Extension<SharedRegistry>,
    staff: Staff,
    body: Loose,
) -> Answer<Nothing> {
    let id = body.id("roleId").ok_or_else(|| Refusal::missing("roleId"))?;
    let wanted = body.texts("permissions")?.ok_or_else(|| Refusal::missing("permissions"))?;
    roles::set_permissions(&app, &registry, &staff, id, wanted).await?;
    Ok(Reply::done())
}

impl Role {
    fn of(app: &App, row: RoleRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            desc: row.description,
            enabled: row.enabled,
            add_time: app.zone.show(row.added_at),
            update_time: app.zone.show(row.updated_at),
            deleted: false,
        }
    }
}
