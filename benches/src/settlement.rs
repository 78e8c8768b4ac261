//! Settlement: steps of 256 orders in four records, beside bare multi-row inserts of the same rows over
//! one connection.

use crate::door::ROUNDS;
use crate::host;
use crate::installation::{BUYERS, Installation};
use crate::raw_rows;
use crate::table::{Goal, Table, median};
use anyhow::{Result, bail, ensure};
use contract::ids::{AddressId, EntryId, Generation, Nonce, SaleId, Sequence, UserId};
use contract::record::{Batch, Order, Record};
use engine::handoff::Logged;
use engine::settlement::mysql::{MySqlLedger, MySqlLedgerSettings};
use engine::settlement::{Ledger, Position, Settled, Step};
use sqlx::{Connection as _, MySqlConnection};
use std::time::Duration;
use tokio::time::Instant;

/// A log of its own, so that the engines' positions are not touched.
const LOG: &str = "bench-settlement";
const PARTITION: u32 = 1000;
/// Orders of a record, records of a step, steps of a round.
const ORDERS: usize = 64;
const RECORDS: usize = 4;
const STEPS: usize = 60;
/// Rows of a round; a row is an order with everything that belongs to it.
const ROWS: usize = ORDERS * RECORDS * STEPS;

/// Rows a second, and CPU µs of MariaDB and its client a row.
type Seen = (f64, f64);

pub(crate) async fn measure(mall: &Installation, table: &mut Table) -> Result<()> {
    let ledger = MySqlLedger::new(&MySqlLedgerSettings {
        url: mall.database_url.clone(),
        connections: 1,
        acquire_timeout: Duration::from_secs(5),
        unsettled_max: 1_000_000,
    })?;
    let units = (2 * ROWS * ROUNDS) as u64;
    // Never served: no engine runs yet, and by the time one does the sale is over.
    let (ours, theirs) = (sale(mall, units).await?, sale(mall, units).await?);
    let (mut from, mut after) = match ledger.position(PARTITION, LOG).await? {
        Position::At { next, witness } => (next, witness),
        Position::Foreign(log) => bail!("the position is in {log}"),
    };
    let mut bare = MySqlConnection::connect(&mall.database_url).await?;
    let watched = [mall.pids.mariadb, std::process::id()];
    let (mut rates, mut cpus) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let statements = raw_rows::statements(theirs, round * ROWS, STEPS, ORDERS, RECORDS);
        let limit = measured(&watched, async || raw_rows::insert(&mut bare, &statements).await).await?;
        let steps: Vec<Vec<Logged>> = (0..STEPS)
            .map(|step| records(ours, round * STEPS + step, from + (step * RECORDS) as i64))
            .collect();
        let seen = measured(&watched, async || {
            for records in &steps {
                let to = from + records.len() as i64;
                let step = Step { partition: PARTITION, log: LOG, from, after, to, records, bury: false };
                match ledger.settle(&step).await? {
                    Settled::Done(tally) => ensure!(tally.orders as usize == ORDERS * RECORDS, "{tally:?}"),
                    Settled::Fenced => bail!("somebody else settles"),
                }
                (from, after) = (to, engine::settlement::plan::witness(records).or(after));
            }
            Ok(())
        })
        .await?;
        eprintln!("settlement: {:.0} rows/s, bare {:.0}", seen.0, limit.0);
        rates.push((seen.0, limit.0));
        cpus.push((seen.1, limit.1));
    }
    for table in ["flash_order", "orders"] {
        let count =
            format!("select cast(count(*) as signed) from {table} where sale_id in ({ours}, {theirs})");
        ensure!(mall.number(count).await? == (2 * ROWS * ROUNDS) as i64, "rows are missing in {table}");
    }
    for sale in [ours, theirs] {
        mall.run(format!("update flash_sale set state = 7 where id = {sale}")).await?;
    }
    table.limits.one_row = Some(median(cpus.iter().map(|(_, limit)| *limit).collect()));
    table.add("settlement, one connection: orders with their rows", "/s", rates, Goal::AtLeast(0.6));
    table.add("settlement: CPU of MariaDB and client an order", "µs", cpus, Goal::Shown);
    Ok(())
}

async fn measured(watched: &[u32], work: impl AsyncFnOnce() -> Result<()>) -> Result<Seen> {
    let before = host::cpu(watched)?;
    let begin = Instant::now();
    work().await?;
    let rate = ROWS as f64 / begin.elapsed().as_secs_f64();
    Ok((rate, (host::cpu(watched)? - before).as_secs_f64() * 1e6 / ROWS as f64))
}

/// An open sale whose desk nobody asks.
async fn sale(mall: &Installation, units: u64) -> Result<u64> {
    let sale = mall.arm(units, -1).await?;
    mall.run(format!(
        "update flash_sale set state = 2, per_user_max = 100, generation = 1, settled_generation = 1, desk_generation = 1 where id = {sale}"
    ))
    .await?;
    Ok(sale)
}

fn records(sale: u64, step: usize, offset: i64) -> Vec<Logged> {
    let first = step * ORDERS * RECORDS;
    (0..RECORDS)
        .map(|record| {
            let orders = first + record * ORDERS;
            let record_number = (step * RECORDS + record) as u64;
            let record_at = offset + record as i64;
            let batch = Batch {
                sale: SaleId(sale),
                entry: EntryId { generation: Generation(1), sequence: Sequence(record_number + 1) },
                price_minor: 990,
                terms_version: 1,
                reserved_at_ms: 1_700_000_000_000,
                orders: (orders..orders + ORDERS).map(order).collect(),
            };
            let record = Record::Orders(batch);
            let mut bytes = Vec::new();
            record.encode(&mut bytes);
            Logged { offset: record_at, appended_at_ms: 0, bytes, record: Ok(record) }
        })
        .collect()
}

fn order(number: usize) -> Order {
    let mut nonce = [1; 16];
    nonce[..8].copy_from_slice(&(number as u64).to_be_bytes());
    Order {
        user: UserId(number as u64 % BUYERS + 1),
        nonce: Nonce(nonce),
        quantity: 1,
        address: AddressId(0),
        message: String::new(),
    }
}
