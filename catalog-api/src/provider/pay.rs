//! Taking money: the provider's side of it. What a payment does to an order is in `payments`.

mod local;
mod wechat;

pub use local::{LocalPay, SIGNATURE_HEADER, SignedNotice, TIMESTAMP_HEADER};
pub use wechat::WechatPay;

use crate::error::Fault;
use axum::http::HeaderMap;
use chrono::NaiveDateTime;
use serde::Serialize;
use std::pin::Pin;
use utoipa::ToSchema;

/// A call to the provider.
pub type Call<'a, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>;

/// A payment provider.
pub trait Pay: Send + Sync {
    /// Its name in the ledger.
    fn name(&self) -> &'static str;

    /// Prepares a payment inside WeChat; the answer is for the client's payment call.
    fn prepay<'a>(&'a self, bill: &'a Bill) -> Call<'a, PaymentCall>;

    /// Prepares a payment in a browser; the answer is where the browser goes.
    fn h5<'a>(&'a self, bill: &'a Bill) -> Call<'a, String>;

    /// Takes no money for this request any more. One that is unknown, closed or paid is a success: a
    /// payment that came is told by a call-back.
    fn close<'a>(&'a self, request: &'a Request) -> Call<'a, ()>;

    /// What a call-back says, if its signature and its time are right.
    fn read_notice(&self, headers: &HeaderMap, body: &[u8]) -> Option<Notice>;

    /// Sends money back and returns the provider's id of it. Repeating it with the same key sends it
    /// once.
    fn refund<'a>(&'a self, refund: &'a MoneyBack) -> Call<'a, String>;
}

/// What is to be paid.
#[derive(Clone, Debug)]
pub struct Bill {
    /// The order's id.
    pub order_id: u64,
    /// The order.
    pub order_sn: String,
    /// How much.
    pub amount_minor: i64,
    /// Who pays; empty in a browser.
    pub openid: String,
    /// Until when, UTC.
    pub pay_by: NaiveDateTime,
    /// From where.
    pub client_ip: String,
}

/// A payment the provider was asked to take.
#[derive(Clone, Debug)]
pub struct Request {
    /// The order's id.
    pub order_id: u64,
    /// How much it was for.
    pub amount_minor: i64,
}

/// What the client hands to its payment function.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentCall {
    /// The merchant's application.
    pub app_id: String,
    /// Unix second.
    pub time_stamp: String,
    /// Random text.
    pub nonce_str: String,
    /// For the member `package` of the client's call.
    pub package_value: String,
    /// How it is signed.
    pub sign_type: String,
    /// The signature.
    pub pay_sign: String,
}

/// A payment the provider tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The provider's id of the payment.
    pub transaction_id: String,
    /// The order it is for.
    pub order_sn: String,
    /// How much was paid.
    pub amount_minor: i64,
    /// When, UTC.
    pub paid_at: NaiveDateTime,
}

/// Money that goes back.
#[derive(Clone, Debug)]
pub struct MoneyBack {
    /// Our key: one payment is sent back once.
    pub payment_id: u64,
    /// The provider's id of the payment.
    pub transaction_id: String,
    /// How much was paid.
    pub paid_minor: i64,
    /// How much goes back.
    pub amount_minor: i64,
}
