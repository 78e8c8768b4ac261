//! The engine as a process, over HTTP, beside bare hyper.

pub(crate) mod purchases;
pub(crate) mod refusals;
pub(crate) mod sweep;

use crate::callers::{Script, request};
use crate::cell::{self, Cell};
use crate::installation::Served;
use anyhow::Result;
use std::time::Duration;

/// How often everything is measured; the table shows the median.
pub(crate) const ROUNDS: usize = 3;
/// How long a cell without an end of its own takes.
pub(crate) const CELL: Duration = Duration::from_millis(1500);

/// Bare hyper over so many connections.
async fn hello(server: &Served, connections: usize) -> Result<Cell> {
    let script = Script::repeated("hello", vec![request("GET", "/", None, None)]);
    cell::closed(server.address, connections, CELL, &script, 200, &[server.pid()]).await
}
