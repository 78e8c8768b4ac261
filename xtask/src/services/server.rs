//! What all servers have in common: start, stop, pause, kill, start again on the same data and port.

use super::{free_port, is_free};
use crate::process::{Bond, Identity, Launch, Owned, Signal};
use crate::wait::{self, Tick, quietly};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest wait for a server to answer; the slowest start on record is Kafka's with 7 s.
const READY_LIMIT: Duration = Duration::from_secs(90);
/// Longest wait for a server to end by itself.
const STOP_LIMIT: Duration = Duration::from_secs(60);
/// Ports that are tried when the caller does not say which.
const PORT_TRIES: usize = 3;

/// Whether a server on this port, with this output since its start, is ready.
pub(super) type Probe = fn(port: u16, log: &str) -> bool;

/// A server on this machine, running or not.
#[derive(Debug)]
pub struct Server {
    name: &'static str,
    launch: Launch,
    bond: Bond,
    port: u16,
    probe: Probe,
    process: Option<Owned>,
    log_begin: u64,
}

impl Server {
    pub(super) fn new(name: &'static str, launch: Launch, bond: Bond, port: u16, probe: Probe) -> Self {
        Self { name, launch, bond, port, probe, process: None, log_begin: 0 }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its output.
    pub fn log(&self) -> &Path {
        &self.launch.log
    }

    /// Its process id.
    pub fn pid(&self) -> Result<u32> {
        Ok(self.identity()?.pid)
    }

    /// Its process.
    pub fn identity(&self) -> Result<Identity> {
        let process = self.process.as_ref().with_context(|| format!("{} is not running", self.name))?;
        Ok(process.identity())
    }

    /// Starts the process; see [`Self::wait_ready`].
    pub fn launch(&mut self) -> Result<()> {
        self.log_begin = std::fs::metadata(&self.launch.log).map_or(0, |file| file.len());
        self.process = Some(self.launch.spawn(self.bond)?);
        Ok(())
    }

    /// Waits until it answers.
    pub fn wait_ready(&mut self, tick: Tick<'_>) -> Result<()> {
        let (name, port, probe, log_begin) = (self.name, self.port, self.probe, self.log_begin);
        let log = self.launch.log.clone();
        let process = self.process.as_mut().with_context(|| format!("{name} was not started"))?;
        let ready = wait::until(READY_LIMIT, tick, || {
            if let Some(status) = process.ended()? {
                bail!("{name} ended at its start ({status}): {}", tail(&log, log_begin));
            }
            Ok(probe(port, &since(&log, log_begin)).then_some(()))
        })?;
        if ready.is_none() {
            bail!("{name} does not answer on port {port}; its log is {}", log.display());
        }
        Ok(())
    }

    /// Stops it in order, and waits for that.
    pub fn stop(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            let identity = process.identity();
            identity.signal(Signal::Term)?;
            identity.signal(Signal::Cont)?;
            let ended = wait::until(STOP_LIMIT, &mut quietly, || process.ended())?;
            if ended.is_none() {
                bail!("{} did not end within {} s", self.name, STOP_LIMIT.as_secs());
            }
        }
        Ok(())
    }

    /// Kills it where it stands.
    pub fn kill9(&mut self) {
        self.process = None;
    }

    /// Starts it again on the same data and port, after stopping it where it runs.
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        self.launch()?;
        self.wait_ready(&mut quietly)
    }

    /// Stops time for it.
    pub fn pause(&self) -> Result<()> {
        self.identity()?.signal(Signal::Stop)
    }

    /// Lets it go on.
    pub fn resume(&self) -> Result<()> {
        self.identity()?.signal(Signal::Cont)
    }

    /// Lets it go on without us, where it was started for that.
    pub fn release(mut self) -> Result<Identity> {
        let process = self.process.take().with_context(|| format!("{} was not started", self.name))?;
        Ok(process.release())
    }
}

/// Starts a server on the given port, or on one that is free, and waits for it.
pub(super) fn start<S: AsMut<Server>>(
    port: Option<u16>,
    tick: Tick<'_>,
    mut prepare: impl FnMut(u16) -> Result<S>,
) -> Result<S> {
    let mut tries = PORT_TRIES;
    loop {
        let wanted = match port {
            Some(port) => port,
            None => free_port()?,
        };
        let mut service = prepare(wanted)?;
        let server = service.as_mut();
        server.launch()?;
        match server.wait_ready(tick) {
            Ok(()) => return Ok(service),
            // Somebody took the port between our look and the server's; another one is as good.
            Err(error) => {
                tries -= 1;
                server.kill9();
                if port.is_some() || tries == 0 || is_free(wanted) {
                    return Err(error);
                }
            }
        }
    }
}

/// What a log says since a position, as far as it is text.
fn since(log: &Path, begin: u64) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let begin = usize::try_from(begin).unwrap_or(usize::MAX).min(bytes.len());
    String::from_utf8_lossy(&bytes[begin..]).into_owned()
}

/// The last lines of a log, and where it is.
pub fn tail(log: &Path, begin: u64) -> String {
    let text = since(log, begin);
    let lines: Vec<_> = text.lines().rev().take(12).collect();
    let lines: Vec<_> = lines.into_iter().rev().collect();
    format!("see {}\n{}", log.display(), lines.join("\n"))
}

/// Makes a server's folder and gives its path from the root, for configuration files.
pub(super) fn folder(dir: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    Ok(dir.canonicalize()?)
}

/// The plain delegation every service needs.
macro_rules! is_a_server {
    ($name:ident) => {
        impl std::ops::Deref for $name {
            type Target = $crate::services::Server;
            fn deref(&self) -> &Self::Target {
                &self.server
            }
        }
        impl std::ops::DerefMut for $name {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.server
            }
        }
        impl AsMut<$crate::services::Server> for $name {
            fn as_mut(&mut self) -> &mut $crate::services::Server {
                &mut self.server
            }
        }
    };
}
pub(super) use is_a_server;
