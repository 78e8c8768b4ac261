//! The settlement transaction, step by step. Its begin and end are in [`super::MySqlLedger::settle`].

use super::failure::Failure;
use super::{facts, letters, mall, position, purchases, stock};
use crate::handoff::Logged;
use crate::settlement::plan::{Facts, Wanted, plan};
use crate::settlement::{Settled, Step, Witness};
use sqlx::mysql::MySqlConnection;
use std::sync::Arc;

/// A step that outlives its caller.
pub(super) struct OwnedStep {
    /// Partition.
    pub(super) partition: u32,
    /// Identity of the log.
    pub(super) log: Arc<str>,
    /// Offsets the position moves from and to.
    pub(super) moves: (i64, i64),
    /// The witness it has before.
    pub(super) after: Option<Witness>,
    /// The records between.
    pub(super) records: Vec<Logged>,
    /// Whether what cannot settle is buried.
    pub(super) bury: bool,
}

impl From<&Step<'_>> for OwnedStep {
    fn from(step: &Step<'_>) -> Self {
        Self {
            partition: step.partition,
            log: step.log.into(),
            moves: (step.from, step.to),
            after: step.after,
            records: step.records.to_vec(),
            bury: step.bury,
        }
    }
}

/// Everything between `start transaction` and its end. The first statement is the fence.
pub(super) async fn settle(connection: &mut MySqlConnection, step: &OwnedStep) -> Result<Settled, Failure> {
    let newest = crate::settlement::plan::witness(&step.records);
    if !position::advance(connection, step.partition, &step.log, step.moves, (step.after, newest)).await? {
        return Ok(Settled::Fenced);
    }
    let wanted = Wanted::by(&step.records);
    let mut known = Facts::default();
    let ids: Vec<_> = wanted.sales.keys().copied().collect();
    let locked = facts::lock_sales(connection, &ids, &mut known).await?;
    facts::find_tokens(connection, &wanted, &locked, step.bury, &mut known).await?;
    facts::find_buried(connection, step.partition, &step.log, &wanted.offsets, &mut known).await?;

    let plan = plan(&step.records, known, step.bury)?;

    let mut purchases = purchases::of(&plan, &locked);
    mall::insert(connection, &mut purchases, &locked).await?;
    purchases::insert(connection, &purchases).await?;
    letters::insert(connection, step, &plan.letters).await?;
    for (&id, sale) in &plan.sales {
        stock::settle(connection, id, sale.taken, sale.settled_generation).await?;
    }
    stock::log_settled(connection, &plan).await?;
    Ok(Settled::Done(plan.tally))
}
