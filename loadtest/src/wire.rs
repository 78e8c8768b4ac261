//! One HTTP connection as a phone has one: kept open, made again when it was closed.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST, RETRY_AFTER};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longest answer that is read; ten thousand sessions are a little over one megabyte.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Where a service listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(String);

impl Host {
    /// From `http://host:port`.
    pub fn new(url: &str) -> Result<Self> {
        match url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/')) {
            Some(authority) if authority.contains(':') => Ok(Self(authority.to_owned())),
            _ => bail!("`{url}` is not of the form http://host:port"),
        }
    }

    /// A connection that is not open yet.
    pub fn connection(&self, limit: Duration) -> Connection {
        Connection { host: self.clone(), limit, sender: None }
    }
}

/// A connection, open or not.
#[derive(Debug)]
pub struct Connection {
    host: Host,
    limit: Duration,
    sender: Option<SendRequest<Full<Bytes>>>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// How long to wait, where the service says.
    pub retry_after: Option<Duration>,
    /// Body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON, or null.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The stable code of a refusal.
    pub fn code(&self) -> Option<String> {
        self.json()["code"].as_str().map(str::to_owned)
    }
}

impl Connection {
    /// Opens it, if it is not open.
    pub async fn open(&mut self) -> Result<()> {
        if let Some(sender) = &mut self.sender
            && sender.ready().await.is_ok()
        {
            return Ok(());
        }
        let connecting = async {
            let stream = TcpStream::connect(&self.host.0).await?;
            stream.set_nodelay(true)?;
            let (sender, connection) = handshake(TokioIo::new(stream)).await?;
            // Ends with the connection; its errors come out of the requests.
            tokio::spawn(connection);
            anyhow::Ok(sender)
        };
        let sender = timeout(self.limit, connecting)
            .await
            .map_err(anyhow::Error::from)
            .flatten()
            .with_context(|| format!("cannot connect to {}", self.host.0))?;
        self.sender = Some(sender);
        Ok(())
    }

    /// Sends a request and waits for the whole answer. An error means that nobody knows what happened.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer> {
        self.open().await?;
        let sender = self.sender.take().context("the connection is open")?;
        let (sender, answer) = timeout(self.limit, exchange(sender, &self.host, method, path, headers, body))
            .await
            .with_context(|| format!("no answer from {}{path} in time", self.host.0))?
            .with_context(|| format!("no answer from {}{path}", self.host.0))?;
        self.sender = Some(sender);
        Ok(answer)
    }
}

async fn exchange(
    mut sender: SendRequest<Full<Bytes>>,
    host: &Host,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Result<(SendRequest<Full<Bytes>>, Answer)> {
    let mut request = Request::builder().method(method).uri(path).header(HOST, &host.0);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = match body {
        Some(value) => {
            request = request.header(CONTENT_TYPE, "application/json");
            serde_json::to_vec(value)?
        }
        None => Vec::new(),
    };
    let answer = sender.send_request(request.body(Full::new(body.into()))?).await?;
    let status = answer.status().as_u16();
    let retry_after = answer
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map(Duration::from_secs);
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX)
        .collect()
        .await
        .map_err(|error| anyhow::anyhow!("{error}"))?
        .to_bytes();
    Ok((sender, Answer { status, retry_after, body }))
}
