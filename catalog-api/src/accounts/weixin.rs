//! Log-in with WeChat, and the phone number its client hands over.

use super::LoggedIn;
use crate::audit;
use crate::coupons::grant_registration_coupons;
use crate::envelope::chain;
use crate::error::{Failure, MOBILE_TAKEN, Refusal, SHOP_LOGIN_WRONG, UPDATE_FAILED, WEIXIN_REFUSED};
use crate::extract::ClientAddress;
use crate::provider::sms::is_mobile;
use crate::provider::weixin::{WeixinLogin, sealed};
use crate::random::hex_128;
use crate::state::App;
use crate::store::shopper_account::{self, WeixinAccount, WeixinProfile};
use crate::store::{retrying, violates};
use serde_json::json;
use sqlx::MySqlConnection;

/// The account a log-in code of WeChat is for; nothing when it is refused or WeChat cannot be asked.
pub(super) async fn exchange(app: &App, code: &str) -> Result<Option<WeixinLogin>, Failure> {
    let Some(weixin) = app.weixin.as_deref() else { return Ok(None) };
    match weixin.login(code).await {
        Ok(login) => Ok(login),
        Err(fault) => {
            tracing::error!(fault = chain(&fault), "WeChat could not be asked");
            Ok(None)
        }
    }
}

/// Logs the owner of a WeChat account in; the first time it becomes an account of ours. -1 when the code
/// is refused.
pub async fn log_in(
    app: &App,
    address: ClientAddress,
    code: &str,
    profile: &WeixinProfile<'_>,
) -> Result<LoggedIn, Failure> {
    let login = exchange(app, code).await?.ok_or(WEIXIN_REFUSED)?;
    let account = retrying(|| found_or_made(app, &login, profile)).await?;
    audit::by(|| format!("shopper {}", account.id));
    if account.status != 0 {
        return Err(SHOP_LOGIN_WRONG.into());
    }
    let token = super::open(app, address, account.id, account.level, &account.password_hash).await?;
    let token = token.ok_or(UPDATE_FAILED)?;
    Ok(LoggedIn { token, username: account.username, avatar: String::new() })
}

/// Times the account is looked for when two first log-ins make it at the same time.
const TRIES: usize = 3;

async fn found_or_made(
    app: &App,
    login: &WeixinLogin,
    profile: &WeixinProfile<'_>,
) -> Result<WeixinAccount, Failure> {
    for _ in 0..TRIES {
        let mut tx = app.db.begin().await?;
        let found = shopper_account::of_openid(&mut tx, &login.openid).await?;
        let account = match found {
            Some(account) => account,
            None => match make(&mut tx, login, profile).await {
                Ok(account) => account,
                // Made by another log-in since we looked.
                Err(Failure::Fault(crate::error::Fault::Database(error)))
                    if violates(&error, "shopper_live_openid") =>
                {
                    continue;
                }
                Err(failure) => return Err(failure),
            },
        };
        shopper_account::set_session_key(&mut tx, account.id, &login.session_key).await?;
        tx.commit().await?;
        return Ok(account);
    }
    Err(UPDATE_FAILED.into())
}

async fn make(
    db: &mut MySqlConnection,
    login: &WeixinLogin,
    profile: &WeixinProfile<'_>,
) -> Result<WeixinAccount, Failure> {
    let mut username = login.openid.clone();
    let added = match shopper_account::insert_weixin(db, &username, &login.openid, profile).await {
        // Somebody registered under this name; the account is found by its openid, not by its name.
        Err(error) if violates(&error, "shopper_username") => {
            username = format!("wx-{}", hex_128());
            shopper_account::insert_weixin(db, &username, &login.openid, profile).await
        }
        other => other,
    };
    let id = added?;
    grant_registration_coupons(db, id).await?;
    Ok(WeixinAccount { id, username, password_hash: String::new(), level: 0, status: 0 })
}

/// Binds the number in sealed data to an account. Failures: 402 what cannot be opened, 705, 505.
pub async fn bind_phone(app: &App, user: u64, sealed_data: &str, iv: &str) -> Result<(), Failure> {
    let key = shopper_account::session_key(&app.db, user).await?.ok_or(UPDATE_FAILED)?;
    let app_id = app.weixin.as_deref().and_then(|weixin| weixin.app_id());
    let mobile = sealed::phone_number(sealed_data, iv, &key, app_id).filter(|number| is_mobile(number));
    let mobile = mobile.ok_or_else(|| Refusal::wrong("encryptedData"))?;
    set_mobile(app, user, &mobile).await
}

/// Gives an account another number.
pub(super) async fn set_mobile(app: &App, user: u64, mobile: &str) -> Result<(), Failure> {
    let mut tx = app.db.begin().await?;
    let set = shopper_account::set_mobile(&mut tx, user, mobile).await;
    let set = set.map_err(|error| match violates(&error, "shopper_live_mobile") {
        true => Failure::from(MOBILE_TAKEN),
        false => error.into(),
    })?;
    if !set {
        return Err(UPDATE_FAILED.into());
    }
    audit::record(&mut tx, &json!({ "mobile": "changed" })).await?;
    Ok(tx.commit().await?)
}
