//! The story of a run, line by line: printed, and hashed so that two runs can be compared.

use std::fmt::Arguments;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Mutex;
use tokio::time::Instant;

/// What is done with the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// Nothing; they are not even put together.
    Silent,
    /// They are hashed.
    Hashed,
    /// They are hashed, and printed but for reads in which nothing went wrong.
    Printed,
}

/// Tells a run.
pub struct Story {
    telling: Telling,
    begin: Instant,
    hash: Mutex<DefaultHasher>,
}

impl Story {
    /// A story that begins now.
    pub fn new(telling: Telling) -> Self {
        // A hasher of fixed keys: the same lines give the same number in every process.
        Self { telling, begin: Instant::now(), hash: Mutex::new(DefaultHasher::new()) }
    }

    /// A line worth reading.
    pub fn tell(&self, line: Arguments<'_>) {
        self.line(line, true);
    }

    /// A line that only makes runs comparable.
    pub fn note(&self, line: Arguments<'_>) {
        self.line(line, false);
    }

    /// Hash of all lines so far.
    pub fn hash(&self) -> u64 {
        self.hash.lock().expect("no holder panics").finish()
    }

    fn line(&self, line: Arguments<'_>, worth_reading: bool) {
        if self.telling == Telling::Silent {
            return;
        }
        let at_ms = self.begin.elapsed().as_millis();
        let text = line.to_string();
        let mut hash = self.hash.lock().expect("no holder panics");
        at_ms.hash(&mut *hash);
        text.hash(&mut *hash);
        drop(hash);
        if worth_reading && self.telling == Telling::Printed {
            println!("{:>7}.{:03}  {text}", at_ms / 1000, at_ms % 1000);
        }
    }
}
