//! The Redis commands the scripts use, by name, over the keyspace.

use super::keyspace::{Keyspace, Refusal, StreamId, whole};
use crate::reservation::reply::Raw;
use std::ops::Bound;

/// Runs one command as `redis.call` would; `unix_ms` is the time for TIME.
pub(super) fn run(keys: &mut Keyspace, unix_ms: u64, words: Vec<Vec<u8>>) -> Result<Raw, Refusal> {
    let Some((name, arguments)) = words.split_first() else {
        return Err("ERR Please specify at least one argument for this redis.call() call".into());
    };
    let name = String::from_utf8_lossy(name).to_ascii_uppercase();
    match (&*name, arguments) {
        ("TIME", []) => Ok(Raw::List(vec![text(unix_ms / 1000), text(unix_ms % 1000 * 1000)])),
        ("EXISTS", [_, ..]) => count(arguments.iter().filter(|key| keys.exists(key)).count()),
        ("DEL", [_, ..]) => count(arguments.iter().filter(|key| keys.del(key)).count()),
        ("HGET", [key, field]) => Ok(field_of(keys, key, field)?),
        ("HMGET", [key, fields @ ..]) if !fields.is_empty() => {
            fields.iter().map(|field| field_of(keys, key, field)).collect::<Result<_, _>>().map(Raw::List)
        }
        ("HEXISTS", [key, field]) => {
            Ok(Raw::Int(keys.hash(key)?.is_some_and(|hash| hash.contains_key(field)).into()))
        }
        ("HLEN", [key]) => count(keys.hash(key)?.map_or(0, |hash| hash.len())),
        ("HSET", [key, pairs @ ..]) => match pairs.as_chunks::<2>() {
            ([_, ..], []) => hset(keys, key, pairs),
            _ => Err(wrong_number(&name)),
        },
        ("HDEL", [key, fields @ ..]) if !fields.is_empty() => keys.hdel(key, fields).map(Raw::Int),
        ("HINCRBY", [key, field, by]) => keys.hincrby(key, field, integer(by)?).map(Raw::Int),
        ("XADD", [key, id, fields @ ..]) if !fields.is_empty() && fields.len().is_multiple_of(2) => {
            keys.xadd(key, StreamId::parse(id)?, fields.to_vec())?;
            Ok(Raw::Bytes(id.clone()))
        }
        ("XDEL", [key, ids @ ..]) if !ids.is_empty() => {
            let ids: Vec<StreamId> = ids.iter().map(|id| StreamId::parse(id)).collect::<Result<_, _>>()?;
            keys.xdel(key, &ids).map(Raw::Int)
        }
        ("XLEN", [key]) => keys.xlen(key).map(Raw::Int),
        ("XRANGE", [key, from, to]) => xrange(keys, key, from, to, usize::MAX),
        ("XRANGE", [key, from, to, word, limit]) if word.eq_ignore_ascii_case(b"COUNT") => {
            xrange(keys, key, from, to, usize::try_from(integer(limit)?).unwrap_or(0))
        }
        (
            "TIME" | "EXISTS" | "DEL" | "HGET" | "HMGET" | "HEXISTS" | "HLEN" | "HSET" | "HDEL" | "HINCRBY"
            | "XADD" | "XDEL" | "XLEN" | "XRANGE",
            _,
        ) => Err(wrong_number(&name)),
        (unknown, _) => Err(format!("ERR the embedded desk has no command {unknown}")),
    }
}

fn hset(keys: &mut Keyspace, key: &[u8], pairs: &[Vec<u8>]) -> Result<Raw, Refusal> {
    let mut new = 0;
    for [field, value] in pairs.as_chunks::<2>().0 {
        new += i64::from(keys.hset(key, field.clone(), value.clone())?);
    }
    Ok(Raw::Int(new))
}

fn xrange(keys: &Keyspace, key: &[u8], from: &[u8], to: &[u8], limit: usize) -> Result<Raw, Refusal> {
    let from = match from {
        b"-" => Bound::Unbounded,
        [b'(', id @ ..] => Bound::Excluded(StreamId::parse(id)?),
        id => Bound::Included(StreamId::parse(id)?),
    };
    let to = if to == b"+" { Bound::Unbounded } else { Bound::Included(StreamId::parse(to)?) };
    let entry = |(id, fields): (StreamId, &[Vec<u8>])| {
        Raw::List(vec![text(id), Raw::List(fields.iter().cloned().map(Raw::Bytes).collect())])
    };
    Ok(Raw::List(keys.xrange(key, from, to, limit)?.into_iter().map(entry).collect()))
}

fn field_of(keys: &Keyspace, key: &[u8], field: &[u8]) -> Result<Raw, Refusal> {
    Ok(keys.hash(key)?.and_then(|hash| hash.get(field)).map_or(Raw::Nil, |value| Raw::Bytes(value.clone())))
}

fn integer(text: &[u8]) -> Result<i64, Refusal> {
    whole(text).ok_or_else(|| "ERR value is not an integer or out of range".to_owned())
}

fn count(number: usize) -> Result<Raw, Refusal> {
    Ok(Raw::Int(number as i64))
}

fn text(value: impl std::fmt::Display) -> Raw {
    Raw::Bytes(value.to_string().into_bytes())
}

fn wrong_number(name: &str) -> Refusal {
    format!("ERR wrong number of arguments for '{}' command", name.to_lowercase())
}
