//! What the control topic says, followed by a thread of its own from its first record to its end.
//!
//! Keys: `identity-<hex>` for the records that name the log, `<sale>-<generation>` for announcements.
//! Every fact has a key of its own, so that compaction only ever removes repetitions: neither the first
//! name, which counts, nor the newest generation when an older one was announced after it.

use super::dial::{Dial, Line, concerns_only_the_group};
use contract::ids::{Generation, SaleId};
use contract::record::Record;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaResult;
use rdkafka::message::Message as _;
use rdkafka::topic_partition_list::Offset;
use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tracing::{debug, error};

/// How the key of a record that names the log begins.
pub(super) const IDENTITY_KEY: &str = "identity-";

// How long connecting may take before it is tried anew.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
// Between two attempts, so that an outage is not answered with a storm of connections.
const PAUSE: Duration = Duration::from_millis(100);
// How late a lost connection or the end of the log is noticed; records wake the thread at once.
const POLL: Duration = Duration::from_millis(50);

/// What the control topic says.
pub(super) struct Control {
    known: Mutex<Known>,
    progress: Condvar,
    line: Line,
    stopped: AtomicBool,
    // Whether somebody was told that this log cannot be trusted any more: it stays so.
    told: AtomicBool,
}

#[derive(Default)]
struct Known {
    // Never goes back: a generation that was announced once has begun, even if the log forgot it.
    newest: HashMap<SaleId, Generation>,
    // The first that was read.
    identity: Option<Arc<str>>,
    reading: Option<Reading>,
}

// One pass over the topic. It ends with the connection: the broker behind the next one may have lost its
// tail, and records that took the lost ones' offsets would be missed by whoever stands behind them.
#[derive(Default)]
struct Reading {
    breaks: u64,
    position: i64,
    identity: Option<Arc<str>>,
    unreadable: Option<i64>,
}

impl Control {
    /// Starts following. `line` is shared with the client that asks for the end, so that a connection
    /// lost by either begins a new reading.
    pub(super) fn follow(dial: Dial, line: Line) -> io::Result<Arc<Self>> {
        let control = Arc::new(Self {
            known: Mutex::default(),
            progress: Condvar::new(),
            line,
            stopped: AtomicBool::new(false),
            told: AtomicBool::new(false),
        });
        let followed = Arc::clone(&control);
        thread::Builder::new().name("log-control".into()).spawn(move || {
            while !followed.stopped.load(Ordering::Relaxed) {
                if let Err(error) = followed.read(&dial) {
                    debug!(kafka.error = %error, "reading the control topic failed and begins anew");
                }
                thread::park_timeout(PAUSE);
            }
        })?;
        Ok(control)
    }

    /// Ends the thread.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// The name of the log, once it was read.
    pub(super) fn identity(&self) -> Option<Arc<str>> {
        self.known().identity.clone()
    }

    /// The newest generation read so far.
    pub(super) fn newest(&self, sale: SaleId) -> Generation {
        self.known().newest.get(&sale).copied().unwrap_or_default()
    }

    /// Waits until everything before `end` was read on connections that still stand.
    pub(super) fn caught_up(&self, start: i64, end: i64, deadline: Instant) -> Result<(), String> {
        let mut known = self.known();
        loop {
            if let Some(reading) = &known.reading
                && reading.breaks == self.line.breaks()
                && (reading.position >= end || start >= end)
            {
                return known.complaint().map_or(Ok(()), |complaint| {
                    if !self.told.swap(true, Ordering::Relaxed) {
                        error!("nothing is promised or settled, and nothing promised is lost: {complaint}");
                    }
                    Err(complaint)
                });
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!("the control topic was not read to its end, {end}, in time"));
            }
            known = self.progress.wait_timeout(known, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn read(&self, dial: &Dial) -> KafkaResult<()> {
        let consumer = dial.reader(self.line.clone())?;
        // Connects, so that trouble on the way there does not end the reading that follows.
        consumer.fetch_watermarks(&dial.control, 0, CONNECT_WITHIN)?;
        let breaks = self.line.breaks();
        self.known().reading = Some(Reading { breaks, ..Reading::default() });
        let mut from_the_start = TopicPartitionList::new();
        from_the_start.add_partition_offset(&dial.control, 0, Offset::Beginning)?;
        consumer.assign(&from_the_start)?;
        // Somebody may be waiting for the end of an empty topic.
        self.progress.notify_all();
        while !self.stopped.load(Ordering::Relaxed) && self.line.breaks() == breaks {
            match consumer.poll(POLL) {
                None => {}
                Some(Ok(message)) => {
                    self.known().learn(message.offset(), message.key(), message.payload());
                    self.progress.notify_all();
                }
                Some(Err(error)) if concerns_only_the_group(&error) => {}
                Some(Err(error)) => return Err(error),
            }
        }
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn learn(&mut self, offset: i64, key: Option<&[u8]>, payload: Option<&[u8]>) {
        let Some(reading) = &mut self.reading else { return };
        reading.position = offset + 1;
        let payload = payload.unwrap_or_default();
        if key.is_some_and(|key| key.starts_with(IDENTITY_KEY.as_bytes())) {
            let identity: Arc<str> = String::from_utf8_lossy(payload).into();
            reading.identity.get_or_insert_with(|| Arc::clone(&identity));
            self.identity.get_or_insert(identity);
            return;
        }
        match Record::decode(payload) {
            Ok(Record::Control { sale, generation }) => {
                let newest = self.newest.entry(sale).or_default();
                *newest = generation.max(*newest);
            }
            Ok(_) | Err(_) => {
                error!(log.offset = offset, "control topic holds a record that announces nothing we know");
                reading.unreadable.get_or_insert(offset);
            }
        }
    }

    // Why an end that was reached cannot be trusted.
    fn complaint(&self) -> Option<String> {
        let reading = self.reading.as_ref()?;
        if let Some(offset) = reading.unreadable {
            // It may announce a generation in a way of tomorrow.
            return Some(format!("the control topic holds an unreadable record at offset {offset}"));
        }
        match (&self.identity, &reading.identity) {
            (Some(first), Some(now)) if first != now => Some(format!(
                "the log was {first} and is now {now}: it was made anew. If that was meant, restart the \
                     engines and delete the rows of log_position"
            )),
            (Some(first), None) => Some(format!("the log was {first} and has lost its name")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announced(known: &mut Known, offset: i64, generation: u32) {
        let mut bytes = Vec::new();
        Record::Control { sale: SaleId(7), generation: Generation(generation) }.encode(&mut bytes);
        known.learn(offset, Some(b"7-any"), Some(&bytes));
    }

    fn begun() -> Known {
        Known { reading: Some(Reading::default()), ..Known::default() }
    }

    #[test]
    fn the_newest_generation_counts_even_when_an_older_one_is_announced_later() {
        let mut known = begun();
        announced(&mut known, 0, 5);
        announced(&mut known, 1, 4);
        assert_eq!(known.newest[&SaleId(7)], Generation(5));
        assert_eq!(known.reading.as_ref().map(|reading| reading.position), Some(2));
        assert_eq!(known.complaint(), None);
    }

    #[test]
    fn the_first_name_counts_and_another_or_none_in_a_later_reading_is_a_complaint() {
        let mut known = begun();
        known.learn(0, Some(b"identity-a"), Some(b"a"));
        known.learn(1, Some(b"identity-b"), Some(b"b"));
        assert_eq!(known.identity.as_deref(), Some("a"));
        assert_eq!(known.complaint(), None);

        known.reading = Some(Reading::default());
        assert!(known.complaint().is_some_and(|words| words.contains("lost its name")));
        known.learn(0, Some(b"identity-b"), Some(b"b"));
        assert!(known.complaint().is_some_and(|words| words.contains("made anew")));
        assert_eq!(known.identity.as_deref(), Some("a"));
    }

    #[test]
    fn a_record_nobody_can_read_is_a_complaint() {
        let mut known = begun();
        known.learn(3, Some(b"7-9"), Some(b"\x09"));
        assert!(known.complaint().is_some_and(|words| words.contains("offset 3")));
    }
}
