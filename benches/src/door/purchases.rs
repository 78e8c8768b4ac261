//! Purchases: a token, an order that is durable in Kafka, and its settled row.

use super::{ROUNDS, hello, orders, tokens};
use crate::cell::Cell;
use crate::host;
use crate::installation::{BUYERS, Installation, Served};
use crate::table::{Goal, Table};
use anyhow::{Context, Result};
use std::time::Duration;
use tokio::time::Instant;

/// Few closed connections measure waiting, many measure work.
const CONNECTIONS: [usize; 3] = [64, 512, 2048];
/// The count at which the whole purchase is put beside the sum of its limits.
const WHOLE_AT: usize = 512;
/// Session rounds of the refusals come before.
const FIRST_ROUND: usize = 1;

/// What one round over so many connections came to.
struct Round {
    bare: Cell,
    tokens: Cell,
    orders: Cell,
    whole_us: f64,
    settled_per_s: f64,
}

pub(crate) async fn measure(mall: &Installation, table: &mut Table) -> Result<()> {
    let bare = mall.hello().await?;
    let (settle, serve) = (mall.engine("settle").await?, mall.engine("serve").await?);
    let mut rounds: [Vec<Round>; CONNECTIONS.len()] = Default::default();
    for round in 0..ROUNDS {
        for (at, connections) in CONNECTIONS.into_iter().enumerate() {
            let number = FIRST_ROUND + round * CONNECTIONS.len() + at;
            let seen = purchase(mall, &bare, (&serve, &settle), number, connections).await?;
            eprintln!(
                "{connections} connections: {:.0} tokens/s at {:.1} µs, {:.0} accepted/s at {:.1} µs, bare {:.1} µs, \
                 whole purchase {:.1} µs, {:.0} settled/s, order p99 {:.1} ms",
                seen.tokens.rate(),
                seen.tokens.cpu_us(),
                seen.orders.rate(),
                seen.orders.cpu_us(),
                seen.bare.cpu_us(),
                seen.whole_us,
                seen.settled_per_s,
                seen.orders.driven.percentile_ms(99.0)
            );
            rounds[at].push(seen);
        }
    }
    for (connections, rounds) in CONNECTIONS.into_iter().zip(&rounds) {
        let pairs = |of: fn(&Round) -> (f64, f64)| rounds.iter().map(of).collect::<Vec<_>>();
        let at = |what: &str| format!("{what}, {connections} connections");
        let tokens = pairs(|seen| (seen.tokens.cpu_us(), seen.bare.cpu_us()));
        let orders = pairs(|seen| (seen.orders.cpu_us(), seen.bare.cpu_us()));
        table.add(&at("token issued, engine's CPU"), "µs", tokens, Goal::AtMost(2.0));
        table.add(&at("order accepted and durable, engine's CPU"), "µs", orders, Goal::AtMost(3.0));
        let rates = pairs(|seen| (seen.orders.rate(), seen.bare.rate()));
        table.add(&at("orders accepted"), "/s", rates, Goal::Shown);
        let settled = pairs(|seen| (seen.settled_per_s, f64::NAN));
        table.add(&at("orders settled while others are accepted"), "/s", settled, Goal::Shown);
    }
    whole(&rounds[CONNECTIONS.iter().position(|&count| count == WHOLE_AT).context("in the list")?], table)
}

/// The whole purchase beside the sum of its limits.
fn whole(rounds: &[Round], table: &mut Table) -> Result<()> {
    let limits = table.limits;
    let script = limits.one_script.context("the limit of the desk was not measured")?;
    let record = limits.one_record.context("the limit of the hand-off was not measured")?;
    let row = limits.one_row.context("the limit of settlement was not measured")?;
    let sum = |bare: f64| 2.0 * bare + 2.0 * script + record + row;
    let pairs = rounds.iter().map(|seen| (seen.whole_us, sum(seen.bare.cpu_us()))).collect();
    table.add("whole purchase with its row, CPU of all but the client", "µs", pairs, Goal::AtMost(1.0));
    table.remark(format!(
        "Limit of the whole purchase: 2 × bare hyper, 2 × one EVALSHA ({script:.1} µs of Redis each), one record \
         produced alone ({record:.1} µs of Kafka and its client), its rows at batch 256 ({row:.1} µs of MariaDB \
         and its client)."
    ));
    Ok(())
}

async fn purchase(
    mall: &Installation,
    bare: &Served,
    (serve, settle): (&Served, &Served),
    round: usize,
    connections: usize,
) -> Result<Round> {
    let bare = hello(bare, connections).await?;
    let sessions = mall.sessions(round, BUYERS).await?;
    // One more unit than buyers: the last unit of a sale has work of its own.
    let sale = mall.arm(BUYERS + 1, -1).await?;
    let (probe, buyers) = sessions.split_last().context("buyers")?;
    mall.wait_desk(serve, sale, probe, &[]).await?;

    let everybody = [serve.pid(), settle.pid(), mall.pids.redis, mall.pids.mariadb, mall.pids.kafka];
    let before = host::cpu(&everybody)?;
    let tokens = tokens(serve, buyers, |_| sale, connections).await?;
    let between = host::cpu(&everybody)?;

    let resumed = host::cpu(&everybody)?;
    let begin = Instant::now();
    let orders = orders(serve, &tokens, buyers, |_| sale, connections).await?;
    let accepted = orders.driven.total();
    mall.wait_settled(sale, accepted).await?;
    let took = begin.elapsed();
    let each = |used: Duration, count: u64| used.as_secs_f64() * 1e6 / count as f64;
    let issuing = each(between - before, tokens.driven.total());
    let selling = each(host::cpu(&everybody)? - resumed, accepted);
    Ok(Round {
        bare,
        tokens,
        orders,
        whole_us: issuing + selling,
        settled_per_s: accepted as f64 / took.as_secs_f64(),
    })
}
