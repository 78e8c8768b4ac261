//! One buyer's life: a token, an order, the wait for settlement, and then to pay, cancel or keep.

use crate::crowd::Crowd;
use crate::history::name_of;
use crate::mall::Session;
use crate::referee::Role;
use crate::wire::{Answer, Connection};
use anyhow::{Context, Result, bail};
use hyper::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// Wait after an answer that says nothing about it.
const PAUSE: Duration = Duration::from_millis(500);
/// Of those who find everything sold out, every so manieth goes on trying.
const PATIENT_EVERY: usize = 20;

/// A buyer with an open connection.
#[derive(Debug)]
pub struct Buyer {
    /// Number in the crowd.
    pub number: usize,
    /// Who it is.
    pub session: Session,
    /// The phone.
    pub connection: Connection,
}

/// What came of trying.
enum Tried {
    /// An order, accepted at this moment.
    Order(Accepted),
    /// Nothing, and no more trying.
    Left,
}

struct Accepted {
    order_sn: String,
    status_url: String,
    poll_after: Duration,
    at: Instant,
}

impl Buyer {
    /// Buys, or goes home without.
    pub async fn shop(mut self, crowd: &Crowd) -> Result<()> {
        let Tried::Order(order) = self.attempt(crowd).await? else { return Ok(()) };
        let settled = self.follow(crowd, &order, &["settled", "paid"]).await?;
        crowd.time("accepted → settled", order.at.elapsed());
        crowd.record(&self.session, "status", None, &Ok(settled.clone()))?;
        let role = crowd.referee.settled();
        match role {
            Role::Keep => {}
            Role::Pay => {
                self.note(crowd, "pay", crowd.mall.pay(&order.order_sn).await)?;
                self.follow(crowd, &order, &["paid"]).await?;
            }
            Role::Cancel => {
                let id = settled.json()["order_id"].as_u64().context("a settled order without order_id")?;
                self.note(crowd, "cancel", crowd.mall.cancel(&self.session, id).await)?;
                self.follow(crowd, &order, &["lapsed"]).await?;
            }
        }
        crowd.referee.played(role, &self.session.user, &order.order_sn);
        Ok(())
    }

    /// Tries until there is an order, or no hope. Who does not know what became of an order goes on asking
    /// when all is over, too.
    async fn attempt(&mut self, crowd: &Crowd) -> Result<Tried> {
        let mut token: Option<String> = None;
        let mut unknown = false;
        while unknown || !crowd.referee.over() {
            let answer = match &token {
                None => self.ask_token(crowd).await?,
                Some(token) => self.ask_order(crowd, token).await?,
            };
            // No answer at all: nobody knows, so the same again.
            let Ok(answer) = answer else {
                unknown = token.is_some();
                wait(crowd, PAUSE, unknown).await;
                continue;
            };
            let code = answer.code().unwrap_or_default();
            unknown = match answer.status {
                504 => token.is_some(),
                429 | 503 => unknown,
                _ => false,
            };
            match (answer.status, code.as_str()) {
                (200, _) if token.is_none() => {
                    token = answer.json()["token"].as_str().map(str::to_owned);
                }
                (200 | 202, _) => return Ok(Tried::Order(accepted(&answer.json())?)),
                (403, "token_stale") => token = None,
                // With a token in hand one can wait for a unit to come back; of the others a few do.
                (410, "sold_out") if token.is_some() || self.number.is_multiple_of(PATIENT_EVERY) => {
                    wait(crowd, PAUSE, unknown).await;
                }
                (410, _) | (403, "not_eligible") | (409, "limit_reached") => return Ok(Tried::Left),
                (403, "not_started") | (409, "cooling_down") | (429 | 503 | 504, _) => {
                    wait(crowd, self.patience(&answer), unknown).await;
                }
                (status, code) => {
                    let call = if token.is_none() { "token" } else { "order" };
                    bail!("{call}: {status} {code} is no answer a well-behaved buyer should get");
                }
            }
        }
        Ok(Tried::Left)
    }

    async fn ask_token(&mut self, crowd: &Crowd) -> Result<Result<Answer>> {
        let path = format!("/seckill/v1/sales/{}/token", crowd.sale);
        let answer = self.send(crowd, "token", Method::POST, &path, None).await;
        crowd.record(&self.session, "token", None, &answer)?;
        Ok(answer)
    }

    async fn ask_order(&mut self, crowd: &Crowd, token: &str) -> Result<Result<Answer>> {
        let path = format!("/seckill/v1/sales/{}/orders", crowd.sale);
        let body = json!({ "token": token, "quantity": 1, "address_id": self.session.address_id });
        let answer = self.send(crowd, "order", Method::POST, &path, Some(&body)).await;
        crowd.record(&self.session, "order", Some(name_of(token)), &answer)?;
        Ok(answer)
    }

    /// Looks at the order until it is in one of these states.
    async fn follow(&mut self, crowd: &Crowd, order: &Accepted, states: &[&str]) -> Result<Answer> {
        let begin = Instant::now();
        loop {
            let answer = self.send(crowd, "status", Method::GET, &order.status_url, None).await;
            if let Ok(answer) = answer
                && answer.status == 200
                && answer.json()["status"].as_str().is_some_and(|state| states.contains(&state))
            {
                return Ok(answer);
            }
            if begin.elapsed() > crowd.settle_limit {
                let limit = crowd.settle_limit.as_secs();
                bail!("order {} is not {} after {limit} s", order.order_sn, states.join(" or "));
            }
            tokio::time::sleep(order.poll_after).await;
        }
    }

    async fn send(
        &mut self,
        crowd: &Crowd,
        call: &'static str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer> {
        let authorization = format!("Bearer {}", self.session.token);
        let begin = Instant::now();
        let answer = self.connection.send(method, path, &[("authorization", &authorization)], body).await;
        crowd.time(call, begin.elapsed());
        crowd.count(call, &answer);
        answer
    }

    /// Writes down that the mall did, or did not do, what was asked.
    fn note(&self, crowd: &Crowd, call: &'static str, done: Result<()>) -> Result<()> {
        let answer = done.as_ref().ok().map(|()| 200);
        crowd.record_status(&self.session, call, answer)?;
        done
    }

    /// As long as the service says, a little spread so that not all come back at once.
    fn patience(&self, answer: &Answer) -> Duration {
        let spread = Duration::from_millis(self.number as u64 % 250);
        answer.retry_after.unwrap_or(PAUSE) + spread
    }
}

/// Waits: to the end, when something is to be known, else until all is over at most.
async fn wait(crowd: &Crowd, time: Duration, unknown: bool) {
    if unknown {
        tokio::time::sleep(time).await;
    } else {
        crowd.referee.pause(time).await;
    }
}

fn accepted(value: &Value) -> Result<Accepted> {
    let text = |member: &str| {
        value[member].as_str().map(str::to_owned).with_context(|| format!("accepted without `{member}`"))
    };
    let order_sn = text("order_sn")?;
    let poll_after_ms = value["poll_after_ms"].as_u64().unwrap_or(500).clamp(20, 5_000);
    // An address of another form than a path would lead elsewhere.
    let status_url = match text("status_url") {
        Ok(url) if url.starts_with('/') => url,
        _ => format!("/seckill/v1/orders/{order_sn}"),
    };
    Ok(Accepted {
        order_sn,
        status_url,
        poll_after: Duration::from_millis(poll_after_ms),
        at: Instant::now(),
    })
}
