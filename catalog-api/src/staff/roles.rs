//! Roles: added, changed, deleted, and given permissions.

use super::has_all;
use crate::access::Staff;
use crate::audit;
use crate::error::{Failure, ROLE_IS_HELD, ROLE_IS_SUPER, ROLE_NAME_TAKEN, Refusal};
use crate::permission::Registry;
use crate::state::App;
use crate::store::{admin, role, violates};
use serde_json::json;

/// Adds a role that may do nothing. 640 the name is taken.
pub async fn create(app: &App, name: &str, description: &str) -> Result<u64, Failure> {
    let mut tx = app.db.begin().await?;
    let id = admin::insert_role(&mut tx, name, description).await.map_err(taken)?;
    audit::record(&mut tx, &json!({ "added": { "id": id, "name": name } })).await?;
    tx.commit().await?;
    Ok(id)
}

/// What a role is to say.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether its permissions count.
    pub enabled: Option<bool>,
}

/// Changes a role; one that is not there is left alone. Failures: 640, 506 one with more than the caller has.
pub async fn update(app: &App, caller: &Staff, id: u64, edit: &Edit) -> Result<(), Failure> {
    let mut tx = app.db.begin().await?;
    let Some(before) = role::lock(&mut tx, id).await? else { return Ok(()) };
    has_all(caller, &role::permissions(&mut tx, id).await?)?;
    let description = edit.description.as_deref();
    role::edit(&mut tx, id, &edit.name, description, edit.enabled).await.map_err(taken)?;
    let changes = json!({
        "before": { "id": id, "name": before.name, "desc": before.description, "enabled": before.enabled },
        "after": { "name": edit.name, "desc": edit.description, "enabled": edit.enabled },
    });
    audit::record(&mut tx, &changes).await?;
    Ok(tx.commit().await?)
}

/// Deletes a role; one that is not there is deleted already. Failures: 642 somebody holds it, 506.
pub async fn delete(app: &App, caller: &Staff, id: u64) -> Result<(), Failure> {
    let mut tx = app.db.begin().await?;
    let Some(before) = role::lock(&mut tx, id).await? else { return Ok(()) };
    if role::is_held(&mut tx, id).await? {
        return Err(ROLE_IS_HELD.into());
    }
    has_all(caller, &role::permissions(&mut tx, id).await?)?;
    role::delete(&mut tx, id).await?;
    role::revoke_all(&mut tx, id).await?;
    audit::record(&mut tx, &json!({ "deleted": { "id": id, "name": before.name } })).await?;
    Ok(tx.commit().await?)
}

/// Replaces what a role may do. Failures: 402 unknown role or permission, 641 it may do everything, 506 more
/// than the caller has.
pub async fn set_permissions(
    app: &App,
    registry: &Registry,
    caller: &Staff,
    id: u64,
    mut wanted: Vec<String>,
) -> Result<(), Failure> {
    wanted.sort_unstable();
    wanted.dedup();
    let mut tx = app.db.begin().await?;
    role::lock(&mut tx, id).await?.ok_or_else(|| Refusal::wrong("roleId"))?;
    let before = role::permissions(&mut tx, id).await?;
    if before.iter().any(|held| held == "*") {
        return Err(ROLE_IS_SUPER.into());
    }
    if let Some(unknown) = wanted.iter().find(|wanted| !registry.knows(wanted)) {
        let unknown: String = unknown.chars().take(63).collect();
        return Err(Refusal::wrong_because("permissions", &format!("{unknown} is unknown")).into());
    }
    // What is taken away has to be the caller's as well.
    has_all(caller, &before)?;
    has_all(caller, &wanted)?;
    role::revoke_all(&mut tx, id).await?;
    role::grant_all(&mut tx, id, &wanted).await?;
    audit::record(&mut tx, &json!({ "role": id, "before": before, "after": wanted })).await?;
    Ok(tx.commit().await?)
}

fn taken(error: sqlx::Error) -> Failure {
    if violates(&error, "role_name") { ROLE_NAME_TAKEN.into() } else { error.into() }
}
