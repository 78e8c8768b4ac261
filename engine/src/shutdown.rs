//! Ending in order: stop accepting, let what is promised be answered, flush the log, leave.

use tokio::sync::watch;

/// Told to everybody who has to stop.
#[derive(Clone)]
pub struct Shutdown {
    sender: watch::Sender<bool>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { sender: watch::Sender::new(false) }
    }
}

impl Shutdown {
    /// Begins it; once is enough.
    pub fn begin(&self) {
        self.sender.send_replace(true);
    }

    /// Whether it has begun.
    pub fn has_begun(&self) -> bool {
        *self.sender.borrow()
    }

    /// Ends when it has begun.
    pub async fn begun(&self) {
        // The sender lives in self, so waiting cannot fail.
        let _ = self.sender.subscribe().wait_for(|begun| *begun).await;
    }
}

/// Ends at SIGTERM or SIGINT.
pub async fn signalled() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
