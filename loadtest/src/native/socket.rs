//! One connection: a request out, its answer in.

use anyhow::{Context, Result, bail};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Most header fields of an answer.
const HEADERS_MAX: usize = 32;
/// Longest answer that is read.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// An open connection.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) address: SocketAddr,
    stream: TcpStream,
    received: Vec<u8>,
}

/// An answer's head, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    bytes: usize,
    body_bytes: usize,
}

impl Socket {
    pub(super) async fn open(address: SocketAddr) -> Result<Self> {
        let stream =
            TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { address, stream, received: Vec::with_capacity(1024) })
    }

    /// Sends a request and reads its answer: status and body.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> Result<(u16, &[u8])> {
        self.received.clear();
        self.stream.write_all(request).await?;
        let head = loop {
            self.more().await?;
            if let Some(head) = head(&self.received)? {
                break head;
            }
        };
        let end = head.bytes + head.body_bytes;
        while self.received.len() < end {
            self.more().await?;
        }
        Ok((head.status, &self.received[head.bytes..end]))
    }

    async fn more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.received).await? == 0 {
            bail!("the server closed the connection");
        }
        if self.received.len() > ANSWER_BYTES_MAX {
            bail!("the answer is longer than {ANSWER_BYTES_MAX} bytes");
        }
        Ok(())
    }
}

/// The head of an answer once it is complete.
fn head(received: &[u8]) -> Result<Option<Head>> {
    let mut fields = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut answer = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(bytes) = answer.parse(received)? else { return Ok(None) };
    let status = answer.code.context("an answer without a status")?;
    let length = answer.headers.iter().find(|field| field.name.eq_ignore_ascii_case("content-length"));
    let body_bytes = match length {
        Some(field) => std::str::from_utf8(field.value)?.trim().parse()?,
        None if status == 204 || status == 304 => 0,
        None => bail!("an answer without a length"),
    };
    Ok(Some(Head { status, bytes, body_bytes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_once_its_head_is_complete() {
        let answer = b"HTTP/1.1 410 Gone\r\ncontent-type: x\r\nContent-Length: 4\r\n\r\nbody";
        for cut in 0..answer.len() - 4 {
            assert_eq!(head(&answer[..cut]).unwrap(), None, "cut at {cut}");
        }
        assert_eq!(head(answer).unwrap(), Some(Head { status: 410, bytes: answer.len() - 4, body_bytes: 4 }));
        assert!(head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert_eq!(head(b"HTTP/1.1 304 Not Modified\r\n\r\n").unwrap().unwrap().body_bytes, 0);
    }
}
