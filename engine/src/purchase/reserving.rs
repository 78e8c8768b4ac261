//! Units for a batch of purchases of one sale. After the script's bytes were written, only an order, a
//! definite refusal of the script, or "unknown" may be answered.

use super::answer::OrderAnswer;
use super::handing::{Held, Promise};
use super::{KnownSale, OrderWaiting, Purchases, refuse};
use crate::admission::{Refusal, not_started};
use crate::clock::Clock;
use crate::fault::Effect;
use crate::handoff::Log;
use crate::metrics::{Bound, Stage};
use crate::reservation::{At, Desk, Reply, ReserveCall, ReserveOutcome, ReserveReply};
use crate::settlement::Ledger;
use contract::ids::OrderSn;
use contract::outcome::Code;

impl<D: Desk, L: Log, G: Ledger, C: Clock> Purchases<D, L, G, C> {
    /// Answers what was refused; what is held goes on to the log.
    pub(super) async fn reserve(&self, sale: &KnownSale, batch: Vec<OrderWaiting>) -> Option<Held> {
        if batch.is_empty() {
            return None;
        }
        let Some(at) = sale.desk() else {
            refuse(batch, Refusal::by(Bound::Desk, Code::Recovering));
            return None;
        };
        let newest = sale.newest(at.generation);
        let items = batch.iter().map(|waiting| waiting.item.clone()).collect();
        let began = self.clock.elapsed();
        let reply = self.desk.reserve(ReserveCall { at: at.clone(), items }).await;
        let took = self.clock.elapsed() - began;
        self.metrics.took(Stage::Reserve, took);
        self.gate.pressure.desk_took(took, batch.len());
        match reply {
            Ok(Reply::Done(reply)) if reply.sequence >= newest => Some(self.reserved(sale, at, batch, reply)),
            Ok(Reply::Done(_)) => {
                // The desk went back: what it just gave may have been given before. The keeper rebuilds
                // from what was promised; until then nobody is told anything.
                sale.distrust(at.generation);
                refuse(batch, Code::OrderUnknown);
                None
            }
            Ok(Reply::Absent | Reply::OtherGeneration(_) | Reply::OtherDesk(_)) => {
                refuse(batch, Refusal::by(Bound::Desk, Code::Recovering));
                None
            }
            Err(fault) => {
                self.metrics.fault(&fault);
                refuse(
                    batch,
                    match fault.effect {
                        Effect::None => Code::Unavailable,
                        Effect::Unknown => Code::OrderUnknown,
                    },
                );
                None
            }
        }
    }

    fn reserved(&self, sale: &KnownSale, at: At, batch: Vec<OrderWaiting>, reply: ReserveReply) -> Held {
        let now = self.clock.elapsed();
        sale.heard(at.generation, reply.sequence, reply.free, reply.now_ms, now, self.clock.unix_ms());
        let mut held = Held::new(at, reply.batch);
        for (waiting, outcome) in batch.into_iter().zip(reply.outcomes) {
            let sn = OrderSn { sale: held.at.sale, nonce: waiting.item.nonce };
            let refusal = match outcome {
                ReserveOutcome::Reserved => {
                    held.promise(Promise { sn, again: false, reply: waiting.reply });
                    continue;
                }
                // The entry was trimmed, so the ledger has the order.
                ReserveOutcome::Repeated { entry: _, unsettled: None } => {
                    waiting.reply.send(Ok(OrderAnswer::Again(sn)));
                    continue;
                }
                ReserveOutcome::Repeated { entry: _, unsettled: Some(batch) } => {
                    held.publish_again(*batch);
                    held.promise(Promise { sn, again: true, reply: waiting.reply });
                    continue;
                }
                ReserveOutcome::Mismatch => Code::RequestMismatch.into(),
                ReserveOutcome::Stale => Code::TokenStale.into(),
                ReserveOutcome::LimitReached => Code::LimitReached.into(),
                ReserveOutcome::SoldOut => Code::SoldOut.into(),
                ReserveOutcome::Busy => Refusal::by(Bound::Unsettled, Code::Busy),
                ReserveOutcome::NotStarted => not_started(sale.row().terms.starts_at_ms),
                ReserveOutcome::Ended => Code::Ended.into(),
                ReserveOutcome::Closed if sale.row().state == contract::ledger::SaleState::Closing => {
                    Code::Ended.into()
                }
                ReserveOutcome::Closed => Refusal::by(Bound::Desk, Code::Recovering),
            };
            waiting.reply.send(Err(refusal));
        }
        held
    }
}
