//! Aliyun's `SendSms` (Dysmsapi 2017-05-25), signed with ACS3-HMAC-SHA256.

use super::{Message, Sms, vendor_template};
use crate::clock::unix_s;
use crate::config;
use crate::error::Fault;
use crate::provider::outside::{Outside, authority, escaped};
use crate::provider::pay::Call;
use crate::random::{hex, hex_128};
use axum::http::Request;
use chrono::DateTime;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

const ENDPOINT: &str = "https://dysmsapi.aliyuncs.com";
const ALGORITHM: &str = "ACS3-HMAC-SHA256";
const SIGNED_HEADERS: &str =
    "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version";

/// The client.
pub struct Aliyun {
    config: config::Sms,
    outside: Outside,
}

impl Aliyun {
    /// As configured.
    pub fn new(config: &config::Sms, outside: Outside) -> Self {
        Self { config: config.clone(), outside }
    }

    fn request(&self, message: &Message, template: &str) -> Result<Request<String>, Fault> {
        let endpoint =
            Some(self.config.endpoint.as_str()).filter(|text| !text.is_empty()).unwrap_or(ENDPOINT);
        let host = authority(endpoint);
        let parameters: Map<String, Value> =
            message.parameters.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        // By name, as the signature wants them.
        let query = [
            ("PhoneNumbers", message.mobile.as_str()),
            ("SignName", &self.config.sign_name),
            ("TemplateCode", template),
            ("TemplateParam", &Value::Object(parameters).to_string()),
        ]
        .map(|(name, value)| format!("{name}={}", escaped(value)))
        .join("&");
        let date = DateTime::from_timestamp(unix_s().cast_signed(), 0).unwrap_or_default();
        let date = date.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let (nonce, digest) = (hex_128(), hex(&Sha256::digest(b"")));
        let canonical = format!(
            "POST\n/\n{query}\nhost:{host}\nx-acs-action:SendSms\nx-acs-content-sha256:{digest}\n\
             x-acs-date:{date}\nx-acs-signature-nonce:{nonce}\nx-acs-version:2017-05-25\n\n{SIGNED_HEADERS}\n{digest}"
        );
        let signature = self.signature(&canonical);
        let key_id = &self.config.key_id;
        Request::post(format!("{endpoint}/?{query}"))
            .header("host", host)
            .header("x-acs-action", "SendSms")
            .header("x-acs-content-sha256", &digest)
            .header("x-acs-date", &date)
            .header("x-acs-signature-nonce", &nonce)
            .header("x-acs-version", "2017-05-25")
            .header(
                "authorization",
                format!(
                    "{ALGORITHM} Credential={key_id},SignedHeaders={SIGNED_HEADERS},Signature={signature}"
                ),
            )
            .body(String::new())
            .map_err(|_| Fault::Provider("sms.endpoint or sms.key_id cannot be sent".into()))
    }

    fn signature(&self, canonical: &str) -> String {
        let to_sign = format!("{ALGORITHM}\n{}", hex(&Sha256::digest(canonical)));
        let secret = self.config.key_secret.expose().as_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length will do");
        mac.update(to_sign.as_bytes());
        hex(&mac.finalize().into_bytes())
    }
}

impl Sms for Aliyun {
    fn name(&self) -> &'static str {
        "aliyun"
    }

    fn send<'a>(&'a self, message: &'a Message) -> Call<'a, String> {
        Box::pin(async move {
            let template = vendor_template(&self.config, message.template);
            let template = template.ok_or_else(|| Fault::Provider("the text has no template".into()))?;
            let answer = self.outside.send(self.request(message, template)?).await?;
            let said: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
            match (said["Code"].as_str(), said["BizId"].as_str()) {
                (Some("OK"), Some(id)) => Ok(id.to_owned()),
                (code, _) => {
                    let code = code.unwrap_or("no code");
                    Err(Fault::Provider(format!("aliyun answered {}: {code}", answer.status())))
                }
            }
        })
    }
}
