//! Settings of whom orders need: the payment provider and the tracking service.

use super::Secret;
use serde::{Deserialize, Serialize};

/// Payment.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct Pay {
    pub provider: PayProvider,
    pub local_secret: Secret,
    pub wechat: WechatPay,
}

/// Who takes the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PayProvider {
    /// Nobody; for development.
    Local,
    /// WeChat Pay, version 3.
    Wechat,
    /// Payment is not set up.
    None,
}

/// A merchant of WeChat Pay.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct WechatPay {
    pub endpoint: String,
    pub app_id: String,
    pub merchant_id: String,
    pub certificate_serial: String,
    pub private_key_file: String,
    pub api_v3_key: Secret,
    pub platform_keys: Vec<PlatformKey>,
    pub notify_url: String,
    pub description: String,
    pub trade_prefix: String,
}

/// A key the provider signs with.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct PlatformKey {
    pub id: String,
    pub file: String,
}

/// Parcels.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct Courier {
    #[serde(default)]
    pub provider: Option<CourierProvider>,
    pub endpoint: String,
    pub business_id: String,
    pub api_key: Secret,
    pub request_type: String,
    pub channels: Vec<Channel>,
}

/// Who knows where a parcel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CourierProvider {
    /// Nobody; for development.
    Local,
    /// Kdniao.
    Kdniao,
    /// Tracking is not set up.
    None,
}

/// A courier the shop works with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in config.default.toml")]
pub struct Channel {
    pub code: String,
    pub name: String,
}

impl Courier {
    /// The name of a courier, as far as it is on the list.
    pub fn name_of(&self, code: &str) -> Option<&str> {
        self.channels.iter().find(|channel| channel.code == code).map(|channel| channel.name.as_str())
    }
}

/// Says what is wrong with them.
pub(super) fn check(pay: &Pay, courier: &Courier, dev: bool) -> Result<(), String> {
    let address = |key: &str, address: &str| {
        let fits = address.starts_with("https://") || (dev && address.starts_with("http://"));
        if fits { Ok(()) } else { Err(format!("{key} must be an https address")) }
    };
    if pay.provider == PayProvider::Wechat {
        let wechat = &pay.wechat;
        address("pay.wechat.endpoint", &wechat.endpoint)?;
        address("pay.wechat.notify_url", &wechat.notify_url)?;
        for (key, value) in [
            ("app_id", &wechat.app_id),
            ("merchant_id", &wechat.merchant_id),
            ("certificate_serial", &wechat.certificate_serial),
            ("private_key_file", &wechat.private_key_file),
            ("description", &wechat.description),
        ] {
            if value.is_empty() {
                return Err(format!("pay.wechat.{key} must be set for WeChat Pay"));
            }
        }
        if wechat.api_v3_key.expose().len() != 32 {
            return Err("pay.wechat.api_v3_key must have 32 bytes".into());
        }
        if wechat.platform_keys.is_empty() {
            return Err("pay.wechat.platform_keys must name a key".into());
        }
        let prefix = &wechat.trade_prefix;
        // Six characters are the shortest number of a trade, and two of them are the order and the amount.
        if !(3..=8).contains(&prefix.len()) || !prefix.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err("pay.wechat.trade_prefix must be 3 to 8 letters and digits".into());
        }
    }
    if courier.provider == Some(CourierProvider::Kdniao) {
        address("courier.endpoint", &courier.endpoint)?;
        if courier.business_id.is_empty() || courier.api_key.expose().is_empty() {
            return Err("courier.business_id and courier.api_key must be set for kdniao".into());
        }
    }
    if courier.provider == Some(CourierProvider::Local) && !dev {
        return Err("courier.provider: the local service exists in the dev profile only".into());
    }
    let fits = |channel: &Channel| (1..=31).contains(&channel.code.len()) && !channel.name.is_empty();
    if courier.channels.is_empty() || !courier.channels.iter().all(fits) {
        return Err("courier.channels must hold couriers with code and name".into());
    }
    Ok(())
}
