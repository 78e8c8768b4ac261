//! Members of loose bodies with a bound, as the forms of the mobile clients send them.

use super::link::checked;
use super::{Entity, Loose};
use crate::error::Refusal;
use serde_json::Value;

impl Loose {
    /// As text of at most so many characters; longer is 402 with the member's name.
    pub fn text_within(&self, name: &str, chars_max: usize) -> Result<Option<String>, Refusal> {
        match self.text(name) {
            Some(text) if text.chars().count() > chars_max => {
                Err(Refusal::wrong_because(name, &format!("has more than {chars_max} characters")))
            }
            other => Ok(other),
        }
    }

    /// As text that has to be there and not empty (401), of at most so many characters (402).
    pub fn required_text_within(&self, name: &str, chars_max: usize) -> Result<String, Refusal> {
        let text = self.text_within(name, chars_max)?;
        text.filter(|text| !text.is_empty()).ok_or_else(|| Refusal::missing(name))
    }

    /// As the address of a picture or a page.
    pub fn link(&self, name: &str) -> Result<Option<String>, Refusal> {
        self.text_within(name, super::link::LINK_CHARS_MAX)?.map(|text| checked(name, &text)).transpose()
    }

    /// As a list of text; null elements are left out, 402 for what is there and is none.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(elements)) if elements.len() <= super::fields::ELEMENTS_MAX => {
                let texts =
                    elements.iter().filter(|element| !element.is_null()).map(|element| match element {
                        Value::String(text) => Ok(text.clone()),
                        Value::Number(number) => Ok(number.to_string()),
                        Value::Bool(flag) => Ok(flag.to_string()),
                        Value::Null | Value::Array(_) | Value::Object(_) => Err(Refusal::wrong(name)),
                    });
                texts.collect::<Result<_, _>>().map(Some)
            }
            Some(_) => Err(Refusal::wrong(name)),
        }
    }

    /// As a whole number, where null and empty text say nothing.
    pub fn filled_int(&self, name: &str) -> Option<i64> {
        match self.0.get(name)? {
            Value::Null => None,
            Value::String(text) if text.trim().is_empty() => None,
            _ => self.int(name),
        }
    }
}

impl Entity {
    /// Every member's name and text; null members are left out, 402 for nested ones.
    pub fn texts_by_name(&self) -> Result<Vec<(String, String)>, Refusal> {
        let names: Vec<&String> = self.0.keys().collect();
        let mut texts = Vec::with_capacity(names.len());
        for name in names {
            if let Some(text) = self.text(name)? {
                texts.push((name.clone(), text));
            }
        }
        Ok(texts)
    }

    /// The members as they were posted.
    pub fn value(self) -> Value {
        Value::Object(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_named_and_what_is_empty_says_nothing() {
        let body = Loose::parse(br#"{"a":"12345","e":"","n":null,"g":"2","u":"javascript:x"}"#).unwrap();
        assert_eq!(body.text_within("a", 5), Ok(Some("12345".into())));
        let refusal = body.required_text_within("a", 4).unwrap_err();
        assert!(refusal.errno == 402 && refusal.errmsg.starts_with("a"), "{refusal:?}");
        assert_eq!(body.required_text_within("e", 4).unwrap_err().errno, 401);
        let ints = ["e", "n", "g", "absent"].map(|name| body.filled_int(name));
        assert_eq!(ints, [None, None, Some(2), None]);
        assert_eq!(body.link("u").unwrap_err().errno, 402);
    }
}
