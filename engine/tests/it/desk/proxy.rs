//! A wire between a desk and its Redis that can hand out a reply under a wrong tag, or late.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Default)]
pub(crate) struct Proxy {
    falsify: Arc<AtomicBool>,
    connections: Arc<AtomicUsize>,
    delay_ms: Arc<AtomicU64>,
}

impl Proxy {
    /// Listens on a port of its own and leads to `port`; ends with the runtime of the test.
    pub(crate) async fn start(port: u16) -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}/", listener.local_addr().unwrap());
        let proxy = Self::default();
        let accepting = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                accepting.connections.fetch_add(1, Ordering::Relaxed);
                let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                tokio::spawn(accepting.clone().carry(client, server));
            }
        });
        (proxy, url)
    }

    /// The tag of the next reply to a script will be that of another call.
    pub(crate) fn falsify_next_tag(&self) {
        self.falsify.store(true, Ordering::Relaxed);
    }

    /// From now on replies come so late.
    pub(crate) fn delay(&self, delay: Duration) {
        self.delay_ms.store(delay.as_millis() as u64, Ordering::Relaxed);
    }

    /// How many connections were made so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    async fn carry(self, client: TcpStream, server: TcpStream) {
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let there = async { tokio::io::copy(&mut from_client, &mut to_server).await.map(drop) };
        let back = async {
            let mut buffer = vec![0; 1 << 16];
            loop {
                let length = from_server.read(&mut buffer).await?;
                if length == 0 {
                    return to_client.shutdown().await;
                }
                if self.falsify.load(Ordering::Relaxed) && falsify(&mut buffer[..length]) {
                    self.falsify.store(false, Ordering::Relaxed);
                }
                let delay = Duration::from_millis(self.delay_ms.load(Ordering::Relaxed));
                if !delay.is_zero() {
                    tokio::time::sleep(delay).await;
                }
                to_client.write_all(&buffer[..length]).await?;
            }
        };
        // An end that goes away ends the connection; there is nobody to tell.
        let _ = tokio::try_join!(there, back);
    }
}

/// Changes the first character of the text after the word "ok".
fn falsify(reply: &mut [u8]) -> bool {
    let word = b"$2\r\nok\r\n$";
    let Some(at) = reply.windows(word.len()).position(|window| window == word) else { return false };
    let length_line = at + word.len();
    let Some(end) = reply[length_line..].iter().position(|&byte| byte == b'\n') else { return false };
    let tag = &mut reply[length_line + end + 1];
    *tag = if *tag == b'0' { b'1' } else { b'0' };
    true
}
