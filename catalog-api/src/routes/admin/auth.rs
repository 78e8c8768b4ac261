//! A staff account: captcha, log in, look, log out.

use crate::access::Staff;
use crate::captcha::{self, Action};
use crate::envelope::{Answer, Envelope, Nothing, Reply};
use crate::error::{Failure, LOGIN_REQUIRED, NO_PERMISSION};
use crate::extract::{ClientAddress, Loose};
use crate::password;
use crate::permission::SharedRegistry;
use crate::staff::accounts;
use crate::state::App;
use crate::store::admin;
use axum::Extension;
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// What the log-in form sends.
#[derive(Debug, ToSchema)]
#[schema(as = StaffLoginForm)]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct LoginForm {
    username: String,
    password: String,
    /// Text of the captcha; asked for (607) only after failed tries.
    code: Option<String>,
}

/// A log-in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StaffLoggedIn)]
#[serde(rename_all = "camelCase")]
pub struct LoggedIn {
    /// To be sent as `X-Litemall-Admin-Token` or `Authorization: Bearer`.
    token: String,
    admin_info: AdminInfo,
}

/// What a log-in answers: the session, or beside 605, 606 and 607 a new captcha image as a data URI.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StaffLoginAnswer)]
#[serde(untagged)]
pub enum LoginAnswer {
    /// The session.
    Session(LoggedIn),
    /// The image.
    Image(String),
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
#[schema(as = OwnStaffAccount)]
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
    responses((status = 200, body = Envelope<LoginAnswer>)))]
pub async fn login(State(app): State<Arc<App>>, address: ClientAddress, body: Loose) -> Answer<LoggedIn> {
    let username = body.required_text("username")?;
    let password = body.required_text_within("password", password::CHARS_MAX)?;
    let code = body.text("code").filter(|code| !code.trim().is_empty());
    match accounts::log_in(&app, address, &username, password, code.as_deref()).await? {
        Ok(now) => {
            let admin_info = AdminInfo { nick_name: now.username.clone(), avatar: now.avatar };
            Ok(Reply::data(LoggedIn { token: now.token, admin_info }).by(now.username))
        }
        // The form shows the image that comes with the failure.
        Err(refusal) => Err(refusal.with(image(&app, address).await?.into()).into()),
    }
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

/// What those get who are not logged in: always 501.
#[utoipa::path(get, path = "/admin/auth/401", tag = "staff: account",
    responses((status = 200, body = Envelope<Nothing>)))]
pub async fn unauthenticated() -> Answer<Nothing> {
    Err(LOGIN_REQUIRED.into())
}

/// What those get who have no permission: always 506.
#[utoipa::path(get, path = "/admin/auth/403", tag = "staff: account",
    responses((status = 200, body = Envelope<Nothing>)))]
pub async fn unauthorized() -> Answer<Nothing> {
    Err(NO_PERMISSION.into())
}

/// Says that the service is there.
#[utoipa::path(get, path = "/admin/auth/index", tag = "staff: account",
    responses((status = 200, body = Envelope<Nothing>)))]
pub async fn index() -> Answer<Nothing> {
    Ok(Reply::done())
}
