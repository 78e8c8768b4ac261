//! Requests built beforehand, handed out in order to whichever connection is free.

use loadtest::native::{Caller, Then};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// A list of requests shared by all connections of a cell.
pub(crate) struct Script {
    pub(crate) name: &'static str,
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
    repeat: bool,
    keep: bool,
}

impl Script {
    /// Each request once; bodies of answers are kept.
    pub(crate) fn once(name: &'static str, requests: Vec<Vec<u8>>) -> Self {
        Self { name, requests: Arc::new(requests), next: Arc::default(), repeat: false, keep: true }
    }

    /// Over and over; answers are thrown away.
    pub(crate) fn repeated(name: &'static str, requests: Vec<Vec<u8>>) -> Self {
        Self { name, requests: Arc::new(requests), next: Arc::default(), repeat: true, keep: false }
    }

    /// One who reads from it.
    pub(crate) fn caller(&self) -> Reader {
        Reader {
            requests: self.requests.clone(),
            next: self.next.clone(),
            repeat: self.repeat,
            keep: self.keep,
            current: 0,
            kept: Vec::new(),
        }
    }
}

/// Reads from a script on one connection.
pub(crate) struct Reader {
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
    repeat: bool,
    keep: bool,
    current: usize,
    pub(crate) kept: Vec<(usize, Vec<u8>)>,
}

impl Caller for Reader {
    fn next(&mut self, request: &mut Vec<u8>) -> bool {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.current = if self.repeat { number % self.requests.len() } else { number };
        let Some(built) = self.requests.get(self.current) else { return false };
        request.extend_from_slice(built);
        true
    }

    fn answered(&mut self, _status: u16, body: &[u8], _due: Instant, _latency: Duration) -> Then {
        if self.keep {
            self.kept.push((self.current, body.to_vec()));
        }
        Then::Arrive
    }
}

/// A request as a phone sends it, and no byte more.
pub(crate) fn request(method: &str, path: &str, session: Option<&str>, body: Option<&str>) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: mall\r\n");
    if let Some(session) = session {
        text += &format!("authorization: Bearer {session}\r\n");
    }
    match body {
        Some(body) => {
            text +=
                &format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        }
        None => text += "\r\n",
    }
    text.into_bytes()
}
