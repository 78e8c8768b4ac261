//! What a request says: its head checked, its body read within bounds, its members named when they are
//! wrong.

use super::DoorTrust;
use super::render::{self, Answer};
use crate::purchase::Attempt;
use bytes::Bytes;
use contract::ids::AddressId;
use contract::outcome::Code;
use contract::record::MESSAGE_BYTES_MAX;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::HeaderMap;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use serde_json::{Map, Value};
use std::net::IpAddr;
use std::time::Duration;

/// Refuses heads whose message has no single meaning: any transfer coding (every body here is small, so
/// its length is known; and hyper hides a Content-Length beside one), several or no hosts.
pub fn check_head(head: &HeaderMap, target_bytes: usize, target_bytes_max: usize) -> Result<(), Answer> {
    if head.contains_key(TRANSFER_ENCODING) {
        return Err(render::closing(Code::LengthRequired));
    }
    if head.get_all(HOST).iter().count() != 1 {
        return Err(render::closing(Code::BadRequest));
    }
    if target_bytes > target_bytes_max {
        return Err(render::closing(Code::UriTooLong));
    }
    Ok(())
}

/// The session a request carries: `Authorization: Bearer`, or the header the mall's front ends send.
pub fn session(head: &HeaderMap) -> Option<&str> {
    let bearer = head.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| {
        let (scheme, session) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(session.trim())
    });
    let own = || head.get("x-litemall-token").and_then(|value| value.to_str().ok());
    bearer.or_else(own).filter(|session| !session.is_empty())
}

/// The address limits count by: the peer, or behind trusted proxies the last address one of them saw.
pub fn client(head: &HeaderMap, peer: IpAddr, trust: &DoorTrust) -> IpAddr {
    if !trust.proxies.contains(&peer) {
        return peer;
    }
    let hops = head.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = hops.flat_map(|value| value.split(',')).map(str::trim).collect();
    for hop in hops.iter().rev() {
        match hop.parse() {
            Ok(address) if trust.proxies.contains(&address) => {}
            Ok(address) => return address,
            Err(_) => break,
        }
    }
    peer
}

/// The body, within its bounds of size and time.
pub async fn body(
    head: &HeaderMap,
    body: Incoming,
    bytes_max: usize,
    within: Duration,
) -> Result<Bytes, Answer> {
    let announced = head.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > bytes_max as u64) {
        return Err(render::closing(Code::BodyTooLarge));
    }
    match tokio::time::timeout(within, Limited::new(body, bytes_max).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(render::closing(Code::BodyTooLarge)),
        Ok(Err(_)) => Err(render::closing(Code::BadRequest)),
        Err(_) => Err(render::closing(Code::RequestTimeout)),
    }
}

/// The body of a purchase.
pub fn attempt(body: &[u8]) -> Result<Attempt, Answer> {
    let mut members: Map<String, Value> =
        serde_json::from_slice(body).map_err(|_| render::refusal(Code::BadRequest.into()))?;
    let token = match members.remove("token") {
        Some(Value::String(token)) => token,
        Some(_) => return Err(render::bad_field("token", "must be a string")),
        None => return Err(render::bad_field("token", "is missing")),
    };
    let quantity = match members.remove("quantity") {
        Some(value) => whole(&value, 1, u64::from(u16::MAX))
            .ok_or_else(|| render::bad_field("quantity", "must be a whole number from 1 to 65535"))?
            as u16,
        None => return Err(render::bad_field("quantity", "is missing")),
    };
    let address = match members.remove("address_id") {
        None | Some(Value::Null) => 0,
        Some(value) => whole(&value, 0, i64::MAX as u64)
            .ok_or_else(|| render::bad_field("address_id", "must be a whole number from 0"))?,
    };
    let message = match members.remove("message") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(message)) if message.len() <= MESSAGE_BYTES_MAX => message,
        Some(_) => return Err(render::bad_field("message", "must be a string of at most 512 bytes")),
    };
    if let Some((unknown, _)) = members.iter().next() {
        return Err(render::bad_field(unknown, "is not a member of this request"));
    }
    Ok(Attempt { token, quantity, address: AddressId(address), message })
}

/// A JSON number that is written as a whole one within bounds.
fn whole(value: &Value, min: u64, max: u64) -> Option<u64> {
    value.as_u64().filter(|number| (min..=max).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn refused(body: &str) -> String {
        let answer = attempt(body.as_bytes()).unwrap_err();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        format!("{} {}", body["code"].as_str().unwrap(), body["field"].as_str().unwrap_or("-"))
    }

    #[tokio::test]
    async fn wrong_members_are_named() {
        for quantity in
            ["0", "-1", "9223372036854775808", "1.5", "\"1\"", "null", "true", "65536", "1e0", "[]"]
        {
            assert_eq!(
                refused(&format!("{{\"token\":\"t\",\"quantity\":{quantity}}}")).await,
                "bad_field quantity"
            );
        }
        assert_eq!(refused("{\"token\":\"t\"}").await, "bad_field quantity");
        assert_eq!(refused("{\"quantity\":1}").await, "bad_field token");
        assert_eq!(refused("{\"token\":7,\"quantity\":1}").await, "bad_field token");
        assert_eq!(refused("{\"token\":\"t\",\"quantity\":1,\"price\":1}").await, "bad_field price");
        assert_eq!(
            refused("{\"token\":\"t\",\"quantity\":1,\"address_id\":-1}").await,
            "bad_field address_id"
        );
        let long = "x".repeat(513);
        assert_eq!(
            refused(&format!("{{\"token\":\"t\",\"quantity\":1,\"message\":\"{long}\"}}")).await,
            "bad_field message"
        );
        for body in ["", "{", "[]", "7", "\u{0}", "{\"token\":\"t\",\"quantity\":1}x"] {
            assert_eq!(refused(body).await, "bad_request -");
        }
    }

    #[test]
    fn a_whole_purchase_is_read() {
        let body = "{\"token\":\"t\",\"quantity\":2,\"address_id\":5,\"message\":\"bitte läuten\"}";
        let expected =
            Attempt {
                token: "t".into(), quantity: 2, address: AddressId(5), message: "bitte läuten".into()
            };
        assert_eq!(attempt(body.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn forwarded_addresses_count_only_from_trusted_proxies() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let trust =
            DoorTrust { proxies: vec![address("10.0.0.1"), address("10.0.0.2")], ..DoorTrust::default() };
        let head = |hops: &str| {
            let mut head = HeaderMap::new();
            head.insert("x-forwarded-for", hops.parse().unwrap());
            head
        };
        assert_eq!(client(&head("1.1.1.1"), address("9.9.9.9"), &trust), address("9.9.9.9"));
        assert_eq!(
            client(&head("6.6.6.6, 1.1.1.1, 10.0.0.2"), address("10.0.0.1"), &trust),
            address("1.1.1.1")
        );
        assert_eq!(client(&head("1.1.1.1, nonsense"), address("10.0.0.1"), &trust), address("10.0.0.1"));
    }
}
