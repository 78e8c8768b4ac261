//! What must be true after a campaign: P1 to P7, against the ledger itself.

use crate::crowd::{Crowd, Fate};
use crate::house::House;
use crate::nemesis::Deeds;
use anyhow::{Context, Result};
use contract::ids::OrderSn;
use contract::token::TokenKeys;
use sqlx::MySqlPool;
use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::{Duration, Instant};
use tokio::process::Command;
use tokio::time::sleep;

/// What is on its way has to arrive within this.
const REST_WITHIN: Duration = Duration::from_secs(60);
/// The development profile's; tokens are read with it to know which order each would have become.
const TOKEN_SECRET: &[u8] = b"dev-only-token-secret-do-not-use-elsewhere";

/// What was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    /// Broken promises.
    pub(crate) wrong: Vec<String>,
    /// Faults that nobody ever felt: the run proves nothing about them.
    pub(crate) toothless: Vec<&'static str>,
    /// Sales counted.
    pub(crate) sales: usize,
    /// Orders in the ledger.
    pub(crate) rows: usize,
    /// Orders that were promised, once each.
    pub(crate) accepted: usize,
    /// Tokens that were refused for good, and have no row.
    pub(crate) refused: usize,
    /// Seconds until the books were at rest.
    pub(crate) rest_s: f64,
}

/// Waits for rest, then counts.
pub(crate) async fn judge(house: &House, crowd: &Crowd, deeds: &Deeds) -> Result<Verdict> {
    let wrong = std::mem::take(&mut *crowd.wrong.lock().unwrap_or_else(PoisonError::into_inner));
    let mut verdict = Verdict { wrong, ..Verdict::default() };
    verdict.toothless = deeds
        .by_kind
        .iter()
        .filter(|(_, deed)| deed.done > 0 && deed.bit == 0)
        .map(|(name, _)| *name)
        .collect();
    let begin = Instant::now();
    books(house, &mut verdict).await?;
    verdict.rest_s = begin.elapsed().as_secs_f64();
    let db = MySqlPool::connect(&house.database.url()).await?;
    promises(&db, crowd, &mut verdict).await?;
    ledger(&db, &mut verdict).await?;
    db.close().await;
    Ok(verdict)
}

/// P5: everything at rest and every unit in a term of the books.
async fn books(house: &House, verdict: &mut Verdict) -> Result<()> {
    let deadline = Instant::now() + REST_WITHIN;
    loop {
        let output = Command::new(&house.engine)
            .args(["reconcile", "--json"])
            .env("DATABASE_URL", house.database.url())
            .env("REDIS_URL", house.redis.url())
            .env("KAFKA_BROKERS", house.kafka.brokers())
            .output()
            .await?;
        let text = String::from_utf8_lossy(&output.stdout);
        let books: serde_json::Value = serde_json::from_str(text.trim()).context("engine reconcile")?;
        let sales = books["sales"].as_array().context("no sales in the books")?;
        let moving = |sale: &serde_json::Value| -> i64 {
            ["unsettled", "returning", "booked_back"]
                .iter()
                .map(|term| sale[term].as_i64().unwrap_or(0))
                .sum()
        };
        let at_rest = books["gap"] == 0 && sales.iter().all(|sale| moving(sale) == 0);
        verdict.sales = sales.len();
        if at_rest {
            return Ok(());
        }
        if Instant::now() >= deadline {
            let odd: Vec<_> = sales
                .iter()
                .filter(|sale| sale["gap"] != 0 || moving(sale) != 0)
                .map(ToString::to_string)
                .collect();
            verdict.wrong.push(format!("P5: the books do not come to rest: {}", odd.join("; ")));
            return Ok(());
        }
        sleep(Duration::from_millis(500)).await;
    }
}

/// P2, P4, P6: every token against the rows.
async fn promises(db: &MySqlPool, crowd: &Crowd, verdict: &mut Verdict) -> Result<()> {
    let rows: Vec<(u64, Vec<u8>, u64)> =
        sqlx::query_as("select sale_id, nonce, user_id from flash_order").fetch_all(db).await?;
    verdict.rows = rows.len();
    let owners: HashMap<(u64, Vec<u8>), u64> =
        rows.into_iter().map(|(sale, nonce, user)| ((sale, nonce), user)).collect();
    let keys = TokenKeys::new([TOKEN_SECRET]);
    let promises = crowd.promises.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for (token, promise) in &promises {
        let Some(claims) = keys.verify(token) else {
            verdict.wrong.push("a token that was issued is not signed by our key".to_owned());
            continue;
        };
        let order: OrderSn = claims.order_sn();
        let owner = owners.get(&(order.sale.0, order.nonce.0.to_vec()));
        verdict.accepted += usize::from(matches!(promise.fate, Fate::Accepted(_)));
        match (&promise.fate, owner) {
            (Fate::Accepted(sn), _) if *sn != order.to_string() => {
                verdict.wrong.push(format!("P4: the token of {order} became {sn}"));
            }
            (Fate::Accepted(sn), None) => verdict.wrong.push(format!("P2: {sn} was promised and has no row")),
            (Fate::Accepted(sn), Some(owner)) if owner.to_string() != promise.user => {
                verdict.wrong.push(format!("P2: {sn} of {} belongs to {owner}", promise.user));
            }
            (Fate::Refused | Fate::Open, Some(_)) => {
                verdict.wrong.push(format!("P6: {order} in sale {} was refused and has a row", promise.sale));
            }
            (Fate::Unknown(_), _) => verdict.wrong.push(format!("P6: {order} is still unknown")),
            (Fate::Refused | Fate::Open, None) => verdict.refused += 1,
            (Fate::Accepted(_), Some(_)) => {}
        }
    }
    Ok(())
}

/// P1, P3, P4, P7: what may not stand in the ledger.
async fn ledger(db: &MySqlPool, verdict: &mut Verdict) -> Result<()> {
    for (what, sql) in [
        (
            "P1: sales with more units in live orders than put on sale",
            "select count(*) from (select o.sale_id from flash_order o join flash_sale s on s.id = o.sale_id \
             where o.state <> 2 group by o.sale_id, s.put_on_sale having sum(o.units) > s.put_on_sale) x",
        ),
        ("P3: promised orders that were buried", "select count(*) from dead_letter where nonce is not null"),
        (
            "P4: buyers with more live units than the sale allows",
            "select count(*) from (select o.sale_id from flash_order o join flash_sale s on s.id = o.sale_id \
             where o.state <> 2 group by o.sale_id, o.user_id, s.per_user_max \
             having sum(o.units) > s.per_user_max) x",
        ),
        (
            "P7: orders that cost something else than the sale's price",
            "select count(*) from flash_order f join orders o on o.id = f.order_id \
             where o.actual_minor <> f.price_minor * f.units",
        ),
        (
            "P7: orders with more than one payment applied",
            "select count(*) from (select order_id from payment where outcome = 0 group by order_id \
             having count(*) > 1) x",
        ),
        (
            "P7: paid orders without a payment of their amount",
            "select count(*) from orders o where o.sale_id is not null and o.status = 201 and not exists \
             (select 1 from payment p where p.order_id = o.id and p.outcome = 0 \
             and p.amount_minor = o.actual_minor)",
        ),
        (
            "P7: late payments without exactly one refund",
            "select count(*) from payment p where p.outcome = 1 \
             and (select count(*) from refund r where r.payment_id = p.id) <> 1",
        ),
        (
            "orders of the mall that no purchase stands behind",
            "select count(*) from orders o where o.sale_id is not null and not exists \
             (select 1 from flash_order f where f.order_id = o.id)",
        ),
    ] {
        let found: i64 = sqlx::query_scalar(sql).fetch_one(db).await?;
        if found > 0 {
            verdict.wrong.push(format!("{what}: {found}"));
        }
    }
    Ok(())
}
