//! When the desk may have forgotten: raise the generation, rebuild from the ledger, and only then sell
//! on. The first opening of a sale is the same thing with nothing to remember.
//!
//! R1 raise the generation in the ledger (which closes an open sale); R2 announce it; R3 publish what
//! survives of the outbox, then a barrier; R4 wait until the barrier is settled; R5 build the desk from
//! one ledger snapshot; R6 register it. Everything may be repeated from the start: whoever dies on the
//! way leaves a sale whose desk is not of its generation, and the next turn begins at R1.
//!
//! Deliberately absent: opening the desk to buyers. It is built closed; `lifecycle` opens it when the
//! ledger names it.

use crate::fault::Fault;
use crate::handoff::Log;
use crate::metrics::{Count, Metrics};
use crate::reservation::{At, Desk, Reply};
use crate::settlement::{Ledger, Sale};
use contract::ids::{EntryId, Generation};
use contract::record::Record;
use std::time::Duration;
use tokio::time::Instant;

/// Outbox entries read at once.
const PENDING_MAX: usize = 200;
/// How long a barrier may take to be settled before it is appended again, and how often.
const BARRIER_WAIT: (Duration, u32) = (Duration::from_secs(5), 3);
/// How often the ledger is asked whether it is.
const BARRIER_LOOK: Duration = Duration::from_millis(20);

/// What a rebuild came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rebuilt {
    /// The desk is registered for this generation.
    Yes(Generation),
    /// Somebody else raised the generation meanwhile.
    Overtaken,
    /// The barrier is not settled yet: settlement is behind, or the ledger is. Try again.
    NotYet,
}

/// Rebuilds the desk of a sale.
pub async fn rebuild<D: Desk, L: Log, G: Ledger>(
    (desk, log, ledger): (&D, &L, &G),
    sale: &Sale,
    why: &str,
    metrics: &Metrics,
) -> Result<Rebuilt, Fault> {
    let generation = Generation(sale.generation.0 + 1);
    tracing::info!(sale.id = sale.id.0, generation = generation.0, why, "building the desk of a sale");
    // What the old desk gives out from here on would be void; closing it spares buyers the wait. A desk
    // that cannot be reached is fenced by the generation all the same.
    let survivor = At { identity: desk.identity(sale.id).await?, ..sale.at() };
    let _ = desk.close(survivor.clone()).await;

    if !ledger.raise_generation(sale.id, sale.generation).await? {
        return Ok(Rebuilt::Overtaken);
    }
    // A ledger that went back counts over numbers that were in use already. What was promised in one of
    // them must not pass for what will be; the next turn takes the next number.
    if log.announced(sale.id).await? >= generation {
        return Ok(Rebuilt::Overtaken);
    }
    log.announce(sale.id, generation).await?;
    for round in 0..BARRIER_WAIT.1 {
        republish(desk, log, &survivor).await?;
        log.append(&Record::Barrier { sale: sale.id, generation }).await?;
        let deadline = Instant::now() + BARRIER_WAIT.0;
        let image = loop {
            if let Some(image) = ledger.image(sale.id, generation).await? {
                break Some(image);
            }
            if Instant::now() >= deadline {
                break None;
            }
            tokio::time::sleep(BARRIER_LOOK).await;
        };
        let Some(image) = image else {
            tracing::warn!(sale.id = sale.id.0, round, "the barrier is not settled yet");
            continue;
        };
        let Reply::Done(identity) = desk.open(&image).await? else { return Ok(Rebuilt::Overtaken) };
        if !ledger.register_desk(sale.id, generation, &identity).await? {
            return Ok(Rebuilt::Overtaken);
        }
        metrics.count(Count::Recoveries, 1);
        return Ok(Rebuilt::Yes(generation));
    }
    Ok(Rebuilt::NotYet)
}

/// Publishes every entry that the old desk still has, whatever generation it is of.
async fn republish<D: Desk, L: Log>(desk: &D, log: &L, survivor: &At) -> Result<(), Fault> {
    let mut after: Option<EntryId> = None;
    loop {
        let pending = match desk.pending(survivor.clone(), after, PENDING_MAX).await? {
            Reply::Done(pending) => pending,
            Reply::Absent | Reply::OtherGeneration(_) | Reply::OtherDesk(_) => return Ok(()),
        };
        let Some(last) = pending.batches.last() else { return Ok(()) };
        after = Some(last.entry);
        for batch in pending.batches {
            log.append(&Record::Orders(batch)).await?;
        }
    }
}
