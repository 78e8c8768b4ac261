//! Kafka with a listener for each engine, each of which advertises that engine's wire: a client is told
//! where to go by the broker, so a wire it is not told of would be walked around.

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use xtask::process::Bond;
use xtask::services::free_port;
use xtask::services::kafka::{Kafka, resolve};
use xtask::wait::quietly;

const NAMES: [&str; 2] = ["ONE", "TWO"];

/// Starts a fresh one. `listeners` are its ports, `advertised` what the engines are told.
pub(super) fn start(dir: &Path, listeners: [u16; 2], advertised: [u16; 2]) -> Result<Kafka> {
    let jars = resolve(&mut quietly)?;
    let mut kafka = Kafka::prepare(dir, free_port()?, Bond::Leashed, &jars)?;
    let file = dir.join("server.properties");
    let text = fs::read_to_string(&file).context("Kafka's configuration")?;
    fs::write(&file, with_listeners(&text, listeners, advertised))?;
    kafka.launch()?;
    kafka.wait_ready(&mut quietly)?;
    Ok(kafka)
}

fn with_listeners(text: &str, listeners: [u16; 2], advertised: [u16; 2]) -> String {
    let at = |ports: [u16; 2]| {
        let pairs = NAMES.iter().zip(ports);
        pairs.map(|(name, port)| format!(",{name}://127.0.0.1:{port}")).collect::<String>()
    };
    let protocols: String = NAMES.iter().map(|name| format!(",{name}:PLAINTEXT")).collect();
    let line = |line: &str| {
        let more = match line.split_once('=').map(|(key, _)| key) {
            Some("listeners") => at(listeners),
            Some("advertised.listeners") => at(advertised),
            Some("listener.security.protocol.map") => protocols.clone(),
            _ => String::new(),
        };
        format!("{line}{more}\n")
    };
    text.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_engine_is_told_its_own_wire() {
        let text = "listeners=A://127.0.0.1:1\nadvertised.listeners=A://127.0.0.1:1\n\
                    listener.security.protocol.map=A:PLAINTEXT\nnode.id=1\n";
        assert_eq!(
            with_listeners(text, [2, 3], [4, 5]),
            "listeners=A://127.0.0.1:1,ONE://127.0.0.1:2,TWO://127.0.0.1:3\n\
             advertised.listeners=A://127.0.0.1:1,ONE://127.0.0.1:4,TWO://127.0.0.1:5\n\
             listener.security.protocol.map=A:PLAINTEXT,ONE:PLAINTEXT,TWO:PLAINTEXT\nnode.id=1\n"
        );
    }
}
