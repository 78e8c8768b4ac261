//! Reads one partition with a client and a thread of its own.
//!
//! Deliberately absent: carrying on after a fault. A reader that met one repeats it; its user opens
//! another at his position and so gets to compare what stands there after every lost connection.

use super::dial::{Dial, Line, concerns_only_the_group, is_out_of_range};
use crate::fault::{Fault, System};
use crate::handoff::{LogReader, Logged, Read};
use contract::record::Record;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::Message as _;
use rdkafka::topic_partition_list::Offset;
use std::io;
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

// Records read ahead. With the largest records 18 MB, with ordinary ones less than 1.
const AHEAD: usize = 128;
// How long connecting may take before it is a fault.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
// How late the thread notices that its reader was dropped.
const POLL: Duration = Duration::from_millis(100);

type Step = Result<Logged, End>;

/// Reads one partition of the order log.
pub struct KafkaReader {
    steps: mpsc::Receiver<Step>,
    end: Option<End>,
}

// Why no record follows.
#[derive(Clone, Debug)]
enum End {
    OutOfRange,
    Failed(String),
}

impl KafkaReader {
    /// Starts reading; trouble with the broker is told by the first `next`.
    pub(super) fn open(dial: Dial, partition: i32, offset: i64) -> io::Result<Self> {
        let (ahead, steps) = mpsc::channel(AHEAD);
        thread::Builder::new().name(format!("log-read-{partition}")).spawn(move || {
            let end = match read(&dial, partition, offset, &ahead) {
                Ok(end) => end,
                Err(error) => End::Failed(error.to_string()),
            };
            // Nobody may be there to hear it.
            let _ = ahead.blocking_send(Err(end));
        })?;
        Ok(Self { steps, end: None })
    }

    fn ended(&self) -> Option<Result<Read, Fault>> {
        let fault = |why: &str| Fault::none(System::Log, "reading the order log", why.to_owned());
        self.end.as_ref().map(|end| match end {
            End::OutOfRange => Ok(Read::OutOfRange),
            End::Failed(why) => Err(fault(why)),
        })
    }
}

impl LogReader for KafkaReader {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Read, Fault> {
        if let Some(ended) = self.ended() {
            return ended;
        }
        let mut records = Vec::new();
        let mut step = match timeout(wait, self.steps.recv()).await {
            Ok(step) => step.or(Some(Err(End::Failed("the reading thread has ended".into())))),
            Err(_) => None,
        };
        // From here on nothing waits, so nothing can be lost by cancelling.
        while let Some(taken) = step {
            match taken {
                Ok(record) => records.push(record),
                Err(end) => self.end = Some(end),
            }
            step = (records.len() < max && self.end.is_none()).then(|| self.steps.try_recv().ok()).flatten();
        }
        match self.ended() {
            // What was read before the end comes first.
            Some(ended) if records.is_empty() => ended,
            _ => Ok(Read::Records(records)),
        }
    }
}

fn read(dial: &Dial, partition: i32, offset: i64, ahead: &mpsc::Sender<Step>) -> KafkaResult<End> {
    let line = Line::default();
    let consumer = dial.reader(line.clone())?;
    // Connects, so that trouble on the way there is not taken for a connection lost later.
    let (start, end) = consumer.fetch_watermarks(&dial.orders, partition, CONNECT_WITHIN)?;
    if offset < start || offset > end {
        return Ok(End::OutOfRange);
    }
    let breaks = line.breaks();
    let mut from = TopicPartitionList::new();
    from.add_partition_offset(&dial.orders, partition, Offset::Offset(offset))?;
    consumer.assign(&from)?;
    while !ahead.is_closed() {
        let polled = consumer.poll(POLL);
        if line.breaks() != breaks {
            return Ok(End::Failed("the connection to the broker was lost".into()));
        }
        match polled {
            None => {}
            Some(Ok(message)) => {
                let bytes = message.payload().unwrap_or_default().to_vec();
                let record = Record::decode(&bytes);
                // Waits while the reader is behind; an error says that it was dropped.
                let appended_at_ms = message.timestamp().to_millis().unwrap_or_default();
                let logged = Logged { offset: message.offset(), appended_at_ms, bytes, record };
                if ahead.blocking_send(Ok(logged)).is_err() {
                    break;
                }
            }
            Some(Err(error)) if concerns_only_the_group(&error) => {}
            Some(Err(error)) if is_out_of_range(&error) => return Ok(End::OutOfRange),
            Some(Err(error)) => return Err(error),
        }
    }
    Err(KafkaError::Canceled)
}
