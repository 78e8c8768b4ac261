//! A success whose data is JSON text already, kept by the cache; what differs from caller to caller is
//! put beside it.

use super::{Outcome, leave_out_nulls};
use crate::error::Fault;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// A success that is mostly written.
#[derive(Clone, Debug)]
pub struct Ready {
    data: Arc<str>,
    /// `,"member":value` as often as needed.
    more: String,
}

/// Data as the envelope holds it: JSON without null members.
pub fn text_of(data: impl Serialize) -> Result<String, Fault> {
    let mut value = serde_json::to_value(data)?;
    leave_out_nulls(&mut value);
    Ok(value.to_string())
}

impl Ready {
    /// A success with this data, which [`text_of`] wrote.
    pub fn new(data: Arc<str>) -> Self {
        Self { data, more: String::new() }
    }

    /// The same with one more member in its data, which is an object with members; nothing is added when
    /// the value is null.
    pub fn with(mut self, member: &'static str, value: impl Serialize) -> Result<Self, Fault> {
        let mut value = serde_json::to_value(value)?;
        leave_out_nulls(&mut value);
        if value != Value::Null {
            self.more.push_str(&format!(",\"{member}\":{value}"));
        }
        Ok(self)
    }

    fn body(&self) -> String {
        let open = "{\"errno\":0,\"errmsg\":\"success\",\"data\":";
        match self.data.strip_suffix('}') {
            Some(data) if !self.more.is_empty() => format!("{open}{data}{}}}}}", self.more),
            _ => format!("{open}{}}}", self.data),
        }
    }
}

impl IntoResponse for Ready {
    fn into_response(self) -> Response {
        let json = [(header::CONTENT_TYPE, "application/json")];
        let mut response = (StatusCode::OK, json, self.body()).into_response();
        let outcome = Outcome { errno: 0, errmsg: "success".into(), changes: None, actor: None };
        response.extensions_mut().insert(outcome);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_added_stands_beside_what_was_kept() {
        let kept: Arc<str> = text_of(json!({ "a": 1, "gone": null, "o": {} })).unwrap().into();
        let plain: Value = serde_json::from_str(&Ready::new(kept.clone()).body()).unwrap();
        assert_eq!(plain, json!({ "errno": 0, "errmsg": "success", "data": { "a": 1, "o": {} } }));
        let ready = Ready::new(kept).with("b", [1, 2]).unwrap().with("n", None::<i32>).unwrap();
        let more: Value = serde_json::from_str(&ready.body()).unwrap();
        assert_eq!(more["data"], json!({ "a": 1, "o": {}, "b": [1, 2] }));
        let list = Ready::new("[1]".into()).body();
        assert_eq!(serde_json::from_str::<Value>(&list).unwrap()["data"], json!([1]));
    }
}
