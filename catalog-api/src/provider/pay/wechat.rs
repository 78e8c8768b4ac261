//! WeChat Pay, version 3 of its interface: requests and call-backs are signed with RSA and SHA-256, and
//! what a call-back says is sealed with AES-256-GCM.
//!
//! An order is known there by its id and its amount, so that a changed price is another trade and the
//! old one can be closed; the order's number travels along as `attach` and comes back in the call-back.

mod keys;
mod notice;

use super::{Bill, Call, MoneyBack, Notice, Pay, PaymentCall, Request};
use crate::clock::unix_s;
use crate::config::WechatPay as Settings;
use crate::error::Fault;
use crate::provider::outside::Outside;
use crate::random::hex_128;
use anyhow::Context;
use axum::body::Bytes;
use axum::http::{self, HeaderMap, Response, header};
use chrono::SecondsFormat;
use keys::{PlatformKeys, SealKey, SigningKey};
use serde_json::{Value, json};

/// A merchant's access to WeChat Pay.
pub struct WechatPay {
    settings: Settings,
    outside: Outside,
    signing: SigningKey,
    platform: PlatformKeys,
    seal: SealKey,
}

/// Longest number of a trade.
const TRADE_NO_MAX: usize = 32;

impl WechatPay {
    /// With the settings and the key files they name.
    pub fn new(settings: &Settings, outside: Outside) -> anyhow::Result<Self> {
        let read = |file: &str, key: &str| {
            std::fs::read_to_string(file).with_context(|| format!("pay.wechat.{key}: {file} cannot be read"))
        };
        let mut platform = PlatformKeys::default();
        for key in &settings.platform_keys {
            let pem = read(&key.file, "platform_keys")?;
            let known = platform.add(&key.id, &pem);
            known.with_context(|| format!("pay.wechat.platform_keys: {} is no RSA key", key.file))?;
        }
        let pem = read(&settings.private_key_file, "private_key_file")?;
        Ok(Self {
            signing: SigningKey::of_pem(&pem).context("pay.wechat.private_key_file: no RSA key in PKCS#8")?,
            seal: SealKey::new(settings.api_v3_key.expose())
                .context("pay.wechat.api_v3_key: not 32 bytes")?,
            settings: settings.clone(),
            platform,
            outside,
        })
    }

    /// The number of a trade.
    fn trade_no(&self, order: u64, amount_minor: i64) -> Result<String, Fault> {
        let number = format!("{}{order}x{amount_minor}", self.settings.trade_prefix);
        if number.len() > TRADE_NO_MAX {
            return Err(Fault::Provider("the trade's number is too long".into()));
        }
        Ok(number)
    }

    /// Posts a body and reads the answer; an answer with data has to be signed by the provider.
    async fn post(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        let response = self.exchange(path, body).await?;
        let (parts, body) = response.into_parts();
        let read: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        if !parts.status.is_success() {
            return Err(refused(parts.status.as_u16(), &read));
        }
        if !body.is_empty() && !self.platform.signed(&parts.headers, &body) {
            return Err(Fault::Provider(format!("the answer to {path} is not signed by the provider")));
        }
        Ok(read)
    }

    async fn exchange(&self, path: &str, body: &Value) -> Result<Response<Bytes>, Fault> {
        let body = body.to_string();
        let (timestamp, nonce) = (unix_s(), hex_128());
        let signature = self.signing.sign(&format!("POST\n{path}\n{timestamp}\n{nonce}\n{body}\n"))?;
        let authorization = format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{}\",nonce_str=\"{nonce}\",signature=\"{signature}\",\
             timestamp=\"{timestamp}\",serial_no=\"{}\"",
            self.settings.merchant_id, self.settings.certificate_serial
        );
        let request = http::Request::post(format!("{}{path}", self.settings.endpoint))
            .header(header::AUTHORIZATION, authorization)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, concat!("mall/", env!("CARGO_PKG_VERSION")))
            .body(body)
            .map_err(|error| Fault::Provider(format!("the request cannot be written: {error}")))?;
        self.outside.send(request).await
    }

    fn trade(&self, bill: &Bill) -> Result<Value, Fault> {
        Ok(json!({
            "appid": self.settings.app_id,
            "mchid": self.settings.merchant_id,
            "description": self.settings.description,
            "out_trade_no": self.trade_no(bill.order_id, bill.amount_minor)?,
            "time_expire": bill.pay_by.and_utc().to_rfc3339_opts(SecondsFormat::Secs, false),
            "attach": bill.order_sn,
            "notify_url": self.settings.notify_url,
            "amount": { "total": bill.amount_minor, "currency": "CNY" },
        }))
    }
}

fn refused(status: u16, answer: &Value) -> Fault {
    let member = |name: &str| answer[name].as_str().unwrap_or_default().chars().take(80).collect::<String>();
    Fault::Provider(format!("refused with {status} {} {}", member("code"), member("message")))
}

/// Text of a member that has to be there.
fn text(answer: &Value, member: &str) -> Result<String, Fault> {
    let text = answer[member].as_str().filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| Fault::Provider(format!("the answer has no {member}")))
}

/// Words for a trade that takes no money any more, or never did.
const CLOSED_ALREADY: [&str; 5] =
    ["ORDER_CLOSED", "ORDERCLOSED", "ORDERPAID", "ORDERNOTEXIST", "ORDER_NOT_EXIST"];

impl Pay for WechatPay {
    fn name(&self) -> &'static str {
        "wechat"
    }

    fn prepay<'a>(&'a self, bill: &'a Bill) -> Call<'a, PaymentCall> {
        Box::pin(async move {
            let mut trade = self.trade(bill)?;
            trade["payer"] = json!({ "openid": bill.openid });
            let answer = self.post("/v3/pay/transactions/jsapi", &trade).await?;
            let package_value = format!("prepay_id={}", text(&answer, "prepay_id")?);
            let (app_id, time_stamp, nonce_str) =
                (self.settings.app_id.clone(), unix_s().to_string(), hex_128());
            let signed = format!("{app_id}\n{time_stamp}\n{nonce_str}\n{package_value}\n");
            let pay_sign = self.signing.sign(&signed)?;
            Ok(PaymentCall {
                app_id,
                time_stamp,
                nonce_str,
                package_value,
                sign_type: "RSA".into(),
                pay_sign,
            })
        })
    }

    fn h5<'a>(&'a self, bill: &'a Bill) -> Call<'a, String> {
        Box::pin(async move {
            let mut trade = self.trade(bill)?;
            trade["scene_info"] = json!({ "payer_client_ip": bill.client_ip, "h5_info": { "type": "Wap" } });
            text(&self.post("/v3/pay/transactions/h5", &trade).await?, "h5_url")
        })
    }

    fn close<'a>(&'a self, request: &'a Request) -> Call<'a, ()> {
        Box::pin(async move {
            let number = self.trade_no(request.order_id, request.amount_minor)?;
            let path = format!("/v3/pay/transactions/out-trade-no/{number}/close");
            let response = self.exchange(&path, &json!({ "mchid": self.settings.merchant_id })).await?;
            if response.status().is_success() {
                return Ok(());
            }
            let answer: Value = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
            if answer["code"].as_str().is_some_and(|code| CLOSED_ALREADY.contains(&code)) {
                return Ok(());
            }
            Err(refused(response.status().as_u16(), &answer))
        })
    }

    fn read_notice(&self, headers: &HeaderMap, body: &[u8]) -> Option<Notice> {
        if !self.platform.signed(headers, body) {
            return None;
        }
        notice::read(&self.settings, &self.seal, body)
    }

    fn refund<'a>(&'a self, refund: &'a MoneyBack) -> Call<'a, String> {
        Box::pin(async move {
            let body = json!({
                "transaction_id": refund.transaction_id,
                // The provider sends the money of one such number once.
                "out_refund_no": format!("{}r{}", self.settings.trade_prefix, refund.payment_id),
                "amount": { "refund": refund.amount_minor, "total": refund.paid_minor, "currency": "CNY" },
            });
            let answer = self.post("/v3/refund/domestic/refunds", &body).await?;
            match answer["status"].as_str() {
                // Accepted: it reaches the buyer's account by itself.
                Some("SUCCESS" | "PROCESSING") => text(&answer, "refund_id"),
                other => Err(Fault::Provider(format!("the refund is {}", other.unwrap_or("in no state")))),
            }
        })
    }
}
