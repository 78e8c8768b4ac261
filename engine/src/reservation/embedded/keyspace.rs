//! Keys in memory: hashes and streams, with the rules of Redis about types and missing keys.
//!
//! Values stand behind reference counts, so that a snapshot costs nothing until one side writes.
//! Deliberately absent: strings, expiry, and every command no script of ours uses.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

type Bytes = Vec<u8>;

/// A refusal, worded as Redis words it.
pub(super) type Refusal = String;

#[derive(Clone, Debug, Default)]
pub(super) struct Keyspace {
    keys: HashMap<Bytes, Value>,
}

#[derive(Clone, Debug)]
enum Value {
    Hash(Arc<HashMap<Bytes, Bytes>>),
    Stream(Arc<Stream>),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Stream {
    entries: BTreeMap<StreamId, Vec<Bytes>>,
    last: StreamId,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StreamId(u64, u64);

impl StreamId {
    /// `milliseconds-sequence`; the sequence may be left out, as in "5" for "5-0".
    pub(super) fn parse(text: &[u8]) -> Result<Self, Refusal> {
        let invalid = || "ERR Invalid stream ID specified as stream command argument".to_owned();
        let text = std::str::from_utf8(text).map_err(|_| invalid())?;
        let (first, second) = text.split_once('-').unwrap_or((text, "0"));
        Ok(Self(first.parse().map_err(|_| invalid())?, second.parse().map_err(|_| invalid())?))
    }
}

impl std::fmt::Display for StreamId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}

fn wrong_type() -> Refusal {
    "WRONGTYPE Operation against a key holding the wrong kind of value".to_owned()
}

impl Keyspace {
    pub(super) fn exists(&self, key: &[u8]) -> bool {
        self.keys.contains_key(key)
    }

    pub(super) fn del(&mut self, key: &[u8]) -> bool {
        self.keys.remove(key).is_some()
    }

    pub(super) fn hash(&self, key: &[u8]) -> Result<Option<&HashMap<Bytes, Bytes>>, Refusal> {
        match self.keys.get(key) {
            None => Ok(None),
            Some(Value::Hash(hash)) => Ok(Some(hash)),
            Some(Value::Stream(_)) => Err(wrong_type()),
        }
    }

    fn hash_mut(&mut self, key: &[u8]) -> Result<&mut HashMap<Bytes, Bytes>, Refusal> {
        match self.keys.entry(key.to_vec()).or_insert_with(|| Value::Hash(Arc::default())) {
            Value::Hash(hash) => Ok(Arc::make_mut(hash)),
            Value::Stream(_) => Err(wrong_type()),
        }
    }

    /// True when the field is new.
    pub(super) fn hset(&mut self, key: &[u8], field: Bytes, value: Bytes) -> Result<bool, Refusal> {
        Ok(self.hash_mut(key)?.insert(field, value).is_none())
    }

    /// How many fields there were; a hash without fields does not exist.
    pub(super) fn hdel(&mut self, key: &[u8], fields: &[Bytes]) -> Result<i64, Refusal> {
        if self.hash(key)?.is_none() {
            return Ok(0);
        }
        let hash = self.hash_mut(key)?;
        let gone = fields.iter().filter(|field| hash.remove(*field).is_some()).count();
        if hash.is_empty() {
            self.keys.remove(key);
        }
        Ok(gone as i64)
    }

    pub(super) fn hincrby(&mut self, key: &[u8], field: &[u8], by: i64) -> Result<i64, Refusal> {
        let held = self.hash(key)?.and_then(|hash| hash.get(field));
        let held: i64 = match held {
            None => 0,
            Some(text) => whole(text).ok_or("ERR hash value is not an integer")?,
        };
        let sum = held.checked_add(by).ok_or("ERR increment or decrement would overflow")?;
        self.hset(key, field.to_vec(), sum.to_string().into_bytes())?;
        Ok(sum)
    }

    fn stream(&self, key: &[u8]) -> Result<Option<&Stream>, Refusal> {
        match self.keys.get(key) {
            None => Ok(None),
            Some(Value::Stream(stream)) => Ok(Some(stream)),
            Some(Value::Hash(_)) => Err(wrong_type()),
        }
    }

    /// Appends an entry under an id that must be greater than every id before.
    pub(super) fn xadd(&mut self, key: &[u8], id: StreamId, fields: Vec<Bytes>) -> Result<(), Refusal> {
        if id <= self.stream(key)?.map_or(StreamId::default(), |stream| stream.last) {
            return Err(
                "ERR The ID specified in XADD is equal or smaller than the target stream top item".into()
            );
        }
        match self.keys.entry(key.to_vec()).or_insert_with(|| Value::Stream(Arc::default())) {
            Value::Hash(_) => Err(wrong_type()),
            Value::Stream(stream) => {
                let stream = Arc::make_mut(stream);
                stream.last = id;
                stream.entries.insert(id, fields);
                Ok(())
            }
        }
    }

    pub(super) fn xdel(&mut self, key: &[u8], ids: &[StreamId]) -> Result<i64, Refusal> {
        match self.keys.get_mut(key) {
            None => Ok(0),
            Some(Value::Hash(_)) => Err(wrong_type()),
            Some(Value::Stream(stream)) => {
                let stream = Arc::make_mut(stream);
                Ok(ids.iter().filter(|id| stream.entries.remove(id).is_some()).count() as i64)
            }
        }
    }

    pub(super) fn xlen(&self, key: &[u8]) -> Result<i64, Refusal> {
        Ok(self.stream(key)?.map_or(0, |stream| stream.entries.len() as i64))
    }

    /// Entries from the oldest on, at most `count`.
    pub(super) fn xrange(
        &self,
        key: &[u8],
        from: Bound<StreamId>,
        to: Bound<StreamId>,
        count: usize,
    ) -> Result<Vec<(StreamId, &[Bytes])>, Refusal> {
        let Some(stream) = self.stream(key)? else { return Ok(Vec::new()) };
        // A range that ends before it begins is empty for Redis and a panic for the map.
        if let (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to)) = (from, to)
            && from > to
        {
            return Ok(Vec::new());
        }
        let entries = stream.entries.range((from, to)).take(count);
        Ok(entries.map(|(id, fields)| (*id, &**fields)).collect())
    }
}

/// A whole number as Redis reads one: no blanks, no sign but a minus.
pub(super) fn whole(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    if text.starts_with('+') { None } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> StreamId {
        StreamId::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_stream_outlives_its_last_entry_and_ids_only_grow() {
        let mut keys = Keyspace::default();
        assert!(keys.xadd(b"s", id("0-0"), vec![]).is_err());
        assert!(!keys.exists(b"s"), "a refused entry creates no stream");
        keys.xadd(b"s", id("3-1"), vec![]).unwrap();
        assert_eq!(keys.xdel(b"s", &[id("3-1"), id("3-1")]), Ok(1));
        assert!(keys.exists(b"s"));
        assert!(keys.xadd(b"s", id("3-1"), vec![]).is_err());
        assert!(keys.xadd(b"s", id("3-2"), vec![]).is_ok());
    }

    #[test]
    fn a_hash_ends_with_its_last_field() {
        let mut keys = Keyspace::default();
        keys.hset(b"h", b"a".to_vec(), b"7".to_vec()).unwrap();
        assert_eq!(keys.hincrby(b"h", b"a", -9), Ok(-2));
        assert_eq!(keys.hdel(b"h", &[b"a".to_vec(), b"b".to_vec()]), Ok(1));
        assert!(!keys.exists(b"h"));
    }

    #[test]
    fn wrong_types_are_refused_before_anything_changes() {
        let mut keys = Keyspace::default();
        keys.hset(b"h", b"a".to_vec(), b"x".to_vec()).unwrap();
        keys.xadd(b"s", id("1-1"), vec![]).unwrap();
        assert!(keys.hincrby(b"h", b"a", 1).is_err());
        assert!(keys.xadd(b"h", id("1-1"), vec![]).is_err());
        assert!(keys.xlen(b"h").is_err());
        assert!(keys.hset(b"s", vec![], vec![]).is_err());
        assert!(keys.hdel(b"s", &[]).is_err());
    }

    #[test]
    fn a_snapshot_does_not_see_later_writes() {
        let mut keys = Keyspace::default();
        keys.hset(b"h", b"a".to_vec(), b"1".to_vec()).unwrap();
        let saved = keys.clone();
        keys.hset(b"h", b"a".to_vec(), b"2".to_vec()).unwrap();
        assert_eq!(saved.hash(b"h").unwrap().unwrap()[b"a".as_slice()], b"1");
    }

    #[test]
    fn ranges_respect_both_ends_and_the_count() {
        let mut keys = Keyspace::default();
        for text in ["1-1", "1-2", "2-1"] {
            keys.xadd(b"s", id(text), vec![]).unwrap();
        }
        let ids = |from, to, count| -> Vec<String> {
            keys.xrange(b"s", from, to, count).unwrap().iter().map(|(id, _)| id.to_string()).collect()
        };
        assert_eq!(ids(Bound::Excluded(id("1-1")), Bound::Unbounded, 9), ["1-2", "2-1"]);
        assert_eq!(ids(Bound::Included(id("1-1")), Bound::Included(id("1-2")), 1), ["1-1"]);
        assert!(ids(Bound::Excluded(id("2-1")), Bound::Included(id("1-1")), 9).is_empty());
        assert!(ids(Bound::Excluded(id("1-1")), Bound::Included(id("1-1")), 9).is_empty());
    }
}
