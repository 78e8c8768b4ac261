//! What becomes of a shopper's account: registration, log-in, another password or number, deletion. The
//! transactions begin and end here.
//!
//! A log-in opens its session first and is written into the row afterwards, guarded by what it was let in
//! for (hash, state). So a ban or a new password that comes in between finds either no row to match or the
//! session already in the account's index: no session survives the reason it was opened for.

pub mod desk;
pub mod import;
pub mod recovery;
pub mod registration;
pub mod weixin;

use crate::attempts::Attempt;
use crate::audit;
use crate::error::{Failure, SHOP_LOGIN_WRONG};
use crate::extract::ClientAddress;
use crate::password::Fit;
use crate::session::Account;
use crate::state::App;
use crate::store::{shopper, shopper_account};
use contract::session::Audience;

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

/// Logs a shopper in with name and password; 700 whatever was wrong.
pub async fn log_in(
    app: &App,
    address: ClientAddress,
    username: &str,
    password: String,
) -> Result<LoggedIn, Failure> {
    let attempt = Attempt::begin(app, Audience::Shop, username, address).await?;
    attempt.slow_down(app).await?;
    let found = shopper::credentials(&app.db, username).await?;
    let hash = found.as_ref().map(|found| found.password_hash.clone());
    let fit = app.passwords.fits(password.clone(), hash).await?;
    // A disabled account answers as an unknown one does.
    let account = found.filter(|found| fit.fits() && found.status == 0).ok_or(SHOP_LOGIN_WRONG)?;
    audit::by(|| format!("shopper {}", account.id));
    attempt.succeed(app).await?;
    let mut hash = account.password_hash;
    if fit == Fit::Outdated {
        let new = app.passwords.hash(password).await?;
        if shopper_account::replace_hash(&app.db, account.id, &hash, &new).await? {
            hash = new;
        }
    }
    let token = open(app, address, account.id, account.level, &hash).await?.ok_or(SHOP_LOGIN_WRONG)?;
    Ok(LoggedIn { token, username: account.username, avatar: account.avatar })
}

/// Opens a session for an account that was found with this hash and in use; nothing when that does not
/// hold any more.
async fn open(
    app: &App,
    address: ClientAddress,
    id: u64,
    level: u8,
    hash: &str,
) -> Result<Option<String>, Failure> {
    let account = Account { audience: Audience::Shop, user: id, level };
    let opened = app.sessions.open_one(&app.redis, account).await?;
    if shopper::logged_in(&app.db, id, &address.0.to_string(), hash).await? {
        return Ok(Some(opened.text));
    }
    app.sessions.end(&app.redis, &opened.session).await?;
    Ok(None)
}
