//! The outbox until it is empty: an entry that is settled is trimmed, one that is not is published
//! again, for ever. This is what makes a promise survive the loss of anything behind the desk.

use super::Keeper;
use crate::clock::Clock;
use crate::fault::Fault;
use crate::handoff::Log;
use crate::metrics::{Count, Gauge};
use crate::recovery::outbox::split;
use crate::reservation::{Desk, Reply};
use crate::settlement::{Ledger, Sale};
use contract::ids::EntryId;
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
            // What was reserved before the desk's clock went back is not young.
            let young =
                |batch: &Batch| batch.reserved_at_ms <= pending.now_ms && age_ms(batch) <= ON_ITS_WAY_MS;
            let old = pending.batches.into_iter().filter(|batch| !young(batch)).collect();
            self.publish_or_trim(sale, old).await?;
            if !full {
                break;
            }
        }
        Ok(oldest_ms)
    }

    async fn publish_or_trim(&self, sale: &Sale, batches: Vec<Batch>) -> Result<(), Fault> {
        let (settled, lost) = split(&self.ledger, sale.id, batches).await?;
        for batch in lost {
            self.log.append(&Record::Orders(batch)).await?;
            self.metrics.count(Count::Swept, 1);
        }
        if !settled.is_empty() {
            let settled: Vec<_> =
                settled.iter().map(|batch| (batch.entry, batch.orders.len() as u16)).collect();
            self.desk.trim(sale.at(), &settled).await?;
            self.metrics.count(Count::Trimmed, settled.len() as u64);
        }
        Ok(())
    }
}
