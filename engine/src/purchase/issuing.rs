//! Tokens for a batch of users of one sale.

use super::answer::TokenAnswer;
use super::{KnownSale, Purchases, TokenWaiting, refuse};
use crate::admission::{Refusal, not_started};
use crate::clock::Clock;
use crate::handoff::Log;
use crate::metrics::{Bound, Stage};
use crate::reservation::{At, Desk, Reply, TokenCall, TokenOutcome, TokenReply};
use crate::settlement::Ledger;
use contract::ids::UserId;
use contract::outcome::Code;
use contract::token::Claims;

impl<D: Desk, L: Log, G: Ledger, C: Clock> Purchases<D, L, G, C> {
    pub(super) async fn issue(&self, sale: &KnownSale, batch: Vec<TokenWaiting>) {
        if batch.is_empty() {
            return;
        }
        let recovering = Refusal::by(Bound::Desk, Code::Recovering);
        let Some(at) = sale.desk() else { return refuse(batch, recovering) };
        let newest = sale.newest(at.generation);
        let items = batch.iter().map(|waiting| waiting.item.clone()).collect();
        let began = self.clock.elapsed();
        let reply = self.desk.token(TokenCall { at: at.clone(), items }).await;
        let took = self.clock.elapsed() - began;
        self.metrics.took(Stage::Token, took);
        self.gate.pressure.desk_took(took, batch.len());
        match reply {
            Ok(Reply::Done(reply)) if reply.sequence >= newest => self.issued(sale, &at, batch, reply),
            Ok(Reply::Done(_)) => {
                sale.distrust(at.generation);
                refuse(batch, recovering);
            }
            // Another desk, or one that has forgotten: the keeper sees it too and rebuilds.
            Ok(Reply::Absent | Reply::OtherGeneration(_) | Reply::OtherDesk(_)) => {
                refuse(batch, recovering);
            }
            Err(fault) => {
                self.metrics.fault(&fault);
                refuse(batch, Code::Unavailable);
            }
        }
    }

    fn issued(&self, sale: &KnownSale, at: &At, batch: Vec<TokenWaiting>, reply: TokenReply) {
        let now = self.clock.elapsed();
        sale.heard(at.generation, reply.sequence, reply.free, reply.now_ms, now, self.clock.unix_ms());
        if reply.outcomes.contains(&TokenOutcome::NoTokenLeft) {
            sale.heard_no_token_left(now);
        }
        for (waiting, outcome) in batch.into_iter().zip(reply.outcomes) {
            let answer = self.token_answer(sale, at, waiting.item.user, outcome);
            waiting.reply.send(answer);
        }
    }

    fn token_answer(
        &self,
        sale: &KnownSale,
        at: &At,
        user: UserId,
        outcome: TokenOutcome,
    ) -> Result<TokenAnswer, Refusal> {
        match outcome {
            TokenOutcome::Token { nonce, expires_s, fresh: _ } => {
                let claims = Claims { sale: at.sale, user, generation: at.generation, expires_s, nonce };
                Ok(TokenAnswer { token: self.gate.tokens.sign(&claims), expires_s })
            }
            TokenOutcome::SessionGone => Err(Code::Unauthorized.into()),
            TokenOutcome::CoolingDown(wait_s) => {
                Err(Refusal { retry_after_s: Some(wait_s), ..Code::CoolingDown.into() })
            }
            TokenOutcome::LimitReached => Err(Code::LimitReached.into()),
            TokenOutcome::SoldOut => Err(Code::SoldOut.into()),
            TokenOutcome::NoTokenLeft => Err(Refusal::by(Bound::Tokens, Code::NoTokenLeft)),
            TokenOutcome::NotStarted => Err(not_started(sale.row().terms.starts_at_ms)),
            TokenOutcome::Ended => Err(Code::Ended.into()),
            TokenOutcome::Closed => Err(Refusal::by(Bound::Desk, Code::Recovering)),
        }
    }
}
