//! What a purchase costs as everything grows: units of a sale, accounts, open sales, connections.
//!
//! One of them grows, the others stay. The cost is CPU time of every process but the client, for a token, its
//! order and the row; in every cell so many orders that what happens once does not matter.

use super::{orders, tokens};
use crate::host;
use crate::installation::{BUYERS, Installation, Served};
use crate::table::{Goal, Table, median};
use anyhow::{Result, ensure};
use std::time::Duration;

/// How often each size is measured.
const ROUNDS: usize = 3;
/// Orders of a cell.
const ORDERS: usize = 20_000;
/// Session rounds of the other stages come before.
const FIRST_ROUND: usize = 5000;
/// What stays while something else grows.
const USUAL: Size = Size { units: 30_000, sales: 16, connections: 512, buyers: ORDERS };
/// The largest number of accounts.
const ACCOUNTS: u64 = 1_000_000;

/// One size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Size {
    /// Units of each sale.
    units: u64,
    /// Sales that are open.
    sales: usize,
    /// Connections.
    connections: usize,
    /// Different buyers; with fewer than orders, everybody buys in several sales.
    buyers: usize,
}

/// What grows: its name, and its sizes.
fn grown() -> Vec<(&'static str, Vec<(String, Size)>)> {
    let each = |sizes: &[usize], of: fn(usize) -> Size| {
        sizes.iter().map(|&size| (size.to_string(), of(size))).collect()
    };
    vec![
        // A sale of 100 units is over after 100 orders, so there are as many of these as it takes.
        ("units", each(&[100, 10_000, 1_000_000], |units| Size { units: units as u64, sales: 200, ..USUAL })),
        ("open sales", each(&[1, 20, 200], |sales| Size { sales, ..USUAL })),
        ("connections", each(&[10, 100, 1000, 10_000], |connections| Size { connections, ..USUAL })),
    ]
}

pub(crate) async fn measure(mall: &Installation, table: &mut Table) -> Result<()> {
    let (settle, serve) = (mall.engine("settle").await?, mall.engine("serve").await?);
    let mut bench = Bench { mall, serve, settle, round: FIRST_ROUND };
    // Once through everything, so that nothing is measured that only the first purchase brings.
    bench.cost_us(USUAL).await?;
    for (what, sizes) in grown() {
        let mut costs = vec![Vec::new(); sizes.len()];
        for _ in 0..ROUNDS {
            for ((_, size), costs) in sizes.iter().zip(&mut costs) {
                costs.push(bench.cost_us(*size).await?);
            }
        }
        let named = sizes.iter().map(|(name, _)| format!("{what}: {name}")).collect();
        tell(table, named, costs);
    }
    let buyers = Size { buyers: 1000, ..USUAL };
    let mut few = Vec::new();
    for _ in 0..ROUNDS {
        few.push(bench.cost_us(buyers).await?);
    }
    mall.register(BUYERS + 1, ACCOUNTS).await?;
    let mut many = Vec::new();
    for _ in 0..ROUNDS {
        many.push(bench.cost_us(USUAL).await?);
    }
    let named = vec![
        format!("accounts: {BUYERS}, 1000 of them buying"),
        format!("accounts: {ACCOUNTS}, {ORDERS} of them buying"),
    ];
    tell(table, named, vec![few, many]);
    Ok(())
}

/// Rows beside the cheapest of them.
fn tell(table: &mut Table, named: Vec<String>, costs: Vec<Vec<f64>>) {
    let smallest = costs.iter().map(|costs| median(costs.clone())).fold(f64::INFINITY, f64::min);
    for (name, costs) in named.into_iter().zip(costs) {
        let pairs = costs.into_iter().map(|cost| (cost, smallest)).collect();
        table.add(&format!("whole purchase, {name}"), "µs", pairs, Goal::AtMost(1.5));
    }
}

struct Bench<'a> {
    mall: &'a Installation,
    serve: Served,
    settle: Served,
    round: usize,
}

impl Bench<'_> {
    /// CPU time of a purchase in µs.
    async fn cost_us(&mut self, size: Size) -> Result<f64> {
        self.round += 1;
        let (mall, serve) = (self.mall, &self.serve);
        // Buyers take turns in the sales, so that nobody is in one twice.
        let sessions = mall.sessions(self.round, size.buyers as u64).await?;
        let turns: Vec<String> = sessions.iter().cycle().take(ORDERS).cloned().collect();
        let of_each = ORDERS.div_ceil(size.sales);
        ensure!(of_each <= size.buyers && of_each as u64 <= size.units, "everybody can buy: {size:?}");
        let mut sales = Vec::new();
        for _ in 0..size.sales {
            sales.push(mall.arm(size.units, -1).await?);
        }
        for &sale in &sales {
            // Nobody of those who buy: an order of a hundred units is one in a hundred.
            mall.wait_desk(serve, sale, &sessions[0], &["no_token_left", "sold_out"]).await?;
        }
        let everybody = [serve.pid(), self.settle.pid(), mall.pids.redis, mall.pids.mariadb, mall.pids.kafka];
        let sale_of = |number: usize| sales[number / of_each];
        let before = host::cpu(&everybody)?;
        let tokens = tokens(serve, &turns, sale_of, size.connections).await?;
        let issued = host::cpu(&everybody)? - before;
        let before = host::cpu(&everybody)?;
        let orders = orders(serve, &tokens, &turns, sale_of, size.connections).await?;
        let accepted = orders.driven.total();
        mall.wait_settled_in(&sales, accepted).await?;
        let sold = host::cpu(&everybody)? - before;
        let each = |used: Duration, count: u64| used.as_secs_f64() * 1e6 / count as f64;
        let cost = each(issued, tokens.driven.total()) + each(sold, accepted);
        eprintln!("{size:?}: {cost:.1} µs, {accepted} orders, {:.0}/s", orders.rate());
        // They end, and nothing of it competes with the next cell.
        mall.over(&sales).await?;
        Ok(cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_every_size_everybody_can_buy() {
        for (what, sizes) in grown() {
            for (name, size) in sizes {
                let of_each = ORDERS.div_ceil(size.sales);
                assert!(of_each <= size.buyers && of_each as u64 <= size.units, "{what} {name}");
                assert!(size.buyers as u64 <= BUYERS, "{what} {name}");
            }
        }
    }
}
