//! Calls to the engine, handed on as they are, so that pages on a developer's machine have one origin.
//! The dev profile only: elsewhere the proxy in front of both services does this, and the flood of a sale
//! never comes through here.
//!
//! The answer flows through as it comes, events too. What was handed on and not answered is unknown, and
//! is said to be.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// More than the engine takes, so that its own refusal is heard.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// Until the engine's answer begins; it gives up earlier by itself.
const DEADLINE: Duration = Duration::from_secs(15);
/// What the engine reads of a request.
const ASKED: [HeaderName; 5] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::IF_NONE_MATCH,
    header::ORIGIN,
    HeaderName::from_static("x-litemall-token"),
];

/// The route.
pub(super) fn router<S: Clone + Send + Sync + 'static>(engine: SocketAddr) -> Router<S> {
    Router::new().route("/seckill/{*rest}", any(async move |request: Request| hand_on(engine, request).await))
}

async fn hand_on(engine: SocketAddr, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let Ok(Ok(stream)) = tokio::time::timeout(DEADLINE, TcpStream::connect(engine)).await else {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
    };
    let mut onward = hyper::Request::new(Full::new(body));
    *onward.method_mut() = parts.method;
    *onward.uri_mut() = parts.uri.path_and_query().map_or_else(Default::default, |path| path.clone().into());
    for name in ASKED {
        if let Some(value) = parts.headers.get(&name) {
            onward.headers_mut().insert(name, value.clone());
        }
    }
    let host = engine.to_string().try_into().expect("an address is visible ASCII");
    onward.headers_mut().insert(header::HOST, host);
    let answering = async {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        // Ends with the answer, or when the body of it is given up.
        tokio::spawn(connection);
        sender.send_request(onward).await
    };
    match tokio::time::timeout(DEADLINE, answering).await {
        Ok(Ok(answer)) => {
            let mut answer = answer.map(Body::new);
            // Of this connection, not of the one to the client.
            for name in [header::CONNECTION, header::TRANSFER_ENCODING] {
                answer.headers_mut().remove(name);
            }
            answer
        }
        Ok(Err(_)) | Err(_) => problem(StatusCode::GATEWAY_TIMEOUT, "order_unknown"),
    }
}

fn problem(status: StatusCode, code: &str) -> Response {
    let about = [(header::CONTENT_TYPE, "application/problem+json"), (header::RETRY_AFTER, "1")];
    (status, about, Json(json!({ "code": code, "status": status.as_u16() }))).into_response()
}
