//! Processes by pid *and* start time, so that a pid that was given to somebody else meanwhile is never
//! signalled.

use crate::wait::{self, Tick};
use anyhow::{Context, Result, bail, ensure};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// One life of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Process id.
    pub pid: u32,
    /// Start time in clock ticks since boot, as the kernel tells it.
    pub start: u64,
}

/// Signals this project sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Please end.
    Term,
    /// End.
    Kill,
    /// Pause.
    Stop,
    /// Go on.
    Cont,
}

/// How [`Identity::end`] came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was not running.
    Absent,
    /// It ended when asked to.
    Asked,
    /// It did not, and was killed.
    Killed,
}

impl Identity {
    /// Who has this pid now.
    pub fn of(pid: u32) -> Option<Self> {
        stat(pid).map(|(_, start)| Self { pid, start })
    }

    /// Whether this very process still runs.
    pub fn alive(self) -> bool {
        // A zombie has ended; it only waits for its parent to look.
        stat(self.pid).is_some_and(|(state, start)| start == self.start && state != 'Z' && state != 'X')
    }

    /// Sends a signal, if the process still runs.
    pub fn signal(self, signal: Signal) -> Result<()> {
        if !self.alive() {
            return Ok(());
        }
        let name = match signal {
            Signal::Term => "TERM",
            Signal::Kill => "KILL",
            Signal::Stop => "STOP",
            Signal::Cont => "CONT",
        };
        // The shell's own `kill`: a bare machine has no program of that name.
        let status = Command::new("sh")
            .args(["-c", "kill -s \"$0\" \"$1\"", name, &self.pid.to_string()])
            .stderr(Stdio::null())
            .status()
            .context("cannot run sh")?;
        ensure!(status.success() || !self.alive(), "cannot send {name} to process {}", self.pid);
        Ok(())
    }

    /// Asks it to end, and kills it when it has not within `grace`.
    pub fn end(self, grace: Duration, tick: Tick<'_>) -> Result<End> {
        if !self.alive() {
            return Ok(End::Absent);
        }
        self.signal(Signal::Term)?;
        // A paused process would never see it.
        self.signal(Signal::Cont)?;
        let gone = || Ok((!self.alive()).then_some(()));
        if wait::until(grace, tick, gone)?.is_some() {
            return Ok(End::Asked);
        }
        self.signal(Signal::Kill)?;
        let killed = wait::until(Duration::from_secs(10), &mut wait::quietly, gone)?;
        ensure!(killed.is_some(), "process {} does not end, even killed", self.pid);
        Ok(End::Killed)
    }
}

/// State and start time of a process.
fn stat(pid: u32) -> Option<(char, u64)> {
    parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_stat(text: &str) -> Option<(char, u64)> {
    // The name in brackets may itself hold blanks and brackets; the fields begin after the last one.
    let mut fields = text.get(text.rfind(')')? + 1..)?.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    // Start time is field 22 of the line, state was field 3.
    Some((state, fields.nth(18)?.parse().ok()?))
}

/// Whether a process outlives the one that started it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bond {
    /// Killed when its owner ends, however that happens.
    Leashed,
    /// Goes on in a session of its own.
    Loose,
}

/// Arguments of `sh` that run a program with many file descriptors: thousands of connections need more of
/// them than most shells allow from the beginning.
pub fn with_many_files(program: &Path) -> [OsString; 3] {
    const RAISE: &str = "ulimit -n 65536 2>/dev/null || ulimit -n \"$(ulimit -Hn)\"; exec \"$0\" \"$@\"";
    ["-c".into(), RAISE.into(), program.into()]
}

/// How to start a process.
#[derive(Clone, Debug)]
pub struct Launch {
    /// Program.
    pub program: PathBuf,
    /// Arguments.
    pub args: Vec<OsString>,
    /// Environment on top of ours.
    pub envs: Vec<(String, String)>,
    /// Working directory.
    pub dir: PathBuf,
    /// Where its output is appended.
    pub log: PathBuf,
}

impl Launch {
    /// Starts it.
    pub fn spawn(&self, bond: Bond) -> Result<Owned> {
        let log = append(&self.log)?;
        let mut command = match bond {
            Bond::Loose => {
                let mut command = Command::new("setsid");
                command.arg(&self.program);
                command
            }
            Bond::Leashed => {
                let mut command = Command::new(&self.program);
                // Ctrl-C in the terminal is for us; we end our services in order.
                command.process_group(0);
                command
            }
        };
        command
            .args(&self.args)
            .envs(self.envs.iter().map(|(key, value)| (key, value)))
            .current_dir(&self.dir)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let child = command.spawn().with_context(|| format!("cannot start {}", self.program.display()))?;
        let Some(identity) = Identity::of(child.id()) else { bail!("cannot read /proc/{}/stat", child.id()) };
        let mut owned = Owned { identity, child: Some(child), leash: None };
        if bond == Bond::Leashed {
            owned.leash = Some(leash(identity)?);
        }
        Ok(owned)
    }
}

fn append(path: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// A shell that waits for our end, which closes its standard input, and then kills the process.
fn leash(identity: Identity) -> Result<Child> {
    const WATCH: &str = "while read -r _; do :; done
        [ \"$(cut -d' ' -f22 \"/proc/$0/stat\" 2>/dev/null)\" = \"$1\" ] && kill -KILL \"$0\"";
    Command::new("sh")
        .args(["-c", WATCH, &identity.pid.to_string(), &identity.start.to_string()])
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot run sh")
}

/// A process we started and have to end; killed when dropped.
#[derive(Debug)]
pub struct Owned {
    identity: Identity,
    child: Option<Child>,
    leash: Option<Child>,
}

impl Owned {
    /// Who it is.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        match &mut self.child {
            Some(child) => Ok(child.try_wait()?),
            None => Ok(None),
        }
    }

    /// Lets it go on without us.
    pub fn release(mut self) -> Identity {
        self.child = None;
        self.identity
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // An error means that it has ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
        if let Some(leash) = &mut self.leash {
            let _ = leash.kill();
            let _ = leash.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_brackets_does_not_shift_the_fields() {
        let line = "71 (a) b (c)) S 1 71 71 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 98765 0 0";
        assert_eq!(parse_stat(line), Some(('S', 98765)));
        assert_eq!(parse_stat("71 (cut"), None);
    }

    #[test]
    fn another_life_of_the_same_pid_is_not_signalled() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let real = Identity::of(child.id()).unwrap();
        let earlier = Identity { start: real.start - 1, ..real };
        assert!(!earlier.alive());
        assert_eq!(earlier.end(Duration::from_secs(1), &mut wait::quietly).unwrap(), End::Absent);
        earlier.signal(Signal::Kill).unwrap();
        assert!(child.try_wait().unwrap().is_none(), "it was killed all the same");
        assert_eq!(real.end(Duration::from_secs(5), &mut wait::quietly).unwrap(), End::Asked);
        assert!(child.wait().unwrap().code().is_none());
    }

    #[test]
    fn who_ignores_the_request_is_killed() {
        let mut child = Command::new("sh")
            .args(["-c", "trap '' TERM; echo ready; while :; do read -r _ < /dev/zero; done"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line)
            .unwrap();
        let identity = Identity::of(child.id()).unwrap();
        assert_eq!(identity.end(Duration::from_millis(200), &mut wait::quietly).unwrap(), End::Killed);
        child.wait().unwrap();
    }
}
