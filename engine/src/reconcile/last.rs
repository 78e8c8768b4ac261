//! The newest count of every sale, for whoever looks without counting: the keeper counts every few seconds
//! anyway, and a board that counted for each of its viewers would load the stores in the middle of a sale.

use super::Books;
use contract::ids::SaleId;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

/// Books with the moment they were counted at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Unix ms, by this process.
    pub counted_at_ms: u64,
    /// The books.
    #[serde(flatten)]
    pub books: Books,
}

/// What the keeper counted last; empty in a process that does not keep the sales.
#[derive(Default)]
pub struct LastCount {
    sales: Mutex<BTreeMap<SaleId, Counted>>,
}

impl LastCount {
    /// Takes the place of all earlier counts.
    pub fn replace(&self, counted_at_ms: u64, books: Vec<Books>) {
        let counted = books.into_iter().map(|books| (books.sale, Counted { counted_at_ms, books }));
        *self.sales() = counted.collect();
    }

    /// Somebody else counts.
    pub fn clear(&self) {
        self.sales().clear();
    }

    /// The last count of a sale.
    pub fn of(&self, sale: SaleId) -> Option<Counted> {
        self.sales().get(&sale).cloned()
    }

    fn sales(&self) -> MutexGuard<'_, BTreeMap<SaleId, Counted>> {
        self.sales.lock().expect("no holder panics")
    }
}
