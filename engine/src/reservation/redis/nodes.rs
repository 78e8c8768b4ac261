//! The Redis servers of the desk, and which of them serves a key.
//!
//! A server is asked by its own connections, each of which knows the run id it leads to; nothing is ever
//! redirected or repeated on the way. A cluster's map of slots is read again after any doubt, so that a
//! redirection shows as what it is to an open sale: another desk.

use super::RedisDeskSettings;
use super::address::{self, Address};
use super::connection::{Connector, Slot};
use crate::fault::{Fault, System};
use crate::reservation::reply::Raw;
use ::redis::Pipeline;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// A map of slots younger than this is believed in spite of a doubt: a cluster takes its time to agree,
/// and is not to be flooded with questions meanwhile.
const BELIEVED_FOR: Duration = Duration::from_millis(200);

const READING: &str = "reading the cluster's map of slots";

/// One server and the connections to it.
pub(super) struct Node {
    /// Host and port, where it is one of several.
    pub(super) host: String,
    pub(super) connector: Connector,
    slots: Vec<Slot>,
    next: AtomicUsize,
}

impl Node {
    fn new(host: String, connector: Connector, connections: usize, doubt: &Arc<AtomicBool>) -> Arc<Self> {
        let slots = (0..connections).map(|_| Slot::new(doubt.clone())).collect();
        Arc::new(Self { host, connector, slots, next: AtomicUsize::new(0) })
    }

    /// The connection whose turn it is.
    pub(super) fn slot(&self) -> &Slot {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        &self.slots[turn % self.slots.len()]
    }
}

/// All servers.
pub(super) enum Nodes {
    /// There is one at a time.
    One(Arc<Node>),
    /// Several, each for some slots.
    Many(Box<Cluster>),
}

impl Nodes {
    /// Prepares to connect; connections are made by the calls that need them.
    pub(super) fn new(url: &str, settings: &RedisDeskSettings) -> Result<Self, Fault> {
        Ok(match Address::parse(url)? {
            Address::Cluster { seeds, account } => Self::Many(Box::new(Cluster {
                settings: settings.clone(),
                seeds,
                account,
                nodes: Mutex::default(),
                map: Mutex::default(),
                reading: tokio::sync::Mutex::default(),
                doubt: Arc::default(),
            })),
            address => {
                let connector = Connector::new(address, settings)?;
                Self::One(Node::new(String::new(), connector, settings.connections, &Arc::default()))
            }
        })
    }

    /// The server that a key lives on.
    pub(super) async fn of(&self, key: &str) -> Result<Arc<Node>, Fault> {
        match self {
            Self::One(node) => Ok(node.clone()),
            Self::Many(cluster) => cluster.of(address::hash_slot(key.as_bytes())).await,
        }
    }

    /// Every server that keys live on.
    pub(super) async fn all(&self) -> Result<Vec<Arc<Node>>, Fault> {
        match self {
            Self::One(node) => Ok(vec![node.clone()]),
            Self::Many(cluster) => cluster.all().await,
        }
    }
}

/// A Redis Cluster.
pub(super) struct Cluster {
    settings: RedisDeskSettings,
    seeds: Vec<String>,
    account: String,
    nodes: Mutex<HashMap<String, Arc<Node>>>,
    map: Mutex<Map>,
    /// Held while the map is read, so that those who need it wait for one and the same.
    reading: tokio::sync::Mutex<()>,
    /// Set by whoever had to give up a connection.
    doubt: Arc<AtomicBool>,
}

#[derive(Default)]
struct Map {
    ranges: Vec<Range>,
    read_at: Option<Instant>,
}

/// Slots from one to another, both included, and the host and port of their primary.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Range {
    first: u16,
    last: u16,
    host: String,
}

impl Cluster {
    async fn of(&self, slot: u16) -> Result<Arc<Node>, Fault> {
        self.read_if_in_doubt().await?;
        let host = {
            let map = self.map();
            map.ranges
                .iter()
                .find(|range| (range.first..=range.last).contains(&slot))
                .map(|range| range.host.clone())
        };
        match host {
            Some(host) => self.node(&host),
            None => {
                self.doubt.store(true, Ordering::Relaxed);
                Err(Fault::none(System::Desk, READING, format!("nobody serves slot {slot}")))
            }
        }
    }

    async fn all(&self) -> Result<Vec<Arc<Node>>, Fault> {
        self.read_if_in_doubt().await?;
        let mut hosts: Vec<String> = self.map().ranges.iter().map(|range| range.host.clone()).collect();
        hosts.sort();
        hosts.dedup();
        hosts.iter().map(|host| self.node(host)).collect()
    }

    async fn read_if_in_doubt(&self) -> Result<(), Fault> {
        if !self.is_due() {
            return Ok(());
        }
        let _alone = self.reading.lock().await;
        if !self.is_due() {
            return Ok(());
        }
        self.doubt.store(false, Ordering::Relaxed);
        // Those that served last know best; the seeds are for the first time, and when all of them moved.
        let mut hosts: Vec<String> = self.map().ranges.iter().map(|range| range.host.clone()).collect();
        hosts.extend(self.seeds.iter().cloned());
        let mut asked = Vec::new();
        let mut last = Fault::none(System::Desk, READING, "there is nobody to ask");
        for host in hosts {
            if asked.contains(&host) {
                continue;
            }
            match self.ask(&host).await {
                Ok(ranges) => {
                    // Whoever is left in nobody's range has no connection of ours any more.
                    self.nodes().retain(|host, _| ranges.iter().any(|range| range.host == *host));
                    *self.map() = Map { ranges, read_at: Some(Instant::now()) };
                    return Ok(());
                }
                Err(fault) => last = fault,
            }
            asked.push(host);
        }
        self.doubt.store(true, Ordering::Relaxed);
        Err(last)
    }

    fn is_due(&self) -> bool {
        let read_at = self.map().read_at;
        match read_at {
            None => true,
            Some(at) => self.doubt.load(Ordering::Relaxed) && at.elapsed() > BELIEVED_FOR,
        }
    }

    async fn ask(&self, host: &str) -> Result<Vec<Range>, Fault> {
        let node = self.node(host)?;
        let slot = node.slot();
        let connection = slot.connection(&node.connector).await?;
        let mut question = Pipeline::with_capacity(1);
        question.cmd("CLUSTER").arg("SLOTS");
        let [answer] = slot.ask(&connection, &question, READING).await?;
        let ranges = ranges(answer, host).filter(|ranges| !ranges.is_empty());
        ranges.ok_or_else(|| Fault::none(System::Desk, READING, format!("{host} knows no slots")))
    }

    fn node(&self, host: &str) -> Result<Arc<Node>, Fault> {
        if let Some(node) = self.nodes().get(host) {
            return Ok(node.clone());
        }
        let url = address::url(&self.account, host, "0");
        let connector = Connector::new(Address::Single(url), &self.settings)?;
        let node = Node::new(host.to_owned(), connector, self.settings.connections, &self.doubt);
        Ok(self.nodes().entry(host.to_owned()).or_insert(node).clone())
    }

    fn map(&self) -> MutexGuard<'_, Map> {
        self.map.lock().expect("nothing panics while it holds the map")
    }

    fn nodes(&self) -> MutexGuard<'_, HashMap<String, Arc<Node>>> {
        self.nodes.lock().expect("nothing panics while it holds the servers")
    }
}

/// What `CLUSTER SLOTS` answers, asked at `asked`: per range first and last slot, then the primary, then its
/// replicas; each with host, port and more. A server may leave out the host it was asked at.
fn ranges(answer: Raw, asked: &str) -> Option<Vec<Range>> {
    let Raw::List(entries) = answer else { return None };
    let own = asked.rsplit_once(':').map_or(asked, |(host, _)| host);
    let range = |entry: Raw| {
        let Raw::List(entry) = entry else { return None };
        let [Raw::Int(first), Raw::Int(last), Raw::List(primary), ..] = &*entry else { return None };
        let [host, Raw::Int(port), ..] = &**primary else { return None };
        let host = match host {
            Raw::Bytes(host) if !host.is_empty() => std::str::from_utf8(host).ok()?,
            Raw::Bytes(_) | Raw::Nil => own,
            Raw::Int(_) | Raw::List(_) => return None,
        };
        let (first, last) = (u16::try_from(*first).ok()?, u16::try_from(*last).ok()?);
        Some(Range { first, last, host: format!("{host}:{port}") })
    };
    entries.into_iter().map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_read_and_a_left_out_host_is_the_one_that_was_asked() {
        let node = |host: Raw, port| Raw::List(vec![host, Raw::Int(port), Raw::Bytes(b"id".to_vec())]);
        let entry = |first, last, primary| {
            Raw::List(vec![Raw::Int(first), Raw::Int(last), primary, node(Raw::Bytes(b"r".to_vec()), 9)])
        };
        let answer = Raw::List(vec![
            entry(0, 99, node(Raw::Bytes(b"a".to_vec()), 1)),
            entry(100, 16_383, node(Raw::Nil, 2)),
        ]);
        let range = |first, last, host: &str| Range { first, last, host: host.to_owned() };
        assert_eq!(ranges(answer, "h:7").unwrap(), [range(0, 99, "a:1"), range(100, 16_383, "h:2")]);
        assert_eq!(ranges(Raw::Nil, "h:7"), None);
        assert_eq!(ranges(Raw::List(vec![Raw::Nil]), "h:7"), None);
    }
}
