//! Another password with a code, another number with a code and the password, another profile.

use super::weixin::set_mobile;
use crate::attempts::Attempt;
use crate::audit;
use crate::error::{
    CODE_WRONG, Failure, LOGIN_REQUIRED, MOBILE_TAKEN, MOBILE_UNKNOWN, SHOP_LOGIN_WRONG, UPDATE_FAILED,
};
use crate::extract::ClientAddress;
use crate::sms_code::{Purpose, redeem};
use crate::state::App;
use crate::store::shopper_account::{self, ProfileEdit};
use contract::session::Audience;
use serde_json::json;

/// Sets a new password for the account of a number and ends its sessions. Failures: 703, 706.
pub async fn reset_password(
    app: &App,
    address: ClientAddress,
    mobile: &str,
    code: &str,
    password: String,
) -> Result<(), Failure> {
    let attempt = Attempt::begin(app, Audience::Shop, mobile, address).await?;
    attempt.slow_down(app).await?;
    if !redeem(app, &[Purpose::Anonymous, Purpose::ChangePassword], mobile, code).await? {
        return Err(CODE_WRONG.into());
    }
    attempt.succeed(app).await?;
    let id = shopper_account::of_mobile(&app.db, mobile).await?.ok_or(MOBILE_UNKNOWN)?;
    audit::by(|| format!("shopper {id}"));
    let hash = app.passwords.hash(password).await?;
    let mut tx = app.db.begin().await?;
    if !shopper_account::set_password(&mut tx, id, &hash).await? {
        return Err(UPDATE_FAILED.into());
    }
    audit::record(&mut tx, &json!({ "password": "changed" })).await?;
    tx.commit().await?;
    app.sessions.end_all(&app.redis, Audience::Shop, id).await
}

/// Gives an account another number. Failures: 703, 705, 700 wrong password, 505.
pub async fn reset_mobile(
    app: &App,
    address: ClientAddress,
    user: u64,
    mobile: &str,
    code: &str,
    password: String,
) -> Result<(), Failure> {
    let (username, hash) = shopper_account::name_and_hash(&app.db, user).await?.ok_or(LOGIN_REQUIRED)?;
    let attempt = Attempt::begin(app, Audience::Shop, &username, address).await?;
    attempt.slow_down(app).await?;
    if !redeem(app, &[Purpose::BindMobile(user)], mobile, code).await? {
        return Err(CODE_WRONG.into());
    }
    if shopper_account::of_mobile(&app.db, mobile).await?.is_some() {
        attempt.withdraw(app).await?;
        return Err(MOBILE_TAKEN.into());
    }
    if !app.passwords.fits(password, Some(hash)).await?.fits() {
        return Err(SHOP_LOGIN_WRONG.into());
    }
    attempt.succeed(app).await?;
    set_mobile(app, user, mobile).await
}

/// Changes what the profile says. Failures: 505.
pub async fn edit_profile(app: &App, user: u64, edit: &ProfileEdit) -> Result<(), Failure> {
    let mut tx = app.db.begin().await?;
    if !shopper_account::edit_profile(&mut tx, user, edit).await? {
        return Err(UPDATE_FAILED.into());
    }
    Ok(tx.commit().await?)
}
