//! What needs a code by text message: the code itself, a new account, a forgotten password, another
//! number.

use super::auth::{LoggedIn, password_of};
use crate::accounts::recovery;
use crate::accounts::registration::{self, Form};
use crate::envelope::{Answer, Envelope, Nothing, Reply};
use crate::error::Refusal;
use crate::extract::loose::ShopperLoose;
use crate::extract::{ClientAddress, Loose};
use crate::provider::sms::is_mobile;
use crate::sms_code::{self, Purpose};
use crate::state::App;
use axum::extract::State;
use std::sync::Arc;
use utoipa::ToSchema;

/// Where to send a code.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct CodeForm {
    mobile: String,
}

/// Where to send a code, and what for.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct PurposeForm {
    mobile: String,
    /// `change-password`, or another text for binding the number.
    #[schema(rename = "type")]
    kind: String,
}

/// A new account.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct RegisterForm {
    username: String,
    password: String,
    mobile: String,
    code: String,
    /// A log-in code of WeChat, to bind its account.
    wx_code: Option<String>,
}

/// A code and what it allows.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct RecoveryForm {
    mobile: String,
    code: String,
    password: String,
}

/// Send a code for a registration or a forgotten password. Failures: 401, 402, 701, 702.
#[utoipa::path(post, path = "/wx/auth/regCaptcha", tag = "shop: account", request_body = CodeForm,
    responses((status = 200, body = Envelope<Nothing>)))]
pub async fn reg_captcha(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    body: Loose,
) -> Answer<Nothing> {
    sms_code::send(&app, Purpose::Anonymous, &mobile_of(&body)?, address).await?;
    Ok(Reply::done())
}

/// Send a code for another password or number. Failures: 401, 402, 501, 701, 702.
#[utoipa::path(post, path = "/wx/auth/captcha", tag = "shop: account", request_body = PurposeForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn captcha(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    body: ShopperLoose,
) -> Answer<Nothing> {
    let ShopperLoose(shopper, body) = body;
    let mobile = mobile_of(&body)?;
    let purpose = match body.required_text("type")?.as_str() {
        "change-password" => Purpose::ChangePassword,
        _ => Purpose::BindMobile(shopper.id),
    };
    sms_code::send(&app, purpose, &mobile, address).await?;
    Ok(Reply::done())
}

fn mobile_of(body: &Loose) -> Result<String, Refusal> {
    let mobile = body.required_text("mobile")?;
    if is_mobile(&mobile) { Ok(mobile) } else { Err(Refusal::wrong("mobile")) }
}

/// Make an account and log in. Failures: 401, 402, 704, 705, 707, 703, 708, 709.
#[utoipa::path(post, path = "/wx/auth/register", tag = "shop: account", request_body = RegisterForm,
    responses((status = 200, body = Envelope<LoggedIn>)))]
pub async fn register(State(app): State<Arc<App>>, address: ClientAddress, body: Loose) -> Answer<LoggedIn> {
    let username = body.required_text_within("username", 63)?;
    if username.trim() != username || username.chars().any(char::is_control) {
        return Err(Refusal::wrong("username").into());
    }
    let form = Form {
        username,
        password: password_of(&body)?,
        mobile: body.required_text_within("mobile", 63)?,
        code: body.required_text_within("code", 63)?,
        weixin_code: body.text_within("wxCode", 255)?.filter(|code| !code.is_empty()),
    };
    Ok(Reply::data(registration::register(&app, address, form).await?.into()))
}

/// Set a forgotten password; every session of the account ends. Failures: 401, 402, 703, 706.
#[utoipa::path(post, path = "/wx/auth/reset", tag = "shop: account", request_body = RecoveryForm,
    responses((status = 200, body = Envelope<Nothing>)))]
pub async fn reset(State(app): State<Arc<App>>, address: ClientAddress, body: Loose) -> Answer<Nothing> {
    let (mobile, code, password) = recovery_of(&body)?;
    recovery::reset_password(&app, address, &mobile, &code, password).await?;
    Ok(Reply::done())
}

/// Bind another number. Failures: 401, 402, 501, 703, 705, 700 wrong password, 505.
#[utoipa::path(post, path = "/wx/auth/resetPhone", tag = "shop: account", request_body = RecoveryForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn reset_phone(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    body: ShopperLoose,
) -> Answer<Nothing> {
    let ShopperLoose(shopper, body) = body;
    let (mobile, code, password) = recovery_of(&body)?;
    recovery::reset_mobile(&app, address, shopper.id, &mobile, &code, password).await?;
    Ok(Reply::done())
}

fn recovery_of(body: &Loose) -> Result<(String, String, String), Refusal> {
    let mobile = body.required_text_within("mobile", 63)?;
    Ok((mobile, body.required_text_within("code", 63)?, password_of(body)?))
}
