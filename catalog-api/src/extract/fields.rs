//! Members and parameters beyond plain numbers and text: flags, lists, nested rows, bounded text.

use super::{Entity, Loose, Query};
use crate::error::Refusal;
use serde_json::Value;

/// Elements a list in a body may have: ids for a batch, pictures, rows of the goods editor.
pub const ELEMENTS_MAX: usize = 1_000;

impl Entity {
    /// Text of at most so many characters; longer is 402 with the member's name.
    pub fn text_within(&self, name: &str, chars_max: usize) -> Result<Option<String>, Refusal> {
        let text = self.text(name)?;
        if text.as_ref().is_some_and(|text| text.chars().count() > chars_max) {
            return Err(too_long(name, chars_max));
        }
        Ok(text)
    }

    /// Text that has to be there and not be empty (401), of at most so many characters (402).
    pub fn required_text_within(&self, name: &str, chars_max: usize) -> Result<String, Refusal> {
        let text = self.text_within(name, chars_max)?;
        text.filter(|text| !text.trim().is_empty()).ok_or_else(|| Refusal::missing(name))
    }

    /// A flag: a boolean, its word, or a number that is 0 or is not.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.member(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::Number(number)) => Ok(Some(number.as_f64() != Some(0.0))),
            Some(Value::String(text)) => match text.trim() {
                "" => Ok(None),
                "true" | "True" => Ok(Some(true)),
                "false" | "False" => Ok(Some(false)),
                _ => Err(Refusal::wrong(name)),
            },
            Some(_) => Err(Refusal::wrong(name)),
        }
    }

    /// A list of text; numbers and booleans are their text, a null element is left out.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        let Some(elements) = self.elements(name)? else { return Ok(None) };
        let texts = elements.iter().filter(|element| !element.is_null()).map(|element| match element {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(flag) => Ok(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => Err(Refusal::wrong(name)),
        });
        texts.collect::<Result<_, _>>().map(Some)
    }

    /// A list of whole numbers, each as [`Entity::int`] reads one; a null element is left out.
    pub fn ints(&self, name: &str) -> Result<Option<Vec<i64>>, Refusal> {
        let Some(elements) = self.elements(name)? else { return Ok(None) };
        let ints = elements.iter().map(|element| int_element(element).map_err(|()| Refusal::wrong(name)));
        Ok(Some(ints.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect()))
    }

    /// A nested row.
    pub fn row(&self, name: &str) -> Result<Option<Entity>, Refusal> {
        match self.member(name) {
            None => Ok(None),
            Some(Value::Object(members)) => Ok(Some(Entity(members.clone()))),
            Some(_) => Err(Refusal::wrong(name)),
        }
    }

    /// A list of nested rows.
    pub fn rows(&self, name: &str) -> Result<Option<Vec<Entity>>, Refusal> {
        let Some(elements) = self.elements(name)? else { return Ok(None) };
        let rows = elements.iter().map(|element| match element {
            Value::Object(members) => Ok(Entity(members.clone())),
            _ => Err(Refusal::wrong(name)),
        });
        rows.collect::<Result<_, _>>().map(Some)
    }

    fn elements(&self, name: &str) -> Result<Option<&Vec<Value>>, Refusal> {
        match self.member(name) {
            None => Ok(None),
            Some(Value::Array(elements)) if elements.len() <= ELEMENTS_MAX => Ok(Some(elements)),
            Some(_) => Err(Refusal::wrong(name)),
        }
    }
}

impl Loose {
    /// As a flag: true, the word `true`, and whole numbers but 0; null and everything else is false.
    pub fn flag(&self, name: &str) -> Option<bool> {
        Some(match self.0.get(name)? {
            Value::Bool(flag) => *flag,
            Value::Number(number) => number.as_i64().is_some_and(|number| number != 0),
            Value::String(text) => text == "true",
            Value::Null | Value::Array(_) | Value::Object(_) => false,
        })
    }

    /// As a list of whole numbers; 402 for what is there and is none.
    pub fn ints(&self, name: &str) -> Result<Option<Vec<i64>>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(elements)) if elements.len() <= ELEMENTS_MAX => {
                let ints = elements.iter().map(|element| match int_element(element) {
                    Ok(Some(int)) => Ok(int),
                    Ok(None) | Err(()) => Err(Refusal::wrong(name)),
                });
                ints.collect::<Result<_, _>>().map(Some)
            }
            Some(_) => Err(Refusal::wrong(name)),
        }
    }

    /// As a list of ids that has to be there and not be empty (401); what is below 1 names nothing and
    /// is left out.
    pub fn required_ids(&self, name: &str) -> Result<Vec<u64>, Refusal> {
        let ints = self.ints(name)?.filter(|ints| !ints.is_empty());
        let ints = ints.ok_or_else(|| Refusal::missing(name))?;
        Ok(ints.into_iter().filter_map(|int| u64::try_from(int).ok().filter(|id| *id > 0)).collect())
    }
}

impl Query {
    /// A flag in one of the words for it.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.text(name).map(|text| text.trim().to_ascii_lowercase()).as_deref() {
            None | Some("" | "undefined" | "null") => Ok(None),
            Some("true" | "on" | "yes" | "1") => Ok(Some(true)),
            Some("false" | "off" | "no" | "0") => Ok(Some(false)),
            Some(_) => Err(Refusal::wrong(name)),
        }
    }

    /// An id to narrow a list by; what is below 1 matches nothing.
    pub fn id(&self, name: &str) -> Result<Option<u64>, Refusal> {
        Ok(self.int(name)?.map(|id| u64::try_from(id).unwrap_or(0)))
    }

    /// Text to narrow a list by, of at most so many characters; longer is 402.
    pub fn text_within(&self, name: &str, chars_max: usize) -> Result<Option<&str>, Refusal> {
        match self.text(name) {
            Some(text) if text.chars().count() > chars_max => Err(too_long(name, chars_max)),
            other => Ok(other),
        }
    }
}

fn too_long(name: &str, chars_max: usize) -> Refusal {
    Refusal::wrong_because(name, &format!("has more than {chars_max} characters"))
}

fn int_element(element: &Value) -> Result<Option<i64>, ()> {
    match element {
        Value::Null => Ok(None),
        Value::String(text) => text.trim().parse().map(Some).map_err(|_| ()),
        Value::Number(number) => {
            let whole = number.as_i64().or_else(|| {
                let fraction = number.as_f64()?;
                (fraction.abs() < 9_007_199_254_740_992.0).then_some(fraction as i64)
            });
            whole.map(Some).ok_or(())
        }
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity() -> Entity {
        Entity::parse(
            br#"{"t":true,"z":0,"one":1,"word":"False","no":"maybe","l":["a",1,null,true],"i":[1,"2",null],
               "bad":[{}],"bare":"x","r":{"id":1},"rs":[{"id":1},{"id":2}],"e":"","long":"12345"}"#,
        )
        .unwrap()
    }

    #[test]
    fn flags_are_read_as_the_clients_send_them() {
        let body = entity();
        assert_eq!(body.flag("t"), Ok(Some(true)));
        assert_eq!((body.flag("z"), body.flag("one")), (Ok(Some(false)), Ok(Some(true))));
        assert_eq!((body.flag("word"), body.flag("e")), (Ok(Some(false)), Ok(None)));
        assert_eq!(body.flag("no").unwrap_err().errno, 402);
        let query = Query::parse("a=YES&b=0&c=&d=2");
        assert_eq!(query.flag("a"), Ok(Some(true)));
        assert_eq!((query.flag("b"), query.flag("c")), (Ok(Some(false)), Ok(None)));
        assert_eq!(query.flag("d").unwrap_err().errno, 402);
        let loose = Loose::parse(br#"{"a":"true","b":"12","c":12,"d":12.5,"e":null}"#).unwrap();
        let flags = ["a", "b", "c", "d", "e", "f"].map(|name| loose.flag(name));
        assert_eq!(flags, [Some(true), Some(false), Some(true), Some(false), Some(false), None]);
    }

    #[test]
    fn lists_are_read_element_by_element() {
        let body = entity();
        assert_eq!(body.texts("l"), Ok(Some(vec!["a".into(), "1".into(), "true".into()])));
        assert_eq!(body.ints("i"), Ok(Some(vec![1, 2])));
        for (texts, name) in [(body.texts("bad"), "bad"), (body.texts("bare"), "bare")] {
            assert_eq!(texts.unwrap_err().errno, 402, "{name}");
        }
        assert_eq!(body.ints("l").unwrap_err().errno, 402);
        assert_eq!(body.rows("rs").unwrap().unwrap().len(), 2);
        assert_eq!(body.row("r").unwrap().unwrap().int("id"), Ok(Some(1)));
        assert_eq!(body.row("rs").unwrap_err().errno, 402);
        let loose = Loose::parse(br#"{"a":[1,"2",-3],"b":"1","c":[],"d":["x"]}"#).unwrap();
        assert_eq!(loose.ints("a"), Ok(Some(vec![1, 2, -3])));
        assert_eq!(loose.required_ids("a"), Ok(vec![1, 2]));
        assert_eq!(loose.required_ids("c").unwrap_err().errno, 401);
        assert_eq!(loose.required_ids("absent").unwrap_err().errno, 401);
        assert_eq!(loose.ints("b").unwrap_err().errno, 402);
        assert_eq!(loose.ints("d").unwrap_err().errno, 402);
    }

    #[test]
    fn text_too_long_is_refused_with_its_name() {
        let body = entity();
        assert_eq!(body.text_within("long", 5), Ok(Some("12345".into())));
        let refusal = body.text_within("long", 4).unwrap_err();
        assert!(refusal.errno == 402 && refusal.errmsg.starts_with("long"), "{refusal:?}");
        assert_eq!(body.required_text_within("e", 5).unwrap_err().errno, 401);
    }
}
