//! A Redis Cluster on one machine: three primaries, each with one replica, every one a process of its own.
//!
//! The servers keep who they are in their folders, so that a cluster that is started again is the same one.

use super::redis::Redis;
use super::{free_port, is_free};
use crate::place::which;
use crate::process::Bond;
use crate::wait::{self, Tick, quietly};
use anyhow::{Context, Result, bail, ensure};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The program that makes a cluster of running servers.
pub const CLIENT: &str = "redis-cli";
/// Primaries and replicas.
pub const SERVERS: usize = 6;
const PRIMARIES: usize = 3;
/// Pairs of ports that are tried for a server.
const PORT_TRIES: u32 = 5;
/// Longest wait for all servers to agree.
const AGREE_LIMIT: Duration = Duration::from_secs(60);

/// Ports of one server: for clients, and for the other servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// For clients.
    pub clients: u16,
    /// For the other servers.
    pub bus: u16,
}

impl Ports {
    /// Two that are free.
    pub fn free() -> Result<Self> {
        loop {
            // Redis wants to tell its bus from its clients by more than a word.
            let (clients, bus) = (free_port()?, free_port()?);
            if clients != bus && is_free(clients) && is_free(bus) {
                return Ok(Self { clients, bus });
            }
        }
    }
}

/// A private cluster.
#[derive(Debug)]
pub struct RedisCluster {
    /// The servers, in the order of their ports.
    pub servers: Vec<Redis>,
}

impl RedisCluster {
    /// Starts one on fresh folders and waits until every slot is served.
    pub fn start(dir: &Path) -> Result<Self> {
        let start = |number| Self::start_one(&dir.join(format!("redis-{number}")));
        let servers = (1..=SERVERS).map(start).collect::<Result<Vec<_>>>()?;
        form(&servers.iter().map(|server| server.port()).collect::<Vec<_>>(), &mut quietly)?;
        Ok(Self { servers })
    }

    fn start_one(dir: &Path) -> Result<Redis> {
        let mut tries = PORT_TRIES;
        loop {
            let mut server = prepare(dir, Ports::free()?, Bond::Leashed)?;
            server.launch()?;
            match server.wait_ready(&mut quietly) {
                Ok(()) => return Ok(server),
                // Somebody took one of the ports between our look and the server's.
                Err(error) => {
                    tries -= 1;
                    server.kill9();
                    if tries == 0 {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Its address, as the engine takes it.
    pub fn url(&self) -> String {
        url(&self.servers.iter().map(|server| server.port()).collect::<Vec<_>>())
    }

    /// The server that serves the slot of this key as a primary now.
    pub fn primary_of(&mut self, key: &str) -> Result<&mut Redis> {
        for place in 0..self.servers.len() {
            let port = self.servers[place].port();
            let Ok(slot) = ask(port, &["CLUSTER", "KEYSLOT", key]) else { continue };
            let Ok(nodes) = ask(port, &["CLUSTER", "NODES"]) else { continue };
            let slot: u16 = slot.trim().parse().context("a slot is a number")?;
            if let Some(port) = nodes.lines().find_map(|line| serves(line, slot)) {
                let server = self.servers.iter_mut().find(|server| server.port() == port);
                return server.context("a primary that is not ours");
            }
        }
        bail!("nobody serves {key}")
    }
}

/// The client port in a line of `CLUSTER NODES`, if it is that of the living primary of a slot.
fn serves(line: &str, slot: u16) -> Option<u16> {
    let mut words = line.split(' ');
    let (_, address, flags) = (words.next()?, words.next()?, words.next()?);
    if !flags.contains("master") || flags.contains("fail") {
        return None;
    }
    let has = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        matches!((first.parse::<u16>(), last.parse::<u16>()), (Ok(first), Ok(last)) if (first..=last).contains(&slot))
    };
    if !words.skip(5).any(has) {
        return None;
    }
    address.split('@').next()?.rsplit_once(':')?.1.parse().ok()
}

/// One server that is not started yet.
pub fn prepare(dir: &Path, ports: Ports, bond: Bond) -> Result<Redis> {
    let bus = ports.bus.to_string();
    let more = [
        ["--cluster-enabled", "yes"],
        ["--cluster-config-file", "nodes.conf"],
        ["--cluster-port", &bus],
        // 15 s by default; then a replica takes over.
        ["--cluster-node-timeout", "2000"],
    ];
    Redis::prepare_with(dir, ports.clients, bond, &more)
}

/// The address of a cluster of servers on these ports.
pub fn url(ports: &[u16]) -> String {
    let hosts: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    format!("redis+cluster://{}", hosts.join(","))
}

/// Makes running servers one cluster, unless they are one already, and waits until all of them agree.
pub fn form(ports: &[u16], tick: Tick<'_>) -> Result<()> {
    let first = *ports.first().context("a cluster has servers")?;
    if !ask(first, &["CLUSTER", "INFO"])?.contains(&format!("cluster_known_nodes:{}", ports.len())) {
        let replicas = (ports.len() / PRIMARIES - 1).to_string();
        let output = redis_cli()?
            .args(["--cluster", "create"])
            .args(ports.iter().map(|port| format!("127.0.0.1:{port}")))
            .args(["--cluster-replicas", &replicas, "--cluster-yes"])
            .output()?;
        ensure!(
            output.status.success(),
            "the cluster cannot be made: {}",
            String::from_utf8_lossy(&output.stdout).trim()
        );
    }
    let agreed = wait::until(AGREE_LIMIT, tick, || {
        let agree = ports.iter().all(|port| agrees(*port, ports.len()).unwrap_or(false));
        Ok(agree.then_some(()))
    })?;
    agreed.context("the servers of the cluster do not agree in time")
}

/// Whether a server knows all others, sees every slot served, and is in step with its primary.
fn agrees(port: u16, servers: usize) -> Result<bool> {
    let info = ask(port, &["CLUSTER", "INFO"])?;
    let replication = ask(port, &["INFO", "replication"])?;
    let in_step = replication.contains("role:master") && replication.contains("connected_slaves:1")
        || replication.contains("master_link_status:up");
    Ok(info.contains("cluster_state:ok")
        && info.contains(&format!("cluster_known_nodes:{servers}"))
        && in_step)
}

/// Asks one server.
pub fn ask(port: u16, command: &[&str]) -> Result<String> {
    let output = redis_cli()?.args(["-p", &port.to_string()]).args(command).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn redis_cli() -> Result<Command> {
    let mut command = Command::new(which(CLIENT).context("redis-cli is not installed")?);
    command.stdin(Stdio::null());
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_primary_of_a_slot_is_read_from_the_list_of_servers() {
        let primary = "a1 127.0.0.1:7001@17001 myself,master - 0 0 1 connected 0-5460 [77->-b2]";
        assert_eq!(
            (serves(primary, 0), serves(primary, 5460), serves(primary, 5461)),
            (Some(7001), Some(7001), None)
        );
        assert_eq!(serves(&primary.replace("0-5460", "12"), 12), Some(7001));
        assert_eq!(serves(&primary.replace("master", "master,fail"), 5), None);
        assert_eq!(serves(&primary.replace("master", "slave"), 5), None);
    }
}
