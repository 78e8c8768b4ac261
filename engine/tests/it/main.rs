//! Behaviour of the engine against real stores.

mod ledger;
