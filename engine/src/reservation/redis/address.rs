//! Where the desk's Redis is, as one address: a single one, one that Sentinels name, or a cluster.
//!
//! `redis://host:port/db` · `redis+sentinel://[user:password@]host:port,…/service[/db]` ·
//! `redis+cluster://[user:password@]host:port,…`. The account is that of Redis; Sentinels are asked
//! without one.

use crate::fault::{Fault, System};

/// Where Redis is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// Always there.
    Single(String),
    /// Where a majority of Sentinels says that the primary of this name is.
    Sentinel { sentinels: Vec<String>, service: String, account: String, db: String },
    /// Spread over primaries by the hash slot of the key; any of these knows the others.
    Cluster { seeds: Vec<String>, account: String },
}

impl Address {
    /// Reads an address.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let wrong = |why: &str| Fault::none(System::Desk, "reading the address of the desk", why.to_owned());
        let Some((scheme, rest)) = text.split_once("://") else { return Err(wrong("it has no scheme")) };
        if !scheme.starts_with("redis+") {
            return Ok(Self::Single(text.to_owned()));
        }
        let (account, rest) = match rest.rsplit_once('@') {
            Some((account, rest)) => (format!("{account}@"), rest),
            None => (String::new(), rest),
        };
        let mut parts = rest.split('/');
        let hosts: Vec<String> = parts.next().unwrap_or("").split(',').map(str::to_owned).collect();
        if hosts.iter().any(|host| host.rsplit_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_err()))
        {
            return Err(wrong("every host needs a port"));
        }
        let (first, second) = (parts.next().unwrap_or(""), parts.next().unwrap_or("0"));
        match scheme {
            "redis+cluster" if ["", "0"].contains(&first) => Ok(Self::Cluster { seeds: hosts, account }),
            "redis+cluster" => Err(wrong("a cluster has no database but 0")),
            "redis+sentinel" if first.is_empty() => {
                Err(wrong("the name of the Sentinels' service is missing"))
            }
            "redis+sentinel" => Ok(Self::Sentinel {
                sentinels: hosts,
                service: first.to_owned(),
                account,
                db: second.to_owned(),
            }),
            _ => Err(wrong("redis, redis+sentinel and redis+cluster are known")),
        }
    }
}

/// The address of one server.
pub(super) fn url(account: &str, host: &str, db: &str) -> String {
    format!("redis://{account}{host}/{db}")
}

/// The hash slot of a key, as Redis Cluster counts it: of what stands in its first braces, if anything does.
pub(super) fn hash_slot(key: &[u8]) -> u16 {
    let tag = key.iter().position(|byte| *byte == b'{').and_then(|open| {
        let rest = &key[open + 1..];
        let close = rest.iter().position(|byte| *byte == b'}').filter(|close| *close > 0)?;
        Some(&rest[..close])
    });
    crc16(tag.unwrap_or(key)) % SLOTS
}

/// Slots of a cluster.
const SLOTS: u16 = 16_384;

/// CRC-16 of the XMODEM kind.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(
            crc ^ u16::from(*byte) << 8,
            |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_nonsense_refused() {
        assert_eq!(Address::parse("redis://:p@h:1/2").unwrap(), Address::Single("redis://:p@h:1/2".into()));
        assert_eq!(
            Address::parse("redis+cluster://u:p@a:1,b:2").unwrap(),
            Address::Cluster { seeds: vec!["a:1".into(), "b:2".into()], account: "u:p@".into() }
        );
        assert_eq!(
            Address::parse("redis+sentinel://a:26379/mall/3").unwrap(),
            Address::Sentinel {
                sentinels: vec!["a:26379".into()],
                service: "mall".into(),
                account: String::new(),
                db: "3".into(),
            }
        );
        for wrong in
            ["mall", "redis+cluster://a", "redis+cluster://a:1/2", "redis+sentinel://a:1", "redis+x://a:1"]
        {
            assert!(Address::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn slots_are_those_of_redis() {
        // As `CLUSTER KEYSLOT` answers.
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(hash_slot(b"foo"), 12_182);
        assert_eq!(hash_slot(b"mall:{foo}:terms"), 12_182);
        assert_eq!(hash_slot(b"foo{}{bar}"), crc16(b"foo{}{bar}") % SLOTS);
        assert_eq!(hash_slot(b"foo{{bar}}zap"), crc16(b"{bar") % SLOTS);
    }
}
