//! A mall in memory: the calls a crowd makes, with the same answers as the real services, and cheats.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::Instant;

/// What it does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cheat {
    No,
    Oversell,
    LoseOne,
    TwoOrdersPerToken,
    CookBooks,
}

/// How long a cancelled unit is on its way back.
const RETURN_AFTER: Duration = Duration::from_millis(700);

#[derive(Clone, Debug)]
struct Order {
    user: String,
    state: &'static str,
    returns_at: Option<Instant>,
    asked: u32,
}

#[derive(Debug)]
struct Inside {
    units: i64,
    free: i64,
    orders: Vec<Order>,
    by_token: BTreeMap<String, usize>,
    cheat: Cheat,
    engine: PathBuf,
    /// Units still to be sold beyond the stock.
    beyond: i64,
}

pub(crate) struct Mall {
    url: String,
    engine: PathBuf,
}

impl Mall {
    pub(crate) async fn open(dir: &Path, units: i64, cheat: Cheat) -> Self {
        let engine = dir.join("engine");
        std::fs::write(&engine, "#!/bin/sh\ncat \"$0.json\"\n").unwrap();
        std::fs::set_permissions(&engine, std::fs::Permissions::from_mode(0o755)).unwrap();
        let inside = Inside {
            units,
            free: units,
            orders: Vec::new(),
            by_token: BTreeMap::new(),
            cheat,
            engine: engine.clone(),
            beyond: if cheat == Cheat::Oversell { 3 } else { 0 },
        };
        let inside = Arc::new(Mutex::new(inside));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let inside = Arc::clone(&inside);
                tokio::spawn(async move {
                    let service = service_fn(move |request| answer(Arc::clone(&inside), request));
                    // The crowd goes home when it likes.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { url, engine }
    }

    pub(crate) fn addresses(&self) -> BTreeMap<String, String> {
        let urls = ["ENGINE_URL", "CATALOG_URL", "CATALOG_PRIVATE_URL"].map(|key| (key, self.url.as_str()));
        let rest = [
            ("STAFF_USER", "admin123"),
            ("STAFF_PASSWORD", "admin123"),
            ("CAPTCHA_ANSWER", "1234"),
            ("DEMO_GOODS_ID", "1"),
            ("DEMO_PRODUCT_ID", "1"),
        ];
        urls.into_iter().chain(rest).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    pub(crate) fn engine(&self) -> PathBuf {
        self.engine.clone()
    }
}

async fn answer(
    inside: Arc<Mutex<Inside>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let header = |name: &str| {
        let value = request.headers().get(name)?.to_str().ok()?;
        Some(value.trim_start_matches("Bearer ").trim_start_matches("session of ").to_owned())
    };
    let user = header("authorization").or_else(|| header("x-litemall-token")).unwrap_or_default();
    let path = request.uri().path().to_owned();
    let bytes = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let mut inside = inside.lock().unwrap();
    inside.take_back();
    let (status, text) = if path == "/dev/sessions" {
        (200, sessions(body["count"].as_u64().unwrap()))
    } else {
        let (status, value) = inside.call(&path, &user, &body);
        (status, value.to_string())
    };
    let response = Response::builder().status(status);
    let response = if status == 429 { response.header("retry-after", "0") } else { response };
    Ok(response.body(Full::new(text.into())).unwrap())
}

fn sessions(count: u64) -> String {
    let line =
        |number| json!({ "user_id": number, "token": format!("session of {number}"), "address_id": 1 });
    (1000..1000 + count).map(|number| format!("{}\n", line(number))).collect()
}

fn ok(data: Value) -> (u16, Value) {
    (200, json!({ "errno": 0, "errmsg": "ok", "data": data }))
}

fn refusal(status: u16, code: &str) -> (u16, Value) {
    (status, json!({ "code": code }))
}

impl Inside {
    fn call(&mut self, path: &str, user: &str, body: &Value) -> (u16, Value) {
        match path {
            "/wx/auth/login" => {
                let name = body["username"].as_str().unwrap();
                ok(json!({ "token": format!("session of {name}") }))
            }
            "/wx/address/list" => ok(json!({ "list": [{ "id": 5 }] })),
            "/admin/auth/login" => ok(json!({ "token": "staff" })),
            "/admin/seckill/create" => ok(json!({ "id": 7 })),
            "/admin/seckill/read" => ok(json!({ "id": 7, "limitPerUser": 1 })),
            "/admin/seckill/books" => self.books(),
            "/wx/order/cancel" => self.cancel(body["orderId"].as_u64().unwrap() as usize, user),
            "/seckill/v1/sales/7" => (200, json!({ "state": "open", "remaining": self.free })),
            "/seckill/v1/sales/7/token" => self.token(user),
            "/seckill/v1/sales/7/orders" => self.order(body["token"].as_str().unwrap(), user),
            _ => match path.rsplit_once("/7-") {
                Some((before, number)) => {
                    let number = number.parse().unwrap();
                    if before == "/dev/pay" { self.pay(number) } else { self.status(number, user) }
                }
                None => refusal(404, "not_found"),
            },
        }
    }

    fn token(&mut self, user: &str) -> (u16, Value) {
        if self.free + self.beyond <= 0 {
            return refusal(410, "sold_out");
        }
        (200, json!({ "token": format!("token of {user}") }))
    }

    fn order(&mut self, token: &str, user: &str) -> (u16, Value) {
        if let Some(&number) = self.by_token.get(token) {
            if self.cheat == Cheat::TwoOrdersPerToken {
                return self.accept(200, user, None);
            }
            return accepted(200, number);
        }
        if self.free + self.beyond <= 0 {
            return refusal(410, "sold_out");
        }
        self.accept(202, user, Some(token))
    }

    fn accept(&mut self, status: u16, user: &str, token: Option<&str>) -> (u16, Value) {
        if self.free > 0 {
            self.free -= 1
        } else {
            self.beyond -= 1
        }
        let number = self.orders.len();
        self.orders.push(Order { user: user.to_owned(), state: "queued", returns_at: None, asked: 0 });
        if let Some(token) = token {
            self.by_token.insert(token.to_owned(), number);
        }
        // Every third answer gets lost on its way.
        if status == 202 && number % 3 == 1 {
            refusal(504, "order_unknown")
        } else {
            accepted(status, number)
        }
    }

    fn status(&mut self, number: usize, user: &str) -> (u16, Value) {
        let lost = self.cheat == Cheat::LoseOne && number == 4;
        let order = &mut self.orders[number];
        if order.user != user {
            return refusal(404, "not_found");
        }
        order.asked += 1;
        if order.state == "queued" && order.asked > 2 && !lost {
            order.state = "settled";
        }
        (200, json!({ "order_sn": sn(number), "status": order.state, "order_id": number }))
    }

    fn pay(&mut self, number: usize) -> (u16, Value) {
        self.orders[number].state = "paid";
        (200, Value::Null)
    }

    fn cancel(&mut self, number: usize, user: &str) -> (u16, Value) {
        let order = &mut self.orders[number];
        if order.user != user || order.state != "settled" {
            return (200, json!({ "errno": 725, "errmsg": "not now" }));
        }
        order.state = "lapsed";
        order.returns_at = Some(Instant::now() + RETURN_AFTER);
        ok(Value::Null)
    }

    fn take_back(&mut self) {
        for order in &mut self.orders {
            if order.returns_at.take_if(|at| *at <= Instant::now()).is_some() {
                self.free += 1;
            }
        }
    }

    fn books(&self) -> (u16, Value) {
        let count =
            |states: &[&str]| self.orders.iter().filter(|order| states.contains(&order.state)).count() as i64;
        let returning = self.orders.iter().filter(|order| order.returns_at.is_some()).count();
        let free = self.free - i64::from(self.cheat == Cheat::CookBooks);
        let books = json!({
            "put_on_sale": self.units, "free": self.free, "unpaid": count(&["queued", "settled"]),
            "paid": count(&["paid"]), "returning": returning, "dead": 0, "gap": 0,
        });
        std::fs::write(self.engine.with_extension("json"), books.to_string()).unwrap();
        ok(json!({
            "S": self.units, "M": free, "U": books["unpaid"], "D": books["paid"], "P": returning, "X": 0, "gap": 0,
        }))
    }
}

fn sn(number: usize) -> String {
    format!("7-{number}")
}

fn accepted(status: u16, number: usize) -> (u16, Value) {
    let sn = sn(number);
    let status_url = format!("/seckill/v1/orders/{sn}");
    (status, json!({ "order_sn": sn, "status": "queued", "status_url": status_url, "poll_after_ms": 20 }))
}
