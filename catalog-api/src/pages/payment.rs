//! Where a payment in a browser leads with the local provider: one button. It stands on the public
//! listener, as a real provider's page would be reachable for buyers, and like that provider it exists in
//! the dev profile only.

use super::PATH;
use crate::error::Failure;
use crate::extract::Query;
use crate::routes::dev::pay::{Paid, pay_in_full};
use crate::state::App;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use std::sync::Arc;

const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'";

/// The page. Nothing of the address stands in it, so that there is nothing to escape.
pub(super) async fn page(Path(_): Path<String>) -> Response {
    let text = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Local payment</title>\
         <link rel=\"icon\" href=\"{PATH}/assets/{version}/icon.svg\">\
         <link rel=\"stylesheet\" href=\"{PATH}/assets/{version}/shop.css\">\
         <main class=\"narrow\"><h1>Local payment · 本地支付</h1>\
         <p>For development: no money moves. · 仅供开发，不会产生真实扣款。</p>\
         <form method=\"post\"><button class=\"buy\">Pay this order · 支付</button></form></main></html>",
        version = *super::VERSION
    );
    answer(StatusCode::OK, text)
}

/// The button: the provider sends its signed call-back, and the buyer goes back to where they came from.
pub(super) async fn pay(
    State(app): State<Arc<App>>,
    Path(order_sn): Path<String>,
    query: Query,
) -> Result<Response, Failure> {
    if let Paid::NoSuchOrder = pay_in_full(&app, &order_sn).await? {
        return Ok(answer(StatusCode::NOT_FOUND, "There is no such order. · 没有这个订单。".to_owned()));
    }
    // Pages of ours only: anything else would send people wherever a link says.
    let back = query.text("redirect_url").filter(|back| is_ours(back));
    Ok(Redirect::to(back.unwrap_or("/shop/orders.html")).into_response())
}

fn is_ours(back: &str) -> bool {
    back.strip_prefix(PATH).is_some_and(|rest| rest.starts_with('/')) && HeaderValue::from_str(back).is_ok()
}

fn answer(status: StatusCode, text: String) -> Response {
    let about = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, about, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn nobody_is_sent_elsewhere() {
        assert!(is_ours("/shop/sale.html?id=1"));
        for other in
            ["//evil.example/", "/shop.evil", "http://evil.example/shop/", "/wx/", "", "/shop/\r\nx: y"]
        {
            assert!(!is_ours(other), "{other}");
        }
    }
}
