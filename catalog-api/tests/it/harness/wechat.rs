//! WeChat Pay as its documents describe it: it answers nobody whose signature is wrong, signs what it
//! answers, and seals what its call-backs say.

use super::loopback::{Loopback, Seen};
use super::{Answer, Call, World};
use axum::body::Bytes;
use axum::http::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalog_api::clock::unix_s;
use catalog_api::random::{bytes, hex_128};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

const SEAL: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const MERCHANT: &str = "1900000001";
pub(crate) const APP: &str = "wx8888888888888888";
const SERIAL: &str = "MERCHANT-SERIAL";
const PLATFORM: &str = "PUB_KEY_ID_0001";

/// DER of "SHA-256, this long" before a digest, as RFC 8017 has it.
const SHA256_PREFIX: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0, 4,
    0x20,
];

fn padding() -> Pkcs1v15Sign {
    Pkcs1v15Sign { hash_len: Some(32), prefix: SHA256_PREFIX.into() }
}

/// The system's random numbers, as the key maker wants them.
struct System;

impl rsa::rand_core::RngCore for System {
    fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(bytes())
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(bytes())
    }

    fn fill_bytes(&mut self, into: &mut [u8]) {
        for byte in into {
            *byte = bytes::<1>()[0];
        }
    }

    fn try_fill_bytes(&mut self, into: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
        self.fill_bytes(into);
        Ok(())
    }
}

impl rsa::rand_core::CryptoRng for System {}

/// The two key pairs; making them takes seconds, so that the whole run has one of each.
struct Keys {
    merchant: RsaPrivateKey,
    platform: RsaPrivateKey,
    folder: PathBuf,
}

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let [merchant, platform] = [(); 2].map(|()| RsaPrivateKey::new(&mut System, 2048).unwrap());
        let folder = std::env::temp_dir().join(format!("catalog-it-keys-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let private = merchant.to_pkcs8_pem(LineEnding::LF).unwrap();
        std::fs::write(folder.join("merchant.pem"), private.as_bytes()).unwrap();
        let public = platform.to_public_key().to_public_key_pem(LineEnding::LF).unwrap();
        std::fs::write(folder.join("platform.pem"), public).unwrap();
        Keys { merchant, platform, folder }
    })
}

/// Whether a base64 signature of the merchant is right.
pub(crate) fn merchant_signed(text: &str, signature: &str) -> bool {
    let signature = STANDARD.decode(signature).unwrap_or_default();
    let digest = Sha256::digest(text.as_bytes());
    keys().merchant.to_public_key().verify(padding(), &digest, &signature).is_ok()
}

fn platform_signature(timestamp: u64, nonce: &str, body: &[u8]) -> String {
    let mut text = format!("{timestamp}\n{nonce}\n").into_bytes();
    text.extend_from_slice(body);
    text.push(b'\n');
    STANDARD.encode(keys().platform.sign(padding(), &Sha256::digest(&text)).unwrap())
}

/// How the server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// As documented.
    Fine,
    /// It refuses, with a signed error.
    Refusing,
    /// It answers what somebody else could have answered.
    Unsigned,
}

pub(crate) struct Wechat {
    pub(crate) server: Loopback,
    mood: Arc<Mutex<Mood>>,
}

impl Wechat {
    pub(crate) async fn start() -> Self {
        let mood = Arc::new(Mutex::new(Mood::Fine));
        let now = Arc::clone(&mood);
        let server = Loopback::start(move |seen| answer(*now.lock().unwrap(), seen)).await;
        Self { server, mood }
    }

    pub(crate) fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// The bodies that came to a path.
    pub(crate) fn bodies(&self, path: &str) -> Vec<Value> {
        let read = |seen: Seen| serde_json::from_slice(&seen.body).unwrap();
        self.server.calls(path).into_iter().map(read).collect()
    }

    /// A mall whose merchant has an account here.
    pub(crate) async fn world(&self) -> World {
        let file = |name: &str| keys().folder.join(name).to_str().unwrap().to_owned();
        let endpoint = format!("http://{}", self.server.address);
        let platform = format!("[{{id=\"{PLATFORM}\",file=\"{}\"}}]", file("platform.pem"));
        World::with(&[
            ("MALL_CATALOG__PAY__PROVIDER", "wechat"),
            ("MALL_CATALOG__PAY__WECHAT__ENDPOINT", &endpoint),
            ("MALL_CATALOG__PAY__WECHAT__APP_ID", APP),
            // Quoted, because digits alone would be a number.
            ("MALL_CATALOG__PAY__WECHAT__MERCHANT_ID", &format!("\"{MERCHANT}\"")),
            ("MALL_CATALOG__PAY__WECHAT__CERTIFICATE_SERIAL", SERIAL),
            ("MALL_CATALOG__PAY__WECHAT__PRIVATE_KEY_FILE", &file("merchant.pem")),
            ("MALL_CATALOG__PAY__WECHAT__API_V3_KEY", SEAL),
            ("MALL_CATALOG__PAY__WECHAT__PLATFORM_KEYS", &platform),
            ("MALL_CATALOG__PAY__WECHAT__NOTIFY_URL", "https://shop.example/wx/order/pay-notify"),
        ])
        .await
    }
}

fn answer(mood: Mood, seen: &Seen) -> Response<Bytes> {
    if !is_signed_by_merchant(seen) {
        return response(Mood::Fine, 401, &json!({ "code": "SIGN_ERROR", "message": "signature" }));
    }
    if mood == Mood::Refusing {
        return response(mood, 403, &json!({ "code": "NOT_ENOUGH", "message": "no" }));
    }
    let body: Value = serde_json::from_slice(&seen.body).unwrap();
    let answer = match seen.path.as_str() {
        "/v3/pay/transactions/jsapi" => json!({ "prepay_id": format!("wx-{}", hex_128()) }),
        "/v3/pay/transactions/h5" => json!({ "h5_url": "https://wx.tenpay.example/pay?prepay_id=1" }),
        "/v3/refund/domestic/refunds" => {
            json!({ "refund_id": format!("back-{}", body["out_refund_no"].as_str().unwrap()), "status": "PROCESSING" })
        }
        path if path.ends_with("/close") => return response(mood, 204, &Value::Null),
        _ => return response(mood, 404, &json!({ "code": "NOT_FOUND", "message": "no such path" })),
    };
    response(mood, 200, &answer)
}

fn response(mood: Mood, status: u16, answer: &Value) -> Response<Bytes> {
    let body = if answer.is_null() { String::new() } else { answer.to_string() };
    let (timestamp, nonce) = (unix_s(), hex_128());
    let signature = match mood {
        Mood::Unsigned => STANDARD.encode([7; 256]),
        Mood::Fine | Mood::Refusing => platform_signature(timestamp, &nonce, body.as_bytes()),
    };
    Response::builder()
        .status(status)
        .header("wechatpay-timestamp", timestamp.to_string())
        .header("wechatpay-nonce", nonce)
        .header("wechatpay-signature", signature)
        .header("wechatpay-serial", PLATFORM)
        .body(Bytes::from(body))
        .unwrap()
}

/// The check of `Authorization: WECHATPAY2-SHA256-RSA2048 name="value",…`.
fn is_signed_by_merchant(seen: &Seen) -> bool {
    let line = seen.headers["authorization"].to_str().unwrap();
    let Some(fields) = line.strip_prefix("WECHATPAY2-SHA256-RSA2048 ") else { return false };
    let field = |name: &str| {
        let found = fields.split(',').find_map(|field| field.strip_prefix(&format!("{name}=\"")));
        found.and_then(|value| value.strip_suffix('"')).unwrap_or_default().to_owned()
    };
    let timestamp: u64 = field("timestamp").parse().unwrap_or(0);
    let body = String::from_utf8_lossy(&seen.body);
    let text = format!("{}\n{}\n{timestamp}\n{}\n{body}\n", seen.method, seen.path, field("nonce_str"));
    let ours = (field("mchid").as_str(), field("serial_no").as_str()) == (MERCHANT, SERIAL);
    ours && timestamp.abs_diff(unix_s()) < 60 && merchant_signed(&text, &field("signature"))
}

/// A call-back to be.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) transaction: Value,
    pub(crate) timestamp: u64,
    pub(crate) key_id: &'static str,
    pub(crate) event: &'static str,
}

/// A payment as the call-back tells it.
pub(crate) fn paid(transaction: &str, order_sn: &str, amount_minor: i64) -> Told {
    let transaction = json!({
        "appid": APP, "mchid": MERCHANT, "out_trade_no": "mall1x1", "transaction_id": transaction,
        "trade_type": "JSAPI", "trade_state": "SUCCESS", "bank_type": "OTHERS", "attach": order_sn,
        "success_time": "2025-11-11T20:00:00+08:00", "payer": { "openid": "o" },
        "amount": { "total": amount_minor, "payer_total": amount_minor, "currency": "CNY" },
    });
    Told { transaction, timestamp: unix_s(), key_id: PLATFORM, event: "TRANSACTION.SUCCESS" }
}

impl Told {
    /// The body, and its signature.
    pub(crate) fn sealed(&self, nonce: &str) -> (Vec<u8>, String) {
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, SEAL.as_bytes()).unwrap());
        let mut sealed = self.transaction.to_string().into_bytes();
        let unique = Nonce::try_assume_unique_for_key(b"twelve bytes").unwrap();
        key.seal_in_place_append_tag(unique, Aad::from(b"transaction"), &mut sealed).unwrap();
        let body = json!({
            "id": hex_128(), "event_type": self.event, "resource_type": "encrypt-resource",
            "resource": { "algorithm": "AEAD_AES_256_GCM", "ciphertext": STANDARD.encode(sealed),
                "nonce": "twelve bytes", "associated_data": "transaction", "original_type": "transaction" },
        });
        let body = body.to_string().into_bytes();
        let signature = platform_signature(self.timestamp, nonce, &body);
        (body, signature)
    }

    /// Sends these bytes with this signature.
    pub(crate) async fn send_as(&self, world: &World, body: Vec<u8>, nonce: &str, signature: &str) -> Answer {
        let call = Call::raw(axum::http::Method::POST, "/wx/order/pay-notify", body)
            .header("Wechatpay-Timestamp", &self.timestamp.to_string())
            .header("Wechatpay-Nonce", nonce)
            .header("Wechatpay-Signature", signature)
            .header("Wechatpay-Serial", self.key_id);
        world.call(call).await
    }

    /// Sends it.
    pub(crate) async fn send(&self, world: &World) -> Answer {
        let (body, signature) = self.sealed("nonce");
        self.send_as(world, body, "nonce", &signature).await
    }
}
