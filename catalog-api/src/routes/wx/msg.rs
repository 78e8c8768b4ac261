//! Messages WeChat forwards from customers. They are handed to its customer service, and a text is said back
//! to its author meanwhile, so that it is seen to have arrived.

use crate::envelope::chain;
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
use std::time::Duration;

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
    if let Some(Message { from, text: Some(text), .. }) = &message {
        say_back(&app, from, text).await;
    }
    // An empty answer tells WeChat that there is nothing to say.
    let answer = message.map(transferred).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/xml")], answer)
}

/// WeChat waits five seconds for our answer, and sends the message again without one.
const SAYING_DEADLINE: Duration = Duration::from_secs(3);

/// Says a text back; the answer to WeChat does not depend on it.
async fn say_back(app: &App, openid: &str, text: &str) {
    let Some(weixin) = app.weixin.as_deref() else { return };
    let problem = match tokio::time::timeout(SAYING_DEADLINE, weixin.say(openid, text)).await {
        Ok(Ok(())) => return,
        Ok(Err(fault)) => chain(&fault),
        Err(_) => "no answer in time".to_owned(),
    };
    tracing::warn!(fault = problem, "a customer's text was not said back");
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

/// Who wrote to whom, when, and what, if it is a text.
struct Message {
    from: String,
    to: String,
    at: String,
    text: Option<String>,
}

/// Bytes of a name or a time at most, and of a text: WeChat's customers may write 2,000 of them.
const NAME_BYTES_MAX: usize = 128;
const TEXT_BYTES_MAX: usize = 2_048;

fn read(bytes: &[u8]) -> Option<Message> {
    let mut reader = Reader::from_reader(bytes);
    let (mut from, mut to, mut at, mut kind, mut said) = (None, None, None, None, None);
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
            "MsgType" => &mut kind,
            "Content" => &mut said,
            _ => continue,
        };
        let bytes_max = if name == "Content" { TEXT_BYTES_MAX } else { NAME_BYTES_MAX };
        *member = Some(text).filter(|text| text.len() <= bytes_max);
    }
    let at = at?.trim().parse::<u64>().ok()?.to_string();
    let text = said.filter(|text| kind.as_deref() == Some("text") && !text.trim().is_empty());
    Some(Message { from: from?, to: to?, at, text })
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
        assert_eq!(read(message).unwrap().text.as_deref(), Some("hi"));
        let picture = String::from_utf8_lossy(message).replace("[text]", "[image]");
        assert_eq!(read(picture.as_bytes()).unwrap().text, None, "only texts are said back");
        let answer = transferred(read(message).unwrap());
        assert!(answer.contains("<ToUserName>&lt;b&gt;&amp;o</ToUserName><FromUserName>shop<"), "{answer}");
        for broken in [b"".as_slice(), b"<xml>", b"<xml><FromUserName>a</FromUserName></xml>", b"{}"] {
            assert!(read(broken).is_none());
        }
    }
}
