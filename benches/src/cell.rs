//! One cell: the same number of connections, driven for a while, with the CPU time its processes used.

use crate::callers::Script;
use crate::host;
use anyhow::{Result, ensure};
use loadtest::native::{Connections, Driven, Pace};
use std::net::SocketAddr;
use std::time::Duration;

/// What a cell came to.
pub(crate) struct Cell {
    pub(crate) driven: Driven,
    pub(crate) cpu: Duration,
    /// What callers kept of answers, with the number of the request.
    pub(crate) kept: Vec<(usize, Vec<u8>)>,
}

impl Cell {
    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        self.driven.rate()
    }

    /// CPU time per answer in µs.
    pub(crate) fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.driven.total().max(1) as f64
    }
}

/// Drives the script closed over so many connections, watching these processes. Every answer has to have
/// the expected status.
pub(crate) async fn closed(
    address: SocketAddr,
    connections: usize,
    within: Duration,
    script: &Script,
    expected: u16,
    watched: &[u32],
) -> Result<Cell> {
    let connections = Connections::open(address, connections).await?;
    let callers = (0..connections.count()).map(|_| script.caller()).collect();
    let before = host::cpu(watched)?;
    let (driven, callers) = connections.drive(Pace::Closed, within, callers).await?;
    let cpu = host::cpu(watched)? - before;
    let kept: Vec<_> = callers.into_iter().flat_map(|caller| caller.kept).collect();
    ensure!(
        driven.lost == 0 && driven.count(expected) == driven.total() && driven.total() > 0,
        "{}: wanted {expected} only, got {:?} and {} lost",
        script.name,
        driven.answers,
        driven.lost
    );
    Ok(Cell { driven, cpu, kept })
}
