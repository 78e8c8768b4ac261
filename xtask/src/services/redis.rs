//! Redis, with the settings a sale needs.

use super::knock;
use super::server::{self, Server, is_a_server};
use crate::place::which;
use crate::process::{Bond, Launch};
use crate::wait::{Tick, quietly};
use anyhow::{Context, Result};
use std::io::{Read, Write};
use std::path::Path;

/// The program.
pub const PROGRAM: &str = "redis-server";

/// A private Redis.
#[derive(Debug)]
pub struct Redis {
    server: Server,
}

impl Redis {
    /// Starts one on a fresh or an existing folder, and waits until it answers.
    pub fn start(dir: &Path, port: Option<u16>) -> Result<Self> {
        Self::start_watched(dir, port, &mut quietly)
    }

    /// The same, while somebody is watching.
    pub fn start_watched(dir: &Path, port: Option<u16>, tick: Tick<'_>) -> Result<Self> {
        server::start(port, tick, |port| Self::prepare(dir, port, Bond::Leashed))
    }

    /// One that is not started yet.
    pub fn prepare(dir: &Path, port: u16, bond: Bond) -> Result<Self> {
        Self::prepare_with(dir, port, bond, &[])
    }

    /// The same, with more settings.
    pub fn prepare_with(dir: &Path, port: u16, bond: Bond, more: &[[&str; 2]]) -> Result<Self> {
        let dir = server::folder(dir)?;
        let program = which(PROGRAM).context("redis-server is not installed")?;
        let port_text = port.to_string();
        let args = [
            ["--port", &port_text],
            ["--bind", "127.0.0.1"],
            ["--appendonly", "yes"],
            // A reservation that was answered must survive the process and the machine.
            ["--appendfsync", "always"],
            ["--no-appendfsync-on-rewrite", "no"],
            // An evicted stock key would be an oversell.
            ["--maxmemory-policy", "noeviction"],
            ["--save", ""],
            ["--maxclients", "4096"],
        ];
        let launch = Launch {
            program,
            args: args.into_iter().chain(more.iter().copied()).flatten().map(Into::into).collect(),
            envs: Vec::new(),
            log: dir.join("redis.log"),
            dir,
        };
        Ok(Self { server: Server::new("redis", launch, bond, port, ready) })
    }

    /// Its address.
    pub fn url(&self) -> String {
        url(self.port())
    }

    /// What is common to all servers.
    pub fn into_server(self) -> Server {
        self.server
    }
}

/// The address of a private Redis on this port.
pub fn url(port: u16) -> String {
    format!("redis://127.0.0.1:{port}/0")
}

/// Loading its data it answers too, but with an error.
fn ready(port: u16, _log: &str) -> bool {
    let ask = || -> Result<bool> {
        let mut stream = knock(port)?;
        stream.write_all(b"PING\r\n")?;
        let mut answer = [0; 7];
        stream.read_exact(&mut answer)?;
        Ok(&answer == b"+PONG\r\n")
    };
    ask().unwrap_or(false)
}

is_a_server!(Redis);
