//! An entity body: a JSON object whose members have types, read as form inputs send them. Unknown
//! members are ignored, because the clients post whole rows back.

use super::Body;
use crate::envelope::{Money, Zone};
use crate::error::Refusal;
use crate::state::App;
use axum::extract::{FromRequest, Request};
use chrono::NaiveDateTime;
use serde_json::{Map, Value};
use std::sync::Arc;

/// The members. Null and, where the type is not text, `""` count as absent.
#[derive(Clone, Debug)]
pub struct Entity(pub(super) Map<String, Value>);

impl Entity {
    /// Reads the bytes; 402 unless they are one JSON object.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            _ => Err(Refusal::wrong_because("body", "is no JSON object")),
        }
    }

    /// A member that is there and not null.
    pub(super) fn member(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Text; numbers and booleans are their text.
    pub fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.member(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(Value::Bool(flag)) => Ok(Some(flag.to_string())),
            Some(_) => Err(Refusal::wrong(name)),
        }
    }

    /// A whole number; a fraction is cut off a number and refused in a text.
    pub fn int(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let read = match self.member(name) {
            None => return Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(Value::Number(number)) => number.as_i64().or_else(|| {
                let fraction = number.as_f64()?;
                // 2^53: beyond it a double no longer names one whole number.
                (fraction.abs() < 9_007_199_254_740_992.0).then_some(fraction as i64)
            }),
            Some(_) => None,
        };
        read.map(Some).ok_or_else(|| Refusal::wrong(name))
    }

    /// A whole number within bounds.
    pub fn int_within(&self, name: &str, min: i64, max: i64) -> Result<Option<i64>, Refusal> {
        match self.int(name)? {
            Some(number) if !(min..=max).contains(&number) => Err(Refusal::wrong(name)),
            other => Ok(other),
        }
    }

    /// An amount of money.
    pub fn money(&self, name: &str) -> Result<Option<Money>, Refusal> {
        let read = match self.member(name) {
            None => return Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
            Some(Value::String(text)) => Money::from_text(text),
            Some(Value::Number(number)) => Money::from_number(number),
            Some(_) => None,
        };
        read.map(Some).ok_or_else(|| Refusal::wrong(name))
    }

    /// A number with any fraction, for what a client computed with floats.
    pub fn float(&self, name: &str) -> Option<f64> {
        match self.member(name)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// A point in time.
    pub fn time(&self, name: &str, zone: Zone) -> Result<Option<NaiveDateTime>, Refusal> {
        match self.member(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => zone.read(text).map(Some).ok_or_else(|| Refusal::wrong(name)),
            Some(_) => Err(Refusal::wrong(name)),
        }
    }

    /// An id that has to be there; 401 when it is not. What is below 1 names nothing.
    pub fn required_id(&self, name: &str) -> Result<u64, Refusal> {
        Ok(u64::try_from(self.int(name)?.ok_or_else(|| Refusal::missing(name))?).unwrap_or(0))
    }
}

impl FromRequest<Arc<App>> for Entity {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refusal> {
        Self::parse(&Body::from_request(request, app).await?.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_as_form_inputs_send_them() {
        let body = Entity::parse(
            br#"{"i":"12","f":12.9,"fs":"12.9","e":"","n":null,"m":"12.5","m2":9.9,"b":true,"o":{},"t":"2025-01-01 08:00:00"}"#,
        )
        .unwrap();
        assert_eq!(body.int("i"), Ok(Some(12)));
        assert_eq!(body.int("f"), Ok(Some(12)));
        assert_eq!(body.int("fs").unwrap_err().errno, 402);
        assert_eq!((body.int("e"), body.int("n"), body.int("absent")), (Ok(None), Ok(None), Ok(None)));
        assert_eq!(body.money("m"), Ok(Some(Money(1250))));
        assert_eq!(body.money("m2"), Ok(Some(Money(990))));
        assert_eq!(body.money("o").unwrap_err().errno, 402);
        assert_eq!(body.text("b"), Ok(Some("true".into())));
        assert_eq!(body.text("o").unwrap_err().errno, 402);
        let zone: Zone = "+08:00".parse().unwrap();
        assert_eq!(body.time("t", zone).unwrap().unwrap().to_string(), "2025-01-01 00:00:00");
        assert_eq!(body.time("e", zone), Ok(None));
        assert_eq!(body.time("i", zone).unwrap_err().errno, 402);
        assert_eq!(body.required_id("absent").unwrap_err().errno, 401);
    }

    #[test]
    fn only_an_object_is_an_entity() {
        for text in ["", "[]", "7", "{", "\"x\""] {
            assert_eq!(Entity::parse(text.as_bytes()).unwrap_err().errno, 402, "{text}");
        }
    }
}
