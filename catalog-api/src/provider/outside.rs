//! Calls to vendors: HTTPS, one deadline for everything, a bound on the answer, no redirects. The
//! addresses come from our own configuration; users never name one.

use crate::error::Fault;
use axum::body::Bytes;
use axum::http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::time::Duration;

/// All of a call, from connecting to the last byte of the answer.
const DEADLINE: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Connections kept for the next call, per vendor.
const IDLE_MAX: usize = 8;

/// The client; it keeps connections.
#[derive(Clone, Debug)]
pub struct Outside(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Outside {
    /// With the certificates the system trusts.
    pub fn new() -> std::io::Result<Self> {
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())?
            // Plain HTTP is for servers on a developer's machine; `config` refuses it elsewhere.
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(IDLE_MAX).build(connector);
        Ok(Self(client))
    }

    /// Sends a request and reads the whole answer.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, Fault> {
        // Queries may hold secrets; neither they nor the path say more than the host in a log.
        let host = request.uri().host().unwrap_or_default().to_owned();
        let exchange = async {
            let (parts, body) =
                self.0.request(request).await.map_err(|error| with_cause(&error))?.into_parts();
            let body =
                Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|error| error.to_string())?;
            Ok::<_, String>(Response::from_parts(parts, body.to_bytes()))
        };
        match tokio::time::timeout(DEADLINE, exchange).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(Fault::Provider(format!("call to {host} failed: {error}"))),
            Err(_) => Err(Fault::Provider(format!("call to {host} took too long"))),
        }
    }
}

fn with_cause(error: &dyn std::error::Error) -> String {
    crate::envelope::chain(error)
}

/// Text as it may stand in a query: all but the unreserved characters of RFC 3986 are escaped.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(byte as char);
        } else {
            let hex = crate::random::hex(&[byte]).to_ascii_uppercase();
            escaped.push('%');
            escaped.push_str(&hex);
        }
    }
    escaped
}

/// Host and port of an address, as the header `host` names them.
pub fn authority(endpoint: &str) -> &str {
    let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stand_as_they_are() {
        assert_eq!(escaped("aZ9-_.~"), "aZ9-_.~");
        assert_eq!(escaped("a b*{\"c\":1}商"), "a%20b%2A%7B%22c%22%3A1%7D%E5%95%86");
        assert_eq!(authority("https://dysmsapi.example/x"), "dysmsapi.example");
        assert_eq!(authority("http://127.0.0.1:8080"), "127.0.0.1:8080");
    }
}
