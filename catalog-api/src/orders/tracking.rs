//! Where the parcel of an order is. What the tracking service said lately is kept in Redis, because such
//! services count calls and shoppers look often.

use crate::envelope::chain;
use crate::error::{Failure, Fault};
use crate::provider::courier::{Parcel, Track};
use crate::state::App;
use std::time::Duration;

/// How long an answer is kept.
const KEPT_S: u64 = 300;
/// How long one call may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// Asks; nothing when tracking is not set up.
pub async fn track(app: &App, parcel: &Parcel) -> Result<Option<Track>, Failure> {
    let Some(courier) = app.courier.as_deref() else { return Ok(None) };
    let key = format!("{}:express:{}:{}", app.config.redis.prefix, parcel.channel, parcel.number);
    let mut connection = app.redis.get().await?;
    let kept: Option<String> = redis::cmd("GET").arg(&key).query_async(&mut connection).await?;
    if let Some(track) = kept.and_then(|kept| serde_json::from_str(&kept).ok()) {
        return Ok(Some(track));
    }
    drop(connection);
    let asked = tokio::time::timeout(DEADLINE, courier.track(parcel)).await;
    let track = asked.unwrap_or_else(|_| Err(Fault::Provider("tracking took too long".into())))?;
    if let Ok(text) = serde_json::to_string(&track) {
        let mut connection = app.redis.get().await?;
        let keep = redis::cmd("SET").arg(&key).arg(text).arg("EX").arg(KEPT_S).to_owned();
        keep.query_async::<()>(&mut connection).await?;
    }
    Ok(Some(track))
}

/// The same for a page on which tracking is an extra: what goes wrong is logged and leaves it out.
pub async fn track_if_possible(app: &App, parcel: &Parcel) -> Option<Track> {
    match track(app, parcel).await {
        Ok(track) => track,
        Err(Failure::Fault(fault)) => {
            tracing::warn!(fault = chain(&fault), "a parcel could not be tracked");
            None
        }
        Err(Failure::Refused(_)) => None,
    }
}
