//! The API description, held against every answer a test gets: status, content type, and the schema of
//! what is JSON. It knows what our own description uses and panics at anything else.

use super::{Answer, Call};
use axum::http::{Method, header};
use serde_json::{Map, Value};
use std::net::SocketAddr;
use tokio::sync::OnceCell;

/// What `/openapi.json` says; the same for every mall.
#[derive(Debug)]
pub(crate) struct Description(pub(crate) Value);

/// The description, asked for once.
pub(super) async fn description(private: SocketAddr) -> &'static Description {
    static DESCRIPTION: OnceCell<Description> = OnceCell::const_new();
    DESCRIPTION
        .get_or_init(|| async move {
            let answer = Call::get("/openapi.json").send(private).await.expect("the service answers");
            Description(serde_json::from_str(&answer.text).expect("a description is JSON"))
        })
        .await
}

impl Description {
    /// Panics where an answer is not as described. What is not described is no operation.
    pub(crate) fn check(&self, method: &Method, path: &str, answer: &Answer) {
        let Some(operation) = self.operation(method, path) else { return };
        let kind = answer.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if let Some(violation) = self.violation_of(operation, answer.status, kind, &answer.text) {
            panic!("{method} {path} is not answered as described: {violation}\n{}", answer.text);
        }
    }

    fn operation(&self, method: &Method, path: &str) -> Option<&Value> {
        let paths = self.0["paths"].as_object().expect("a description has paths");
        let item = paths.get(path).or_else(|| {
            let beneath =
                |template: &str| template.split_once('{').is_some_and(|(head, _)| path.starts_with(head));
            paths.iter().find(|(template, _)| beneath(template)).map(|(_, item)| item)
        });
        item?.get(method.as_str().to_lowercase())
    }

    fn violation_of(&self, operation: &Value, status: u16, kind: Option<&str>, body: &str) -> Option<String> {
        let Some(response) = operation["responses"].get(status.to_string()) else {
            return Some(format!("status {status}"));
        };
        let content = response.get("content").and_then(Value::as_object)?;
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default();
        let fits =
            |known: &str| known == kind || known.strip_suffix('*').is_some_and(|head| kind.starts_with(head));
        let Some((_, media)) = content.iter().find(|(known, _)| fits(known)) else {
            return Some(format!("content type `{kind}`"));
        };
        if kind != "application/json" {
            return None;
        }
        match serde_json::from_str(body) {
            Ok(value) => self.violation(&media["schema"], &value, "answer"),
            Err(error) => Some(error.to_string()),
        }
    }

    /// Where and how a value is not what a schema says, if it is not.
    pub(crate) fn violation(&self, schema: &Value, value: &Value, at: &str) -> Option<String> {
        let schema = schema.as_object().expect("a schema is an object");
        for (keyword, said) in schema {
            let violation = match keyword.as_str() {
                "$ref" => {
                    let name = said.as_str().and_then(|said| said.strip_prefix("#/components/schemas/"));
                    let name = name.expect("a reference names a schema");
                    self.violation(&self.0["components"]["schemas"][name], value, at)
                }
                "oneOf" => {
                    let branches = said.as_array().expect("branches are a list");
                    let tried = branches.iter().map(|branch| self.violation(branch, value, at));
                    let failed: Vec<String> = tried.flatten().collect();
                    let fit = branches.len() - failed.len();
                    (fit != 1).then(|| format!("{at} fits {fit} of several: {}", failed.join(", ")))
                }
                "type" => {
                    let one = std::slice::from_ref(said);
                    let names = said.as_array().map_or(one, Vec::as_slice);
                    let fits = names.iter().any(|name| is(value, name.as_str().expect("a type is a word")));
                    (!fits).then(|| format!("{at} is no {said}"))
                }
                "minimum" => {
                    let least = said.as_f64().expect("a bound is a number");
                    value.as_f64().filter(|value| *value < least).map(|_| format!("{at} is below {least}"))
                }
                "required" => {
                    let members = value.as_object();
                    let absent = |name: &&str| members.is_some_and(|members| !members.contains_key(*name));
                    let mut names =
                        said.as_array().expect("names are a list").iter().filter_map(Value::as_str);
                    names.find(absent).map(|name| format!("{at}.{name} is missing"))
                }
                "properties" => self.members(said, schema, value, at),
                "items" => {
                    let mut elements = value.as_array().into_iter().flatten().enumerate();
                    elements.find_map(|(n, element)| self.violation(said, element, &format!("{at}[{n}]")))
                }
                "propertyNames" => {
                    let mut names = value.as_object().into_iter().flat_map(Map::keys);
                    names.find_map(|name| self.violation(said, &Value::from(name.as_str()), at))
                }
                // Read together with `properties`, or of values whose names are all free.
                "additionalProperties" if schema.contains_key("properties") => None,
                "additionalProperties" if *said == Value::Bool(false) => {
                    let mut names = value.as_object().into_iter().flat_map(Map::keys);
                    names.next().map(|name| format!("{at}.{name} is not described"))
                }
                "additionalProperties" => {
                    let mut members = value.as_object().into_iter().flatten();
                    members.find_map(|(name, member)| self.violation(said, member, &format!("{at}.{name}")))
                }
                "description" | "format" => None,
                other => panic!("this does not know `{other}`"),
            };
            if violation.is_some() {
                return violation;
            }
        }
        None
    }

    fn members(&self, said: &Value, schema: &Map<String, Value>, value: &Value, at: &str) -> Option<String> {
        let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        let mut members = value.as_object().into_iter().flatten();
        members.find_map(|(name, member)| match said.get(name) {
            Some(said) => self.violation(said, member, &format!("{at}.{name}")),
            None => closed.then(|| format!("{at}.{name} is not described")),
        })
    }
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("`{other}` is no type"),
    }
}
