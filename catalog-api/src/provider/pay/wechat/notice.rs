//! What a call-back says, once its signature was checked: opened, and compared with whose it must be.

use super::keys::SealKey;
use crate::config::WechatPay as Settings;
use crate::provider::pay::Notice;
use chrono::DateTime;
use serde::Deserialize;

#[derive(Deserialize)]
struct Envelope {
    event_type: String,
    resource: Sealed,
}

#[derive(Deserialize)]
struct Sealed {
    algorithm: String,
    ciphertext: String,
    nonce: String,
    #[serde(default)]
    associated_data: String,
}

#[derive(Deserialize)]
struct Transaction {
    appid: String,
    mchid: String,
    transaction_id: String,
    trade_state: String,
    #[serde(default)]
    attach: String,
    success_time: String,
    amount: Amount,
}

#[derive(Deserialize)]
struct Amount {
    total: i64,
    #[serde(default)]
    currency: Option<String>,
}

/// Longest id of a transaction the ledger holds.
const TRANSACTION_MAX: usize = 63;

/// Reads it; nothing unless it is a payment to us.
pub(super) fn read(settings: &Settings, key: &SealKey, body: &[u8]) -> Option<Notice> {
    let envelope: Envelope = serde_json::from_slice(body).ok()?;
    let sealed = envelope.resource;
    if envelope.event_type != "TRANSACTION.SUCCESS" || sealed.algorithm != "AEAD_AES_256_GCM" {
        return None;
    }
    let opened = key.open(&sealed.ciphertext, &sealed.nonce, &sealed.associated_data)?;
    let paid: Transaction = serde_json::from_slice(&opened).ok()?;
    let ours = paid.appid == settings.app_id && paid.mchid == settings.merchant_id;
    let fits = (1..=TRANSACTION_MAX).contains(&paid.transaction_id.len()) && paid.transaction_id.is_ascii();
    let yuan = paid.amount.currency.as_deref().is_none_or(|currency| currency == "CNY");
    if !ours || !fits || !yuan || paid.trade_state != "SUCCESS" || paid.amount.total < 1 {
        return None;
    }
    Some(Notice {
        transaction_id: paid.transaction_id,
        order_sn: paid.attach,
        amount_minor: paid.amount.total,
        paid_at: DateTime::parse_from_rfc3339(&paid.success_time).ok()?.naive_utc(),
    })
}
