//! A request body within a bound of bytes and time.

use crate::error::Refusal;
use crate::state::App;
use axum::body::{Body as Stream, Bytes};
use axum::extract::{FromRequest, Request};
use http_body_util::{BodyExt, Limited};
use std::sync::Arc;
use std::time::Duration;

/// Bytes of a body at most. The largest bodies of these calls are posted-back rows of a few kilobytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// The bytes of the body as they came.
#[derive(Clone, Debug)]
pub struct Body(pub Bytes);

impl Body {
    /// Reads it; too long, too slow or broken off is 402.
    pub async fn read(app: &App, stream: Stream) -> Result<Self, Refusal> {
        Self::read_within(app, stream, BODY_BYTES_MAX).await
    }

    /// The same with a bound of its own.
    pub async fn read_within(app: &App, stream: Stream, bytes_max: usize) -> Result<Self, Refusal> {
        let limit = Duration::from_millis(app.config.http.body_read_timeout_ms);
        match tokio::time::timeout(limit, Limited::new(stream, bytes_max).collect()).await {
            Ok(Ok(body)) => Ok(Self(body.to_bytes())),
            Ok(Err(_)) => Err(Refusal::wrong_because("body", "is too long or broken off")),
            Err(_) => Err(Refusal::wrong_because("body", "came too slowly")),
        }
    }
}

impl FromRequest<Arc<App>> for Body {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refusal> {
        Self::read(app, request.into_body()).await
    }
}
