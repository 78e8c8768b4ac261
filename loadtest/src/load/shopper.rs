//! One visit after the other on one connection: look, ask for a token, order, and ask again while nobody
//! can say what became of an order.

use super::Scenario;
use super::timeline::Timeline;
use crate::history::{Recorder, Seen};
use crate::mall::Session;
use crate::native::{Caller, Then};
use serde_json::Value;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// Pause before an order is sent again because its fate is unknown.
const UNKNOWN_PAUSE: Duration = Duration::from_millis(500);
/// How often it is; the design promises an answer within 60 s.
const UNKNOWN_TRIES: u32 = 130;

/// What all visitors share.
#[derive(Debug)]
pub(super) struct Street {
    pub(super) sale: u64,
    pub(super) scenario: Scenario,
    pub(super) sessions: Vec<Session>,
    /// Whose turn it is.
    pub(super) next: AtomicUsize,
    pub(super) recorder: Recorder,
    pub(super) timeline: Timeline,
}

/// Where a visitor is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Outside,
    List,
    Sale,
    Token,
    Order { token: String, tries: u32 },
}

/// A visitor on a connection.
pub(super) struct Shopper {
    street: Arc<Street>,
    who: usize,
    step: Step,
}

impl Shopper {
    pub(super) fn new(street: Arc<Street>) -> Self {
        Self { street, who: 0, step: Step::Outside }
    }

    fn call(&self) -> &'static str {
        match self.step {
            Step::Outside | Step::List => "list",
            Step::Sale => "sale",
            Step::Token => "token",
            Step::Order { .. } => "order",
        }
    }

    fn leave(&mut self) -> Then {
        self.step = Step::Outside;
        Then::Arrive
    }

    fn go_on(&mut self, step: Step) -> Then {
        self.step = step;
        Then::GoOn(Duration::ZERO)
    }

    /// Nobody knows whether there is an order: the same again, until somebody does.
    fn again(&mut self) -> Then {
        match &mut self.step {
            Step::Order { tries, .. } if *tries < UNKNOWN_TRIES => {
                *tries += 1;
                Then::GoOn(UNKNOWN_PAUSE)
            }
            _ => self.leave(),
        }
    }

    fn record(&self, answer: Option<u16>, json: &Value) {
        let call = self.call();
        if !["token", "order"].contains(&call) {
            return;
        }
        let token = match &self.step {
            Step::Order { token, .. } => Some(token.as_str()),
            _ => None,
        };
        let user = &self.street.sessions[self.who].user;
        let seen = Seen::now(user, call, token, answer, json);
        // A history with a hole proves nothing, so a full disk ends the run.
        self.street.recorder.add(&seen).expect("the history can be written");
    }
}

impl Caller for Shopper {
    fn next(&mut self, request: &mut Vec<u8>) -> bool {
        let street = &self.street;
        if self.step == Step::Outside {
            self.who = street.next.fetch_add(1, Ordering::Relaxed) % street.sessions.len();
            self.step = if street.scenario == Scenario::Seckill { Step::Token } else { Step::List };
            street.timeline.arrived();
        }
        let session = &street.sessions[self.who];
        let sale = street.sale;
        let (method, path, body) = match &self.step {
            Step::Outside | Step::List => ("GET", "/seckill/v1/sales".to_owned(), None),
            Step::Sale => ("GET", format!("/seckill/v1/sales/{sale}"), None),
            Step::Token => ("POST", format!("/seckill/v1/sales/{sale}/token"), None),
            Step::Order { token, .. } => {
                let address = session.address_id;
                let body = format!("{{\"token\":\"{token}\",\"quantity\":1,\"address_id\":{address}}}");
                ("POST", format!("/seckill/v1/sales/{sale}/orders"), Some(body))
            }
        };
        let mut text =
            format!("{method} {path} HTTP/1.1\r\nhost: mall\r\nauthorization: Bearer {}\r\n", session.token);
        if let Some(body) = &body {
            let _ = write!(text, "content-type: application/json\r\ncontent-length: {}\r\n", body.len());
        }
        text += "\r\n";
        request.extend_from_slice(text.as_bytes());
        request.extend_from_slice(body.unwrap_or_default().as_bytes());
        true
    }

    fn answered(&mut self, status: u16, body: &[u8], _due: Instant, latency: Duration) -> Then {
        let json: Value = match self.step {
            Step::Token | Step::Order { .. } => serde_json::from_slice(body).unwrap_or_default(),
            _ => Value::Null,
        };
        self.street.timeline.answered(self.call(), status, latency);
        self.record(Some(status), &json);
        match (&self.step, status) {
            (Step::List, 200) => self.go_on(Step::Sale),
            (Step::Sale, 200) if self.street.scenario == Scenario::Mix => self.go_on(Step::Token),
            (Step::Token, 200) => match json["token"].as_str() {
                Some(token) => self.go_on(Step::Order { token: token.to_owned(), tries: 0 }),
                None => self.leave(),
            },
            (Step::Order { .. }, 504) => self.again(),
            // Asked again, a busy mall says only that nothing happened this time.
            (Step::Order { tries, .. }, 429 | 503) if *tries > 0 => self.again(),
            _ => self.leave(),
        }
    }

    fn lost(&mut self, _due: Instant) -> Then {
        self.street.timeline.lost(self.call());
        self.record(None, &Value::Null);
        self.again()
    }
}
