//! What makes the keeper doubt a desk that looks sound: it went back under the same name, the ledger
//! behind it did, or the two disagree at rest. Each asks for a rebuild.
//!
//! All of it is a memory of this process. What it forgets over a restart the books find later.

use super::{Keeper, Memory};
use crate::clock::Clock;
use crate::fault::Fault;
use crate::handoff::{Log, partition_of};
use crate::reconcile::Books;
use crate::recovery::{self, Step};
use crate::reservation::{Desk, Inspection};
use crate::settlement::{Ledger, Position, Sale};
use contract::ids::{Generation, SaleId, Sequence};
use std::collections::HashMap;

/// Turns between two looks at the positions of the ledger.
const TURNS_PER_LOOK: u64 = 7;
/// Counts in a row that must disagree; a count takes a few seconds, so that no movement lasts as long.
const COUNTS: u32 = 3;

/// What was seen before.
#[derive(Default)]
pub(super) struct Doubt {
    /// The newest write of each desk.
    writes: HashMap<SaleId, (Generation, Sequence)>,
    /// The next offset of each partition, where something was settled since it last began anew.
    positions: HashMap<u32, i64>,
    /// How often in a row desk and ledger disagreed.
    disagreed: HashMap<SaleId, u32>,
}

impl Doubt {
    /// Whether a desk is at an older write than it was.
    pub(super) fn went_back(&mut self, sale: SaleId, desk: &Inspection) -> bool {
        let now = (desk.generation, desk.sequence);
        match self.writes.get(&sale) {
            Some(&(generation, sequence)) if generation == now.0 && now.1 < sequence => true,
            _ => {
                self.writes.insert(sale, now);
                false
            }
        }
    }
}

impl<D: Desk, L: Log, G: Ledger, C: Clock> Keeper<D, L, G, C> {
    /// A position that went back without having begun anew is that of an older ledger: a backup was
    /// restored, or a replica that lagged behind was promoted. The log brings back what was promised
    /// since; what the desks hold beyond that nobody can know.
    pub(super) async fn doubt_ledger(&self, sales: &[Sale], memory: &mut Memory) -> Result<(), Fault> {
        if !memory.turns.is_multiple_of(TURNS_PER_LOOK) {
            return Ok(());
        }
        for partition in 0..self.log.partitions() {
            let seen = &mut memory.doubt.positions;
            let Position::At { next, witness: Some(_) } =
                self.ledger.position(partition, &self.log.identity()).await?
            else {
                seen.remove(&partition);
                continue;
            };
            if seen.insert(partition, next).is_none_or(|before| before <= next) {
                continue;
            }
            tracing::error!(partition, "the ledger went back; every sale of the partition is recovered");
            for sale in sales.iter().filter(|sale| partition_of(sale.id, self.log.partitions()) == partition)
            {
                self.ask_for(sale, "ledger went back").await?;
            }
        }
        Ok(())
    }

    /// Units that are neither at the desk nor in the ledger nor on their way, or that both have, count
    /// after count with nothing left to settle: the desk is to follow the ledger.
    pub(super) async fn doubt_books(
        &self,
        sale: &Sale,
        books: &Books,
        lag: i64,
        memory: &mut Memory,
    ) -> Result<(), Fault> {
        if lag > 0 || books.between() == 0 {
            memory.doubt.disagreed.remove(&sale.id);
            return Ok(());
        }
        let counts = memory.doubt.disagreed.entry(sale.id).or_default();
        *counts += 1;
        // Once: what a rebuild did not mend, a second one will not.
        if *counts == COUNTS {
            tracing::error!(sale.id = sale.id.0, units = books.between(), "desk and ledger disagree");
            self.ask_for(sale, "books disagree").await?;
        }
        Ok(())
    }

    async fn ask_for(&self, sale: &Sale, why: &'static str) -> Result<(), Fault> {
        if sale.generation > Generation(0) && sale.desk_ready() && Step::of(sale).is_none() {
            recovery::ask(&self.ledger, sale.id, sale.generation, why).await?;
        }
        Ok(())
    }
}
