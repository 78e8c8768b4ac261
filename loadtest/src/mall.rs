//! What buyers and staff can ask of the two services, call by call.

use crate::settings::Addresses;
use crate::wire::{Answer, Connection, Host};
use anyhow::{Context, Result, bail, ensure};
use chrono::{TimeDelta, Utc};
use hyper::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// Longest wait for one answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);
/// Longest wait for thousands of sessions to be made.
const SESSIONS_LIMIT: Duration = Duration::from_secs(180);

/// Both services.
#[derive(Clone, Debug)]
pub struct Mall {
    engine: Host,
    catalog: Host,
    catalog_private: Host,
    addresses: Addresses,
}

/// Somebody who can buy.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Session {
    /// Who.
    pub user: String,
    /// Proof of it.
    pub token: String,
    /// Where to deliver.
    pub address_id: u64,
}

/// A sale as everybody sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// State.
    pub state: String,
    /// Units left, as far as the service tells.
    pub remaining: Option<u64>,
}

impl Mall {
    /// From the file of addresses.
    pub fn new(addresses: &Addresses) -> Result<Self> {
        Ok(Self {
            engine: Host::new(addresses.get("ENGINE_URL")?)?,
            catalog: Host::new(addresses.get("CATALOG_URL")?)?,
            catalog_private: Host::new(addresses.get("CATALOG_PRIVATE_URL")?)?,
            addresses: addresses.clone(),
        })
    }

    /// A connection of a buyer to the engine.
    pub fn engine(&self) -> Connection {
        self.engine.connection(ANSWER_LIMIT)
    }

    /// A sale as everybody sees it.
    pub async fn shown(&self, connection: &mut Connection, sale: u64) -> Result<Shown> {
        let answer = connection.send(Method::GET, &format!("/seckill/v1/sales/{sale}"), &[], None).await?;
        ensure!(answer.status == 200, "the engine answers {} about sale {sale}", answer.status);
        let value = answer.json();
        Ok(Shown {
            state: value["state"].as_str().unwrap_or_default().to_owned(),
            remaining: value["remaining"].as_u64(),
        })
    }

    /// Logs a shopper in; with the first address of the address book.
    pub async fn log_in(&self, user: &str, password: &str) -> Result<Session> {
        let mut connection = self.catalog.connection(ANSWER_LIMIT);
        let body = json!({ "username": user, "password": password });
        let answer = connection.send(Method::POST, "/wx/auth/login", &[], Some(&body)).await?;
        let data = envelope(&answer).with_context(|| format!("cannot log {user} in"))?;
        let token = text(&data, "token")?;
        let headers = [("x-litemall-token", token.as_str())];
        let answer = connection.send(Method::GET, "/wx/address/list", &headers, None).await?;
        let list = envelope(&answer).context("cannot read the address book")?;
        let address_id = list["list"][0]["id"].as_u64().with_context(|| format!("{user} has no address"))?;
        Ok(Session { user: user.to_owned(), token, address_id })
    }

    /// Buyers with live sessions, without a password each. Of the dev profile.
    pub async fn sessions(&self, count: usize) -> Result<Vec<Session>> {
        let body = json!({ "count": count });
        let mut connection = self.catalog_private.connection(SESSIONS_LIMIT);
        let answer = connection.send(Method::POST, "/dev/sessions", &[], Some(&body)).await?;
        ensure!(answer.status == 200, "/dev/sessions answers {}; is it the dev profile?", answer.status);
        let text = std::str::from_utf8(&answer.body)?;
        let sessions: Vec<_> =
            text.lines().filter(|line| !line.trim().is_empty()).map(session).collect::<Result<_>>()?;
        ensure!(sessions.len() == count, "/dev/sessions made {} of {count} sessions", sessions.len());
        Ok(sessions)
    }

    /// Lets the payment provider of the dev profile say that an order was paid.
    pub async fn pay(&self, order_sn: &str) -> Result<()> {
        let path = format!("/dev/pay/{order_sn}");
        let mut connection = self.catalog_private.connection(ANSWER_LIMIT);
        let answer = connection.send(Method::POST, &path, &[], None).await?;
        ensure!((200..300).contains(&answer.status), "{path} answers {}", answer.status);
        match answer.json()["errno"].as_i64() {
            None | Some(0) => Ok(()),
            Some(_) => envelope(&answer).map(|_| ()).with_context(|| format!("{path} is refused")),
        }
    }

    /// Cancels an order as its owner.
    pub async fn cancel(&self, session: &Session, order_id: u64) -> Result<()> {
        let body = json!({ "orderId": order_id });
        let headers = [("x-litemall-token", session.token.as_str())];
        let mut connection = self.catalog.connection(ANSWER_LIMIT);
        let answer = connection.send(Method::POST, "/wx/order/cancel", &headers, Some(&body)).await?;
        envelope(&answer).map(|_| ()).with_context(|| format!("order {order_id} cannot be cancelled"))
    }

    /// Logs the demo staff in.
    pub async fn staff(&self) -> Result<Staff> {
        let mut connection = self.catalog.connection(ANSWER_LIMIT);
        let body = json!({
            "username": self.addresses.get("STAFF_USER")?,
            "password": self.addresses.get("STAFF_PASSWORD")?,
            "code": self.addresses.get("CAPTCHA_ANSWER")?,
        });
        let answer = connection.send(Method::POST, "/admin/auth/login", &[], Some(&body)).await?;
        let data = envelope(&answer).context("the demo staff cannot log in")?;
        Ok(Staff { connection, token: text(&data, "token")?, addresses: self.addresses.clone() })
    }
}

/// A logged-in member of the staff.
#[derive(Debug)]
pub struct Staff {
    connection: Connection,
    token: String,
    addresses: Addresses,
}

impl Staff {
    /// Puts units of the demo goods on a sale of its own that is open at once; its id.
    pub async fn create_sale(&mut self, units: u64) -> Result<u64> {
        // The window is so wide around now that the shop's time zone does not matter.
        let now = Utc::now();
        let wall = |hours| (now + TimeDelta::hours(hours)).format("%Y-%m-%d %H:%M:%S").to_string();
        let body = json!({
            "name": format!("Crowd of {}", now.format("%H:%M:%S")),
            "kind": "goods",
            "goodsId": self.addresses.get("DEMO_GOODS_ID")?.parse::<u64>()?,
            "productId": self.addresses.get("DEMO_PRODUCT_ID")?.parse::<u64>()?,
            "price": 9.9,
            "stock": units,
            "limitPerOrder": 1,
            "limitPerUser": 1,
            "startTime": wall(-36),
            "endTime": wall(36),
        });
        let answer = self.send(Method::POST, "/admin/seckill/create", Some(&body)).await?;
        let sale = envelope(&answer).context("the sale cannot be created")?;
        sale["id"].as_u64().context("the created sale has no id")
    }

    /// A sale as staff see it.
    pub async fn sale(&mut self, sale: u64) -> Result<Value> {
        let answer = self.send(Method::GET, &format!("/admin/seckill/read?id={sale}"), None).await?;
        envelope(&answer).with_context(|| format!("sale {sale} cannot be read"))
    }

    /// The books of a sale as staff see them.
    pub async fn books(&mut self, sale: u64) -> Result<Value> {
        let answer = self.send(Method::GET, &format!("/admin/seckill/books?id={sale}"), None).await?;
        envelope(&answer).with_context(|| format!("the books of sale {sale} cannot be read"))
    }

    async fn send(&mut self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let headers = [("x-litemall-admin-token", self.token.as_str())];
        self.connection.send(method, path, &headers, body).await
    }
}

/// The payload of a successful call.
fn envelope(answer: &Answer) -> Result<Value> {
    let mut value = answer.json();
    match (answer.status, value["errno"].as_i64()) {
        (200, Some(0)) => Ok(value["data"].take()),
        (200, Some(errno)) => bail!("errno {errno}: {}", value["errmsg"].as_str().unwrap_or_default()),
        (status, _) => bail!("status {status} without an envelope"),
    }
}

fn text(value: &Value, member: &str) -> Result<String> {
    value[member].as_str().map(str::to_owned).with_context(|| format!("the answer has no `{member}`"))
}

fn session(line: &str) -> Result<Session> {
    let value: Value = serde_json::from_str(line).context("/dev/sessions: a line is not JSON")?;
    let user = value["user_id"].as_u64().context("/dev/sessions: no user_id")?;
    Ok(Session {
        user: user.to_string(),
        token: text(&value, "token")?,
        address_id: value["address_id"].as_u64().context("/dev/sessions: no address_id")?,
    })
}
