//! `/openapi.json`, and `/docs`, which shows it. The page's script is served by us, and its content
//! security policy lets it load nothing from anywhere else.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use utoipa::openapi::OpenApi;

const PAGE: &str = include_str!("../../assets/scalar/index.html");
const SCRIPT: &[u8] = include_bytes!("../../assets/scalar/standalone.js");
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// The three routes.
pub fn router<S: Clone + Send + Sync + 'static>(openapi: &OpenApi) -> Router<S> {
    let json = openapi.to_json().expect("a description is JSON");
    Router::new()
        .route(
            "/openapi.json",
            get(async || ([(header::CONTENT_TYPE, "application/json")], json).into_response()),
        )
        .route("/docs", get(page))
        .route("/docs/scalar.js", get(script))
}

async fn page() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, PAGE)
}

async fn script() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
    ];
    (headers, SCRIPT)
}
