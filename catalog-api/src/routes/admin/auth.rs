//! A staff account: captcha, log in, look, log out.

use crate::access::Staff;
use crate::attempts::Attempt;
use crate::captcha::{self, Action};
use crate::envelope::{Answer, Envelope, Nothing, Reply};
use crate::error::{CAPTCHA_MISSING, CAPTCHA_WRONG, Failure, Refusal, STAFF_LOGIN_WRONG};
use crate::extract::{ClientAddress, Loose};
use crate::permission::SharedRegistry;
use crate::session::Account;
use crate::state::App;
use crate::store::admin;
use axum::Extension;
use axum::extract::State;
use contract::session::Audience;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// What the log-in form sends.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct LoginForm {
    username: String,
    password: String,
    /// Text of the captcha; asked for (607) only after failed tries.
    code: Option<String>,
}

/// A log-in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoggedIn {
    /// To be sent as `X-Litemall-Admin-Token` or `Authorization: Bearer`.
    token: String,
    admin_info: AdminInfo,
}

/// Who logged in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminInfo {
    nick_name: String,
    avatar: String,
}

/// The own account.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnAccount {
    name: String,
    avatar: String,
    roles: Vec<String>,
    /// `METHOD /path` of every call that is allowed, or exactly `*`.
    perms: Vec<String>,
}

/// A captcha image as a data URI, bound to the caller's address and good for one try.
#[utoipa::path(get, path = "/admin/auth/kaptcha", tag = "staff: account",
    responses((status = 200, body = Envelope<String>)))]
pub async fn kaptcha(State(app): State<Arc<App>>, address: ClientAddress) -> Answer<String> {
    Ok(Reply::data(image(&app, address).await?))
}

async fn image(app: &App, address: ClientAddress) -> Result<String, Failure> {
    captcha::make(&app.config, &app.redis, Action::StaffLogin, address).await
}

/// Log in. Failures: 401; 605 wrong, 606 code wrong, 607 code missing, these three with a new image.
#[utoipa::path(post, path = "/admin/auth/login", tag = "staff: account", request_body = LoginForm,
    responses((status = 200, body = Envelope<LoggedIn>)))]
pub async fn login(State(app): State<Arc<App>>, address: ClientAddress, body: Loose) -> Answer<LoggedIn> {
    let (username, password) = (body.required_text("username")?, body.required_text("password")?);
    let code = body.text("code").filter(|code| !code.trim().is_empty());
    match log_in(&app, address, &username, password, code.as_deref()).await? {
        Ok(logged_in) => {
            let name = logged_in.admin_info.nick_name.clone();
            Ok(Reply::data(logged_in).by(name))
        }
        // The form shows the image that comes with the failure.
        Err(refusal) => Err(refusal.with(image(&app, address).await?.into()).into()),
    }
}

async fn log_in(
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
    let fits = app.passwords.fits(password, hash).await?;
    let Some(account) = found.filter(|_| fits) else { return Ok(Err(STAFF_LOGIN_WRONG)) };
    attempt.succeed(app).await?;
    admin::logged_in(&app.db, account.id, &address.0.to_string()).await?;
    let session = Account { audience: Audience::Staff, user: account.id, level: 0 };
    let token = app.sessions.open(&app.redis, &[session]).await?.remove(0);
    Ok(Ok(LoggedIn { token, admin_info: AdminInfo { nick_name: account.username, avatar: account.avatar } }))
}

/// The own account with what it may do.
#[utoipa::path(get, path = "/admin/auth/info", tag = "staff: account",
    responses((status = 200, body = Envelope<OwnAccount>)), security(("staff" = []), ("bearer" = [])))]
pub async fn info(
    State(app): State<Arc<App>>,
    Extension(registry): Extension<SharedRegistry>,
    staff: Staff,
) -> Answer<OwnAccount> {
    let roles = admin::role_names(&app.db, staff.id).await?;
    let perms = registry.granted(&staff.permissions);
    Ok(Reply::data(OwnAccount { name: staff.username, avatar: staff.avatar, roles, perms }))
}

/// Log out; the session ends at once.
#[utoipa::path(post, path = "/admin/auth/logout", tag = "staff: account",
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn logout(State(app): State<Arc<App>>, staff: Staff) -> Answer<Nothing> {
    app.sessions.end(&app.redis, &staff.session).await?;
    Ok(Reply::done())
}
