//! The outbox against the ledger: what survives at an old desk is settled before a barrier voids the rest.

use super::LOOK_EVERY;
use crate::fault::Fault;
use crate::handoff::Log;
use crate::reservation::{At, Desk, Reply};
use crate::settlement::{Ledger, Sale};
use contract::ids::{EntryId, Nonce, SaleId};
use contract::record::{Batch, Record};
use tokio::time::Instant;

/// Outbox entries read at once.
const PENDING_MAX: usize = 200;

/// What became of the entries of an old desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Survivors {
    /// The ledger knows every one that can still settle.
    Settled,
    /// Settlement is behind.
    NotYet,
    /// Another desk answers. It may be the old one, restarted with everything it had: what it has is
    /// asked for under its new name, from the start.
    OtherDesk,
}

/// Entries whose orders are all in the ledger or in a dead letter, and the others.
pub(crate) async fn split<G: Ledger>(
    ledger: &G,
    sale: SaleId,
    batches: Vec<Batch>,
) -> Result<(Vec<Batch>, Vec<Batch>), Fault> {
    if batches.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let nonces: Vec<Nonce> =
        batches.iter().flat_map(|batch| &batch.orders).map(|order| order.nonce).collect();
    let mut known = ledger.known(sale, &nonces).await?.into_iter();
    Ok(batches.into_iter().partition(|batch| {
        let orders = batch.orders.len();
        known.by_ref().take(orders).filter(|known| *known).count() == orders
    }))
}

/// Publishes the entries of an old desk that the ledger does not know, whatever generation they are of,
/// and waits until it does. That they were appended is not enough: the log may lose its tail before the
/// barrier is appended, which would then void them.
pub(super) async fn settle<D: Desk, L: Log, G: Ledger>(
    (desk, log, ledger): (&D, &L, &G),
    sale: &Sale,
    survivor: &At,
    deadline: Instant,
) -> Result<Survivors, Fault> {
    let mut published = false;
    let mut void_before = sale.settled_generation;
    // Everything up to here is settled.
    let mut settled: Option<EntryId> = None;
    loop {
        let mut waits = false;
        let mut after = settled;
        loop {
            let pending = match desk.pending(survivor.clone(), after, PENDING_MAX).await? {
                Reply::Done(pending) => pending,
                Reply::OtherDesk(_) => return Ok(Survivors::OtherDesk),
                Reply::Absent | Reply::OtherGeneration(_) => return Ok(Survivors::Settled),
            };
            let Some(last) = pending.batches.last() else { break };
            after = Some(last.entry);
            let (_, mut unknown) = split(ledger, sale.id, pending.batches).await?;
            // An earlier barrier voids these: nobody was promised anything by them.
            unknown.retain(|batch| batch.entry.generation >= void_before);
            waits |= !unknown.is_empty();
            if !waits {
                settled = after;
            } else if published {
                break;
            }
            for batch in unknown {
                log.append(&Record::Orders(batch)).await?;
            }
        }
        if !waits {
            return Ok(Survivors::Settled);
        }
        if Instant::now() >= deadline {
            return Ok(Survivors::NotYet);
        }
        published = true;
        tokio::time::sleep(LOOK_EVERY).await;
        // A barrier may be among what is being settled.
        let now = ledger.sales().await?.sales.into_iter().find(|now| now.id == sale.id);
        void_before = now.map_or(void_before, |now| now.settled_generation);
    }
}
