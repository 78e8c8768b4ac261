//! The staff keep a few sales open, close old ones and put up new ones, as far as the mall lets them.

use crate::crowd::Crowd;
use anyhow::{Context, Result, ensure};
use hyper::Method;
use loadtest::wire::{Connection, Host};
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Sales open at once.
const SALES: usize = 4;
/// How long one is sold in before staff close it.
const SALE_LASTS: Duration = Duration::from_secs(75);
/// Units of one.
const UNITS: u64 = 600;

/// Puts up and closes sales until it is over; the last ones stay open.
pub(crate) async fn keep_selling(crowd: Arc<Crowd>) -> Result<()> {
    let mut open: Vec<(u64, Instant)> = Vec::new();
    while !crowd.tally.is_over() {
        match turn(&crowd, &mut open).await {
            Ok(()) => sleep(Duration::from_secs(1)).await,
            // The mall or one of its stores is down; staff try again as buyers do.
            Err(_) => sleep(Duration::from_secs(2)).await,
        }
    }
    ensure!(!open.is_empty(), "no sale was ever put up");
    Ok(())
}

async fn turn(crowd: &Crowd, open: &mut Vec<(u64, Instant)>) -> Result<()> {
    let mut desk = Desk::enter(crowd).await?;
    if open.len() == SALES
        && let Some(at) = open.iter().position(|(_, since)| since.elapsed() > SALE_LASTS)
    {
        desk.call("/admin/seckill/close", &json!({ "id": open[at].0 })).await?;
        open.remove(at);
    }
    while open.len() < SALES {
        let sale = desk.put_up(crowd).await?;
        open.push((sale, Instant::now()));
        crowd.all_sales.lock().unwrap_or_else(PoisonError::into_inner).push(sale);
    }
    let sales = open.iter().map(|(sale, _)| *sale).collect();
    *crowd.sales.write().unwrap_or_else(PoisonError::into_inner) = sales;
    Ok(())
}

struct Desk {
    connection: Connection,
    token: String,
}

impl Desk {
    async fn enter(crowd: &Crowd) -> Result<Self> {
        let host = Host::new(crowd.addresses.get("CATALOG_URL")?)?;
        let mut connection = host.connection(Duration::from_secs(10));
        let body = json!({
            "username": crowd.addresses.get("STAFF_USER")?,
            "password": crowd.addresses.get("STAFF_PASSWORD")?,
        });
        let answer = connection.send(Method::POST, "/admin/auth/login", &[], Some(&body)).await?;
        let token = answer.json()["data"]["token"].as_str().context("staff cannot log in")?.to_owned();
        Ok(Self { connection, token })
    }

    async fn put_up(&mut self, crowd: &Crowd) -> Result<u64> {
        let number = |key| -> Result<u64> { Ok(crowd.addresses.get(key)?.parse()?) };
        // Wide windows, whatever the shop's time zone is.
        let sale = json!({
            "name": "Campaign", "kind": "goods",
            "goodsId": number("DEMO_GOODS_ID")?, "productId": number("DEMO_PRODUCT_ID")?,
            "price": 9.9, "stock": UNITS, "limitPerOrder": 1, "limitPerUser": 1,
            "startTime": "2020-01-01 00:00:00", "endTime": "2099-01-01 00:00:00", "payWithinMinutes": 1,
        });
        let made = self.call("/admin/seckill/create", &sale).await?;
        made["id"].as_u64().context("a sale without an id")
    }

    async fn call(&mut self, path: &str, body: &Value) -> Result<Value> {
        let head = [("x-litemall-admin-token", self.token.as_str())];
        let answer = self.connection.send(Method::POST, path, &head, Some(body)).await?;
        let mut value = answer.json();
        ensure!(value["errno"] == 0, "{path} answers {value}");
        Ok(value["data"].take())
    }
}
