//! One HTTP/1.1 call to an address of our own configuration, bounded in time and size.

use crate::error::Fault;
use axum::body::Bytes;
use axum::http::{Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpStream, ToSocketAddrs};

/// All of a call, from connecting to the last byte of the answer.
const DEADLINE: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// Why a call came to nothing; where it went is for the caller to say.
pub type Problem = Box<dyn std::error::Error + Send + Sync>;

/// Sends a JSON body and returns status and text of the answer.
pub async fn post(
    to: SocketAddr,
    path: &str,
    headers: &[(&'static str, &str)],
    body: String,
) -> Result<(u16, String), Fault> {
    let mut request = Request::post(path)
        .header(header::HOST, to.to_string())
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(body)));
    let exchange = async { exchange(to, request?, ANSWER_BYTES_MAX).await };
    match tokio::time::timeout(DEADLINE, exchange).await {
        Ok(Ok((status, answer))) => Ok((status, String::from_utf8_lossy(&answer).into_owned())),
        Ok(Err(error)) => Err(Fault::Provider(format!("call to {path} failed: {error}"))),
        Err(_) => Err(Fault::Provider(format!("call to {path} took too long"))),
    }
}

/// Asks `host:port` for something; answers with status and body.
pub async fn get(
    to: &str,
    path: &str,
    within: Duration,
    answer_bytes_max: usize,
) -> Result<(u16, Bytes), Problem> {
    let request = Request::get(path).header(header::HOST, to).body(Full::default())?;
    match tokio::time::timeout(within, exchange(to, request, answer_bytes_max)).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("no answer within {} ms", within.as_millis()).into()),
    }
}

async fn exchange(
    to: impl ToSocketAddrs,
    request: Request<Full<Bytes>>,
    answer_bytes_max: usize,
) -> Result<(u16, Bytes), Problem> {
    let stream = TcpStream::connect(to).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // Ends with the sender, which this call holds.
    tokio::spawn(connection);
    let response = sender.send_request(request).await?;
    let status = response.status().as_u16();
    let answer = Limited::new(response.into_body(), answer_bytes_max).collect().await?.to_bytes();
    Ok((status, answer))
}
