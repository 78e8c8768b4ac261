//! WeChat: which account a log-in code is for, the phone number its client sends encrypted, codes that open
//! the mini-program, messages to customers.

pub mod application;
pub mod code2session;
pub mod local;
pub mod sealed;

use super::outside::Outside;
use super::pay::Call;
use crate::config::{Config, WeixinProvider};
use anyhow::Context;
use axum::body::Bytes;

/// Somebody who knows WeChat's accounts.
pub trait Weixin: Send + Sync {
    /// The account a log-in code is for; nothing when the code is refused.
    fn login<'a>(&'a self, code: &'a str) -> Call<'a, Option<WeixinLogin>>;

    /// The application that phone numbers have to be sealed for; nothing where any will do.
    fn app_id(&self) -> Option<&str>;

    /// A picture of the code that opens the mini-program with a scene, at most 32 characters.
    fn mini_code<'a>(&'a self, scene: &'a str) -> Call<'a, Bytes>;

    /// Says something to a customer who has just written.
    fn say<'a>(&'a self, openid: &'a str, text: &'a str) -> Call<'a, ()>;
}

/// A log-in of WeChat.
#[derive(Clone, PartialEq, Eq)]
pub struct WeixinLogin {
    /// WeChat's name of the account in our application.
    pub openid: String,
    /// Opens what the client encrypts; base64.
    pub session_key: String,
}

/// Longest openid and session key that are stored.
const OPENID_MAX: usize = 63;
const SESSION_KEY_MAX: usize = 100;

impl WeixinLogin {
    /// If both can be stored.
    fn checked(openid: &str, session_key: &str) -> Option<Self> {
        let plain =
            |text: &str, max| (1..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        (plain(openid, OPENID_MAX) && plain(session_key, SESSION_KEY_MAX))
            .then(|| Self { openid: openid.to_owned(), session_key: session_key.to_owned() })
    }
}

/// The one the settings name; nobody when WeChat log-in is not set up.
pub fn accounts(config: &Config) -> anyhow::Result<Option<Box<dyn Weixin>>> {
    Ok(match config.weixin_provider() {
        WeixinProvider::None => None,
        WeixinProvider::Local => Some(Box::new(local::LocalWeixin)),
        WeixinProvider::Weixin => {
            let outside = Outside::new().context("the system's certificates")?;
            Some(Box::new(code2session::Code2Session::new(&config.weixin, outside)))
        }
    })
}
