//! The provider for development. It moves no money. It signs its call-backs as a real one does, and they
//! arrive over HTTP at the public address, so that development takes the same way as production.

use super::{Bill, Call, MoneyBack, Notice, Pay, PaymentCall, Request};
use crate::clock::unix_s;
use crate::pages::LOCAL_PAYMENT;
use crate::random::{hex, hex_128};
use axum::http::HeaderMap;
use chrono::DateTime;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::net::SocketAddr;

/// Header with the unix second of a local call-back.
pub const TIMESTAMP_HEADER: &str = "x-mall-pay-timestamp";
/// Header with the signature of a local call-back, hexadecimal.
pub const SIGNATURE_HEADER: &str = "x-mall-pay-signature";
/// How far a call-back's time may be from ours.
const NOTICE_AGE_MAX_S: u64 = 300;

/// The provider for development.
pub struct LocalPay {
    key: Hmac<Sha256>,
    /// Where its page is, for payments in a browser.
    public: SocketAddr,
}

/// The body of a local call-back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LocalNotice {
    transaction_id: String,
    order_sn: String,
    amount_minor: i64,
    paid_at: String,
}

/// A local call-back, ready to be sent.
#[derive(Clone, Debug)]
pub struct SignedNotice {
    /// For [`TIMESTAMP_HEADER`].
    pub timestamp: String,
    /// For [`SIGNATURE_HEADER`].
    pub signature: String,
    /// The body.
    pub body: String,
}

impl LocalPay {
    /// With the secret that signs, and the public listener.
    pub fn new(secret: &str, public: SocketAddr) -> Self {
        let key = Hmac::new_from_slice(secret.as_bytes()).expect("a key of any length will do");
        Self { key, public }
    }

    /// Signs what happened at a time.
    pub fn sign(&self, notice: &Notice, at_unix_s: u64) -> SignedNotice {
        let body = serde_json::to_string(&LocalNotice {
            transaction_id: notice.transaction_id.clone(),
            order_sn: notice.order_sn.clone(),
            amount_minor: notice.amount_minor,
            paid_at: notice.paid_at.and_utc().to_rfc3339(),
        })
        .expect("text and numbers are JSON");
        let timestamp = at_unix_s.to_string();
        let signature = hex(&self.mac(&timestamp, body.as_bytes()).finalize().into_bytes());
        SignedNotice { timestamp, signature, body }
    }

    fn mac(&self, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(timestamp.as_bytes());
        mac.update(b"\n");
        mac.update(body);
        mac
    }
}

impl Pay for LocalPay {
    fn name(&self) -> &'static str {
        "local"
    }

    fn prepay<'a>(&'a self, bill: &'a Bill) -> Call<'a, PaymentCall> {
        Box::pin(async move {
            let (time_stamp, nonce_str) = (unix_s().to_string(), hex_128());
            let package_value = format!("prepay_id=local-{}", bill.order_sn);
            let signed = format!("{nonce_str}\n{package_value}\n{}\n{}", bill.openid, bill.amount_minor);
            let pay_sign = hex(&self.mac(&time_stamp, signed.as_bytes()).finalize().into_bytes());
            Ok(PaymentCall {
                app_id: "local".into(),
                time_stamp,
                nonce_str,
                package_value,
                sign_type: "HMAC-SHA256".into(),
                pay_sign,
            })
        })
    }

    fn h5<'a>(&'a self, bill: &'a Bill) -> Call<'a, String> {
        // The mobile front end appends `&redirect_url=`, so there has to be a query already.
        Box::pin(
            async move { Ok(format!("http://{}{LOCAL_PAYMENT}/{}?from=h5", self.public, bill.order_sn)) },
        )
    }

    fn close<'a>(&'a self, _: &'a Request) -> Call<'a, ()> {
        // Nothing is open here: anybody may still send a late call-back, to see what becomes of it.
        Box::pin(async { Ok(()) })
    }

    fn read_notice(&self, headers: &HeaderMap, body: &[u8]) -> Option<Notice> {
        let header = |name| headers.get(name)?.to_str().ok();
        let timestamp = header(TIMESTAMP_HEADER)?;
        let signature = unhex(header(SIGNATURE_HEADER)?)?;
        self.mac(timestamp, body).verify_slice(&signature).ok()?;
        let age_s = unix_s().abs_diff(timestamp.parse().ok()?);
        if age_s > NOTICE_AGE_MAX_S {
            return None;
        }
        let notice: LocalNotice = serde_json::from_slice(body).ok()?;
        let fits = (1..=63).contains(&notice.transaction_id.len()) && notice.transaction_id.is_ascii();
        let paid_at = DateTime::parse_from_rfc3339(&notice.paid_at).ok()?.naive_utc();
        (fits && notice.amount_minor >= 1).then_some(Notice {
            transaction_id: notice.transaction_id,
            order_sn: notice.order_sn,
            amount_minor: notice.amount_minor,
            paid_at,
        })
    }

    fn refund<'a>(&'a self, refund: &'a MoneyBack) -> Call<'a, String> {
        Box::pin(async move { Ok(format!("local-refund-{}", refund.payment_id)) })
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public() -> SocketAddr {
        "127.0.0.1:8080".parse().unwrap()
    }

    fn headers(signed: &SignedNotice) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(TIMESTAMP_HEADER, signed.timestamp.parse().unwrap());
        headers.insert(SIGNATURE_HEADER, signed.signature.parse().unwrap());
        headers
    }

    #[test]
    fn only_an_unchanged_and_fresh_call_back_of_the_right_sender_is_read() {
        let pay = LocalPay::new("a secret of at least some length", public());
        let notice = Notice {
            transaction_id: "t1".into(),
            order_sn: "20251111000001".into(),
            amount_minor: 990,
            paid_at: "2025-11-11T12:00:00".parse().unwrap(),
        };
        let signed = pay.sign(&notice, unix_s());
        assert_eq!(pay.read_notice(&headers(&signed), signed.body.as_bytes()), Some(notice.clone()));
        assert_eq!(
            LocalPay::new("another", public()).read_notice(&headers(&signed), signed.body.as_bytes()),
            None
        );
        assert_eq!(pay.read_notice(&HeaderMap::new(), signed.body.as_bytes()), None);
        for at in 0..signed.body.len() {
            let mut body = signed.body.clone().into_bytes();
            body[at] ^= 1;
            assert_eq!(pay.read_notice(&headers(&signed), &body), None);
        }
        for (age, read) in [(290, true), (310, false)] {
            for at in [unix_s() - age, unix_s() + age] {
                let signed = pay.sign(&notice, at);
                assert_eq!(pay.read_notice(&headers(&signed), signed.body.as_bytes()).is_some(), read);
            }
        }
        let nothing = Notice { amount_minor: 0, ..notice };
        let signed = pay.sign(&nothing, unix_s());
        assert_eq!(pay.read_notice(&headers(&signed), signed.body.as_bytes()), None);
    }
}
