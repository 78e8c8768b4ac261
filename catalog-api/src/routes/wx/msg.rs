//! Messages WeChat forwards from customers. They are handed to its customer service; answering a text by
//! itself would need the customer-service interface, which no client relies on.

use crate::extract::{Body, Query};
use crate::random::hex;
use crate::state::App;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use hmac::{Hmac, KeyInit, Mac};
use quick_xml::escape::escape;
use quick_xml::events::Event;
use quick_xml::reader::Reader;
use sha1::{Digest, Sha1};
use std::sync::Arc;

/// What WeChat asks once, when the address is entered there: the text comes back if the signature is right.
#[utoipa::path(get, path = "/wx/msg/config", tag = "shop: account",
    params(("signature" = Option<String>, Query), ("timestamp" = Option<String>, Query),
        ("nonce" = Option<String>, Query), ("echostr" = Option<String>, Query)),
    responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn check(State(app): State<Arc<App>>, query: Query) -> impl IntoResponse {
    let echo = query.text("echostr").filter(|_| is_signed(&app, &query)).unwrap_or("fail").to_owned();
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")], echo)
}

/// A message of a customer; the answer transfers it to customer service.
#[utoipa::path(post, path = "/wx/msg/config", tag = "shop: account",
    params(("signature" = Option<String>, Query), ("timestamp" = Option<String>, Query),
        ("nonce" = Option<String>, Query)),
    request_body(content = String, content_type = "text/xml"),
    responses((status = 200, body = String, content_type = "application/xml")))]
pub async fn message(State(app): State<Arc<App>>, query: Query, body: Body) -> impl IntoResponse {
    let message = if is_signed(&app, &query) { read(&body.0) } else { None };
    // An empty answer tells WeChat that there is nothing to say.
    let answer = message.map(transferred).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/xml")], answer)
}

/// The signature is SHA-1 over token, time and nonce in alphabetical order, as WeChat defines it.
fn is_signed(app: &App, query: &Query) -> bool {
    let token = app.config.weixin.message_token.expose();
    let parts = (query.text("signature"), query.text("timestamp"), query.text("nonce"));
    let (Some(signature), Some(timestamp), Some(nonce)) = parts else { return false };
    if token.is_empty() {
        return false;
    }
    let mut parts = [token, timestamp, nonce];
    parts.sort_unstable();
    let expected = hex(&Sha1::digest(parts.concat()));
    // Compared under a key, so that the time it takes says nothing about where the two differ.
    let mac = |text: &str| {
        let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).expect("a key of any length will do");
        mac.update(text.to_ascii_lowercase().as_bytes());
        mac
    };
    mac(signature).verify_slice(&mac(&expected).finalize().into_bytes()).is_ok()
}

/// Who wrote to whom, and when.
struct Message {
    from: String,
    to: String,
    at: String,
}

fn read(bytes: &[u8]) -> Option<Message> {
    let mut reader = Reader::from_reader(bytes);
    let (mut from, mut to, mut at) = (None, None, None);
    let mut name = String::new();
    loop {
        let text = match reader.read_event().ok()? {
            Event::Eof => break,
            Event::Start(start) => {
                name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
                continue;
            }
            Event::End(_) => {
                name.clear();
                continue;
            }
            Event::Text(text) => text.decode().ok()?.into_owned(),
            Event::CData(text) => text.decode().ok()?.into_owned(),
            _ => continue,
        };
        let member = match name.as_str() {
            "FromUserName" => &mut from,
            "ToUserName" => &mut to,
            "CreateTime" => &mut at,
            _ => continue,
        };
        *member = Some(text).filter(|text| text.len() <= 128);
    }
    Some(Message { from: from?, to: to?, at: at?.trim().parse::<u64>().ok()?.to_string() })
}

fn transferred(message: Message) -> String {
    format!(
        "<xml><ToUserName>{}</ToUserName><FromUserName>{}</FromUserName><CreateTime>{}</CreateTime>\
         <MsgType>transfer_customer_service</MsgType></xml>",
        escape(&message.from),
        escape(&message.to),
        message.at
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sender_and_receiver_change_places_and_stay_text() {
        let message = b"<xml><ToUserName><![CDATA[shop]]></ToUserName>\
            <FromUserName><![CDATA[<b>&o]]></FromUserName><CreateTime>12</CreateTime>\
            <MsgType><![CDATA[text]]></MsgType><Content><![CDATA[hi]]></Content></xml>";
        let answer = transferred(read(message).unwrap());
        assert!(answer.contains("<ToUserName>&lt;b&gt;&amp;o</ToUserName><FromUserName>shop<"), "{answer}");
        for broken in [b"".as_slice(), b"<xml>", b"<xml><FromUserName>a</FromUserName></xml>", b"{}"] {
            assert!(read(broken).is_none());
        }
    }
}
