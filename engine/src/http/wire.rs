//! The byte stream under hyper, with three things hyper does not do: it knows since when a head has been
//! arriving and since when its client has not read, and what hyper refuses before a request exists (a head
//! it cannot parse, one that is too large) goes out with the body every refusal has instead of empty.

use super::render;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// What a connection is doing, and since when; and since when its client has not read, 0 while it does.
pub(super) struct Phase(AtomicU64, AtomicU64);

/// Kinds of [`Phase`], in its two lowest bits.
const IDLE: u64 = 0;
const HEAD: u64 = 1;
const SERVING: u64 = 2;

impl Phase {
    pub(super) fn new(now: Duration) -> Arc<Self> {
        // A fresh connection owes a request as promptly as one that began to send it.
        Arc::new(Self(AtomicU64::new(stamp(now, HEAD)), AtomicU64::new(0)))
    }

    pub(super) fn serving(&self) {
        self.0.store(SERVING, Ordering::Relaxed);
    }

    pub(super) fn idle(&self, now: Duration) {
        self.0.store(stamp(now, IDLE), Ordering::Relaxed);
    }

    fn bytes_came(&self, now: impl FnOnce() -> Duration) {
        if self.0.load(Ordering::Relaxed) & 3 == IDLE {
            self.0.store(stamp(now(), HEAD), Ordering::Relaxed);
        }
    }

    fn written(&self, done: bool, now: impl FnOnce() -> Duration) {
        match (done, self.1.load(Ordering::Relaxed)) {
            (true, 0) | (false, 1..) => {}
            (true, _) => self.1.store(0, Ordering::Relaxed),
            (false, 0) => self.1.store(now().as_millis() as u64 + 1, Ordering::Relaxed),
        }
    }

    /// Since when nothing could be written, though there is something.
    pub(super) fn unread_for(&self, now: Duration) -> Option<Duration> {
        let since = self.1.load(Ordering::Relaxed).checked_sub(1)?;
        Some(now.saturating_sub(Duration::from_millis(since)))
    }

    /// Whether a head has been arriving for longer than `within`.
    pub(super) fn head_late(&self, now: Duration, within: Duration) -> bool {
        self.0.load(Ordering::Relaxed) & 3 == HEAD && self.age(now) > within
    }

    /// Whether nothing has been asked for longer than `within`.
    pub(super) fn idle_long(&self, now: Duration, within: Duration) -> bool {
        self.0.load(Ordering::Relaxed) & 3 == IDLE && self.age(now) > within
    }

    fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(Duration::from_millis(self.0.load(Ordering::Relaxed) >> 2))
    }
}

fn stamp(now: Duration, kind: u64) -> u64 {
    (now.as_millis() as u64) << 2 | kind
}

/// A connection.
pub(super) struct Wire<S, N> {
    io: TokioIo<S>,
    phase: Arc<Phase>,
    now: N,
    /// A replaced answer that is not written yet, and how much of hyper's own it stands for.
    instead: Option<(&'static [u8], usize)>,
}

impl<S: AsyncRead + AsyncWrite + Unpin, N: Fn() -> Duration + Unpin> Wire<S, N> {
    pub(super) fn new(stream: S, phase: Arc<Phase>, now: N) -> Self {
        Self { io: TokioIo::new(stream), phase, now, instead: None }
    }

    pub(super) fn into_stream(self) -> S {
        self.io.into_inner()
    }

    fn poll_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        while let Some((rest, stands_for)) = self.instead {
            if rest.is_empty() {
                self.instead = None;
                return Poll::Ready(Ok(stands_for));
            }
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, rest))?;
            self.instead = Some((&rest[written..], stands_for));
        }
        Poll::Ready(Ok(0))
    }
}

impl<S: AsyncRead + Unpin, N: Fn() -> Duration + Unpin> Read for Wire<S, N> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.io).poll_read(cx, buf))?;
        let this = &*self;
        this.phase.bytes_came(&this.now);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, N: Fn() -> Duration + Unpin> Write for Wire<S, N> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.instead.is_some() {
            return self.poll_instead(cx);
        }
        if let Some(answer) = render::instead_of_empty(buf) {
            self.instead = Some((answer, buf.len()));
            return self.poll_instead(cx);
        }
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        let this = &*self;
        this.phase.written(written.is_ready(), &this.now);
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
