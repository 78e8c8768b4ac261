//! What the person in front sees: steps with their elapsed time, and Ctrl-C as a request to stop.
//!
//! Progress goes to standard error, results to standard output, so that output can be piped.

use anyhow::Result;
use std::fmt;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The person asked to stop.
#[derive(Clone, Copy, Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// Where progress is shown and interruption is noticed.
#[derive(Debug)]
pub struct Console {
    live: bool,
    stop: Arc<AtomicBool>,
}

impl Console {
    /// A console on standard error that hears SIGINT, SIGTERM and SIGHUP.
    pub fn new() -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP]
        {
            signal_hook::flag::register(signal, Arc::clone(&stop))?;
        }
        Ok(Self { live: std::io::stderr().is_terminal(), stop })
    }

    /// Whether the person asked to stop.
    pub fn interrupted(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// An error when the person asked to stop.
    pub fn check(&self) -> Result<()> {
        if self.interrupted() { Err(Interrupted.into()) } else { Ok(()) }
    }

    /// Forgets a request to stop that has been followed.
    pub fn resume(&self) {
        self.stop.store(false, Ordering::Relaxed);
    }

    /// One line of news.
    pub fn say(&self, line: &str) {
        eprintln!("{line}");
    }

    /// Begins a step whose elapsed time is shown.
    pub fn step(&self, what: impl Into<String>) -> Step<'_> {
        let step = Step {
            console: self,
            what: what.into(),
            begin: Instant::now(),
            shown: Instant::now(),
            live: self.live,
            done: false,
        };
        step.show_begin();
        step
    }

    /// Begins a step during which somebody else writes to the terminal.
    pub fn step_aside(&self, what: impl Into<String>) -> Step<'_> {
        let what = what.into();
        eprintln!("… {what}");
        let now = Instant::now();
        Step { console: self, what, begin: now, shown: now, live: false, done: false }
    }
}

/// Something under way.
#[derive(Debug)]
pub struct Step<'a> {
    console: &'a Console,
    what: String,
    begin: Instant,
    shown: Instant,
    live: bool,
    done: bool,
}

impl Step<'_> {
    /// Shows that it is still under way; an error when the person asked to stop.
    pub fn tick(&mut self) -> Result<()> {
        self.console.check()?;
        // A log file is not to be flooded, a person is not to be left wondering.
        let every = if self.live { Duration::from_millis(200) } else { Duration::from_secs(15) };
        if self.shown.elapsed() >= every {
            self.shown = Instant::now();
            if self.live {
                eprint!("\r\x1b[K… {} {}", self.what, seconds(self.begin.elapsed()));
                let _ = std::io::stderr().flush();
            } else {
                eprintln!("… {} {}", self.what, seconds(self.begin.elapsed()));
            }
        }
        Ok(())
    }

    /// Ends it well.
    pub fn done(mut self, note: &str) {
        self.done = true;
        let gap = if note.is_empty() { "" } else { ": " };
        self.close(&format!("✓ {}{gap}{note} ({})", self.what, seconds(self.begin.elapsed())));
    }

    fn show_begin(&self) {
        if self.live {
            eprint!("… {}", self.what);
            let _ = std::io::stderr().flush();
        } else {
            eprintln!("… {}", self.what);
        }
    }

    fn close(&self, line: &str) {
        if self.live {
            eprintln!("\r\x1b[K{line}");
        } else {
            eprintln!("{line}");
        }
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.close(&format!("✗ {} (after {})", self.what, seconds(self.begin.elapsed())));
        }
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
