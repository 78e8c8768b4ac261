//! Any code is the account it names, except that one beginning with `bad` is refused.

use super::{Weixin, WeixinLogin};
use crate::provider::pay::Call;

/// Base64 of `0123456789abcdef`, with which development can seal a phone number.
pub const SESSION_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";

/// Accounts for development.
pub struct LocalWeixin;

impl Weixin for LocalWeixin {
    fn login<'a>(&'a self, code: &'a str) -> Call<'a, Option<WeixinLogin>> {
        Box::pin(
            async move { Ok(WeixinLogin::checked(code, SESSION_KEY).filter(|_| !code.starts_with("bad"))) },
        )
    }

    fn app_id(&self) -> Option<&str> {
        None
    }
}
