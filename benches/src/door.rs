//! The engine as a process, over HTTP, beside bare hyper.

pub(crate) mod growth;
pub(crate) mod purchases;
pub(crate) mod refusals;
pub(crate) mod streams;
pub(crate) mod sweep;

use crate::callers::{Script, request};
use crate::cell::{self, Cell};
use crate::installation::Served;
use anyhow::{Context, Result};
use std::time::Duration;

/// How often everything is measured; the table shows the median.
pub(crate) const ROUNDS: usize = 3;
/// How long a cell without an end of its own takes.
pub(crate) const CELL: Duration = Duration::from_millis(1500);
/// A cell with an end of its own ends when every buyer was answered, or after this long.
const LIMIT: Duration = Duration::from_secs(4);

/// Bare hyper over so many connections.
async fn hello(server: &Served, connections: usize) -> Result<Cell> {
    let script = Script::repeated("hello", vec![request("GET", "/", None, None)]);
    cell::closed(server.address, connections, CELL, &script, 200, &[server.pid()]).await
}

/// A token for every session, in the sale of its number.
async fn tokens(
    serve: &Served,
    sessions: &[String],
    sale_of: impl Fn(usize) -> u64,
    connections: usize,
) -> Result<Cell> {
    let token = |(number, session): (usize, &String)| {
        request("POST", &format!("/seckill/v1/sales/{}/token", sale_of(number)), Some(session), None)
    };
    let script = Script::once("token", sessions.iter().enumerate().map(token).collect());
    cell::closed(serve.address, connections, LIMIT, &script, 200, &[serve.pid()]).await
}

/// An order with every token that was given out.
async fn orders(
    serve: &Served,
    tokens: &Cell,
    sessions: &[String],
    sale_of: impl Fn(usize) -> u64,
    connections: usize,
) -> Result<Cell> {
    let order = |(number, answer): &(usize, Vec<u8>)| -> Result<Vec<u8>> {
        let answer: serde_json::Value = serde_json::from_slice(answer)?;
        let token = answer["token"].as_str().context("a token")?;
        let body = format!("{{\"token\":\"{token}\",\"quantity\":1}}");
        let path = format!("/seckill/v1/sales/{}/orders", sale_of(*number));
        Ok(request("POST", &path, Some(&sessions[*number]), Some(&body)))
    };
    let script = Script::once("order", tokens.kept.iter().map(order).collect::<Result<_>>()?);
    cell::closed(serve.address, connections, LIMIT, &script, 202, &[serve.pid()]).await
}
