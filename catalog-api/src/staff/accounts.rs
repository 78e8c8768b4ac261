//! Accounts of staff: log-in, another password, and what those who may do to others.

use super::has_all;
use crate::access::Staff;
use crate::attempts::Attempt;
use crate::audit;
use crate::captcha::{self, Action};
use crate::error::{
    CAPTCHA_MISSING, CAPTCHA_WRONG, Failure, Refusal, STAFF_IS_ONESELF, STAFF_LOGIN_WRONG, STAFF_NAME_TAKEN,
    STAFF_PASSWORD_SAME, UPDATE_FAILED,
};
use crate::extract::ClientAddress;
use crate::password::Fit;
use crate::session::Account;
use crate::state::App;
use crate::store::{admin, admin_desk, role, violates};
use contract::session::Audience;
use serde_json::json;
use sqlx::MySqlConnection;

/// Somebody who is logged in now.
#[derive(Debug)]
pub struct LoggedIn {
    /// The session.
    pub token: String,
    /// The account's name.
    pub username: String,
    /// Its picture.
    pub avatar: String,
}

/// Logs staff in. The refusals that come with a new captcha image are the inner result.
pub async fn log_in(
    app: &App,
    address: ClientAddress,
    username: &str,
    password: String,
    code: Option<&str>,
) -> Result<Result<LoggedIn, Refusal>, Failure> {
    let attempt = Attempt::begin(app, Audience::Staff, username, address).await?;
    let captcha = &app.config.captcha;
    if captcha.always || attempt.failures >= captcha.after_failures {
        let refusal = match code {
            None => Some(CAPTCHA_MISSING),
            Some(code) => {
                let solved = captcha::solves(&app.config, &app.redis, Action::StaffLogin, address, code);
                (!solved.await?).then_some(CAPTCHA_WRONG)
            }
        };
        if let Some(refusal) = refusal {
            attempt.withdraw(app).await?;
            return Ok(Err(refusal));
        }
    }
    attempt.slow_down(app).await?;
    let found = admin::credentials(&app.db, username).await?;
    let hash = found.as_ref().map(|found| found.password_hash.clone());
    let fit = app.passwords.fits(password.clone(), hash).await?;
    let Some(account) = found.filter(|_| fit.fits()) else { return Ok(Err(STAFF_LOGIN_WRONG)) };
    attempt.succeed(app).await?;
    let is_its_name = password == account.username;
    let mut hash = account.password_hash;
    if fit == Fit::Outdated {
        let new = app.passwords.hash(password).await?;
        if admin_desk::replace_hash(&app.db, account.id, &hash, &new).await? {
            hash = new;
        }
    }
    // Opened before it is written down, as with shoppers: see `accounts`.
    let session = Account { audience: Audience::Staff, user: account.id, level: 0 };
    // Demo accounts have their name for a password; outside the dev profile nobody works with one.
    if !app.config.is_dev() && is_its_name {
        admin_desk::demand_new_password(&mut *app.db.acquire().await?, account.id).await?;
    }
    let opened = app.sessions.open_one(&app.redis, session).await?;
    if !admin::logged_in(&app.db, account.id, &address.0.to_string(), &hash).await? {
        app.sessions.end(&app.redis, &opened.session).await?;
        return Ok(Err(STAFF_LOGIN_WRONG));
    }
    Ok(Ok(LoggedIn { token: opened.text, username: account.username, avatar: account.avatar }))
}

/// Gives the caller's own account another password and ends its other sessions. Failures: 605 the old one
/// is wrong, 602 it is the new one where another was demanded.
pub async fn change_password(
    app: &App,
    address: ClientAddress,
    caller: &Staff,
    old: String,
    new: String,
) -> Result<(), Failure> {
    let attempt = Attempt::begin(app, Audience::Staff, &caller.username, address).await?;
    attempt.slow_down(app).await?;
    let hash = admin_desk::hash(&app.db, caller.id).await?.ok_or(STAFF_LOGIN_WRONG)?;
    if !app.passwords.fits(old.clone(), Some(hash.clone())).await?.fits() {
        return Err(STAFF_LOGIN_WRONG.into());
    }
    attempt.succeed(app).await?;
    if caller.must_change_password && old == new {
        return Err(STAFF_PASSWORD_SAME.into());
    }
    let new_hash = app.passwords.hash(new).await?;
    let mut tx = app.db.begin().await?;
    if !admin_desk::set_password(&mut tx, caller.id, &hash, &new_hash).await? {
        return Err(STAFF_LOGIN_WRONG.into());
    }
    audit::record(&mut tx, &json!({ "password": "changed" })).await?;
    tx.commit().await?;
    app.sessions.end_others(&app.redis, &caller.session).await
}

/// What an account is to be.
#[derive(Clone, Debug)]
pub struct Form {
    /// Its name.
    pub username: String,
    /// Its first password; ignored by a change.
    pub password: String,
    /// Its picture.
    pub avatar: Option<String>,
    /// Its roles.
    pub role_ids: Option<Vec<u64>>,
}

/// Adds an account. Failures: 602 the name is taken, 402 unknown role, 506 more than the caller has.
pub async fn create(app: &App, caller: &Staff, form: &Form) -> Result<u64, Failure> {
    let hash = app.passwords.hash(form.password.clone()).await?;
    let mut tx = app.db.begin().await?;
    let role_ids = form.role_ids.clone().unwrap_or_default();
    may_give(&mut tx, caller, &role_ids).await?;
    let added = admin::insert(&mut tx, &form.username, &hash, &json!(role_ids).to_string()).await;
    let id = added.map_err(taken)?;
    if let Some(avatar) = &form.avatar {
        admin_desk::set_avatar(&mut tx, id, avatar).await?;
    }
    let added = json!({ "id": id, "username": form.username, "roleIds": role_ids });
    audit::record(&mut tx, &json!({ "added": added })).await?;
    tx.commit().await?;
    Ok(id)
}

/// Changes an account. Failures: 505 unknown, 602 the name is taken, 402 unknown role, 506 more than the
/// caller has.
pub async fn update(app: &App, caller: &Staff, id: u64, form: &Form) -> Result<(), Failure> {
    let mut tx = app.db.begin().await?;
    let before = admin_desk::lock(&mut tx, id).await?.ok_or(UPDATE_FAILED)?;
    may_touch(&mut tx, caller, &before).await?;
    let role_ids = match &form.role_ids {
        Some(ids) => {
            may_give(&mut tx, caller, ids).await?;
            Some(json!(ids).to_string())
        }
        None => None,
    };
    let avatar = form.avatar.as_deref();
    admin_desk::edit(&mut tx, id, &form.username, avatar, role_ids.as_deref()).await.map_err(taken)?;
    let changes = json!({
        "before": { "id": id, "username": before.username, "roleIds": before.role_ids },
        "after": { "username": form.username, "roleIds": role_ids },
    });
    audit::record(&mut tx, &changes).await?;
    Ok(tx.commit().await?)
}

/// Deletes an account and ends its sessions; one that is not there is deleted already. Failures: 604 the
/// caller's own, 506 one with more than the caller has.
pub async fn delete(app: &App, caller: &Staff, id: u64) -> Result<(), Failure> {
    if id == caller.id {
        return Err(STAFF_IS_ONESELF.into());
    }
    let mut tx = app.db.begin().await?;
    let Some(before) = admin_desk::lock(&mut tx, id).await? else { return Ok(()) };
    may_touch(&mut tx, caller, &before).await?;
    admin_desk::delete(&mut tx, id).await?;
    let deleted = json!({ "id": id, "username": before.username, "roleIds": before.role_ids });
    audit::record(&mut tx, &json!({ "deleted": deleted })).await?;
    tx.commit().await?;
    app.sessions.end_all(&app.redis, Audience::Staff, id).await
}

async fn may_give(db: &mut MySqlConnection, caller: &Staff, role_ids: &[u64]) -> Result<(), Failure> {
    if role::lock_these(db, role_ids).await? != role_ids.len() {
        return Err(Refusal::wrong_because("roleIds", "names a role that is not there").into());
    }
    has_all(caller, &role::permissions_of(db, role_ids).await?)
}

async fn may_touch(
    db: &mut MySqlConnection,
    caller: &Staff,
    account: &admin_desk::AdminRow,
) -> Result<(), Failure> {
    let role_ids: Vec<u64> = serde_json::from_str(&account.role_ids).unwrap_or_default();
    has_all(caller, &role::permissions_of(db, &role_ids).await?)
}

fn taken(error: sqlx::Error) -> Failure {
    if violates(&error, "admin_username") { STAFF_NAME_TAKEN.into() } else { error.into() }
}

/// Whether this can be the name of an account of staff.
pub fn is_name(text: &str) -> bool {
    let allowed =
        |char: char| char.is_ascii_alphanumeric() || char == '_' || ('\u{4e00}'..='\u{9fa5}').contains(&char);
    (6..=20).contains(&text.chars().count()) && text.chars().all(allowed) && !text.ends_with('_')
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn names_have_6_to_20_of_the_allowed_characters() {
        for name in ["admin123", "商城管理员一号", "a_b_c_d"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["admin", "admin12_", "admin 12", "admin-12", "a".repeat(21).as_str(), "ａｄｍｉｎ12"]
        {
            assert!(!is_name(name), "{name}");
        }
    }
}
