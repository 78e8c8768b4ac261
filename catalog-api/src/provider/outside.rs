//! Calls to vendors: HTTPS, one deadline for everything, a bound on the answer, no redirects. The
//! addresses come from our own configuration; users never name one.

use crate::envelope::chain;
use crate::error::Fault;
use axum::body::Bytes;
use axum::http::{Request, Response};
use reqwest::redirect::Policy;
use std::time::Duration;

/// All of a call, from connecting to the last byte of the answer.
const DEADLINE: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Connections kept for the next call, per vendor.
const IDLE_MAX: usize = 8;

/// The client; it keeps connections.
#[derive(Clone, Debug)]
pub struct Outside(reqwest::Client);

impl Outside {
    /// With the certificates the system trusts. Plain HTTP is for servers on a developer's machine;
    /// `config` refuses such an address elsewhere.
    pub fn new() -> reqwest::Result<Self> {
        // Fails only when the process has one already, which will do.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(DEADLINE)
            .pool_max_idle_per_host(IDLE_MAX)
            .build()?;
        Ok(Self(client))
    }

    /// Sends a request and reads the whole answer.
    pub async fn send(&self, request: Request<String>) -> Result<Response<Bytes>, Fault> {
        // A query may hold secrets: a log says the host and no more of the address.
        let host = request.uri().host().unwrap_or_default().to_owned();
        let answer = self.exchange(request).await;
        answer.map_err(|error| Fault::Provider(format!("call to {host} failed: {error}")))
    }

    async fn exchange(&self, request: Request<String>) -> Result<Response<Bytes>, String> {
        let text = |error: reqwest::Error| chain(&error.without_url());
        let request = reqwest::Request::try_from(request).map_err(text)?;
        let mut answer = self.0.execute(request).await.map_err(text)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(text)? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err("the answer is too long".into());
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        Ok(response)
    }
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
