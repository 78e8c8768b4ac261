//! Memory of services that nobody asks anything.

use crate::Asked;
use crate::callers::{Script, request};
use crate::host;
use crate::installation::Installation;
use crate::table::{Goal, Table};
use anyhow::{Result, ensure};
use loadtest::native::{Connections, Pace};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Connections that are open and say nothing more.
const CONNECTIONS: usize = 10_000;
const MB: f64 = 1e6;

pub(crate) async fn measure(mall: &Installation, asked: &Asked, table: &mut Table) -> Result<()> {
    let serve = mall.engine("all").await?;
    // Once through every thread, so that nothing is measured that only the first request brings.
    let ask = request("GET", "/seckill/v1/sales", None, None);
    let script = Script::repeated("sales", vec![ask.clone()]);
    let few = Connections::open(serve.address, 64).await?;
    let callers = (0..64).map(|_| script.caller()).collect();
    few.drive(Pace::Closed, Duration::from_millis(300), callers).await?;
    let idle = host::resident(serve.pid())?;
    let mut open = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let mut stream = TcpStream::connect(serve.address).await?;
        // A connection that has never asked anything is closed after a moment.
        stream.write_all(&ask).await?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await?;
        ensure!(&head == b"HTTP/1.1 200", "the list of sales is refused");
        open.push(stream);
    }
    let crowded = host::resident(serve.pid())?;
    eprintln!(
        "memory: {:.1} MB idle, {:.1} MB with {CONNECTIONS} connections",
        idle as f64 / MB,
        crowded as f64 / MB
    );
    drop(open);
    drop(serve);

    let settings = [("MALL_CATALOG__CAPTCHA__FIXED_ANSWER", "test")];
    let catalog = mall.service(&asked.catalog, "serve", "MALL_CATALOG", &settings).await?;
    let catalog_idle = host::resident(catalog.pid())?;
    let alone = |bytes: u64| vec![(bytes as f64 / MB, f64::NAN)];
    table.add("memory of the engine, 10,000 idle connections", "MB", alone(crowded), Goal::Below(200.0));
    table.add("memory of the engine, none", "MB", alone(idle), Goal::Shown);
    table.add("memory of catalog-api, idle", "MB", alone(catalog_idle), Goal::Shown);
    Ok(())
}
