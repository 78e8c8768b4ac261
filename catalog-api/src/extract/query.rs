//! Query parameters, each read as the handler needs it. Unknown names are ignored.

use crate::error::Refusal;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::NaiveDateTime;
use std::convert::Infallible;

/// Numbers one list in a query may have.
const INTS_MAX: usize = 100;

/// The parameters in the order they were sent.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

impl Query {
    /// Reads a query string; what is no UTF-8 is replaced, never an error.
    pub fn parse(text: &str) -> Self {
        let decode = |part: &str| percent_decoded(part);
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Self(pairs.collect())
    }

    /// The first value of a name; an empty one counts as absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name)?;
        Some(found.1.as_str()).filter(|text| !text.is_empty())
    }

    /// Whether a name was sent at all, if only with nothing behind it.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Whole numbers: a repeated name, or one value with commas; empty ones are left out.
    pub fn ints(&self, name: &str) -> Result<Vec<i64>, Refusal> {
        let values = self.0.iter().filter(|(known, _)| known == name);
        let texts = values.flat_map(|(_, value)| value.split(',')).map(str::trim);
        let ints: Option<Vec<i64>> =
            texts.filter(|text| !text.is_empty()).map(|text| text.parse().ok()).collect();
        ints.filter(|ints| ints.len() <= INTS_MAX).ok_or_else(|| Refusal::wrong(name))
    }

    /// A whole number. Script bugs of the clients send the words `undefined` and `null` for nothing.
    pub fn int(&self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.text(name).map(str::trim) {
            None | Some("" | "undefined" | "null") => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| Refusal::wrong(name)),
        }
    }

    /// A whole number that has to be there; 402 when it is not.
    pub fn required_int(&self, name: &str) -> Result<i64, Refusal> {
        self.int(name)?.ok_or_else(|| Refusal::wrong_because(name, "is missing"))
    }

    /// An id that has to be there; anything below 1 names nothing and finds nothing.
    pub fn required_id(&self, name: &str) -> Result<u64, Refusal> {
        Ok(u64::try_from(self.required_int(name)?).unwrap_or(0))
    }

    /// A point in time.
    pub fn time(&self, name: &str, zone: crate::envelope::Zone) -> Result<Option<NaiveDateTime>, Refusal> {
        self.text(name).map(|text| zone.read(text).ok_or_else(|| Refusal::wrong(name))).transpose()
    }
}

fn percent_decoded(text: &str) -> String {
    let hex = |byte: Option<&u8>| byte.and_then(|byte| (*byte as char).to_digit(16));
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, _, _) => {
                decoded.push(if byte == b'+' { b' ' } else { byte });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_the_clients_send_them() {
        let query = Query::parse("a=+7&b=007&c=&d=undefined&e=abc&f=5.0&g=%20+12&h=-3&x");
        assert_eq!(query.int("a"), Ok(Some(7)));
        assert_eq!(query.int("b"), Ok(Some(7)));
        for absent in ["c", "d", "x", "nothing"] {
            assert_eq!(query.int(absent), Ok(None), "{absent}");
        }
        assert_eq!(query.int("e").unwrap_err().errno, 402);
        assert_eq!(query.int("f").unwrap_err().errno, 402);
        assert_eq!(query.int("g"), Ok(Some(12)));
        assert_eq!(query.required_id("h"), Ok(0));
        assert_eq!(query.required_int("c").unwrap_err().errno, 402);
    }

    #[test]
    fn lists_are_repeated_or_have_commas() {
        let query = Query::parse("a=101&a=201&b=1,2,&c=&d=1,x");
        assert_eq!(query.ints("a"), Ok(vec![101, 201]));
        assert_eq!(query.ints("b"), Ok(vec![1, 2]));
        assert_eq!((query.ints("c"), query.ints("absent")), (Ok(vec![]), Ok(vec![])));
        assert_eq!(query.ints("d").unwrap_err().errno, 402);
        assert!(query.has("c") && !query.has("absent"));
    }

    #[test]
    fn text_is_decoded_and_never_an_error() {
        let query = Query::parse("n=%E7%A7%92+kill&bad=%zz%ff&n=second");
        assert_eq!(query.text("n"), Some("秒 kill"));
        assert_eq!(query.text("bad"), Some("%zz\u{fffd}"));
    }
}
