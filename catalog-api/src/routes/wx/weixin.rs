//! What only a WeChat client calls.

use crate::accounts::weixin;
use crate::envelope::{Answer, Envelope, Nothing, Reply};
use crate::error::Refusal;
use crate::extract::loose::ShopperLoose;
use crate::extract::{ClientAddress, Entity};
use crate::state::App;
use crate::store::shopper_account::WeixinProfile;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;

/// What the client got from WeChat.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct WeixinLoginForm {
    code: String,
    user_info: WeixinUserInfo,
}

/// WeChat's profile of its owner.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct WeixinUserInfo {
    nick_name: Option<String>,
    avatar_url: Option<String>,
    gender: Option<i64>,
    country: Option<String>,
    province: Option<String>,
    city: Option<String>,
    language: Option<String>,
}

/// A log-in with WeChat.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WeixinLoggedIn {
    /// To be sent as `X-Litemall-Token` or `Authorization: Bearer`.
    token: String,
    /// The profile as it was posted.
    #[schema(value_type = Object)]
    user_info: Value,
}

/// A phone number as WeChat's client encrypts it.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct SealedPhone {
    encrypted_data: String,
    iv: String,
}

/// Log in with WeChat. Failures: 401, 402, -1 the code is refused, 700 the account is disabled.
#[utoipa::path(post, path = "/wx/auth/login_by_weixin", tag = "shop: account", request_body = WeixinLoginForm,
    responses((status = 200, body = Envelope<WeixinLoggedIn>)))]
pub async fn login(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    body: Entity,
) -> Answer<WeixinLoggedIn> {
    let code = body.required_text_within("code", 255)?;
    let info = body.row("userInfo")?.ok_or_else(|| Refusal::missing("userInfo"))?;
    let nickname = info.text_within("nickName", 63)?.unwrap_or_default();
    let avatar = info.link("avatarUrl")?.unwrap_or_default();
    let gender = info.int_within("gender", 0, 2)?.unwrap_or(0) as u8;
    let profile = WeixinProfile { nickname: &nickname, avatar: &avatar, gender };
    let now = weixin::log_in(&app, address, &code, &profile).await?;
    Ok(Reply::data(WeixinLoggedIn { token: now.token, user_info: info.value() }))
}

/// Bind the phone number WeChat knows. Failures: 401, 402, 501, 705, 505.
#[utoipa::path(post, path = "/wx/auth/bindPhone", tag = "shop: account", request_body = SealedPhone,
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn bind_phone(State(app): State<Arc<App>>, body: ShopperLoose) -> Answer<Nothing> {
    let ShopperLoose(shopper, body) = body;
    let (sealed, iv) = (body.required_text("encryptedData")?, body.required_text("iv")?);
    weixin::bind_phone(&app, shopper.id, &sealed, &iv).await?;
    Ok(Reply::done())
}
