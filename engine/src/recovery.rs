//! When the desk may have forgotten: raise the generation, rebuild from the ledger, and only then sell
//! on. The first opening of a sale is the same thing with nothing to remember.
//!
//! R1 raise the generation in the ledger (which closes an open sale), past every one that anybody has
//! heard of; R2 announce it; R3 publish what survives of the outbox, and when that is settled a barrier;
//! R4 wait until the barrier is settled; R5 build the desk from one ledger snapshot; R6 register it. Everything may be
//! repeated from the start: whoever dies on the way leaves a sale whose desk is not of its generation,
//! and the next turn begins at R1.
//!
//! Whoever doubts a desk, an operator among them, [`ask`]s; the keeper finds that in the ledger.
//!
//! Deliberately absent: opening the desk to buyers. It is built closed; `lifecycle` opens it when the
//! ledger names it.

pub(crate) mod outbox;
mod step;

pub mod operator;

use outbox::Survivors;
pub use step::Step;

use crate::fault::Fault;
use crate::handoff::Log;
use crate::metrics::{Count, Metrics};
use crate::reservation::{At, Desk, DeskIdentity, Reply};
use crate::settlement::{Ledger, Sale};
use contract::ids::{Generation, SaleId};
use contract::record::Record;
use std::time::Duration;
use tokio::time::Instant;

/// How long what survives and the barrier may take to be settled before they are appended again, and how
/// often.
const BARRIER_WAIT: (Duration, u32) = (Duration::from_secs(5), 3);
/// How often the ledger is asked whether it is.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How the identity of a desk begins that stands for nobody, because a rebuild was asked for.
pub const ASKED: &str = "asked: ";

/// What a rebuild came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rebuilt {
    /// The desk is registered for this generation.
    Yes(Generation),
    /// Somebody else raised the generation meanwhile.
    Overtaken,
    /// The outbox or the barrier is not settled yet: settlement is behind, or the ledger is. Try again.
    NotYet,
}

/// Asks for the desk of a generation to be rebuilt, whoever keeps the sales; false when the sale has
/// another generation by now. From then on no desk counts as the sale's: no engine that reads the
/// ledger sells at the old one.
pub async fn ask<G: Ledger>(
    ledger: &G,
    sale: SaleId,
    generation: Generation,
    why: &'static str,
) -> Result<bool, Fault> {
    let nobody = DeskIdentity(format!("{ASKED}{why}").into());
    ledger.register_desk(sale, generation, &nobody).await
}

/// Rebuilds the desk of a sale.
pub async fn rebuild<D: Desk, L: Log, G: Ledger>(
    (desk, log, ledger): (&D, &L, &G),
    sale: &Sale,
    why: &str,
    metrics: &Metrics,
) -> Result<Rebuilt, Fault> {
    // What the old desk gives out from here on would be void; closing it spares buyers the wait. A desk
    // that cannot be reached is fenced by the generation all the same.
    let survivor = At { identity: desk.identity(sale.id).await?, ..sale.at() };
    let _ = desk.close(survivor.clone()).await;

    let heard_of = newest(desk, log, sale).await?;
    let mut generation = sale.generation;
    while generation <= heard_of {
        if !ledger.raise_generation(sale.id, generation).await? {
            return Ok(Rebuilt::Overtaken);
        }
        generation.0 += 1;
    }
    let told = |step: &str| {
        tracing::info!(sale.id = sale.id.0, generation = generation.0, why, step, "recovering a sale");
    };
    told("the generation is raised");
    log.announce(sale.id, generation).await?;
    for round in 0..BARRIER_WAIT.1 {
        told(Step::Settling.name());
        let deadline = Instant::now() + BARRIER_WAIT.0;
        match outbox::settle((desk, log, ledger), sale, &survivor, deadline).await? {
            Survivors::Settled => {}
            Survivors::NotYet => {
                tracing::warn!(sale.id = sale.id.0, round, "what survives of the outbox is not settled yet");
                continue;
            }
            Survivors::OtherDesk => return Ok(Rebuilt::NotYet),
        }
        log.append(&Record::Barrier { sale: sale.id, generation }).await?;
        let image = loop {
            if let Some(image) = ledger.image(sale.id, generation).await? {
                break Some(image);
            }
            if Instant::now() >= deadline {
                break None;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        };
        let Some(image) = image else {
            tracing::warn!(sale.id = sale.id.0, round, "the barrier is not settled yet");
            continue;
        };
        told(Step::Building.name());
        let Reply::Done(identity) = desk.open(&image).await? else { return Ok(Rebuilt::Overtaken) };
        if !ledger.register_desk(sale.id, generation, &identity).await? {
            return Ok(Rebuilt::Overtaken);
        }
        metrics.count(Count::Recoveries, 1);
        told("the desk is registered");
        return Ok(Rebuilt::Yes(generation));
    }
    Ok(Rebuilt::NotYet)
}

/// The newest generation anybody has heard of. A ledger that was restored from an older state does not
/// know those that came after it, but the log and the desk do; settled again from that log, it knows
/// their barriers. A generation that was in use must never be used again.
async fn newest<D: Desk, L: Log>(desk: &D, log: &L, sale: &Sale) -> Result<Generation, Fault> {
    let at_desk = match desk.inspect(sale.id).await? {
        Reply::Done(desk) => desk.generation,
        Reply::Absent | Reply::OtherGeneration(_) | Reply::OtherDesk(_) => Generation(0),
    };
    let announced = log.announced(sale.id).await?;
    Ok(sale.generation.max(sale.settled_generation).max(announced).max(at_desk))
}
