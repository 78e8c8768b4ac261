//! Refusals: what a sale gives most of its visitors.

use super::{CELL, ROUNDS, hello};
use crate::callers::{Script, request};
use crate::cell;
use crate::installation::Installation;
use crate::table::{Goal, Table};
use anyhow::{Context, Result};
use hyper::Method;
use loadtest::wire::Host;
use std::time::Duration;

/// Connections, as in the design's measurements of bare hyper.
const CONNECTIONS: usize = 64;
/// Visitors who come again and again.
const VISITORS: u64 = 2_000;

pub(crate) async fn measure(mall: &Installation, table: &mut Table) -> Result<()> {
    let bare = mall.hello().await?;
    let (settle, serve) = (mall.engine("settle").await?, mall.engine("serve").await?);
    let sessions = mall.sessions(0, VISITORS).await?;
    let sold_out = sold_out(mall, &serve, &sessions[0]).await?;
    let not_started = mall.arm(1000, 3600).await?;
    mall.wait_desk(&serve, not_started, &sessions[0], &["not_started"]).await?;
    // Of the right length and alphabet, so that only the MAC gives it away.
    let forged = format!("{{\"token\":\"{}\",\"quantity\":1}}", "AQ".repeat(38));
    let token = |sale: u64| {
        let path = format!("/seckill/v1/sales/{sale}/token");
        sessions.iter().map(|session| request("POST", &path, Some(session), None)).collect()
    };
    let order = |sale: u64| {
        let path = format!("/seckill/v1/sales/{sale}/orders");
        sessions.iter().map(|session| request("POST", &path, Some(session), Some(&forged))).collect()
    };
    let cases = [
        (Script::repeated("sold out", token(sold_out)), 410),
        (Script::repeated("bad token", order(not_started)), 403),
        (Script::repeated("not started", token(not_started)), 403),
    ];
    let (mut rates, mut cpus) = (vec![Vec::new(); cases.len()], vec![Vec::new(); cases.len()]);
    let mut ceilings = Vec::new();
    for _ in 0..ROUNDS {
        for (at, (script, status)) in cases.iter().enumerate() {
            let limit = hello(&bare, CONNECTIONS).await?;
            let ours =
                cell::closed(serve.address, CONNECTIONS, CELL, script, *status, &[serve.pid()]).await?;
            eprintln!("refusal, {}: {:.0}/s, bare {:.0}/s", script.name, ours.rate(), limit.rate());
            ceilings.push(limit.rate());
            rates[at].push((ours.rate(), limit.rate()));
            cpus[at].push((ours.cpu_us(), limit.cpu_us()));
        }
    }
    for (at, (script, _)) in cases.iter().enumerate() {
        table.add(&format!("refusal, {}: rate", script.name), "/s", rates[at].clone(), Goal::AtLeast(0.85));
        table.add(&format!("refusal, {}: CPU", script.name), "µs", cpus[at].clone(), Goal::AtMost(1.25));
    }
    table.remark(format!(
        "The driver's own ceiling: bare hyper answered it {:.0} to {:.0} times a second over {CONNECTIONS} connections.",
        ceilings.iter().copied().fold(f64::INFINITY, f64::min),
        ceilings.iter().copied().fold(0.0, f64::max)
    ));
    drop((serve, settle));
    Ok(())
}

/// A sale whose only unit was bought.
async fn sold_out(mall: &Installation, serve: &crate::installation::Served, session: &str) -> Result<u64> {
    let sale = mall.arm(1, -1).await?;
    mall.wait_desk(serve, sale, session, &[]).await?;
    let mut connection = Host::new(&format!("http://{}", serve.address))?.connection(Duration::from_secs(15));
    let authorization = format!("Bearer {session}");
    let headers = [("authorization", authorization.as_str())];
    let path = format!("/seckill/v1/sales/{sale}");
    let token = connection.send(Method::POST, &format!("{path}/token"), &headers, None).await?;
    let body = serde_json::json!({ "token": token.json()["token"], "quantity": 1 });
    let order = connection.send(Method::POST, &format!("{path}/orders"), &headers, Some(&body)).await?;
    (order.status == 202).then_some(()).with_context(|| format!("the unit was not sold: {order:?}"))?;
    mall.wait_settled(sale, 1).await?;
    Ok(sale)
}
