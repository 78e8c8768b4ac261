//! Single values: from the text they were read as to what we store.

use crate::envelope::{Money, Zone};
use crate::store::import::Value;
use chrono::NaiveDate;
use serde_json::Value as Json;

/// A time as text: a moment, none at all, or something that cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read<T> {
    /// It is one.
    One(T),
    /// Nothing stands there.
    Nothing,
    /// What stands there is none.
    Bad,
}

/// A local time, as UTC. Zero dates are none.
pub fn time(zone: Zone, cell: Option<&str>) -> Read<chrono::NaiveDateTime> {
    let Some(text) = cell else { return Read::Nothing };
    // Fractions of a second stand behind it, if there are any.
    let whole = text.get(..19).unwrap_or(text);
    zone.read(whole).map_or(Read::Bad, Read::One)
}

/// A day.
pub fn date(cell: Option<&str>) -> Read<NaiveDate> {
    let Some(text) = cell else { return Read::Nothing };
    crate::calendar::read_date(text).map_or(Read::Bad, Read::One)
}

/// An amount in minor units, if it has no more than two places.
pub fn money(text: &str) -> Option<i64> {
    Money::from_text(text).map(|money| money.0)
}

/// A JSON array of text; elements that are numbers or flags are their text, and nothing is an empty array.
pub fn strings(cell: Option<&str>) -> Option<Value> {
    array(cell, |element| match element {
        Json::String(text) => Some(Json::String(text)),
        Json::Number(number) => Some(Json::String(number.to_string())),
        Json::Bool(flag) => Some(Json::String(flag.to_string())),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    })
}

/// A JSON array of ids; ids in quotes are ids.
pub fn ids(cell: Option<&str>) -> Option<Value> {
    array(cell, |element| match element {
        Json::Number(number) => number.as_u64().map(Json::from),
        Json::String(text) => text.trim().parse::<u64>().ok().map(Json::from),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    })
}

fn array(cell: Option<&str>, element: impl Fn(Json) -> Option<Json>) -> Option<Value> {
    let text = cell.map_or("", str::trim);
    if text.is_empty() || text == "[]" {
        return Some(Value::Text("[]".to_owned()));
    }
    let all = match serde_json::from_str(text).ok()? {
        Json::Array(all) => all.into_iter().map(element).collect::<Option<Vec<_>>>()?,
        // How the stock front end leaves a column it has never filled.
        Json::Null => Vec::new(),
        Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => return None,
    };
    Some(Value::Text(Json::Array(all).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: Option<Value>) -> Option<String> {
        value.map(|value| match value {
            Value::Text(text) => text,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn arrays_are_read_or_refused_as_a_whole() {
        for (cell, read) in [
            (None, Some("[]")),
            (Some(" "), Some("[]")),
            (Some("null"), Some("[]")),
            (Some("[\"a\", 2, true]"), Some("[\"a\",\"2\",\"true\"]")),
            (Some("[\"a\""), None),
            (Some("a,b"), None),
            (Some("{}"), None),
            (Some("[null]"), None),
        ] {
            assert_eq!(text(strings(cell)).as_deref(), read, "{cell:?}");
        }
        assert_eq!(text(ids(Some("[1, \"2\"]"))).as_deref(), Some("[1,2]"));
        for cell in ["[-1]", "[1.5]", "[\"x\"]", "1"] {
            assert_eq!(ids(Some(cell)), None, "{cell}");
        }
    }

    #[test]
    fn times_are_local_there_and_utc_here() {
        let zone: Zone = "+08:00".parse().unwrap();
        let Read::One(at) = time(zone, Some("2024-01-01 00:00:00.25")) else { panic!("a time") };
        assert_eq!(at.to_string(), "2023-12-31 16:00:00");
        assert_eq!(time(zone, None), Read::Nothing);
        for bad in ["0000-00-00 00:00:00", "2024-02-00 00:00:00", "", "noon"] {
            assert_eq!(time(zone, Some(bad)), Read::Bad, "{bad}");
        }
        assert_eq!(date(Some("0000-00-00")), Read::Bad);
    }

    #[test]
    fn amounts_are_exact() {
        for (text, minor) in
            [("899.00", Some(89_900)), ("0.29", Some(29)), ("-1.10", Some(-110)), ("5", Some(500))]
        {
            assert_eq!(money(text), minor);
        }
        assert_eq!(money("0.001"), None);
        assert_eq!(money(&"9".repeat(63)), None);
    }
}
