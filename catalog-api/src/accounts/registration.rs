//! A new account.

use super::LoggedIn;
use crate::attempts::Attempt;
use crate::audit;
use crate::coupons::grant_registration_coupons;
use crate::error::{
    CODE_WRONG, Failure, MOBILE_MALFORMED, MOBILE_TAKEN, NAME_TAKEN, NO_OPENID, OPENID_TAKEN, UPDATE_FAILED,
};
use crate::extract::ClientAddress;
use crate::provider::sms::is_mobile;
use crate::provider::weixin::WeixinLogin;
use crate::sms_code::{Purpose, redeem};
use crate::state::App;
use crate::store::shopper::{self, NewShopper};
use crate::store::{retrying, shopper_account, violates};
use contract::session::Audience;
use serde_json::json;

/// What somebody registers with.
#[derive(Clone, Debug)]
pub struct Form {
    /// The name to log in with.
    pub username: String,
    /// The password.
    pub password: String,
    /// Where the code was sent.
    pub mobile: String,
    /// The code.
    pub code: String,
    /// A log-in code of WeChat, to bind its account.
    pub weixin_code: Option<String>,
}

/// Makes the account and logs it in. Failures, in this order: 704, 705, 707, 703, 708, 709.
pub async fn register(app: &App, address: ClientAddress, form: Form) -> Result<LoggedIn, Failure> {
    if shopper_account::is_taken(&app.db, &form.username).await? {
        return Err(NAME_TAKEN.into());
    }
    if shopper_account::of_mobile(&app.db, &form.mobile).await?.is_some() {
        return Err(MOBILE_TAKEN.into());
    }
    if !is_mobile(&form.mobile) {
        return Err(MOBILE_MALFORMED.into());
    }
    // Wrong codes slow down whoever tries them; each code itself is good for few tries.
    let attempt = Attempt::begin(app, Audience::Shop, &form.mobile, address).await?;
    attempt.slow_down(app).await?;
    if !redeem(app, &[Purpose::Anonymous], &form.mobile, &form.code).await? {
        return Err(CODE_WRONG.into());
    }
    attempt.succeed(app).await?;
    let weixin = match &form.weixin_code {
        Some(code) => Some(super::weixin::exchange(app, code).await?.ok_or(NO_OPENID)?),
        None => None,
    };
    let hash = app.passwords.hash(form.password.clone()).await?;
    let id = retrying(|| add(app, &form, &hash, weixin.as_ref())).await?;
    let token = super::open(app, address, id, 0, &hash).await?.ok_or(UPDATE_FAILED)?;
    Ok(LoggedIn { token, username: form.username, avatar: String::new() })
}

async fn add(app: &App, form: &Form, hash: &str, weixin: Option<&WeixinLogin>) -> Result<u64, Failure> {
    let mut tx = app.db.begin().await?;
    let known = match weixin {
        Some(login) => shopper_account::of_openid(&mut tx, &login.openid).await?,
        None => None,
    };
    let id = match known {
        // Made by a WeChat log-in and nothing else: its owner gives it a name, a password and a number.
        Some(account) if account.password_hash.is_empty() && account.status == 0 => {
            let id = account.id;
            let done = shopper_account::complete(&mut tx, id, &form.username, hash, &form.mobile).await;
            if !done.map_err(taken)? {
                return Err(OPENID_TAKEN.into());
            }
            id
        }
        Some(_) => return Err(OPENID_TAKEN.into()),
        None => {
            let new = NewShopper {
                username: &form.username,
                password_hash: hash,
                nickname: &form.username,
                mobile: &form.mobile,
                openid: weixin.map_or("", |login| &login.openid),
            };
            let id = shopper::insert(&mut tx, &new).await.map_err(taken)?;
            grant_registration_coupons(&mut tx, id).await?;
            id
        }
    };
    if let Some(login) = weixin {
        shopper_account::set_session_key(&mut tx, id, &login.session_key).await?;
    }
    audit::by(|| format!("shopper {id}"));
    audit::record(&mut tx, &json!({ "registered": { "id": id, "username": form.username } })).await?;
    tx.commit().await?;
    Ok(id)
}

/// Which of the three names somebody else took at the same time.
fn taken(error: sqlx::Error) -> Failure {
    if violates(&error, "shopper_username") {
        NAME_TAKEN.into()
    } else if violates(&error, "shopper_live_mobile") {
        MOBILE_TAKEN.into()
    } else if violates(&error, "shopper_live_openid") {
        OPENID_TAKEN.into()
    } else {
        error.into()
    }
}
