//! `GET /dev/sms?mobile=`: the last text the local provider was given for a number.

use crate::error::Failure;
use crate::extract::Query;
use crate::provider::sms::local::key;
use crate::state::App;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Shows it; 404 when there is none.
pub async fn sms(State(app): State<Arc<App>>, query: Query) -> Result<Response, Failure> {
    let mobile = query.text("mobile").unwrap_or_default();
    let mut connection = app.redis.get().await?;
    let mut get = redis::cmd("GET");
    get.arg(key(&app.config.redis.prefix, mobile));
    let text: Option<String> = get.query_async(&mut connection).await?;
    let json = [(header::CONTENT_TYPE, "application/json")];
    Ok(match text {
        Some(text) => (StatusCode::OK, json, text).into_response(),
        None => {
            (StatusCode::NOT_FOUND, json, r#"{"error":"no text was sent to this number"}"#).into_response()
        }
    })
}
