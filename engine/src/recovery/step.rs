//! How far the rebuild of a desk is, as every process can read it in the ledger.

use super::ASKED;
use crate::settlement::Sale;
use contract::ids::Generation;
use contract::ledger::SaleState;

/// How far a rebuild is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Somebody asked for it, or it is a new sale; the keeper has not begun.
    Waiting,
    /// The generation is raised; the log is being settled up to its barrier.
    Settling,
    /// The barrier is settled; the desk is being built from the ledger.
    Building,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Settling, Self::Building];

    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Settling => "settling",
            Self::Building => "building",
        }
    }

    /// Where the rebuild of this sale's desk is; nothing when its desk is ready, or it needs none.
    pub fn of(sale: &Sale) -> Option<Self> {
        match sale.state {
            SaleState::Armed | SaleState::Open | SaleState::Recovering | SaleState::Closing => {}
            SaleState::Draft | SaleState::Drained | SaleState::Reconciled | SaleState::Archived => {
                return None;
            }
        }
        if sale.desk_generation == sale.generation {
            let begun = sale.generation > Generation(0) && !sale.recovery_asked();
            return (!begun).then_some(Self::Waiting);
        }
        Some(if sale.settled_generation < sale.generation { Self::Settling } else { Self::Building })
    }

    /// The same, unless this is the first desk the sale gets.
    pub fn of_recovery(sale: &Sale) -> Option<Self> {
        let first = sale.desk_generation == Generation(0) && sale.state == SaleState::Armed;
        if first { None } else { Self::of(sale) }
    }
}

impl Sale {
    /// Whether somebody asked for the desk to be rebuilt.
    pub fn recovery_asked(&self) -> bool {
        self.desk.0.starts_with(ASKED)
    }
}
