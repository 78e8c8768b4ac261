//! One HTTP/1.1 POST to an address of our own.

use crate::error::Fault;
use axum::body::Bytes;
use axum::http::{Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// All of a call, from connecting to the last byte of the answer.
const DEADLINE: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// Sends a JSON body and returns status and text of the answer.
pub async fn post(
    to: SocketAddr,
    path: &str,
    headers: &[(&'static str, &str)],
    body: String,
) -> Result<(u16, String), Fault> {
    match tokio::time::timeout(DEADLINE, exchange(to, path, headers, body)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(Fault::Provider(format!("call to {path} failed: {error}"))),
        Err(_) => Err(Fault::Provider(format!("call to {path} took too long"))),
    }
}

async fn exchange(
    to: SocketAddr,
    path: &str,
    headers: &[(&'static str, &str)],
    body: String,
) -> Result<(u16, String), Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(to).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // Ends with the sender, which this call holds.
    tokio::spawn(connection);
    let mut request = Request::post(path)
        .header(header::HOST, to.to_string())
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = sender.send_request(request.body(Full::new(Bytes::from(body)))?).await?;
    let status = response.status().as_u16();
    let answer = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&answer).into_owned()))
}
