//! Faults: the outside world failing, and what may have happened before it did.
//!
//! Sold out, not open and the like are outcomes, not faults; bugs are asserted.

use std::fmt;

/// What a failed call may have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Certainly nothing.
    None,
    /// Perhaps everything: repeat it by its id, or leave it to the sweep; never assume.
    Unknown,
}

/// Which outside system failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Redis, or the embedded desk.
    Desk,
    /// Kafka, or the embedded log.
    Log,
    /// MySQL, or the embedded ledger.
    Ledger,
}

/// A failed call to an outside system.
#[derive(Debug)]
pub struct Fault {
    /// Who failed.
    pub system: System,
    /// What may have happened.
    pub effect: Effect,
    /// What we were doing, in a few words.
    pub doing: &'static str,
    /// Why, as the system told it.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl Fault {
    /// A fault before which nothing happened.
    pub fn none(
        system: System,
        doing: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { system, effect: Effect::None, doing, source: source.into() }
    }

    /// A fault after which anything may have happened.
    pub fn unknown(
        system: System,
        doing: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { system, effect: Effect::Unknown, doing, source: source.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} failed while {}: {}", self.system, self.doing, self.source)
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}
