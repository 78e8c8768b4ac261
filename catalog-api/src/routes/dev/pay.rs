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
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
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
    let amount_minor = match query.int("fee")? {
        Some(fee) => fee,
        None => match order::amount(&app.db, &order_sn).await? {
            Some(amount) => amount,
            None => return Ok((StatusCode::NOT_FOUND, Json(json!({ "error": "no such order" })))),
        },
    };
    let which = query.text("transaction").unwrap_or_default();
    let digest = Sha256::digest(format!("{order_sn}\n{amount_minor}\n{which}"));
    let notice = Notice {
        transaction_id: format!("local-{}", hex(&digest[..16])),
        order_sn,
        amount_minor,
        paid_at: DateTime::from_timestamp(unix_s().cast_signed(), 0).unwrap_or_default().naive_utc(),
    };
    let signed = LocalPay::new(app.config.pay.local_secret.expose(), app.config.http.private_listen)
        .sign(&notice, unix_s());
    let headers = [(TIMESTAMP_HEADER, signed.timestamp.as_str()), (SIGNATURE_HEADER, &signed.signature)];
    let to = reachable(app.config.http.listen);
    let (status, answer) = http_call::post(to, "/wx/order/pay-notify", &headers, signed.body).await?;
    let answer: Value = serde_json::from_str(&answer).unwrap_or(Value::String(answer));
    let body = json!({
        "transaction_id": notice.transaction_id, "amount_minor": amount_minor,
        "status": status, "answer": answer,
    });
    Ok((StatusCode::OK, Json(body)))
}

/// A listener on every address is reached on the loopback one.
fn reachable(listener: SocketAddr) -> SocketAddr {
    if listener.ip().is_unspecified() {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), listener.port())
    } else {
        listener
    }
}

/// `GET` of the same address, where a payment in a browser leads with the local provider: one button
/// that posts. Nothing of the address stands in it, so that there is nothing to escape.
pub async fn page(Path(_): Path<String>) -> impl IntoResponse {
    const PAGE: &str = "<!doctype html><meta charset=utf-8><title>Local payment</title>\
        <h1>Local payment</h1><form method=post><button>Pay this order</button></form>";
    const POLICY: &str = "default-src 'none'; form-action 'self'; frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, PAGE)
}
