//! The books of a sale as two parties tell them: the staff's page and `engine reconcile`.

use crate::settings::Addresses;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use tokio::process::Command;

/// A term of the books: its letter in the design, what it is called for people, and its names in JSON.
#[derive(Debug)]
pub struct Term {
    /// Letter.
    pub letter: &'static str,
    /// Words.
    pub words: &'static str,
    names: &'static [&'static str],
}

/// All terms that are shown. The gap is last.
pub const TERMS: [Term; 10] = [
    term("S", "put on sale", &["put_on_sale", "putOnSale", "S"]),
    term("M", "free in the ledger", &["ledger.free", "free", "M"]),
    term("U", "in unpaid orders", &["unpaid", "U"]),
    term("D", "in paid orders", &["paid", "D"]),
    term("P", "coming back, not booked", &["returning", "P"]),
    term("X", "in dead letters", &["dead", "X"]),
    term("R", "free at the desk", &["desk.free", "desk_free", "deskFree", "free_at_desk", "R"]),
    term("Q", "left the desk, not settled", &["desk.unsettled", "unsettled", "in_flight", "inFlight", "Q"]),
    term("J", "booked, not at the desk", &["booked_back", "bookedBack", "J"]),
    term("", "gap", &["gap"]),
];

const fn term(letter: &'static str, words: &'static str, names: &'static [&'static str]) -> Term {
    Term { letter, words, names }
}

/// One party's figures, in the order of [`TERMS`]; nothing for a term the party does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Books(pub [Option<i64>; TERMS.len()]);

impl Books {
    /// Reads them out of JSON, wherever in it they stand.
    pub fn read(value: &Value) -> Self {
        Self(std::array::from_fn(|at| TERMS[at].names.iter().find_map(|name| find(value, name))))
    }

    /// A figure by letter; the gap is "".
    pub fn get(&self, letter: &str) -> Option<i64> {
        let at = TERMS.iter().position(|term| term.letter == letter)?;
        self.0[at]
    }

    /// Units in live orders.
    pub fn active(&self) -> Option<i64> {
        Some(self.get("U")? + self.get("D")?)
    }

    /// Whether nothing is on its way.
    pub fn at_rest(&self) -> bool {
        ["", "P", "Q", "J"].iter().all(|letter| self.get(letter).unwrap_or(0) == 0)
    }

    /// Terms both know and do not agree on, in words.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let pairs = TERMS.iter().zip(self.0.iter().zip(&other.0));
        pairs
            .filter_map(|(term, (ours, theirs))| {
                let (ours, theirs) = ((*ours)?, (*theirs)?);
                (ours != theirs).then(|| format!("{}: {ours} and {theirs}", term.words))
            })
            .collect()
    }
}

/// A number by name, at the top or deeper; `a.b` is `b` inside of `a`.
fn find(value: &Value, name: &str) -> Option<i64> {
    if let Some((outer, inner)) = name.split_once('.') {
        return find_object(value, outer).and_then(|object| find(object, inner));
    }
    match value {
        Value::Object(members) => members
            .get(name)
            .and_then(Value::as_i64)
            .or_else(|| members.values().find_map(|member| find(member, name))),
        Value::Array(items) => items.iter().find_map(|item| find(item, name)),
        _ => None,
    }
}

fn find_object<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Object(members) => members
            .get(name)
            .filter(|member| member.is_object())
            .or_else(|| members.values().find_map(|member| find_object(member, name))),
        Value::Array(items) => items.iter().find_map(|item| find_object(item, name)),
        _ => None,
    }
}

/// What `engine reconcile` says. It ends with an error when there is a gap, and says which all the same.
pub async fn reconcile(engine: &Path, addresses: &Addresses, sale: u64) -> Result<Books> {
    let output = Command::new(engine)
        .args(["reconcile", "--json", "--sale", &sale.to_string()])
        .envs(&addresses.entries)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| format!("cannot run {}", engine.display()))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    // Log lines may come before it.
    let json = printed.find(['{', '[']).map_or("", |at| &printed[at..]);
    let mut values = serde_json::Deserializer::from_str(json).into_iter::<Value>();
    match values.next() {
        Some(Ok(value)) => Ok(Books::read(&value)),
        _ => bail!(
            "`engine reconcile` printed no JSON ({}): {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn figures_are_found_by_letter_by_word_and_inside_of_their_side() {
        let staff = Books::read(&json!({ "S": 100, "M": 3, "U": 57, "D": 40, "P": 0, "X": 0, "gap": 0 }));
        let nested = json!({ "sales": [{
            "sale": 7,
            "ledger": { "put_on_sale": 100, "free": 3, "unpaid": 57, "paid": 40, "returning": 0, "dead": 0,
                "booked_back": 0 },
            "desk": { "free": 2, "unsettled": 1 },
            "gap": 0,
        }] });
        let engine = Books::read(&nested);
        assert_eq!(staff.active(), Some(97));
        assert_eq!((engine.get("M"), engine.get("R"), engine.get("Q")), (Some(3), Some(2), Some(1)));
        assert!(staff.differences(&engine).is_empty());
        assert!(staff.at_rest() && !engine.at_rest());
        let off = Books::read(&json!({ "putOnSale": 100, "free": 4, "gap": -1 }));
        assert_eq!(staff.differences(&off), ["free in the ledger: 3 and 4", "gap: 0 and -1"]);
    }
}
