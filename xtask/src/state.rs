//! What `up` remembers between two calls: its processes, ports, and the addresses it gave out.
//!
//! One JSON file, replaced as a whole. A process stands in it with pid and start time, from the moment it
//! was started until it was stopped.

use crate::process::Identity;
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Addresses remembered at most; older ones are forgotten.
const GIVEN_OUT_MAX: usize = 32;

/// A process `up` started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Who it is.
    pub identity: Identity,
    /// Settings it was started with; another set asks for another process.
    pub env: BTreeMap<String, String>,
}

/// The state file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Processes by name.
    pub processes: BTreeMap<String, Process>,
    /// Ports by use, kept so that addresses stay the same.
    pub ports: BTreeMap<String, u16>,
    /// Every address given out, so that one that comes back through the environment is recognized.
    pub given_out: Vec<String>,
    /// The kind of broker of the last `up`.
    pub broker: Option<String>,
    /// What seeding printed.
    pub seed: BTreeMap<String, String>,
    /// Every line of the file of addresses.
    pub env: BTreeMap<String, String>,
}

impl State {
    /// The remembered state; an empty one when there is none.
    pub fn load(dir: &Path) -> Result<Self> {
        let file = path(dir);
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        Self::parse(&text)
            .with_context(|| format!("{} is damaged; end what runs by hand and delete it", file.display()))
    }

    /// Writes it.
    pub fn save(&self, dir: &Path) -> Result<()> {
        fs::create_dir_all(dir)?;
        let half = dir.join("state.json.new");
        crate::services::write_private(&half, &format!("{:#}\n", self.render()))?;
        Ok(fs::rename(half, path(dir))?)
    }

    /// The process of this name, if it still runs.
    pub fn alive(&self, name: &str) -> Option<&Process> {
        self.processes.get(name).filter(|process| process.identity.alive())
    }

    /// Remembers an address as ours.
    pub fn give_out(&mut self, address: &str) {
        if !self.is_ours(address) {
            self.given_out.push(address.to_owned());
            let surplus = self.given_out.len().saturating_sub(GIVEN_OUT_MAX);
            self.given_out.drain(..surplus);
        }
    }

    /// Whether an address was given out by us.
    pub fn is_ours(&self, address: &str) -> bool {
        self.given_out.iter().any(|known| known == address)
    }

    fn render(&self) -> Value {
        let processes: Map<_, _> = self
            .processes
            .iter()
            .map(|(name, process)| {
                let Identity { pid, start } = process.identity;
                (name.clone(), json!({ "pid": pid, "start": start, "env": process.env }))
            })
            .collect();
        json!({
            "processes": processes,
            "ports": self.ports,
            "given_out": self.given_out,
            "broker": self.broker,
            "seed": self.seed,
            "env": self.env,
        })
    }

    fn parse(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text)?;
        let mut state = Self {
            given_out: list(&value["given_out"]),
            broker: value["broker"].as_str().map(str::to_owned),
            seed: texts(&value["seed"]),
            env: texts(&value["env"]),
            ..Self::default()
        };
        for (name, port) in value["ports"].as_object().into_iter().flatten() {
            let port = port.as_u64().and_then(|port| u16::try_from(port).ok()).context("a port is wrong")?;
            state.ports.insert(name.clone(), port);
        }
        for (name, process) in value["processes"].as_object().into_iter().flatten() {
            let pid = process["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).context("no pid")?;
            let start = process["start"].as_u64().context("no start time")?;
            let process = Process { identity: Identity { pid, start }, env: texts(&process["env"]) };
            state.processes.insert(name.clone(), process);
        }
        Ok(state)
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join("state.json")
}

fn list(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn texts(value: &Value) -> BTreeMap<String, String> {
    let members = value.as_object().into_iter().flatten();
    members.filter_map(|(key, text)| Some((key.clone(), text.as_str()?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_loaded_and_a_cut_file_is_named() {
        let dir = std::env::temp_dir().join(format!("xtask-state-{}", std::process::id()));
        assert_eq!(State::load(&dir).unwrap(), State::default());
        let mut state = State { broker: Some("kafka".to_owned()), ..State::default() };
        state.ports.insert("redis".to_owned(), 7001);
        state.give_out("redis://127.0.0.1:7001/0");
        let identity = Identity { pid: 12, start: 345 };
        let env = BTreeMap::from([("REDIS_URL".to_owned(), "x".to_owned())]);
        state.processes.insert("engine".to_owned(), Process { identity, env });
        state.save(&dir).unwrap();
        assert_eq!(State::load(&dir).unwrap(), state);
        fs::write(path(&dir), "{\"processes\":{\"engine\":{\"pid\":1").unwrap();
        assert!(format!("{:#}", State::load(&dir).unwrap_err()).contains("state.json is damaged"));
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn an_address_is_given_out_once_and_the_oldest_is_forgotten_at_the_bound() {
        let mut state = State::default();
        for number in 0..=GIVEN_OUT_MAX {
            state.give_out(&number.to_string());
            state.give_out(&number.to_string());
        }
        assert_eq!(state.given_out.len(), GIVEN_OUT_MAX);
        assert!(!state.is_ours("0") && state.is_ours("1"));
    }
}
