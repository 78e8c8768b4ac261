//! The stores the project runs on, as private real servers. Also used by the other crates' tests.
//!
//! Each has `start(dir, port)`, on a fresh or an existing folder of data, and everything of [`Server`]
//! through it. A server is killed when dropped and when its owner dies, and nobody else's ever is.

pub mod kafka;
pub mod mariadb;
pub mod redis;
pub mod redis_cluster;

mod server;

pub use server::{Server, tail};

use anyhow::{Context, Result, bail};
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A port nobody listens on at the moment; below those that systems give to connections on their way out,
/// so that none of these takes it before a server does.
pub fn free_port() -> Result<u16> {
    const FIRST: u32 = 10_000;
    const PORTS: u32 = 22_000;
    static LOOKS: AtomicU32 = AtomicU32::new(0);
    // Processes at the same time begin in different places.
    let start = std::process::id().wrapping_mul(1_009);
    for _ in 0..PORTS {
        let look = start.wrapping_add(LOOKS.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(FIRST + look % PORTS).context("32,000 is a port")?;
        if is_free(port) {
            return Ok(port);
        }
    }
    bail!("no free port")
}

/// Whether nobody listens on this port.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A connection for a readiness probe, with short deadlines.
fn knock(port: u16) -> Result<TcpStream> {
    let limit = Duration::from_millis(500);
    let stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    Ok(stream)
}

/// Random letters and digits, for passwords and ids.
fn random_text(length: usize) -> Result<String> {
    // 32 symbols, so that a byte's low five bits choose evenly; none that look alike.
    const SYMBOLS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = vec![0; length];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| SYMBOLS[usize::from(byte & 31)] as char).collect())
}

/// Writes a file only its owner can read.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(file.write_all(text.as_bytes())?)
}
