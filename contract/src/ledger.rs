//! States that stand in the ledger, as both services read and write them.

use serde::{Deserialize, Serialize};

macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every state, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The number in the ledger's column.
            pub const fn code(self) -> u8 {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The state of a number, if there is one.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }

            /// The word on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The state of a word on the wire, if there is one.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

states! {
    /// What a sale sells.
    SaleKind {
        /// A SKU; settles as an unpaid order.
        Goods = 0 "goods",
        /// A coupon; granted at settlement when free, otherwise when its order is paid.
        Coupon = 1 "coupon",
        /// A ticket type; settles as an unpaid order of kind ticket.
        Ticket = 2 "ticket",
    }
}

states! {
    /// Life of a sale: `draft → armed → open ⇄ recovering → closing → drained → reconciled → archived`.
    SaleState {
        /// Being written; has taken no units.
        Draft = 0 "draft",
        /// Units are taken out of the resource; the desk may be built, the window has not begun.
        Armed = 1 "armed",
        /// The window has begun.
        Open = 2 "open",
        /// The desk is being rebuilt.
        Recovering = 3 "recovering",
        /// The window is over, or staff closed it; the log is being settled to its end.
        Closing = 4 "closing",
        /// Outbox empty, log settled, no return waiting.
        Drained = 5 "drained",
        /// The books balanced; unsold units went back to the resource.
        Reconciled = 6 "reconciled",
        /// The desk's keys are deleted.
        Archived = 7 "archived",
    }
}

states! {
    /// State of a flash-sale order in the ledger (`flash_order.state`).
    FlashOrderState {
        /// Waiting for payment; its units are held.
        Unpaid = 0 "unpaid",
        /// Paid, or granted when there was nothing to pay.
        Paid = 1 "paid",
        /// Cancelled or unpaid in time; its units go back through `stock_return`.
        Lapsed = 2 "lapsed",
    }
}

states! {
    /// Progress of a row in `stock_return` or `stock_change`.
    MovementState {
        /// Written by catalog-api, not yet seen by the engine.
        Asked = 0 "asked",
        /// Booked in the ledger, not yet applied at the desk.
        Booked = 1 "booked",
        /// Done on both sides.
        Done = 2 "done",
        /// Could not be done: fewer units free than were to be taken.
        Refused = 3 "refused",
    }
}

/// Why a row stands in `stock_log`; with the cause's own id it is unique per sale, so that nothing is
/// booked twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StockCause {
    /// A settled record; its id is the nonce of the first order it added.
    Settle,
    /// A returned order; its id is the order's nonce.
    Return,
    /// A stock change by staff; its id is the row in `stock_change`.
    Change,
    /// The rest given back to the resource when the sale was reconciled; its id is 0.
    Unsold,
}

impl StockCause {
    /// The number in the ledger's column.
    pub const fn code(self) -> u8 {
        match self {
            Self::Settle => 0,
            Self::Return => 1,
            Self::Change => 2,
            Self::Unsold => 3,
        }
    }
}

/// Order states of the mall (`orders.status`), as its front ends know them.
pub mod order_status {
    /// Waiting for payment.
    pub const UNPAID: u16 = 101;
    /// Cancelled by the shopper.
    pub const CANCELLED: u16 = 102;
    /// Cancelled by the shop's timer.
    pub const LAPSED: u16 = 103;
    /// Paid.
    pub const PAID: u16 = 201;
    /// The shopper asked for the money back.
    pub const REFUND_ASKED: u16 = 202;
    /// The money went back.
    pub const REFUNDED: u16 = 203;
    /// On its way.
    pub const SHIPPED: u16 = 301;
    /// Received, the shopper says.
    pub const RECEIVED: u16 = 401;
    /// Received, the shop's timer says.
    pub const AUTO_RECEIVED: u16 = 402;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_read_back() {
        for &state in SaleState::ALL {
            assert_eq!(SaleState::from_code(state.code()), Some(state));
            assert_eq!(SaleState::from_name(state.name()), Some(state));
        }
        assert_eq!(SaleState::from_code(8), None);
        assert_eq!(SaleKind::from_name("Goods"), None);
    }
}
