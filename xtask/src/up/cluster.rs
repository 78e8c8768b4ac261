//! `up --profile cluster`: several of each store, from the same real servers, on the data of last time.

use super::Up;
use crate::process::Bond;
use crate::services::kafka::{Kafka, Member};
use crate::services::redis_cluster::{self, Ports, SERVERS};
use anyhow::Result;
use std::collections::BTreeMap;

const BROKERS: usize = 3;

impl Up<'_> {
    /// Three primaries with a replica each.
    pub(super) fn redis_cluster(&mut self) -> Result<String> {
        let mut ports = Vec::new();
        for number in 1..=SERVERS {
            let name = format!("redis-{number}");
            let running = self.state.alive(&name).is_some();
            let clients = self.private_port(&name, running)?;
            let bus = self.private_port(&format!("{name}-bus"), running)?;
            if !running {
                let dir = self.place.data().join(&name);
                let server = redis_cluster::prepare(&dir, Ports { clients, bus }, Bond::Loose)?;
                self.begin(&name, &crate::services::redis::url(clients), server.into_server())?;
            }
            ports.push(clients);
        }
        let mut step = self.console.step("waiting for the Redis Cluster to agree");
        redis_cluster::form(&ports, &mut || step.tick())?;
        step.done("");
        let url = redis_cluster::url(&ports);
        self.state.give_out(&url);
        Ok(url)
    }

    /// Three brokers that are their own controllers. Each is ready only when a majority is.
    pub(super) fn kafka_brokers(&mut self) -> Result<String> {
        let names: Vec<_> = (1..=BROKERS).map(|number| format!("kafka-{number}")).collect();
        let mut members = Vec::new();
        for name in &names {
            let running = self.state.alive(name).is_some();
            let port = self.private_port(name, running)?;
            let controller = self.private_port(&format!("{name}-controller"), running)?;
            members.push(Member { port, controller });
        }
        let brokers: Vec<_> = members.iter().map(|member| format!("127.0.0.1:{}", member.port)).collect();
        let brokers = brokers.join(",");
        let mut starting = Vec::new();
        for (place, name) in names.iter().enumerate() {
            if self.state.alive(name).is_some() {
                continue;
            }
            let jars = self.jars()?;
            let dir = self.place.data().join(name);
            let server = Kafka::prepare_member(&dir, (&members, place), Bond::Loose, &jars)?;
            let mut server = server.into_server();
            server.launch()?;
            self.record(name, server.identity()?, BTreeMap::new())?;
            starting.push(server);
        }
        self.state.give_out(&brokers);
        for mut server in starting {
            let mut step = self.console.step(format!("starting kafka on port {}", server.port()));
            server.wait_ready(&mut || step.tick())?;
            server.release()?;
            step.done("");
        }
        Ok(brokers)
    }
}
