//! A wire between one engine and one store that can be cut, stalled, made to lose replies, or reset.

use anyhow::Result;
use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the wire does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Passes everything on.
    Pass,
    /// Closes what is open and whatever is opened.
    Cut,
    /// The same with a reset instead of a close.
    Reset,
    /// Keeps connections open and passes nothing.
    Stall,
    /// Passes requests on and loses every reply.
    LoseReplies,
    /// Closes a connection once so many bytes of requests went through it.
    CutAfter(u64),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Closed,
    Reset,
}

/// A wire.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// Where the engine connects to.
    pub(crate) port: u16,
    mode: watch::Sender<Mode>,
}

impl Proxy {
    /// Lays one to a port on this machine.
    pub(crate) async fn to(server: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let (mode, watched) = watch::channel(Mode::Pass);
        tokio::spawn(async move {
            // Ends with the process, as the wire does.
            loop {
                if let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(pass(client, server, watched.clone()));
                }
            }
        });
        Ok(Self { port, mode })
    }

    /// Changes what it does, for connections that are open too.
    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

async fn pass(mut client: TcpStream, server: u16, mode: watch::Receiver<Mode>) {
    let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await else { return };
    let end = {
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        tokio::select! {
            end = pump(&mut from_client, &mut to_server, mode.clone(), Way::Up) => end,
            end = pump(&mut from_server, &mut to_client, mode, Way::Down) => end,
        }
    };
    if end == End::Reset {
        // A socket that lingers for no time is reset when it is dropped.
        let _ = client.set_zero_linger();
        let _ = server.set_zero_linger();
    }
}

async fn pump(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    mut mode: watch::Receiver<Mode>,
    way: Way,
) -> End {
    let mut buffer = vec![0; 16 * 1024];
    let mut passed = 0;
    loop {
        let now = *mode.borrow_and_update();
        match now {
            Mode::Cut => return End::Closed,
            Mode::Reset => return End::Reset,
            Mode::Stall => match mode.changed().await {
                Ok(()) => continue,
                Err(_) => return End::Closed,
            },
            Mode::Pass | Mode::LoseReplies | Mode::CutAfter(_) => {}
        }
        let read = tokio::select! {
            biased;
            changed = mode.changed() => match (changed, now) {
                // A connection that has lost bytes cannot go on as if it had not.
                (Ok(()), Mode::Pass | Mode::CutAfter(_)) => continue,
                _ => return End::Closed,
            },
            read = from.read(&mut buffer) => read,
        };
        let Ok(length @ 1..) = read else { return End::Closed };
        match (now, way) {
            (Mode::LoseReplies, Way::Down) => continue,
            (Mode::CutAfter(limit), Way::Up) => {
                passed += length as u64;
                if passed > limit {
                    // The last piece goes through in part, as on a real wire.
                    let _ = to.write_all(&buffer[..length / 2]).await;
                    return End::Closed;
                }
            }
            _ => {}
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return End::Closed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    /// A server that says every byte again.
    async fn echo() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        port
    }

    async fn said(stream: &mut TcpStream, word: &[u8; 4]) -> Option<[u8; 4]> {
        stream.write_all(word).await.ok()?;
        let mut answer = [0; 4];
        timeout(Duration::from_millis(300), stream.read_exact(&mut answer)).await.ok()?.ok()?;
        Some(answer)
    }

    #[tokio::test]
    async fn every_mode_does_what_it_says_and_passing_comes_back() {
        let proxy = Proxy::to(echo().await).await.unwrap();
        let connect = || TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port));
        let mut wire = connect().await.unwrap();
        assert_eq!(said(&mut wire, b"ping").await, Some(*b"ping"));

        proxy.set(Mode::Stall);
        assert_eq!(said(&mut wire, b"hold").await, None);
        proxy.set(Mode::Pass);
        let mut held = [0; 4];
        timeout(Duration::from_secs(2), wire.read_exact(&mut held)).await.unwrap().unwrap();
        assert_eq!(&held, b"hold", "a stalled wire loses nothing");

        proxy.set(Mode::LoseReplies);
        assert_eq!(said(&mut wire, b"lost").await, None);
        proxy.set(Mode::Pass);
        assert_eq!(said(&mut wire, b"more").await, None, "it is closed: it has lost bytes");

        for mode in [Mode::Cut, Mode::Reset] {
            proxy.set(Mode::Pass);
            let mut wire = connect().await.unwrap();
            assert_eq!(said(&mut wire, b"ping").await, Some(*b"ping"));
            proxy.set(mode);
            assert_eq!(said(&mut wire, b"ping").await, None, "{mode:?}");
        }
        proxy.set(Mode::CutAfter(6));
        let mut wire = connect().await.unwrap();
        assert_eq!(said(&mut wire, b"ping").await, Some(*b"ping"));
        assert_eq!(said(&mut wire, b"ping").await, None, "four and four are more than six");
    }
}
