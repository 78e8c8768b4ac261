//! A held batch becomes a promise: in the log, and of the generation that still is.

use super::Purchases;
use super::answer::OrderAnswer;
use crate::admission::breaker::OVERDUE;
use crate::admission::{Refusal, Reply};
use crate::clock::Clock;
use crate::fault::Fault;
use crate::handoff::Log;
use crate::metrics::Stage;
use crate::reservation::{At, Desk};
use crate::settlement::Ledger;
use contract::ids::OrderSn;
use contract::outcome::Code;
use contract::record::{Batch, Record};
use tokio::time::timeout;

/// Units held at the desk, with who waits to be told.
pub(super) struct Held {
    pub(super) at: At,
    batches: Vec<Batch>,
    promises: Vec<Promise>,
}

/// Somebody who waits for an order number.
pub(super) struct Promise {
    pub(super) sn: OrderSn,
    pub(super) again: bool,
    pub(super) reply: Reply<Result<OrderAnswer, Refusal>>,
}

impl Held {
    pub(super) fn new(at: At, batch: Option<Batch>) -> Self {
        Self { at, batches: batch.into_iter().collect(), promises: Vec::new() }
    }

    pub(super) fn promise(&mut self, promise: Promise) {
        self.promises.push(promise);
    }

    /// An earlier entry whose orders are not in the ledger yet is published again before anybody is told
    /// of them: its first publication may have failed.
    pub(super) fn publish_again(&mut self, unsettled: Batch) {
        if self.batches.iter().all(|other| other.entry != unsettled.entry) {
            self.batches.push(unsettled);
        }
    }
}

impl<D: Desk, L: Log, G: Ledger, C: Clock> Purchases<D, L, G, C> {
    /// Publishes, checks the generation, and answers. Units are never given back here: a batch whose
    /// publication failed stays in the outbox and the sweep publishes it until it is settled.
    pub(super) async fn hand_off(&self, held: Held) {
        let Held { at, batches, promises } = held;
        let begin = self.clock.elapsed();
        let kept = match self.publish(batches).await {
            Ok(()) => self.still_of_generation(&at).await,
            Err(fault) => Err(fault),
        };
        let kept = kept.unwrap_or_else(|fault| {
            self.metrics.fault(&fault);
            false
        });
        self.gate.pressure.log_took(self.clock.elapsed() - begin, promises.len());
        for promise in promises {
            let answer = match (kept, promise.again) {
                (true, false) => Ok(OrderAnswer::Accepted(promise.sn)),
                (true, true) => Ok(OrderAnswer::Again(promise.sn)),
                (false, _) => Err(Code::OrderUnknown.into()),
            };
            promise.reply.send(answer);
        }
    }

    async fn publish(&self, batches: Vec<Batch>) -> Result<(), Fault> {
        for batch in batches {
            let record = Record::Orders(batch);
            let began = self.clock.elapsed();
            let append = self.log.append(&record);
            tokio::pin!(append);
            let acknowledged = match timeout(OVERDUE, &mut append).await {
                Ok(acknowledged) => acknowledged,
                Err(_) => {
                    self.gate.breaker.overdue();
                    append.await
                }
            };
            self.metrics.took(Stage::Append, self.clock.elapsed() - began);
            match acknowledged {
                Ok(_) => self.gate.breaker.succeeded(),
                Err(fault) => {
                    self.gate.breaker.failed();
                    return Err(fault);
                }
            }
        }
        Ok(())
    }

    /// Whether the sale's generation was still `at.generation` at some moment after the record was
    /// acknowledged. If so, the barrier of any newer one stands behind the record, and the rebuild counts
    /// it.
    async fn still_of_generation(&self, at: &At) -> Result<bool, Fault> {
        let began = self.clock.elapsed();
        let announced = self.log.announced(at.sale).await;
        self.metrics.took(Stage::Generation, self.clock.elapsed() - began);
        Ok(announced? == at.generation)
    }
}
