//! A loose body: a JSON tree from which single members are picked with a coercion that never fails.
//!
//! The front ends rely on it: values from a browser's storage arrive as text, as null, or as the text
//! "undefined", and all of them have to be read as numbers.

use super::{Body, Shopper};
use crate::envelope::Money;
use crate::error::{Failure, Refusal};
use crate::state::App;
use axum::extract::{FromRequest, FromRequestParts, Request};
use serde_json::Value;
use std::sync::Arc;

/// The tree; not an object when the body was no JSON object, and then every member is absent.
#[derive(Clone, Debug)]
pub struct Loose(pub(super) Value);

impl Loose {
    /// Reads the bytes. Only an empty body is an error (402).
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.is_empty() {
            return Err(Refusal::wrong_because("body", "is missing"));
        }
        Ok(Self(serde_json::from_slice(bytes).unwrap_or(Value::Null)))
    }

    /// As a whole number.
    pub fn int(&self, name: &str) -> Option<i64> {
        Some(match self.0.get(name)? {
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => whole,
                // Saturates at the ends, and is 0 for what is no number.
                (None, Some(fraction)) => fraction as i64,
                (None, None) => 0,
            },
            Value::String(text) => leading_int(text),
            Value::Bool(flag) => (*flag).into(),
            Value::Null | Value::Array(_) | Value::Object(_) => 0,
        })
    }

    /// As an id; what is below 1 names nothing.
    pub fn id(&self, name: &str) -> Option<u64> {
        self.int(name).map(|id| u64::try_from(id).unwrap_or(0))
    }

    /// As text; null is absent (in the reference it was the text "null", which no client relies on).
    pub fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Array(_) | Value::Object(_) => Some(String::new()),
            Value::Null => None,
        }
    }

    /// As an amount of money; nothing when it is absent or none.
    pub fn money(&self, name: &str) -> Option<Money> {
        match self.0.get(name)? {
            Value::Number(number) => Money::from_number(number),
            Value::String(text) => Money::from_text(text),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// Whether a member is there, whatever it is.
    pub fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    /// As text that has to be there and not empty; 401 when it is not.
    pub fn required_text(&self, name: &str) -> Result<String, Refusal> {
        self.text(name).filter(|text| !text.is_empty()).ok_or_else(|| Refusal::missing(name))
    }
}

/// "12" and "12.9" are 12, everything else is 0.
fn leading_int(text: &str) -> i64 {
    let text = text.trim();
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    whole.parse().unwrap_or(0)
}

impl FromRequest<Arc<App>> for Loose {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refusal> {
        Self::parse(&Body::from_request(request, app).await?.0)
    }
}

/// A loose body of a shopper who is logged in. The body is looked at first (402), then the log-in (501).
#[derive(Debug)]
pub struct ShopperLoose(pub Shopper, pub Loose);

impl FromRequest<Arc<App>> for ShopperLoose {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Failure> {
        let (mut parts, stream) = request.into_parts();
        let body = Loose::parse(&Body::read(app, stream).await?.0)?;
        Ok(Self(Shopper::from_request_parts(&mut parts, app).await?, body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picking_follows_the_table() {
        let body = Loose::parse(
            br#"{"n":"12","f":"12.9","t":"undefined","e":"","o":{},"a":[1],"d":12.9,"b":true,"z":null,"big":1e40}"#,
        )
        .unwrap();
        for (name, int) in [("n", 12), ("f", 12), ("t", 0), ("e", 0), ("o", 0), ("a", 0), ("d", 12), ("b", 1)]
        {
            assert_eq!(body.int(name), Some(int), "{name}");
        }
        assert_eq!(body.int("z"), Some(0));
        assert_eq!(body.int("big"), Some(i64::MAX));
        assert_eq!(body.int("absent"), None);
        for (name, text) in [("n", "12"), ("o", ""), ("d", "12.9"), ("b", "true")] {
            assert_eq!(body.text(name).as_deref(), Some(text), "{name}");
        }
        assert_eq!(body.text("z"), None);
    }

    #[test]
    fn money_and_lists_of_text_are_picked() {
        let body =
            Loose::parse(br#"{"n":9.9,"t":"12.50","x":"abc","o":{},"z":null,"l":["a",1],"m":["a",{}]}"#)
                .unwrap();
        assert_eq!((body.money("n"), body.money("t")), (Some(Money(990)), Some(Money(1250))));
        for none in ["x", "o", "z", "absent"] {
            assert_eq!(body.money(none), None, "{none}");
        }
        assert_eq!(body.texts("l"), Ok(Some(vec!["a".to_owned(), "1".to_owned()])));
        assert_eq!((body.texts("z"), body.texts("absent")), (Ok(None), Ok(None)));
        for wrong in ["m", "o", "n"] {
            assert_eq!(body.texts(wrong).unwrap_err().errno, 402, "{wrong}");
        }
        assert!(body.has("z") && !body.has("absent"));
    }

    #[test]
    fn an_empty_body_is_402_and_no_json_leaves_every_member_absent() {
        assert_eq!(Loose::parse(b"").unwrap_err().errno, 402);
        for text in [b"nonsense".as_slice(), b"[1,2]", b"7"] {
            let body = Loose::parse(text).unwrap();
            assert_eq!((body.int("a"), body.text("a")), (None, None));
            assert_eq!(body.required_text("a").unwrap_err().errno, 401);
        }
    }
}
