//! A shopper's account: log in, look, log out.

use crate::attempts::Attempt;
use crate::envelope::{Answer, Envelope, Nothing, Reply};
use crate::error::{Failure, LOGIN_REQUIRED, SHOP_LOGIN_WRONG, UPDATE_FAILED};
use crate::extract::{ClientAddress, Loose, Shopper};
use crate::session::Account;
use crate::state::App;
use crate::store::shopper;
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
}

/// A log-in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoggedIn {
    /// To be sent as `X-Litemall-Token` or `Authorization: Bearer`.
    token: String,
    user_info: UserInfo,
}

/// Who logged in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserInfo {
    nick_name: String,
    avatar_url: String,
}

/// The own account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnAccount {
    nick_name: String,
    avatar: String,
    gender: u8,
    mobile: String,
}

/// Log in with name and password. Failures: 401, 700, 505.
#[utoipa::path(post, path = "/wx/auth/login", tag = "shop: account", request_body = LoginForm,
    responses((status = 200, body = Envelope<LoggedIn>)))]
pub async fn login(State(app): State<Arc<App>>, address: ClientAddress, body: Loose) -> Answer<LoggedIn> {
    let (username, password) = (body.required_text("username")?, body.required_text("password")?);
    Ok(Reply::data(log_in(&app, address, &username, password).await?))
}

async fn log_in(
    app: &App,
    address: ClientAddress,
    username: &str,
    password: String,
) -> Result<LoggedIn, Failure> {
    let attempt = Attempt::begin(app, Audience::Shop, username, address).await?;
    attempt.slow_down(app).await?;
    let found = shopper::credentials(&app.db, username).await?;
    let hash = found.as_ref().map(|found| found.password_hash.clone());
    let fits = app.passwords.fits(password, hash).await?;
    // A disabled account answers as an unknown one does.
    let account = found.filter(|found| fits && found.status == 0).ok_or(SHOP_LOGIN_WRONG)?;
    attempt.succeed(app).await?;
    if !shopper::logged_in(&app.db, account.id, &address.0.to_string()).await? {
        return Err(UPDATE_FAILED.into());
    }
    let session = Account { audience: Audience::Shop, user: account.id, level: account.level };
    let token = app.sessions.open(&app.redis, &[session]).await?.remove(0);
    Ok(LoggedIn { token, user_info: UserInfo { nick_name: account.username, avatar_url: account.avatar } })
}

/// The own account. Failures: 501.
#[utoipa::path(get, path = "/wx/auth/info", tag = "shop: account",
    responses((status = 200, body = Envelope<OwnAccount>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn info(State(app): State<Arc<App>>, shopper: Shopper) -> Answer<OwnAccount> {
    let profile = shopper::profile(&app.db, shopper.id).await?.ok_or(LOGIN_REQUIRED)?;
    Ok(Reply::data(OwnAccount {
        nick_name: profile.nickname,
        avatar: profile.avatar,
        gender: profile.gender,
        mobile: profile.mobile,
    }))
}

/// Log out; the session ends in both services. Failures: 501.
#[utoipa::path(post, path = "/wx/auth/logout", tag = "shop: account",
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn logout(State(app): State<Arc<App>>, shopper: Shopper) -> Answer<Nothing> {
    app.sessions.end(&app.redis, &shopper.session).await?;
    Ok(Reply::done())
}
