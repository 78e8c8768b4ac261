//! Units that come back from lapsed orders, and units that staff add or take away. Each has a row that
//! says how far it is; the ledger books it once by its cause, the desk applies it once by its id.

use super::Keeper;
use crate::clock::Clock;
use crate::fault::Fault;
use crate::handoff::Log;
use crate::metrics::Count;
use crate::reservation::{Changed, Desk, Reply, Returned};
use crate::settlement::{Ledger, RETURNS_MAX, Sale, StockChange, StockReturn};
use contract::ids::SaleId;
use contract::ledger::{MovementState, SaleState};
use std::collections::BTreeMap;

impl<D: Desk, L: Log, G: Ledger, C: Clock> Keeper<D, L, G, C> {
    pub(super) async fn move_units(&self, sales: &[Sale]) -> Result<(), Fault> {
        let sales: BTreeMap<SaleId, &Sale> = sales.iter().map(|sale| (sale.id, sale)).collect();
        let mut back: BTreeMap<SaleId, Vec<StockReturn>> = BTreeMap::new();
        for row in self.ledger.returns(RETURNS_MAX).await? {
            if row.state == MovementState::Asked {
                self.ledger.book_return(&row).await?;
                self.metrics.count(Count::Returned, 1);
            }
            back.entry(row.sale).or_default().push(row);
        }
        for (sale, rows) in back {
            match sales.get(&sale) {
                Some(sale) if sale.desk_ready() => self.give_back(sale, rows).await?,
                // Its desk sells no more and nobody will ask it: a booked unit is where it belongs.
                Some(sale) if sale.state >= SaleState::Drained => {
                    for row in &rows {
                        self.ledger.forget_return(row).await?;
                    }
                }
                // Its desk is being rebuilt.
                _ => {}
            }
        }
        self.change_stock(&sales).await
    }

    /// What is added is booked before anything else: after the ledger went back, what the desk takes away
    /// may be of it.
    async fn change_stock(&self, sales: &BTreeMap<SaleId, &Sale>) -> Result<(), Fault> {
        let mut changes = self.ledger.changes().await?;
        for row in &mut changes {
            let takes_more = |sale: &&Sale| (SaleState::Armed..=SaleState::Closing).contains(&sale.state);
            let added = row.delta > 0 && row.state == MovementState::Asked;
            if added && sales.get(&row.sale).is_some_and(takes_more) {
                self.ledger.book_change(row, None).await?;
                row.state = MovementState::Booked;
            }
        }
        for row in &changes {
            if let Some(sale) = sales.get(&row.sale) {
                self.change(sale, row).await?;
            }
        }
        Ok(())
    }

    async fn give_back(&self, sale: &Sale, rows: Vec<StockReturn>) -> Result<(), Fault> {
        let orders: Vec<_> = rows.iter().map(|row| (row.user, row.nonce)).collect();
        let Reply::Done(outcomes) = self.desk.give_back(sale.at(), &orders).await? else { return Ok(()) };
        for (row, outcome) in rows.iter().zip(outcomes) {
            match outcome {
                Returned::Now | Returned::Before => self.ledger.forget_return(row).await?,
                // The order is settled, so a sound desk knows it. The row stays until the desk does.
                Returned::Unknown => {
                    tracing::error!(
                        sale.id = sale.id.0,
                        "the desk does not know an order that is in the ledger"
                    );
                }
            }
        }
        Ok(())
    }

    /// More units are booked already, and come to the desk. Fewer are first taken from the desk, so that
    /// they cannot be sold, then booked.
    async fn change(&self, sale: &Sale, row: &StockChange) -> Result<(), Fault> {
        if sale.state > SaleState::Closing {
            if row.state == MovementState::Asked {
                self.ledger.end_change(row, MovementState::Refused, None).await?;
            } else {
                self.ledger.end_change(row, MovementState::Done, None).await?;
            }
            return Ok(());
        }
        if !sale.desk_ready() {
            return Ok(());
        }
        let Reply::Done(outcome) = self.desk.change(sale.at(), row.id, row.delta).await? else {
            return Ok(());
        };
        let answered = Some(sale.at().generation);
        match outcome {
            Changed::TooFew => return self.ledger.end_change(row, MovementState::Refused, answered).await,
            Changed::Now | Changed::Before if row.delta < 0 && row.state == MovementState::Asked => {
                self.ledger.book_change(row, answered).await?;
            }
            Changed::Now | Changed::Before => {}
        }
        let booked = StockChange { state: MovementState::Booked, ..row.clone() };
        self.ledger.end_change(&booked, MovementState::Done, answered).await
    }
}
