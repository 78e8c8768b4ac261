//! Logs: one line per thing a person may want to know, to standard error. `RUST_LOG` filters; outside
//! the dev profile lines are JSON.

use tracing_subscriber::EnvFilter;

/// Starts logging for this process. A second call changes nothing.
pub fn init(dev: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = if dev { builder.with_ansi(false).try_init() } else { builder.json().try_init() };
}
