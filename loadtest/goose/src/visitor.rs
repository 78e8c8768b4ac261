//! What a visitor can do, call by call; what is said of tokens and orders goes into the history.

use goose::prelude::*;
use loadtest::history::{Recorder, Seen};
use loadtest::mall::Session;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Answers a buyer may get from the engine; anything else is a defect.
const STATUSES: [u16; 9] = [200, 202, 403, 409, 410, 422, 429, 503, 504];
/// Pause before an order is sent again because its fate is unknown.
const UNKNOWN_PAUSE: Duration = Duration::from_millis(500);
/// How often it is; the design promises an answer within 60 s.
const UNKNOWN_TRIES: u32 = 130;

/// What all visitors share.
pub(crate) struct Street {
    pub(crate) engine: String,
    pub(crate) catalog: String,
    pub(crate) goods: String,
    pub(crate) product: String,
    pub(crate) sale: u64,
    pub(crate) sessions: Vec<Session>,
    /// Whose turn it is.
    pub(crate) next: AtomicUsize,
    pub(crate) recorder: Recorder,
}

/// Somebody on one visit.
pub(crate) struct Visitor<'a> {
    user: &'a mut GooseUser,
    street: &'a Street,
    session: &'a Session,
}

impl<'a> Visitor<'a> {
    /// The next of those who have not been here for longest.
    pub(crate) fn enter(user: &'a mut GooseUser, street: &'a Street) -> Self {
        let turn = street.next.fetch_add(1, Ordering::Relaxed) % street.sessions.len();
        Self { user, street, session: &street.sessions[turn] }
    }

    /// A page of the shop.
    pub(crate) async fn shop(&mut self, name: &str, path: &str) -> TransactionResult {
        self.shop_call(name, path, None).await
    }

    /// The page of the goods on sale.
    pub(crate) async fn goods(&mut self) -> TransactionResult {
        let path = format!("/wx/goods/detail?id={}", self.street.goods);
        self.shop("goods detail", &path).await
    }

    /// One piece of the goods at their ordinary price.
    pub(crate) async fn put_in_cart(&mut self) -> TransactionResult {
        let number = |text: &str| text.parse::<u64>().unwrap_or_default();
        let (goods, product) = (number(&self.street.goods), number(&self.street.product));
        let body = json!({ "goodsId": goods, "productId": product, "number": 1 });
        self.shop_call("cart add", "/wx/cart/add", Some(body)).await
    }

    /// The sale, as everybody sees it.
    pub(crate) async fn sale(&mut self) -> TransactionResult {
        self.ask("sales", "/seckill/v1/sales", None).await?;
        let path = format!("/seckill/v1/sales/{}", self.street.sale);
        self.ask("sale", &path, None).await.map(drop)
    }

    /// A token and an order; its number, when one was promised.
    pub(crate) async fn order(&mut self) -> Result<Option<String>, Box<TransactionError>> {
        let path = format!("/seckill/v1/sales/{}/token", self.street.sale);
        let (status, answer) = self.ask("token", &path, Some(Value::Null)).await?;
        self.record("token", None, status, &answer);
        let Some(token) = answer["token"].as_str() else { return Ok(None) };
        let body = json!({ "token": token, "quantity": 1, "address_id": self.session.address_id });
        let path = format!("/seckill/v1/sales/{}/orders", self.street.sale);
        for tries in 0..UNKNOWN_TRIES {
            let (status, answer) = self.ask("order", &path, Some(body.clone())).await?;
            self.record("order", Some(token), status, &answer);
            match status {
                // Nobody knows; the same again, until somebody does.
                None | Some(504) => {}
                // Asked again, a busy mall says only that nothing happened this time.
                Some(429 | 503) if tries > 0 => {}
                _ => return Ok(answer["order_sn"].as_str().map(str::to_owned)),
            }
            tokio::time::sleep(UNKNOWN_PAUSE).await;
        }
        Ok(None)
    }

    /// Where an order stands.
    pub(crate) async fn status(&mut self, order_sn: &str) -> TransactionResult {
        self.ask("status", &format!("/seckill/v1/orders/{order_sn}"), None).await.map(drop)
    }

    fn record(&self, call: &str, token: Option<&str>, status: Option<u16>, answer: &Value) {
        let seen = Seen::now(&self.session.user, call, token, status, answer);
        // A history with a hole proves nothing, so a full disk ends the run.
        self.street.recorder.add(&seen).expect("the history can be written");
    }

    /// A call to the engine: its status, when it was answered, and its body. A body that is null is not sent.
    async fn ask(
        &mut self,
        name: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<(Option<u16>, Value), Box<TransactionError>> {
        let url = format!("{}{path}", self.street.engine);
        let method = if body.is_some() { GooseMethod::Post } else { GooseMethod::Get };
        let mut builder = self.user.get_request_builder(&method, &url)?.bearer_auth(&self.session.token);
        if let Some(body) = body.filter(|body| !body.is_null()) {
            builder = builder.json(&body);
        }
        let request = GooseRequest::builder().method(method).path(url.as_str()).name(name);
        let mut answered = self.user.request(request.set_request_builder(builder).build()).await?;
        let Ok(response) = answered.response else { return Ok((None, Value::Null)) };
        let status = response.status().as_u16();
        if STATUSES.contains(&status) {
            self.user.set_success(&mut answered.request)?;
        } else {
            // Counted, and found wrong at the end; the visit goes on, as what was answered has to be recorded.
            let _ = self.user.set_failure(name, &mut answered.request, None, None);
        }
        // A body that breaks off is no answer: nobody can tell what it would have said.
        match response.text().await {
            Ok(text) => Ok((Some(status), serde_json::from_str(&text).unwrap_or_default())),
            Err(_) => Ok((None, Value::Null)),
        }
    }

    /// A call to the shop, which has to succeed.
    async fn shop_call(&mut self, name: &str, path: &str, body: Option<Value>) -> TransactionResult {
        let url = format!("{}{path}", self.street.catalog);
        let method = if body.is_some() { GooseMethod::Post } else { GooseMethod::Get };
        let mut builder = self.user.get_request_builder(&method, &url)?;
        builder = builder.header("x-litemall-token", &self.session.token);
        if let Some(body) = body {
            builder = builder.json(&body);
        }
        let request = GooseRequest::builder().method(method).path(url.as_str()).name(name);
        let mut answered = self.user.request(request.set_request_builder(builder).build()).await?;
        let Ok(response) = answered.response else { return Ok(()) };
        let answer: Value =
            response.text().await.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        if answer["errno"] != 0 {
            let what = answer.to_string();
            return self.user.set_failure(name, &mut answered.request, None, Some(&what));
        }
        Ok(())
    }
}
