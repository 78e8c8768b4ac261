//! What is read from Redis besides the desk: settings that forbid a sale, and the revocation feed.

use super::connection::{Connection, Slot, info_line};
use crate::fault::{Fault, System};
use crate::reservation::reply::{Raw, Unreadable};
use ::redis::{Pipeline, Value};

const OLDEST_MAJOR: u32 = 7;

/// What about this Redis forbids opening a sale.
pub(super) async fn unfit(slot: &Slot, connection: &Connection, single: bool) -> Result<Vec<String>, Fault> {
    let mut info = Pipeline::with_capacity(1);
    info.cmd("INFO").arg("server");
    let [info] = slot.ask(connection, &info, "reading the version of the desk").await?;
    let version = match &info {
        Raw::Bytes(text) => info_line(text, "redis_version").unwrap_or_default(),
        _ => String::new(),
    };
    let mut words: Vec<String> = old_version(&version).into_iter().collect();

    // Each with what it must be and why.
    let always: &[(&str, &str, &str)] = &[
        ("maxmemory-policy", "noeviction", "any other policy may evict the stock itself"),
        ("appendonly", "yes", "without it a restart forgets every reservation"),
    ];
    let of_a_single_one: &[(&str, &str, &str)] = &[
        ("appendfsync", "always", "a single Redis that replies before its fsync loses accepted orders"),
        ("no-appendfsync-on-rewrite", "no", "yes skips the fsync during a rewrite, even under always"),
    ];
    for (name, wanted, why) in always.iter().chain(if single { of_a_single_one } else { &[] }) {
        let mut ask = Pipeline::with_capacity(1);
        ask.cmd("CONFIG").arg("GET").arg(name);
        // A user of Redis that may not read it is told so in words: it cannot be repaired by retrying.
        match connection.send(&ask).await {
            Ok(replies) => words.extend(violation(name, wanted, why, &replies)),
            Err(error) => {
                slot.drop_connection(connection);
                return Err(Fault::none(System::Desk, "reading a setting of the desk", error));
            }
        }
    }
    Ok(words)
}

fn old_version(version: &str) -> Option<String> {
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    major.is_none_or(|major| major < OLDEST_MAJOR).then(|| {
        format!("redis_version is {version:?} and must be at least {OLDEST_MAJOR}.0: older ones replicate scripts by their text.")
    })
}

fn violation(name: &str, wanted: &str, why: &str, replies: &[Value]) -> Option<String> {
    let is = match replies {
        [Value::ServerError(error)] => format!("cannot be read ({error})"),
        [Value::Array(pair)] => match &**pair {
            [_, Value::BulkString(value)] if value == wanted.as_bytes() => return None,
            [_, Value::BulkString(value)] => format!("is {:?}", String::from_utf8_lossy(value)),
            _ => "is unknown to this Redis".to_owned(),
        },
        _ => "cannot be read".to_owned(),
    };
    Some(format!("{name} {is} and must be {wanted:?}: {why}."))
}

/// Session ids of the feed's entries, and the id of the last one.
pub(super) fn revocations(entries: Raw) -> Result<(Vec<String>, Option<String>), Unreadable> {
    let broken = Unreadable::Shape("a revocation");
    let Raw::List(entries) = entries else { return Err(broken) };
    let mut last = None;
    let mut sids = Vec::with_capacity(entries.len());
    for entry in entries {
        let Raw::List(entry) = entry else { return Err(broken) };
        let [Raw::Bytes(id), Raw::List(fields)] = &*entry else { return Err(broken) };
        let [Raw::Bytes(name), Raw::Bytes(sid), ..] = &**fields else { return Err(broken) };
        if name != b"sid" {
            return Err(broken);
        }
        sids.push(String::from_utf8_lossy(sid).into_owned());
        last = Some(String::from_utf8_lossy(id).into_owned());
    }
    Ok((sids, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_names_the_setting() {
        let bulk = |text: &str| Value::BulkString(text.into());
        let reply = |value: &str| [Value::Array(vec![bulk("appendonly"), bulk(value)])];
        assert_eq!(violation("appendonly", "yes", "why", &reply("yes")), None);
        let text = violation("appendonly", "yes", "why", &reply("no")).unwrap();
        assert_eq!(text, "appendonly is \"no\" and must be \"yes\": why.");
        assert!(violation("appendonly", "yes", "why", &[Value::Array(vec![])]).is_some());
    }

    #[test]
    fn versions_before_seven_are_old() {
        assert!(old_version("6.2.14").is_some());
        assert!(old_version("").is_some());
        assert_eq!(old_version("7.0.15"), None);
        assert_eq!(old_version("10.0"), None);
    }
}
