//! Changing settings: all that were sent or none, written down with what they were before.

use super::key;
use crate::audit;
use crate::error::{Failure, Refusal};
use crate::state::App;
use crate::store::{retrying, setting};
use serde_json::{Map, Value, json};

/// Stores values by name. 402 with the name for one that is not known or breaks its rule.
pub async fn store(app: &App, sent: &[(String, String)]) -> Result<(), Failure> {
    let mut values = Vec::with_capacity(sent.len());
    for (name, value) in sent {
        let key = key::find(name).ok_or_else(|| {
            let name: String = name.chars().take(63).collect();
            Refusal::wrong_because(&name, "is unknown")
        })?;
        values.push((key.name, key.default, key.accepts(value).ok_or_else(|| Refusal::wrong(key.name))?));
    }
    // In one order, so that two changes at the same time wait for each other instead of locking each
    // other out.
    values.sort_unstable();
    retrying(|| store_once(app, &values)).await?;
    app.settings.forget().await;
    Ok(())
}

async fn store_once(app: &App, values: &[(&str, &str, String)]) -> Result<(), Failure> {
    let mut tx = app.db.begin().await?;
    let (mut before, mut after) = (Map::new(), Map::new());
    for (name, default, value) in values {
        let old = setting::lock(&mut tx, name).await?.unwrap_or_else(|| (*default).to_owned());
        if old != *value {
            setting::put(&mut tx, name, value).await?;
            before.insert((*name).to_owned(), Value::String(old));
            after.insert((*name).to_owned(), Value::String(value.clone()));
        }
    }
    audit::record(&mut tx, &json!({ "before": before, "after": after })).await?;
    Ok(tx.commit().await?)
}
