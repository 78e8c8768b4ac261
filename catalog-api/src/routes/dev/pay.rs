//! `POST /dev/pay/{order_sn}`: the local provider says that an order was paid, over HTTP to the public
//! address, signed. Repeating it repeats the same payment; `?transaction=` makes it another one.

use crate::clock::unix_s;
use crate::error::Failure;
use crate::extract::Query;
use crate::provider::http_call;
use crate::provider::pay::{LocalPay, Notice, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use crate::random::hex;
use crate::state::App;
use crate::store::order;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::DateTime;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Sends the call-back, for `?fee=` cents or what the order costs.
pub async fn pay(
    State(app): State<Arc<App>>,
    Path(order_sn): Path<String>,
    query: Query,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let which = query.text("transaction").unwrap_or_default();
    let paid = match query.int("fee")? {
        Some(fee) => call_back(&app, order_sn, fee, which).await?,
        None => match order::amount(&app.db, &order_sn).await? {
            Some(amount) => call_back(&app, order_sn, amount, which).await?,
            None => Paid::NoSuchOrder,
        },
    };
    Ok(match paid {
        Paid::Told(body) => (StatusCode::OK, Json(body)),
        Paid::NoSuchOrder => (StatusCode::NOT_FOUND, Json(json!({ "error": "no such order" }))),
    })
}

/// What came of a payment.
#[derive(Debug)]
pub enum Paid {
    /// The mall was told of it; what was said.
    Told(Value),
    /// There is nothing to pay.
    NoSuchOrder,
}

/// Pays what an order costs, as a buyer would.
pub async fn pay_in_full(app: &App, order_sn: &str) -> Result<Paid, Failure> {
    match order::amount(&app.db, order_sn).await? {
        Some(amount) => call_back(app, order_sn.to_owned(), amount, "").await,
        None => Ok(Paid::NoSuchOrder),
    }
}

async fn call_back(app: &App, order_sn: String, amount_minor: i64, which: &str) -> Result<Paid, Failure> {
    let digest = Sha256::digest(format!("{order_sn}\n{amount_minor}\n{which}"));
    let notice = Notice {
        transaction_id: format!("local-{}", hex(&digest[..16])),
        order_sn,
        amount_minor,
        paid_at: DateTime::from_timestamp(unix_s().cast_signed(), 0).unwrap_or_default().naive_utc(),
    };
    let signed =
        LocalPay::new(app.config.pay.local_secret.expose(), app.config.http.listen).sign(&notice, unix_s());
    let headers = [(TIMESTAMP_HEADER, signed.timestamp.as_str()), (SIGNATURE_HEADER, &signed.signature)];
    let to = reachable(app.config.http.listen);
    let (status, answer) = http_call::post(to, "/wx/order/pay-notify", &headers, signed.body).await?;
    let answer: Value = serde_json::from_str(&answer).unwrap_or(Value::String(answer));
    Ok(Paid::Told(json!({
        "transaction_id": notice.transaction_id, "amount_minor": amount_minor,
        "status": status, "answer": answer,
    })))
}

/// A listener on every address is reached on the loopback one.
fn reachable(listener: SocketAddr) -> SocketAddr {
    if listener.ip().is_unspecified() {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), listener.port())
    } else {
        listener
    }
}
