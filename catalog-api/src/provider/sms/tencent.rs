//! Tencent Cloud's `SendSms` (2021-01-11), signed with TC3-HMAC-SHA256.

use super::{Message, Sms, vendor_template};
use crate::clock::unix_s;
use crate::config;
use crate::error::Fault;
use crate::provider::outside::{Outside, authority};
use crate::provider::pay::Call;
use crate::random::hex;
use axum::http::Request;
use chrono::DateTime;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const ENDPOINT: &str = "https://sms.tencentcloudapi.com";
const REGION: &str = "ap-guangzhou";
const ALGORITHM: &str = "TC3-HMAC-SHA256";
const CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// The client.
pub struct Tencent {
    config: config::Sms,
    outside: Outside,
}

impl Tencent {
    /// As configured.
    pub fn new(config: &config::Sms, outside: Outside) -> Self {
        Self { config: config.clone(), outside }
    }

    fn request(&self, message: &Message, template: &str) -> Result<Request<String>, Fault> {
        let endpoint = or_else(&self.config.endpoint, ENDPOINT);
        let host = authority(endpoint);
        let values: Vec<&str> = message.parameters.iter().map(|(_, value)| value.as_str()).collect();
        let body = json!({
            "PhoneNumberSet": [format!("+86{}", message.mobile)],
            "SmsSdkAppId": self.config.app_id,
            "SignName": self.config.sign_name,
            "TemplateId": template,
            "TemplateParamSet": values,
        })
        .to_string();
        let now = unix_s();
        let date = DateTime::from_timestamp(now.cast_signed(), 0).unwrap_or_default();
        let date = date.format("%Y-%m-%d").to_string();
        let canonical = format!(
            "POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{host}\n\ncontent-type;host\n{}",
            hex(&Sha256::digest(&body))
        );
        let scope = format!("{date}/sms/tc3_request");
        let to_sign = format!("{ALGORITHM}\n{now}\n{scope}\n{}", hex(&Sha256::digest(&canonical)));
        let signature = hex(&self.signing_key(&date, &to_sign));
        let key_id = &self.config.key_id;
        Request::post(format!("{endpoint}/"))
            .header("host", host)
            .header("content-type", CONTENT_TYPE)
            .header("x-tc-action", "SendSms")
            .header("x-tc-version", "2021-01-11")
            .header("x-tc-timestamp", now)
            .header("x-tc-region", or_else(&self.config.region, REGION))
            .header(
                "authorization",
                format!(
                    "{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders=content-type;host, \
                     Signature={signature}"
                ),
            )
            .body(body)
            .map_err(|_| Fault::Provider("sms.endpoint or sms.key_id cannot be sent".into()))
    }

    fn signing_key(&self, date: &str, to_sign: &str) -> Vec<u8> {
        let first = format!("TC3{}", self.config.key_secret.expose()).into_bytes();
        [date, "sms", "tc3_request", to_sign].into_iter().fold(first, |key, text| {
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key of any length will do");
            mac.update(text.as_bytes());
            mac.finalize().into_bytes().to_vec()
        })
    }
}

fn or_else<'a>(text: &'a str, other: &'a str) -> &'a str {
    if text.is_empty() { other } else { text }
}

impl Sms for Tencent {
    fn name(&self) -> &'static str {
        "tencent"
    }

    fn send<'a>(&'a self, message: &'a Message) -> Call<'a, String> {
        Box::pin(async move {
            let template = vendor_template(&self.config, message.template);
            let template = template.ok_or_else(|| Fault::Provider("the text has no template".into()))?;
            let answer = self.outside.send(self.request(message, template)?).await?;
            let said: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
            let sent = &said["Response"]["SendStatusSet"][0];
            match (sent["Code"].as_str(), sent["SerialNo"].as_str()) {
                (Some("Ok"), Some(id)) => Ok(id.to_owned()),
                (code, _) => {
                    let code = code.or(said["Response"]["Error"]["Code"].as_str()).unwrap_or("no code");
                    Err(Fault::Provider(format!("tencent answered {}: {code}", answer.status())))
                }
            }
        })
    }
}
