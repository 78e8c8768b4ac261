//! What was changed, as the operation log keeps it: members that differ, long texts cut.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// Characters of a text the log keeps.
const CHARS_KEPT: usize = 200;

/// A row with its long texts cut.
pub fn shortened(row: &impl Serialize) -> Value {
    match serde_json::to_value(row) {
        Ok(mut value) => {
            cut(&mut value);
            value
        }
        Err(_) => Value::Null,
    }
}

/// The members in which two states of a row differ.
pub fn between(id: u64, old: &impl Serialize, new: &impl Serialize) -> Value {
    let (Ok(Value::Object(old)), Ok(Value::Object(new))) =
        (serde_json::to_value(old), serde_json::to_value(new))
    else {
        return json!({ "id": id });
    };
    // Compared whole and cut afterwards: two long texts may differ at their ends.
    let differing = |these: &Map<String, Value>, others: &Map<String, Value>| {
        let these = these.iter().filter(|(name, value)| others.get(*name) != Some(*value));
        let mut differing = Value::Object(these.map(|(name, value)| (name.clone(), value.clone())).collect());
        cut(&mut differing);
        differing
    };
    json!({ "id": id, "before": differing(&old, &new), "after": differing(&new, &old) })
}

fn cut(value: &mut Value) {
    match value {
        Value::String(text) if text.chars().count() > CHARS_KEPT => {
            *text = text.chars().take(CHARS_KEPT).chain(['…']).collect();
        }
        Value::Array(elements) => elements.iter_mut().for_each(cut),
        Value::Object(members) => members.values_mut().for_each(cut),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_kept() {
        let (old, new) = (json!({ "a": 1, "b": 2 }), json!({ "a": 1, "b": 3 }));
        assert_eq!(between(7, &old, &new), json!({ "id": 7, "before": { "b": 2 }, "after": { "b": 3 } }));
    }

    #[test]
    fn long_texts_that_differ_at_their_ends_are_seen_and_cut() {
        let text = "字".repeat(500);
        let changes = between(7, &json!({ "t": text.clone() + "a" }), &json!({ "t": text + "b" }));
        assert_eq!(changes["before"]["t"].as_str().unwrap().chars().count(), CHARS_KEPT + 1);
    }
}
