//! Whether the log still holds what was settled.

use super::Witness;
use super::plan::mark;
use crate::fault::{Fault, System};
use crate::handoff::{Log, LogReader, Read};
use std::time::Duration;

/// Longest wait for the record.
const WAIT: Duration = Duration::from_secs(2);

/// Whether the newest settled record still stands where it stood. If not, the log lost its tail, and may have
/// been written on: what follows the position is not what followed it. A record that retention took says
/// nothing against it.
pub async fn stands<L: Log>(log: &L, partition: u32, witness: Option<Witness>) -> Result<bool, Fault> {
    let Some((offset, nonce)) = witness else { return Ok(true) };
    let (first, end) = log.bounds(partition).await?;
    if offset < first {
        return Ok(true);
    }
    if offset >= end {
        return Ok(false);
    }
    let mut reader = log.read_from(partition, offset).await?;
    match reader.next(1, WAIT).await? {
        Read::Records(records) => match records.first() {
            Some(logged) => Ok(logged.offset == offset && mark(logged) == Some(nonce)),
            // That says nothing yet: whoever asks, asks again.
            None => Err(Fault::none(System::Log, "looking for the witness", "it did not come in time")),
        },
        Read::OutOfRange => Ok(false),
    }
}
