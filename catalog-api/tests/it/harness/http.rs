//! Calls, one connection each.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A call to be.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// The body as it came.
    pub(crate) bytes: Bytes,
}

impl Call {
    pub(crate) fn get(path: &str) -> Self {
        Self::raw(Method::GET, path, Vec::new())
    }

    pub(crate) fn post(path: &str, body: Value) -> Self {
        Self::raw(Method::POST, path, body.to_string().into_bytes())
    }

    pub(crate) fn raw(method: Method, path: &str, body: Vec<u8>) -> Self {
        Self { method, path: path.to_owned(), headers: Vec::new(), body }
    }

    /// An upload, as browsers send one.
    pub(crate) fn file(path: &str, name: &str, content: &[u8]) -> Self {
        let mut body = format!(
            "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             content-type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n--edge--\r\n");
        Self::raw(Method::POST, path, body).header("content-type", "multipart/form-data; boundary=edge")
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Method and path, without what is asked.
    pub(crate) fn operation(&self) -> (Method, String) {
        let path = self.path.split('?').next().unwrap_or_default();
        (self.method.clone(), path.to_owned())
    }

    /// As a shopper.
    pub(crate) fn shop(self, token: &str) -> Self {
        self.header("X-Litemall-Token", token)
    }

    /// As staff.
    pub(crate) fn staff(self, token: &str) -> Self {
        self.header("X-Litemall-Admin-Token", token)
    }

    /// Sends it; nothing when there was no answer.
    pub(crate) async fn send(self, to: SocketAddr) -> Option<Answer> {
        self.send_over(TcpStream::connect(to).await.ok()?, &to.to_string()).await
    }

    /// Sends it over a connection there is; nothing when there was no answer.
    pub(crate) async fn send_over<S>(self, stream: S, host: &str) -> Option<Answer>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
        let driving = tokio::spawn(connection);
        let mut request = Request::builder().method(self.method).uri(&self.path).header("host", host);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(self.body))).expect("tests build valid requests");
        let response = sender.send_request(request).await.ok()?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        driving.abort();
        let text = String::from_utf8_lossy(&body).into_owned();
        Some(Answer { status: parts.status.as_u16(), headers: parts.headers, text, bytes: body })
    }
}

impl Answer {
    /// The envelope. Whatever a test is about, no envelope may hold a null member or another status.
    pub(crate) fn envelope(&self) -> Value {
        assert_eq!(self.status, 200, "an envelope comes with 200: {}", self.text);
        let envelope: Value = serde_json::from_str(&self.text).expect("an envelope is JSON");
        assert!(!has_null_member(&envelope), "no member is null: {}", self.text);
        assert!(envelope["errno"].is_i64() && envelope["errmsg"].is_string(), "{}", self.text);
        envelope
    }

    pub(crate) fn errno(&self) -> i64 {
        self.envelope()["errno"].as_i64().expect("checked by envelope")
    }

    pub(crate) fn errmsg(&self) -> String {
        self.envelope()["errmsg"].as_str().expect("checked by envelope").to_owned()
    }

    /// The data of a success; null when there is none.
    pub(crate) fn data(&self) -> Value {
        let mut envelope = self.envelope();
        assert_eq!(envelope["errno"], 0, "a success: {}", self.text);
        envelope["data"].take()
    }
}

fn has_null_member(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.values().any(|member| member.is_null() || has_null_member(member)),
        Value::Array(elements) => elements.iter().any(has_null_member),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
