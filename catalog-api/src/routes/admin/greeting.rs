//! Pages by which somebody who sets an installation up sees whether log-in and permissions work. No
//! client uses them. The two that want a role of a certain name are not among them: a role means what it
//! is permitted, and its name means nothing.

use crate::access::identify;
use crate::envelope::{Answer, Envelope, Reply};
use crate::error::NO_PERMISSION;
use crate::state::App;
use axum::extract::State;
use axum::http::HeaderMap;
use std::sync::Arc;

/// Greets anybody.
#[utoipa::path(get, path = "/admin/index/index", tag = "staff: account",
    responses((status = 200, body = Envelope<String>)))]
pub async fn index() -> Answer<&'static str> {
    Ok(Reply::data("hello, staff"))
}

/// Greets those who are not logged in. Failures: 506.
#[utoipa::path(get, path = "/admin/index/guest", tag = "staff: account",
    responses((status = 200, body = Envelope<String>)))]
pub async fn guest(State(app): State<Arc<App>>, headers: HeaderMap) -> Answer<&'static str> {
    match identify(&app, &headers).await? {
        None => Ok(Reply::data("hello, guest")),
        Some(_) => Err(NO_PERMISSION.into()),
    }
}

/// Greets those who are logged in. Failures: 506.
#[utoipa::path(get, path = "/admin/index/authn", tag = "staff: account",
    responses((status = 200, body = Envelope<String>)))]
pub async fn authn(State(app): State<Arc<App>>, headers: HeaderMap) -> Answer<&'static str> {
    greet(&app, &headers).await
}

/// The same under another name. Failures: 506.
#[utoipa::path(get, path = "/admin/index/user", tag = "staff: account",
    responses((status = 200, body = Envelope<String>)))]
pub async fn user(State(app): State<Arc<App>>, headers: HeaderMap) -> Answer<&'static str> {
    greet(&app, &headers).await
}

async fn greet(app: &App, headers: &HeaderMap) -> Answer<&'static str> {
    identify(app, headers).await?.ok_or(NO_PERMISSION)?;
    Ok(Reply::data("hello, you"))
}

/// Greets those who may read.
#[utoipa::path(get, path = "/admin/index/read", tag = "staff: account",
    responses((status = 200, body = Envelope<String>)), security(("staff" = []), ("bearer" = [])))]
pub async fn read() -> Answer<&'static str> {
    Ok(Reply::data("hello, reader"))
}

/// Greets those who may write.
#[utoipa::path(post, path = "/admin/index/write", tag = "staff: account",
    responses((status = 200, body = Envelope<String>)), security(("staff" = []), ("bearer" = [])))]
pub async fn write() -> Answer<&'static str> {
    Ok(Reply::data("hello, writer"))
}
