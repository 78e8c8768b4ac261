//! How many workers, and how long a queue: found on the machine at hand instead of guessed.
//!
//! A lane is worked on by one worker at a time, so workers matter where several sales are open: here as many
//! as a busy evening has. The length of a queue follows from the rate, by Little's law.

use super::{ROUNDS, orders, tokens};
use crate::cell::Cell;
use crate::host;
use crate::installation::{BUYERS, Installation, Served};
use crate::table::{Goal, Table, median};
use anyhow::{Context, Result};
use std::time::Duration;

/// What is tried.
const WORKERS: [usize; 6] = [1, 4, 8, 16, 32, 100];
/// Sales open at once.
const SALES: u64 = 16;
const CONNECTIONS: usize = 512;
/// What a request may wait for a worker, as `admission.lane_target_ms` has it.
const LANE_TARGET: Duration = Duration::from_millis(100);
/// Less than this share of the best rate is not as good.
const AS_GOOD: f64 = 0.95;

pub(crate) async fn measure(mall: &Installation, table: &mut Table) -> Result<()> {
    let _settle = mall.engine("settle").await?;
    let mut found = Vec::new();
    for (at, workers) in WORKERS.into_iter().enumerate() {
        let setting = workers.to_string();
        let serve = mall.engine_with("serve", &[("MALL_ENGINE__ADMISSION__WORKERS", &setting)]).await?;
        let mut rates = Vec::new();
        for round in 0..ROUNDS {
            let orders = sell(mall, &serve, at * ROUNDS + round).await?;
            eprintln!(
                "{workers} workers: {:.0} accepted/s at {:.1} µs, order p99 {:.1} ms, load {}",
                orders.rate(),
                orders.cpu_us(),
                orders.driven.percentile_ms(99.0),
                host::load()
            );
            rates.push(orders.rate());
        }
        let pairs = rates.iter().map(|&rate| (rate, f64::NAN)).collect();
        table.add(&format!("orders accepted in {SALES} sales, {workers} workers"), "/s", pairs, Goal::Shown);
        found.push((workers, median(rates)));
    }
    let (workers, rate) = suggested(&found).context("something was measured")?;
    table.remark(format!(
        "Suggested for this machine: `admission.workers = {workers}`, the fewest that come within {:.0} % of the best \
         rate; `admission.lane_depth = {}`, what that rate drains in {} ms.",
        (1.0 - AS_GOOD) * 100.0,
        depth(rate),
        LANE_TARGET.as_millis()
    ));
    Ok(())
}

/// The fewest workers that are as good as the best, and their rate.
fn suggested(found: &[(usize, f64)]) -> Option<(usize, f64)> {
    let best = found.iter().map(|(_, rate)| *rate).reduce(f64::max)?;
    found.iter().copied().find(|(_, rate)| *rate >= AS_GOOD * best)
}

/// The next power of two above what is drained within the target.
fn depth(per_s: f64) -> usize {
    ((per_s * LANE_TARGET.as_secs_f64()).ceil() as usize).next_power_of_two()
}

/// Every buyer buys in one of the sales.
async fn sell(mall: &Installation, serve: &Served, round: usize) -> Result<Cell> {
    let sessions = mall.sessions(round, BUYERS).await?;
    let mut sales = Vec::new();
    for _ in 0..SALES {
        let sale = mall.arm(BUYERS, -1).await?;
        mall.wait_desk(serve, sale, &sessions[0], &[]).await?;
        sales.push(sale);
    }
    let sale_of = |number: usize| sales[number % sales.len()];
    let tokens = tokens(serve, &sessions, sale_of, CONNECTIONS).await?;
    let orders = orders(serve, &tokens, &sessions, sale_of, CONNECTIONS).await?;
    // Nothing of it may compete with the next round.
    for sale in sales {
        mall.settled_to_the_last(sale).await?;
    }
    Ok(orders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewest_workers_that_are_as_good_are_suggested_with_what_they_drain_in_time() {
        assert_eq!(suggested(&[(1, 5000.0), (4, 9600.0), (16, 10_000.0), (100, 9900.0)]), Some((4, 9600.0)));
        assert_eq!(suggested(&[]), None);
        assert_eq!([9600.0, 10_240.0, 10_250.0].map(depth), [1024, 1024, 2048]);
    }
}
