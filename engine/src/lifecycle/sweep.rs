//! The outbox until it is empty: an entry that is settled is trimmed, one that is not is published
//! again, for ever. This is what makes a promise survive the loss of anything behind the desk.

use super::Keeper;
use crate::clock::Clock;
use crate::fault::Fault;
use crate::handoff::Log;
use crate::metrics::{Count, Gauge};
use crate::reservation::{Desk, Reply};
use crate::settlement::{Ledger, Sale};
use contract::ids::{EntryId, Nonce};
use contract::record::{Batch, Record};

/// Entries this young are on their way.
const ON_ITS_WAY_MS: u64 = 1000;
/// An entry this old is a reason to wake somebody.
const ALARM_MS: u64 = 30_000;
/// Entries looked at in one call, and calls in one turn.
const PENDING_MAX: (usize, usize) = (100, 10);

impl<D: Desk, L: Log, G: Ledger, C: Clock> Keeper<D, L, G, C> {
    pub(super) async fn sweep(&self, sales: &[Sale]) -> Result<(), Fault> {
        let mut oldest_ms = 0;
        for sale in sales.iter().filter(|sale| sale.desk_ready()) {
            oldest_ms = oldest_ms.max(self.sweep_sale(sale).await?);
        }
        self.metrics.set(Gauge::OutboxAgeMs, oldest_ms as i64);
        if oldest_ms > ALARM_MS {
            tracing::error!(
                age_ms = oldest_ms,
                "a reservation is not settled; look at the log and the ledger"
            );
        }
        Ok(())
    }

    /// Answers with the age of the oldest entry.
    async fn sweep_sale(&self, sale: &Sale) -> Result<u64, Fault> {
        let mut after: Option<EntryId> = None;
        let mut oldest_ms = 0;
        for _ in 0..PENDING_MAX.1 {
            let Reply::Done(pending) = self.desk.pending(sale.at(), after, PENDING_MAX.0).await? else {
                break;
            };
            let full = pending.batches.len() == PENDING_MAX.0;
            after = pending.batches.last().map(|batch| batch.entry);
            let age_ms = |batch: &Batch| pending.now_ms.saturating_sub(batch.reserved_at_ms);
            oldest_ms = pending.batches.iter().map(age_ms).fold(oldest_ms, u64::max);
            let old = pending
                .batches
                .into_iter()
                .filter(|batch| pending.now_ms.saturating_sub(batch.reserved_at_ms) > ON_ITS_WAY_MS);
            self.publish_or_trim(sale, old.collect()).await?;
            if !full {
                break;
            }
        }
        Ok(oldest_ms)
    }

    async fn publish_or_trim(&self, sale: &Sale, batches: Vec<Batch>) -> Result<(), Fault> {
        if batches.is_empty() {
            return Ok(());
        }
        let nonces: Vec<Nonce> =
            batches.iter().flat_map(|batch| &batch.orders).map(|order| order.nonce).collect();
        let mut known = self.ledger.known(sale.id, &nonces).await?.into_iter();
        let mut settled = Vec::new();
        for batch in batches {
            let orders = batch.orders.len();
            if known.by_ref().take(orders).filter(|known| *known).count() == orders {
                settled.push((batch.entry, orders as u16));
            } else {
                self.log.append(&Record::Orders(batch)).await?;
                self.metrics.count(Count::Swept, 1);
            }
        }
        if !settled.is_empty() {
            self.desk.trim(sale.at(), &settled).await?;
            self.metrics.count(Count::Trimmed, settled.len() as u64);
        }
        Ok(())
    }
}
