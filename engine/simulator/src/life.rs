//! One incarnation of a process: it runs, stands still, or is dead.
//!
//! Everything it does reaches the outside through its links, which ask here before and after each
//! call. A dead process is one whose calls never come back; its tasks go when the run ends.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use tokio::sync::Notify;

const RUNNING: u8 = 0;
const PAUSED: u8 = 1;
const DEAD: u8 = 2;

/// The life of one process.
pub struct Life {
    /// What a story calls it.
    pub name: String,
    state: AtomicU8,
    changed: Notify,
}

impl Life {
    /// A running process.
    pub fn new(name: String) -> Self {
        Self { name, state: AtomicU8::new(RUNNING), changed: Notify::new() }
    }

    /// It stands still, unless it is dead.
    pub fn pause(&self) -> bool {
        self.state.compare_exchange(RUNNING, PAUSED, Relaxed, Relaxed).is_ok()
    }

    /// It goes on, if it stood still.
    pub fn resume(&self) -> bool {
        let stood = self.state.compare_exchange(PAUSED, RUNNING, Relaxed, Relaxed).is_ok();
        self.changed.notify_waiters();
        stood
    }

    /// It dies; false when it was dead.
    pub fn kill(&self) -> bool {
        let alive = self.state.swap(DEAD, Relaxed) != DEAD;
        self.changed.notify_waiters();
        alive
    }

    /// Whether it is dead.
    pub fn dead(&self) -> bool {
        self.state.load(Relaxed) == DEAD
    }

    /// Ends when it runs; never when it is dead.
    pub async fn running(&self) {
        self.until(RUNNING).await;
    }

    /// Ends when it is dead.
    pub async fn died(&self) {
        self.until(DEAD).await;
    }

    async fn until(&self, state: u8) {
        loop {
            if self.state.load(Relaxed) == state {
                return;
            }
            // One thread: nothing changes between the look and the wait.
            self.changed.notified().await;
        }
    }
}
