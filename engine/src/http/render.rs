//! Answers. A refusal that never changes is built once; its bytes are shared by everyone who gets it.

use super::body::Body;
use crate::admission::Refusal;
use crate::purchase::answer::{OrderAnswer, Status, TokenAnswer};
use crate::settlement::SettledOrder;
use bytes::Bytes;
use contract::ids::OrderSn;
use contract::ledger::FlashOrderState;
use contract::outcome::Code;
use hyper::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde_json::json;
use std::sync::LazyLock;

/// What goes out.
pub type Answer = Response<Body>;

const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// How long a buyer waits before the first look at the status.
const POLL_AFTER_MS: u32 = 200;

/// Bodies of refusals that say nothing but their code. Constant for the life of the program, as the
/// codes are; no state.
static PREBUILT: LazyLock<Vec<Bytes>> =
    LazyLock::new(|| Code::ALL.iter().map(|&code| problem_body(code, json!({})).into()).collect());

/// A refusal.
pub fn refusal(refusal: Refusal) -> Answer {
    let code = refusal.code;
    let body = match (refusal.starts_at_ms, code) {
        (Some(starts_at_ms), _) => {
            let starts_at = rfc3339(starts_at_ms);
            with_members(code, &format!("\"starts_at\":\"{starts_at}\",\"starts_at_ms\":{starts_at_ms}"))
        }
        (None, Code::CoolingDown) => match refusal.retry_after_s {
            Some(wait_s) => with_members(code, &format!("\"retry_after_s\":{wait_s}")),
            None => PREBUILT[code.index()].clone(),
        },
        (None, _) => PREBUILT[code.index()].clone(),
    };
    problem(code, body, refusal.retry_after_s)
}

/// A refusal that names a member of the request.
pub fn bad_field(field: &str, reason: &str) -> Answer {
    let code = Code::BadField;
    problem(code, problem_body(code, json!({ "field": field, "detail": reason })).into(), None)
}

/// A refusal after which the connection is closed: what follows on it cannot be told apart.
pub fn closing(code: Code) -> Answer {
    let mut answer = refusal(code.into());
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}

/// The path exists, but not with this method.
pub fn method_not_allowed(allowed: &'static str) -> Answer {
    let mut answer = refusal(Code::MethodNotAllowed.into());
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

/// Plain JSON.
pub fn json(status: StatusCode, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Body::whole(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, JSON);
    answer
}

/// A token.
pub fn token(answer: &TokenAnswer) -> Answer {
    // The token's alphabet and the time need no escaping.
    let expires_at = rfc3339(u64::from(answer.expires_s) * 1000);
    let body = format!("{{\"token\":\"{}\",\"expires_at\":\"{expires_at}\"}}", answer.token);
    no_store(json(StatusCode::OK, body.into_bytes()))
}

/// An order number.
pub fn order(answer: OrderAnswer) -> Answer {
    let (status, sn) = match answer {
        OrderAnswer::Accepted(sn) => (StatusCode::ACCEPTED, sn),
        OrderAnswer::Again(sn) => (StatusCode::OK, sn),
    };
    let body = format!(
        "{{\"order_sn\":\"{sn}\",\"status\":\"queued\",\"status_url\":\"/seckill/v1/orders/{sn}\",\"poll_after_ms\":{POLL_AFTER_MS}}}"
    );
    no_store(json(status, body.into_bytes()))
}

/// The status of an order.
pub fn status(sn: OrderSn, status: &Status) -> Answer {
    no_store(json(StatusCode::OK, status_body(sn, status).into_bytes()))
}

/// The same as text, for an event.
pub fn status_body(sn: OrderSn, status: &Status) -> String {
    match status {
        Status::Queued => {
            format!("{{\"order_sn\":\"{sn}\",\"status\":\"queued\",\"poll_after_ms\":{POLL_AFTER_MS}}}")
        }
        Status::Settled(order) => settled_body(sn, order),
    }
}

fn settled_body(sn: OrderSn, order: &SettledOrder) -> String {
    let status = match order.state {
        FlashOrderState::Unpaid => "settled",
        FlashOrderState::Paid => "paid",
        FlashOrderState::Lapsed => "lapsed",
    };
    let mut body = json!({
        "order_sn": sn.to_string(),
        "status": status,
        "quantity": order.units,
        "price_minor": order.price_minor,
    });
    if let Some(id) = order.order_id {
        body["order_id"] = id.into();
    }
    if let (FlashOrderState::Unpaid, Some(pay_by_ms)) = (order.state, order.pay_by_ms) {
        body["pay_by"] = rfc3339(pay_by_ms).into();
        body["pay_by_ms"] = pay_by_ms.into();
    }
    body.to_string()
}

/// hyper's own empty refusals, written with a body of ours instead. Every answer that passes through
/// this file has a body, so an empty 4xx can only be hyper's.
pub(super) fn instead_of_empty(written: &[u8]) -> Option<&'static [u8]> {
    if !written.starts_with(b"HTTP/1.1 4") || written.len() > 200 {
        return None;
    }
    static RAW: LazyLock<Vec<(&'static [u8], Vec<u8>)>> = LazyLock::new(|| {
        [
            (b"400".as_slice(), Code::BadRequest),
            (b"413", Code::BodyTooLarge),
            (b"414", Code::UriTooLong),
            (b"431", Code::HeadersTooLarge),
        ]
        .map(|(status, code)| (status, raw(code)))
        .into()
    });
    let head = std::str::from_utf8(written).ok()?.to_ascii_lowercase();
    if !head.contains("content-length: 0\r\n") {
        return None;
    }
    RAW.iter().find(|(status, _)| written[9..].starts_with(status)).map(|(_, answer)| answer.as_slice())
}

/// A whole answer as bytes, for a connection that hyper has given up.
pub(super) fn raw(code: Code) -> Vec<u8> {
    let body = &PREBUILT[code.index()];
    let status = StatusCode::from_u16(code.status()).expect("codes carry valid statuses");
    let mut answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend_from_slice(body);
    answer
}

/// A time as RFC 3339 in UTC with milliseconds.
pub(super) fn rfc3339(unix_ms: u64) -> String {
    let (days, ms) = (unix_ms / 86_400_000, unix_ms % 86_400_000);
    // Days to civil date as in Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms".
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_place = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_place + 2) / 5 + 1;
    let month = if month_place < 10 { month_place + 3 } else { month_place - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{:03}Z", ms % 1000)
}

fn problem(code: Code, body: Bytes, retry_after_s: Option<u32>) -> Answer {
    let mut answer = Response::new(Body::whole(body));
    *answer.status_mut() = StatusCode::from_u16(code.status()).expect("codes carry valid statuses");
    answer.headers_mut().insert(CONTENT_TYPE, PROBLEM);
    answer.extensions_mut().insert(code);
    if let Some(seconds) = retry_after_s {
        answer.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    answer
}

fn problem_body(code: Code, more: serde_json::Value) -> Vec<u8> {
    let mut body =
        json!({ "type": "about:blank", "title": code.title(), "status": code.status(), "code": code.name() });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body.to_string().into_bytes()
}

/// The prebuilt body with members before its end: everybody who comes too early gets one, and building
/// all of it anew took a third of such an answer.
fn with_members(code: Code, members: &str) -> Bytes {
    let prebuilt = &PREBUILT[code.index()];
    let (object, end) = prebuilt.split_at(prebuilt.len() - 1);
    [object, b",", members.as_bytes(), end].concat().into()
}

fn no_store(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_rfc_3339() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(rfc3339(1_700_000_000_123), "2023-11-14T22:13:20.123Z");
        assert_eq!(rfc3339(1_735_689_599_999), "2024-12-31T23:59:59.999Z");
    }

    #[tokio::test]
    async fn members_are_added_to_a_prebuilt_body() {
        use http_body_util::BodyExt;
        let early = Refusal { starts_at_ms: Some(1), ..Code::NotStarted.into() };
        let cooling = Refusal { retry_after_s: Some(7), ..Code::CoolingDown.into() };
        for (refused, member, value) in
            [(early, "starts_at_ms", 1), (early, "status", 403), (cooling, "retry_after_s", 7)]
        {
            let body = refusal(refused).into_body().collect().await.unwrap().to_bytes();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body[member], value, "{body}");
            assert_eq!(body["code"], refused.code.name());
        }
    }

    #[test]
    fn only_an_empty_refusal_is_replaced() {
        let empty = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\n\r\n";
        let answer = std::str::from_utf8(instead_of_empty(empty).unwrap()).unwrap();
        assert!(answer.starts_with("HTTP/1.1 431 ") && answer.contains("\"code\":\"headers_too_large\""));
        assert_eq!(instead_of_empty(b"HTTP/1.1 404 Not Found\r\ncontent-length: 10\r\n\r\n0123456789"), None);
        assert_eq!(instead_of_empty(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), None);
    }
}
