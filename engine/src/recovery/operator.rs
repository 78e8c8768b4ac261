//! `engine recover`: a person asks for a sale's desk to be rebuilt, by a running system, and watches.
//!
//! Deliberately absent: rebuilding it here. The keeper does, and this process may die meanwhile.

use super::{Step, ask};
use crate::fault::Fault;
use crate::settlement::{Ledger, Sale};
use contract::ids::{Generation, SaleId};
use contract::ledger::SaleState;
use std::time::Duration;
use tokio::time::Instant;

/// How often the ledger is asked how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// The desk of this generation is ready.
    Yes(Generation),
    /// There is no such sale, or none that has a desk.
    NoDesk,
    /// It was asked for, and is not done in time.
    NotYet,
}

/// Asks for one sale's recovery and waits until it is done, telling each step as it is reached.
pub async fn recover<G: Ledger>(
    ledger: &G,
    id: SaleId,
    within: Duration,
    mut tell: impl FnMut(String),
) -> Result<Recovered, Fault> {
    let began = Instant::now();
    let Some(sale) = find(ledger, id).await? else { return Ok(Recovered::NoDesk) };
    if sale.generation == Generation(0) {
        tell(format!("sale {id}: it has no desk yet; the keeper builds its first"));
    } else if Step::of(&sale).is_some() {
        tell(format!("sale {id}: its desk is being rebuilt already"));
    } else if ask(ledger, id, sale.generation, "operator").await? {
        tell(format!("sale {id}: asked for, at generation {}", sale.generation));
    }
    let mut last = None;
    loop {
        let Some(now) = find(ledger, id).await? else { return Ok(Recovered::NoDesk) };
        let step = Step::of(&now);
        if step.is_none() && now.generation > sale.desk_generation {
            let took = began.elapsed().as_secs_f64();
            tell(format!("sale {id}: ready at generation {} after {took:.1} s", now.generation));
            return Ok(Recovered::Yes(now.generation));
        }
        if step.is_some() && last != Some((now.generation, step)) {
            last = Some((now.generation, step));
            tell(format!("sale {id}: generation {}: {}", now.generation, words(step)));
        }
        if began.elapsed() >= within {
            return Ok(Recovered::NotYet);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The sales that have a desk, or should.
pub async fn with_desks<G: Ledger>(ledger: &G) -> Result<Vec<SaleId>, Fault> {
    Ok(ledger.sales().await?.sales.iter().filter(|sale| has_desk(sale)).map(|sale| sale.id).collect())
}

async fn find<G: Ledger>(ledger: &G, id: SaleId) -> Result<Option<Sale>, Fault> {
    Ok(ledger.sales().await?.sales.into_iter().find(|sale| sale.id == id && has_desk(sale)))
}

fn has_desk(sale: &Sale) -> bool {
    matches!(sale.state, SaleState::Armed | SaleState::Open | SaleState::Recovering | SaleState::Closing)
}

fn words(step: Option<Step>) -> &'static str {
    match step {
        Some(Step::Waiting) => "waiting for the keeper",
        Some(Step::Settling) => "settling the log up to the barrier",
        Some(Step::Building) => "building the desk from the ledger",
        None => "ready",
    }
}
