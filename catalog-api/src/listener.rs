//! The accept loop. axum's own installs no timer, so that slow clients would keep their connections for
//! ever; this one bounds headers in time, number and size, connections, and requests in hand.
//!
//! A request is handled in a task of its own: a client that hangs up does not stop a transaction half
//! way.

use crate::extract::client_address::Peer;
use crate::metrics::Counter;
use crate::state::App;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode, Version, header};
use axum::response::IntoResponse;
use contract::tls::Tls;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

const HEADERS_MAX: usize = 64;
const HEAD_BYTES_MAX: usize = 16 * 1024;
const URI_BYTES_MAX: usize = 12 * 1024;

/// A listener's bounds, shared by its connections.
struct Door {
    app: Arc<App>,
    router: Router,
    requests: Arc<Semaphore>,
}

/// Accepts until told to stop, then waits until connections have ended or the drain time is over. With `tls`
/// every connection begins with a handshake, for which there is as much time as for a head.
pub async fn serve(
    app: Arc<App>,
    (listener, tls): (TcpListener, Option<Tls>),
    router: Router,
    mut stop: watch::Receiver<bool>,
) {
    let connections_max = app.config.http.connections_max;
    let connections = Arc::new(Semaphore::new(connections_max));
    let drain = Duration::from_millis(app.config.http.drain_ms);
    let requests = Arc::new(Semaphore::new(app.config.http.requests_max));
    let door = Arc::new(Door { app, router, requests });
    while !*stop.borrow() {
        // At the bound new connections wait in the system's backlog.
        let permit = Arc::clone(&connections).acquire_owned().await.expect("the semaphore is never closed");
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    // Answers are small; waiting to fill a packet would only make them late.
                    stream.set_nodelay(true).ok();
                    let (door, tls, stop) = (Arc::clone(&door), tls.clone(), stop.clone());
                    tokio::spawn(async move {
                        let _permit = permit;
                        let Some(tls) = tls else { return connection(door, stream, peer.ip(), stop).await };
                        let limit = Duration::from_millis(door.app.config.http.header_read_timeout_ms);
                        if let Ok(Ok(stream)) = tokio::time::timeout(limit, tls.accept(stream)).await {
                            connection(door, stream, peer.ip(), stop).await;
                        }
                    });
                }
                Err(error) => {
                    // Most often no file descriptor is left; one is free when a connection ends.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            changed = stop.changed() => if changed.is_err() { break },
        }
    }
    drop(listener);
    let all = u32::try_from(connections_max).unwrap_or(u32::MAX);
    if tokio::time::timeout(drain, connections.acquire_many(all)).await.is_err() {
        tracing::warn!("connections were still open at the end of the drain time");
    }
}

async fn connection(
    door: Arc<Door>,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: IpAddr,
    mut stop: watch::Receiver<bool>,
) {
    let limit = Duration::from_millis(door.app.config.http.header_read_timeout_ms);
    let service = service_fn(move |request| answer(Arc::clone(&door), peer, request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limit)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    loop {
        tokio::select! {
            // How a client ends its connection is its own business.
            _ = connection.as_mut() => return,
            changed = stop.changed() => {
                connection.as_mut().graceful_shutdown();
                if changed.is_err() || *stop.borrow() {
                    let _ = connection.as_mut().await;
                    return;
                }
            }
        }
    }
}

async fn answer(
    door: Arc<Door>,
    peer: IpAddr,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    if let Some(status) = malformed(&request) {
        // What follows on this connection cannot be trusted to be a request.
        return Ok((status, [(header::CONNECTION, "close")]).into_response());
    }
    let Ok(permit) = Arc::clone(&door.requests).try_acquire_owned() else {
        door.app.metrics.count(Counter::Shed);
        return Ok((StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")]).into_response());
    };
    request.extensions_mut().insert(Peer(peer));
    let router = TowerToHyperService::new(door.router.clone());
    let handling = tokio::spawn(async move {
        let _permit = permit;
        hyper::service::Service::call(&router, request).await
    });
    match handling.await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(never)) => match never {},
        Err(error) => {
            tracing::error!(%error, "a handler panicked");
            Ok(crate::error::INTERNAL.into_response())
        }
    }
}

/// Requests two readers might understand differently, and oversized ones.
fn malformed(request: &Request<Incoming>) -> Option<StatusCode> {
    let headers: &HeaderMap = request.headers();
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() || (host.is_none() && request.version() == Version::HTTP_11) {
        return Some(StatusCode::BAD_REQUEST);
    }
    // The parser drops a Content-Length beside it, so the two together cannot be told from chunks alone;
    // no client of ours sends chunks.
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return Some(StatusCode::LENGTH_REQUIRED);
    }
    let uri_bytes = request.uri().path_and_query().map_or(0, |uri| uri.as_str().len());
    (uri_bytes > URI_BYTES_MAX).then_some(StatusCode::URI_TOO_LONG)
}
