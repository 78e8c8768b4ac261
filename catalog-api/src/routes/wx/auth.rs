//! A shopper's account: log in, look, change the profile, log out.

use crate::accounts::{self, recovery};
use crate::envelope::{Answer, Envelope, Nothing, Reply};
use crate::error::{LOGIN_REQUIRED, Refusal};
use crate::extract::loose::ShopperLoose;
use crate::extract::{ClientAddress, Loose, Shopper};
use crate::password;
use crate::state::App;
use crate::store::shopper;
use crate::store::shopper_account::ProfileEdit;
use axum::extract::State;
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

impl From<accounts::LoggedIn> for LoggedIn {
    fn from(now: accounts::LoggedIn) -> Self {
        Self { token: now.token, user_info: UserInfo { nick_name: now.username, avatar_url: now.avatar } }
    }
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

/// What the profile form sends; empty text changes nothing.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct ProfileForm {
    avatar: Option<String>,
    /// 0 unknown, 1 male, 2 female.
    gender: Option<i64>,
    nickname: Option<String>,
}

/// Log in with name and password. Failures: 401, 700.
#[utoipa::path(post, path = "/wx/auth/login", tag = "shop: account", request_body = LoginForm,
    responses((status = 200, body = Envelope<LoggedIn>)))]
pub async fn login(State(app): State<Arc<App>>, address: ClientAddress, body: Loose) -> Answer<LoggedIn> {
    let (username, password) = (body.required_text("username")?, password_of(&body)?);
    Ok(Reply::data(accounts::log_in(&app, address, &username, password).await?.into()))
}

/// The password in a body; one that is too long is refused before it is hashed.
pub(super) fn password_of(body: &Loose) -> Result<String, Refusal> {
    body.required_text_within("password", password::CHARS_MAX)
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

/// Change the own profile. Failures: 402, 501, 505.
#[utoipa::path(post, path = "/wx/auth/profile", tag = "shop: account", request_body = ProfileForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn profile(State(app): State<Arc<App>>, body: ShopperLoose) -> Answer<Nothing> {
    let ShopperLoose(shopper, body) = body;
    let gender = body.filled_int("gender").map(|gender| match gender {
        0..=2 => Ok(gender as u8),
        _ => Err(Refusal::wrong("gender")),
    });
    let edit = ProfileEdit {
        avatar: body.link("avatar")?.filter(|text| !text.is_empty()),
        gender: gender.transpose()?,
        nickname: body.text_within("nickname", 63)?.filter(|text| !text.trim().is_empty()),
    };
    recovery::edit_profile(&app, shopper.id, &edit).await?;
    Ok(Reply::done())
}

/// Log out; the session ends in both services. Failures: 501.
#[utoipa::path(post, path = "/wx/auth/logout", tag = "shop: account",
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn logout(State(app): State<Arc<App>>, shopper: Shopper) -> Answer<Nothing> {
    app.sessions.end(&app.redis, &shopper.session).await?;
    Ok(Reply::done())
}
