//! One partition: bytes by offset.

use crate::handoff::Logged;
use contract::record::Record;
use std::collections::VecDeque;

/// The records from `start` on.
#[derive(Clone, Debug, Default)]
pub(super) struct Partition {
    start: i64,
    // With the number of their append, which is their time here: none passes between two of them.
    records: VecDeque<(i64, Vec<u8>)>,
    appended: i64,
}

impl Partition {
    pub(super) fn bounds(&self) -> (i64, i64) {
        (self.start, self.start + self.records.len() as i64)
    }

    pub(super) fn append(&mut self, bytes: Vec<u8>) -> i64 {
        self.appended += 1;
        self.records.push_back((self.appended, bytes));
        self.bounds().1 - 1
    }

    fn at(&self, offset: i64) -> Option<&(i64, Vec<u8>)> {
        self.records.get(usize::try_from(offset - self.start).ok()?)
    }

    pub(super) fn bytes(&self, offset: i64) -> Option<&[u8]> {
        self.at(offset).map(|(_, bytes)| bytes.as_slice())
    }

    /// At most `max` records from `offset` on; `None` when it is out of range.
    pub(super) fn read(&self, offset: i64, max: usize) -> Option<Vec<Logged>> {
        let (start, end) = self.bounds();
        if offset < start || offset > end {
            return None;
        }
        let logged = |offset| {
            let (appended_at_ms, bytes) = self.at(offset)?.clone();
            let record = Record::decode(&bytes);
            Some(Logged { offset, appended_at_ms, bytes, record })
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
