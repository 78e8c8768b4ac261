//! What the existing front ends call, in the order they do, on the demo shop: every member they read is
//! there and has the right JSON type. What they send is written as they send it: numbers as text where a
//! form or the browser's storage made them text, whole rows posted back, an empty token before log-in.

mod admin;
mod mini_program;
mod mobile_shop;

use crate::harness::{Answer, Call, World, binary, stores};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Stdio;

/// A mall with the demo data.
pub(crate) async fn demo_shop() -> World {
    let world = World::new().await;
    let mut command = binary();
    command.arg("seed").env("DATABASE_URL", &world.database_url).env("REDIS_URL", stores().redis_url());
    command.env("MALL_CATALOG__REDIS__PREFIX", &world.prefix).stdout(Stdio::null());
    assert!(command.status().unwrap().success(), "the demo data is there");
    world
}

/// A front end in one browser or phone.
pub(crate) struct Client<'a> {
    world: &'a World,
    /// What its paths begin with, and the header its token travels in.
    surface: (&'static str, &'static str),
    /// Empty before log-in. The shop's clients send the header all the same.
    pub(crate) token: String,
    /// Operations that were called.
    called: BTreeSet<String>,
}

impl<'a> Client<'a> {
    fn shop(world: &'a World) -> Self {
        Self { world, surface: ("/wx", "X-Litemall-Token"), token: String::new(), called: BTreeSet::new() }
    }

    pub(crate) fn admin(world: &'a World) -> Self {
        Self { surface: ("/admin", "X-Litemall-Admin-Token"), ..Self::shop(world) }
    }

    /// Sends a call with the token and notes the operation.
    async fn send(&mut self, method: &str, path: &str, call: Call) -> Answer {
        let operation = path.split('?').next().unwrap();
        self.called.insert(format!("{method} {}/{operation}", self.surface.0));
        let call = call.header("content-type", "application/json");
        self.world.call(call.header(self.surface.1, &self.token)).await
    }

    async fn try_get(&mut self, path: &str) -> Answer {
        let call = Call::get(&format!("{}/{path}", self.surface.0));
        self.send("GET", path, call).await
    }

    pub(crate) async fn try_post(&mut self, path: &str, body: Value) -> Answer {
        let call = Call::post(&format!("{}/{path}", self.surface.0), body);
        self.send("POST", path, call).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Value {
        let answer = self.try_get(path).await;
        assert_eq!(answer.errno(), 0, "GET {path}: {}", answer.text);
        answer.data()
    }

    pub(crate) async fn post(&mut self, path: &str, body: Value) -> Value {
        let answer = self.try_post(path, body.clone()).await;
        assert_eq!(answer.errno(), 0, "POST {path} {body}: {}", answer.text);
        answer.data()
    }

    /// A call that is expected to be refused.
    async fn refused(&mut self, path: &str, body: Value) -> i64 {
        let answer = self.try_post(path, body).await;
        assert!(!answer.errmsg().is_empty(), "{path}: the page shows the text");
        answer.errno()
    }

    /// A picture from the phone or the editor; what the client keeps of the answer.
    pub(crate) async fn upload(&mut self, path: &str, name: &str, with_token: bool) -> Value {
        self.called.insert(format!("POST {}/{path}", self.surface.0));
        let call = Call::file(&format!("{}/{path}", self.surface.0), name, &picture());
        let call = if with_token { call.header(self.surface.1, &self.token) } else { call };
        let data = self.world.ok(call).await;
        reads(&data, "url:text");
        data
    }

    /// The code of the last text to a number.
    async fn code(&self, mobile: &str) -> String {
        let path = format!("/dev/sms?mobile={mobile}");
        let sent = Call::get(&path).send(self.world.private).await.unwrap();
        let sent: Value = serde_json::from_str(&sent.text).unwrap();
        sent["code"].as_str().unwrap().to_owned()
    }

    /// A number that got a code waits a minute for the next one; this one has waited.
    async fn a_minute_passes(&self, mobile: &str) {
        let key = format!("{}:sms:turn:{{{mobile}}}", self.world.prefix);
        let mut redis = self.world.redis.clone();
        redis::cmd("DEL").arg(key).query_async::<()>(&mut redis).await.unwrap();
    }

    /// The payment platform tells the shop that an order was paid.
    async fn paid(&self, order_sn: &str) {
        let call = Call::post(&format!("/dev/pay/{order_sn}"), Value::Null);
        let answer = call.send(self.world.private).await.unwrap();
        assert!(answer.text.contains("SUCCESS"), "{order_sn}: {}", answer.text);
    }

    /// The whole list of what it calls was called, and nothing else.
    fn has_called(&self, count: usize) {
        println!("{count} operations");
        assert_eq!(self.called.len(), count, "{:?}", self.called);
    }
}

/// A small picture, as a camera would send it.
fn picture() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(3, 2, image::Rgb([9, 120, 9]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// Checks members that a client reads, named in a short notation: `id:int` has a type, `goods{…}` is an
/// object, `list[]{…}` an array with something in it whose elements all have those members, `names[]:text`
/// an array of texts. A type with `?` may be missing from some of the objects, but not from all.
#[track_caller]
fn reads(data: &Value, members: &str) {
    let mut rest = members;
    read_members(&[data], &mut rest, "data");
    assert!(rest.trim().is_empty(), "the notation is read to its end: {rest:?}");
}

/// Checks the type of a value that is no object.
#[track_caller]
fn is(value: &Value, kind: &str) {
    let right = match kind {
        "int" => value.is_i64() || value.is_u64(),
        "num" => value.is_number(),
        "text" => value.is_string(),
        "bool" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "flag" => [0.into(), 1.into()].contains(value),
        // Clients take the first ten characters.
        "time" => value.as_str().is_some_and(|text| text.len() == 19 && text.is_char_boundary(10)),
        "day" => value.as_str().is_some_and(|text| text.len() == 10),
        other => panic!("no such type: {other}"),
    };
    assert!(right, "{kind} is wanted: {value}");
}

#[track_caller]
fn read_members(found: &[&Value], rest: &mut &str, at: &str) {
    loop {
        *rest = rest.trim_start();
        if rest.is_empty() || rest.starts_with('}') {
            return;
        }
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        assert!(end > 0, "a member's name is wanted: {rest:?}");
        let (name, tail) = rest.split_at(end);
        let at = format!("{at}.{name}");
        *rest = tail;
        let mut values: Vec<&Value> = found.iter().filter_map(|object| object.get(name)).collect();
        let everywhere = values.len() == found.len();
        if let Some(tail) = rest.strip_prefix("[]") {
            *rest = tail;
            assert!(values.iter().all(|value| value.is_array()), "{at} is an array: {values:?}");
            values = values.into_iter().flat_map(|list| list.as_array().unwrap()).collect();
            assert!(!values.is_empty(), "{at} has something in it: {found:?}");
        }
        if let Some(tail) = rest.strip_prefix('{') {
            assert!(everywhere, "{at} is there: {found:?}");
            *rest = tail;
            read_members(&values, rest, &at);
            *rest = rest.strip_prefix('}').expect("braces are closed");
            continue;
        }
        let tail = rest.strip_prefix(':').unwrap_or_else(|| panic!("a type is wanted: {rest:?}"));
        let end = tail.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tail.len());
        let (kind, tail) = tail.split_at(end);
        *rest = tail;
        if let Some(tail) = rest.strip_prefix('?') {
            *rest = tail;
            assert!(!values.is_empty(), "{at} is there at least once: {found:?}");
        } else {
            assert!(everywhere, "{at} is there: {found:?}");
        }
        for value in values {
            is(value, kind);
        }
    }
}

/// The text of an id, as the browser's storage and page options hold it.
fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[test]
fn the_notation_finds_what_is_missing_or_of_another_type() {
    let data = serde_json::json!({
        "list": [{ "id": 1, "name": "a" }, { "id": 2, "name": "b", "desc": "c" }], "pages": 1,
        "names": ["x"], "none": [], "goods": { "price": 1.5 },
    });
    let holds = |members: &'static str| {
        let data = data.clone();
        std::panic::catch_unwind(move || reads(&data, members)).is_ok()
    };
    for right in [
        "list[]{id:int name:text} pages:int",
        "list[]{id:int desc:text?}",
        "names[]:text none:array",
        "goods{price:num}",
    ] {
        assert!(holds(right), "{right}");
    }
    for wrong in [
        "list[]{id:text}",
        "list[]{desc:text}",
        "list[]{brief:text?}",
        "none[]{id:int}",
        "names[]:int",
        "goods[]{price:num}",
        "goods{price:int}",
        "page:int",
        "none",
        "list[]{id:int",
    ] {
        assert!(!holds(wrong), "{wrong}");
    }
}
