//! The accept loop and the life of one connection: how many, how slow, how large, and how they end.

use super::DoorLimits;
use super::render::{self, Answer};
use super::wire::{Phase, Wire};
use crate::clock::Clock;
use crate::metrics::{Count, Metrics};
use crate::shutdown::Shutdown;
use contract::outcome::Code;
use contract::tls::Tls;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// An idle connection is closed after this long.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// A client that takes nothing of its answer for this long is dropped; what it did not read is at most what
/// the system keeps for a connection, and one buffer of ours.
const UNREAD_MAX: Duration = Duration::from_secs(10);
/// How often a connection looks at its deadlines.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Whoever answers requests.
pub trait Service: Send + Sync + 'static {
    /// Answers one request.
    fn answer(&self, request: Request<Incoming>, from: SocketAddr) -> impl Future<Output = Answer> + Send;
}

/// Accepts connections until shutdown begins; ends when all of them have ended. With `tls` every connection
/// begins with a handshake, for which there is as much time as for a head.
pub async fn serve<S: Service, C: Clock>(
    (listener, tls): (TcpListener, Option<Tls>),
    service: Arc<S>,
    limits: DoorLimits,
    clock: C,
    metrics: Arc<Metrics>,
    shutdown: Shutdown,
) {
    let room = Arc::new(Semaphore::new(limits.connections_max));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.begun() => break,
        };
        // Accepting fails when descriptors run out; they come back when connections end.
        let Ok((stream, from)) = accepted else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let Ok(place) = room.clone().try_acquire_owned() else {
            metrics.count(Count::ConnectionsRefused, 1);
            continue;
        };
        metrics.count(Count::Connections, 1);
        // Answers are small and complete: waiting to fill a segment only delays them.
        let _ = stream.set_nodelay(true);
        let (service, limits, clock, metrics, shutdown) =
            (service.clone(), limits.clone(), clock.clone(), metrics.clone(), shutdown.clone());
        let tls = tls.clone();
        tokio::spawn(async move {
            let _place = place;
            let Some(tls) = tls else {
                return connection(stream, from, service, limits, clock, &metrics, shutdown).await;
            };
            // On the heap: without TLS, which is the rule, a connection does not pay for it.
            Box::pin(async move {
                let shaken = tokio::time::timeout(limits.read_within, tls.accept(stream)).await;
                if let Ok(Ok(stream)) = shaken {
                    connection(stream, from, service, limits, clock, &metrics, shutdown).await;
                }
            })
            .await;
        });
    }
    drop(listener);
    let _ = room.acquire_many(limits.connections_max as u32).await;
}

async fn connection<S: Service, C: Clock>(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    from: SocketAddr,
    service: Arc<S>,
    limits: DoorLimits,
    clock: C,
    metrics: &Metrics,
    shutdown: Shutdown,
) {
    let phase = Phase::new(clock.elapsed());
    let wire = {
        let clock = clock.clone();
        Wire::new(stream, phase.clone(), move || clock.elapsed())
    };
    let answer = service_fn(|request| {
        phase.serving();
        let (service, phase, clock) = (service.clone(), phase.clone(), clock.clone());
        async move {
            let answer = service.answer(request, from).await;
            phase.idle(clock.elapsed());
            Ok::<_, Infallible>(answer)
        }
    });
    let mut connection = http1::Builder::new()
        .max_headers(limits.headers_max)
        .max_buf_size(limits.head_bytes_max)
        .serve_connection(wire, answer);
    let mut look = tokio::time::interval(LOOK_EVERY);
    let mut leaving = pin!(shutdown.begun());
    let mut left = false;
    loop {
        tokio::select! {
            // Every error ends the connection, and the client knows as much as we do.
            _ = &mut connection => return,
            () = &mut leaving, if !left => {
                left = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
            _ = look.tick() => {
                let now = clock.elapsed();
                match phase.unread_for(now) {
                    Some(age) if age > UNREAD_MAX => {
                        metrics.count(Count::Unread, 1);
                        return;
                    }
                    // Whoever does not take its answer is not asked for more.
                    Some(_) => {}
                    None if phase.head_late(now, limits.read_within) => break,
                    None => {}
                }
                if phase.idle_long(now, IDLE_MAX) && !left {
                    left = true;
                    std::pin::Pin::new(&mut connection).graceful_shutdown();
                }
            }
        }
    }
    let mut stream = connection.into_parts().io.into_stream();
    let last_word = async {
        let _ = stream.write_all(&render::raw(Code::RequestTimeout)).await;
        let _ = stream.shutdown().await;
    };
    let _ = tokio::time::timeout(LOOK_EVERY, last_word).await;
}
