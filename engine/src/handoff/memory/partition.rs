//! One partition: bytes by offset.

use crate::handoff::Logged;
use contract::record::Record;
use std::collections::VecDeque;

/// The records from `start` on.
#[derive(Clone, Debug, Default)]
pub(super) struct Partition {
    start: i64,
    records: VecDeque<Vec<u8>>,
}

impl Partition {
    pub(super) fn bounds(&self) -> (i64, i64) {
        (self.start, self.start + self.records.len() as i64)
    }

    pub(super) fn append(&mut self, bytes: Vec<u8>) -> i64 {
        self.records.push_back(bytes);
        self.bounds().1 - 1
    }

    pub(super) fn bytes(&self, offset: i64) -> Option<&[u8]> {
        let index = usize::try_from(offset - self.start).ok()?;
        self.records.get(index).map(Vec::as_slice)
    }

    /// At most `max` records from `offset` on; `None` when it is out of range.
    pub(super) fn read(&self, offset: i64, max: usize) -> Option<Vec<Logged>> {
        let (start, end) = self.bounds();
        if offset < start || offset > end {
            return None;
        }
        let logged = |offset| {
            let bytes = self.bytes(offset)?.to_vec();
            let record = Record::decode(&bytes);
            Some(Logged { offset, bytes, record })
        };
        (offset..end).take(max).map(logged).collect()
    }

    pub(super) fn lose_tail(&mut self, end: i64) {
        let kept = usize::try_from(end - self.start).unwrap_or(0);
        self.records.truncate(kept);
    }

    pub(super) fn forget_before(&mut self, start: i64) {
        let (first, end) = self.bounds();
        let start = start.clamp(first, end);
        self.records.drain(..(start - first) as usize);
        self.start = start;
    }
}
