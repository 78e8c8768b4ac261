//! The private listener: whether the process lives, whether it can serve and what is missing, counters,
//! the API description and, in the dev profile, `/dev/*`.

use super::{dev, docs};
use crate::state::App;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use utoipa::openapi::OpenApi;

/// Builds the router.
pub fn router(app: &Arc<App>, openapi: &OpenApi) -> Router {
    let mut router = Router::new()
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .merge(docs::router(openapi));
    if app.config.is_dev() {
        router = router
            .route("/dev/sessions", post(dev::sessions::sessions))
            .route("/dev/sms", get(dev::sms::sms))
            .route("/dev/pay/{order_sn}", post(dev::pay::pay));
    }
    router.with_state(Arc::clone(app))
}

async fn readyz(State(app): State<Arc<App>>) -> impl IntoResponse {
    let missing = missing(&app).await;
    let status = if missing.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": missing.is_empty(), "missing": missing })))
}

/// A store that takes longer to say anything is as good as away.
const PROBE_DEADLINE: Duration = Duration::from_secs(2);

async fn missing(app: &App) -> Vec<&'static str> {
    let mut missing = Vec::new();
    let migrated = tokio::time::timeout(PROBE_DEADLINE, crate::startup::is_migrated(&app.db));
    match migrated.await {
        Ok(Ok(true)) => {}
        Ok(Ok(false)) => missing.push("migrations"),
        Ok(Err(_)) | Err(_) => missing.push("database"),
    }
    let ping = async {
        let mut connection = app.redis.get().await.ok()?;
        redis::cmd("PING").query_async::<String>(&mut connection).await.ok()
    };
    if !matches!(tokio::time::timeout(PROBE_DEADLINE, ping).await, Ok(Some(_))) {
        missing.push("redis");
    }
    if app.draining.load(Ordering::Relaxed) {
        missing.push("the process is ending");
    }
    missing
}

async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics.text())
}
