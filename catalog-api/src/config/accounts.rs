//! Settings of what accounts need: texts to phones, WeChat log-in, how long the operation log is kept.

use super::{Config, CourierProvider, Secret};
use serde::{Deserialize, Serialize};

/// Texts to phones.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct Sms {
    #[serde(default)]
    pub provider: Option<SmsProvider>,
    pub code_life_s: u64,
    pub resend_after_s: u64,
    pub code_tries: u64,
    pub codes_per_day: u64,
    pub codes_per_address: u64,
    pub endpoint: String,
    pub region: String,
    pub key_id: String,
    pub key_secret: Secret,
    pub app_id: String,
    pub sign_name: String,
    pub templates: SmsTemplates,
}

/// The vendor's names of our texts.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct SmsTemplates {
    pub code: String,
    pub paid: String,
    pub shipped: String,
    pub refunded: String,
    pub feedback_reply: String,
}

/// Who sends texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SmsProvider {
    /// Nobody: `GET /dev/sms` shows them.
    Local,
    /// Texts are not set up.
    None,
    /// Aliyun.
    Aliyun,
    /// Tencent Cloud.
    Tencent,
}

/// WeChat.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct Weixin {
    #[serde(default)]
    pub provider: Option<WeixinProvider>,
    pub endpoint: String,
    pub app_id: String,
    pub app_secret: Secret,
    pub message_token: Secret,
}

/// Who knows WeChat's accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WeixinProvider {
    /// Any code is the account it names.
    Local,
    /// WeChat log-in is not set up.
    None,
    /// WeChat.
    Weixin,
}

/// The operation log.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct OperationLog {
    pub keep_days: u32,
}

impl Config {
    /// Who sends texts: nobody, unless somebody was named or this is the dev profile.
    pub fn sms_provider(&self) -> SmsProvider {
        let unset = if self.is_dev() { SmsProvider::Local } else { SmsProvider::None };
        self.sms.provider.unwrap_or(unset)
    }

    /// Who knows WeChat's accounts, by the same rule.
    pub fn weixin_provider(&self) -> WeixinProvider {
        let unset = if self.is_dev() { WeixinProvider::Local } else { WeixinProvider::None };
        self.weixin.provider.unwrap_or(unset)
    }

    /// Who knows where a parcel is, by the same rule.
    pub fn courier_provider(&self) -> CourierProvider {
        let unset = if self.is_dev() { CourierProvider::Local } else { CourierProvider::None };
        self.courier.provider.unwrap_or(unset)
    }
}

/// Says what is wrong with these settings.
pub(super) fn check(config: &Config) -> Result<(), String> {
    let (sms, weixin) = (&config.sms, &config.weixin);
    for (key, value) in [
        ("sms.code_life_s", sms.code_life_s),
        ("sms.resend_after_s", sms.resend_after_s),
        ("sms.code_tries", sms.code_tries),
        ("sms.codes_per_day", sms.codes_per_day),
        ("sms.codes_per_address", sms.codes_per_address),
        ("operation_log.keep_days", config.operation_log.keep_days.into()),
    ] {
        if value == 0 || value > 100_000 {
            return Err(format!("{key} is out of range"));
        }
    }
    // A code has a million values; more tries than these and it would be guessed.
    if sms.code_tries > 20 {
        return Err("sms.code_tries must be at most 20".into());
    }
    let wanted: &[(&str, &str)] = match config.sms_provider() {
        SmsProvider::Local | SmsProvider::None => &[],
        SmsProvider::Aliyun => &[("sms.key_id", &sms.key_id), ("sms.sign_name", &sms.sign_name)],
        SmsProvider::Tencent => {
            &[("sms.key_id", &sms.key_id), ("sms.sign_name", &sms.sign_name), ("sms.app_id", &sms.app_id)]
        }
    };
    let sends = !matches!(config.sms_provider(), SmsProvider::Local | SmsProvider::None);
    let secret = ("sms.key_secret", sms.key_secret.expose());
    let template = ("sms.templates.code", sms.templates.code.as_str());
    let secrets = if sends { vec![secret, template] } else { Vec::new() };
    let knows = config.weixin_provider() == WeixinProvider::Weixin;
    let weixin_wanted =
        [("weixin.app_id", &*weixin.app_id), ("weixin.app_secret", weixin.app_secret.expose())];
    let weixin_wanted = if knows { weixin_wanted.to_vec() } else { Vec::new() };
    for (key, value) in wanted.iter().copied().chain(secrets).chain(weixin_wanted) {
        if value.is_empty() {
            return Err(format!("{key} is missing"));
        }
    }
    if config.is_dev() {
        return Ok(());
    }
    if config.sms_provider() == SmsProvider::Local {
        return Err("sms.provider: the local provider exists in the dev profile only".into());
    }
    if config.weixin_provider() == WeixinProvider::Local {
        return Err("weixin.provider: the local provider exists in the dev profile only".into());
    }
    for (key, endpoint) in [("sms.endpoint", &sms.endpoint), ("weixin.endpoint", &weixin.endpoint)] {
        if !endpoint.is_empty() && !endpoint.starts_with("https://") {
            return Err(format!("{key} must begin with https://"));
        }
    }
    Ok(())
}
