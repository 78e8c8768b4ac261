//! What buyers were told, by token.

use contract::ids::{SaleId, UserId};
use contract::outcome::Code;
use std::collections::BTreeMap;

/// One token and everything that was answered to it.
#[derive(Clone, Debug)]
pub struct Told {
    /// The sale.
    pub sale: SaleId,
    /// The buyer.
    pub user: UserId,
    /// Its text.
    pub token: String,
    /// Units asked for.
    pub quantity: u16,
    /// Requests sent.
    pub sent: u32,
    /// 202 or 200 was answered.
    pub promised: bool,
    /// 504 was answered, or nothing.
    pub unknown: u32,
    /// Refusals.
    pub refused: u32,
}

/// What a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is an order.
    Promised,
    /// There is none, and this says why.
    Refused(Code),
    /// 504, a broken connection, or no answer in time.
    Unknown,
}

/// Every token that was used, by its key.
#[derive(Default)]
pub struct History {
    /// By sale and token.
    pub tokens: BTreeMap<crate::oracle::Key, Told>,
    /// Promises, refusals, unknown answers.
    pub answers: [u64; 3],
}

impl History {
    /// Notes an answer; a word of complaint when it contradicts what was known before the request.
    pub fn heard(&mut self, key: crate::oracle::Key, before: &Told, answer: Answer) -> Option<String> {
        let told = self.tokens.get_mut(&key).expect("a token is noted before it is used");
        match answer {
            Answer::Promised => {
                self.answers[0] += 1;
                told.promised = true;
            }
            Answer::Unknown => {
                self.answers[2] += 1;
                told.unknown += 1;
            }
            Answer::Refused(code) => {
                self.answers[1] += 1;
                told.refused += 1;
                if before.promised && denies(code) {
                    return Some(format!("a promise is not taken back: {code:?} after 202, {told:?}"));
                }
            }
        }
        None
    }
}

/// Whether a refusal says that the token has no order, rather than that nobody can look right now.
fn denies(code: Code) -> bool {
    !transient(code)
}

/// Whether the same request may be answered otherwise a little later.
pub fn transient(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable
            | Code::Recovering
            | Code::Busy
            | Code::TooManyRequests
            | Code::OrderUnknown
            | Code::Unauthorized
    )
}
