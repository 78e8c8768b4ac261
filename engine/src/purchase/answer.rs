//! What a token request and a purchase can end in, when it is not a refusal.

use crate::settlement::SettledOrder;
use contract::ids::OrderSn;

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenAnswer {
    /// Its text.
    pub token: String,
    /// Unix second it expires at.
    pub expires_s: u32,
}

/// A purchase that has an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderAnswer {
    /// Promised by this request.
    Accepted(OrderSn),
    /// Promised by an earlier request with the same token.
    Again(OrderSn),
}

/// Where a buyer's order stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Promised, or about to be; not in the ledger yet.
    Queued,
    /// In the ledger.
    Settled(SettledOrder),
}
