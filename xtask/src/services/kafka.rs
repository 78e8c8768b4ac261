//! Apache Kafka, one KRaft node, from the jars Maven resolves.
//!
//! No installation: the jars lie under the workspace's `target/dev/kafka/lib`, fetched once. Topics are
//! made by whoever needs them; the broker makes none by itself.

use super::server::{self, Server, is_a_server};
use super::{free_port, is_free, knock, random_text};
use crate::place::which;
use crate::process::{Bond, Launch};
use crate::wait::{self, Tick, quietly};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The version that is run.
pub const VERSION: &str = "4.1.1";

/// The id of a cluster of several; its members must agree on it before they can talk.
const CLUSTER_ID: &str = "bWFsbC1kZXYtY2x1c3RlcA";

/// A private Kafka.
#[derive(Debug)]
pub struct Kafka {
    server: Server,
}

impl Kafka {
    /// Starts one on a fresh or an existing folder, and waits until it answers.
    pub fn start(dir: &Path, port: Option<u16>) -> Result<Self> {
        Self::start_watched(dir, port, &mut quietly)
    }

    /// The same, while somebody is watching.
    pub fn start_watched(dir: &Path, port: Option<u16>, tick: Tick<'_>) -> Result<Self> {
        let jars = resolve(tick)?;
        server::start(port, tick, |port| Self::prepare(dir, port, Bond::Leashed, &jars))
    }

    /// One that is not started yet, from the jars of [`resolve`].
    pub fn prepare(dir: &Path, port: u16, bond: Bond, jars: &Path) -> Result<Self> {
        let dir = server::folder(dir)?;
        let config = dir.join("server.properties");
        let controller = controller_port(&config)?;
        fs::write(&config, properties(&dir, port, controller))?;
        Self::prepare_here(dir, port, bond, jars, &config, None)
    }

    /// One of several, which is not started yet. All of them need the same list of members, in the same
    /// order; on data of an earlier start, the same ports.
    pub fn prepare_member(
        dir: &Path,
        (members, place): (&[Member], usize),
        bond: Bond,
        jars: &Path,
    ) -> Result<Self> {
        let dir = server::folder(dir)?;
        let config = dir.join("server.properties");
        fs::write(&config, member_properties(&dir, members, place))?;
        Self::prepare_here(dir, members[place].port, bond, jars, &config, Some(CLUSTER_ID))
    }

    fn prepare_here(
        dir: PathBuf,
        port: u16,
        bond: Bond,
        jars: &Path,
        config: &Path,
        cluster: Option<&str>,
    ) -> Result<Self> {
        let java = which("java").context("java is not installed")?;
        let classes = format!("{}/*", jars.display());
        if !dir.join("data/meta.properties").is_file() {
            format_storage(&java, &classes, &dir, config, cluster)?;
        }
        let args = [
            "-Xms128m",
            "-Xmx384m",
            "-XX:+UseG1GC",
            "-XX:MaxGCPauseMillis=20",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
            "-cp",
            &classes,
            "kafka.Kafka",
        ];
        let launch = Launch {
            program: java,
            args: args.into_iter().map(Into::into).chain([config.into()]).collect(),
            envs: Vec::new(),
            log: dir.join("kafka.log"),
            dir,
        };
        Ok(Self { server: Server::new("kafka", launch, bond, port, ready) })
    }

    /// Its bootstrap list.
    pub fn brokers(&self) -> String {
        brokers(self.port())
    }

    /// What is common to all servers.
    pub fn into_server(self) -> Server {
        self.server
    }
}

/// Ports of one of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// For clients and the other brokers.
    pub port: u16,
    /// For the controllers.
    pub controller: u16,
}

/// The bootstrap list of a private Kafka on this port.
pub fn brokers(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

/// The folder of jars, fetched through Maven when it is not there yet.
pub fn resolve(tick: Tick<'_>) -> Result<PathBuf> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/dev/kafka");
    let home = server::folder(&home)?;
    let lib = home.join("lib");
    // Made under another name and moved as a whole, so that one that exists is complete.
    if lib.join(format!("kafka_2.13-{VERSION}.jar")).is_file() {
        return Ok(lib);
    }
    let maven = which("mvn").context("Maven (mvn) is not installed; it fetches Kafka")?;
    let half = home.join(format!("lib.{}", std::process::id()));
    let pom = home.join("pom.xml");
    fs::write(&pom, pom_xml())?;
    let mut child = Command::new(maven)
        .args(["--batch-mode", "--quiet", "--file"])
        .arg(&pom)
        .arg("org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies")
        .args(["-DincludeScope=runtime", &format!("-DoutputDirectory={}", half.display())])
        .stdin(Stdio::null())
        .stdout(fs::File::create(home.join("maven.log"))?)
        .stderr(Stdio::null())
        .spawn()?;
    let ended = wait::until(Duration::from_secs(600), tick, || Ok(child.try_wait()?));
    let ended = ended.inspect_err(|_| end(&mut child))?;
    match ended {
        Some(status) if status.success() => {}
        Some(status) => bail!(
            "Maven could not fetch Kafka {VERSION} ({status}); is the network there? See {}",
            home.join("maven.log").display()
        ),
        None => {
            end(&mut child);
            bail!("Maven did not fetch Kafka {VERSION} within ten minutes; is the network slow?");
        }
    }
    if lib.exists() {
        fs::remove_dir_all(&lib)?;
    }
    match fs::rename(&half, &lib) {
        Ok(()) => Ok(lib),
        // Another run was faster.
        Err(_) if lib.join(format!("kafka_2.13-{VERSION}.jar")).is_file() => {
            fs::remove_dir_all(&half)?;
            Ok(lib)
        }
        Err(error) => Err(error).context("cannot move Kafka's jars into place"),
    }
}

fn end(child: &mut std::process::Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Kafka's own jars and one that writes its log to standard error.
fn pom_xml() -> String {
    format!(
        r#"<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>mall.dev</groupId>
  <artifactId>broker</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
"#
    )
}

/// The controller's port stands in the node's own records, so it is kept while it can be.
fn controller_port(config: &Path) -> Result<u16> {
    let kept = fs::read_to_string(config).ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("controller.quorum.bootstrap.servers="))?;
        line.rsplit(':').next()?.parse().ok()
    });
    match kept {
        Some(port) if is_free(port) => Ok(port),
        _ => free_port(),
    }
}

fn properties(dir: &Path, port: u16, controller: u16) -> String {
    format!(
        "process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={}/data
# A topic that is missing is a mistake to be seen, and records go only when somebody says so.
auto.create.topics.enable=false
unclean.leader.election.enable=false
log.retention.ms=-1
log.retention.bytes=-1
min.insync.replicas=1
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
",
        dir.display()
    )
}

fn format_storage(
    java: &Path,
    classes: &str,
    dir: &Path,
    config: &Path,
    cluster: Option<&str>,
) -> Result<()> {
    // A cluster id is 22 characters of base 64, of which the last carries two bits only.
    let id = match cluster {
        Some(id) => id.to_owned(),
        None => format!("{}A", random_text(21)?),
    };
    let output = Command::new(java)
        .args(["-Xmx128m", "-cp", classes, "kafka.tools.StorageTool", "format", "-t", &id])
        // Members of several know each other from their configuration.
        .args(cluster.is_none().then_some("--standalone"))
        .arg("-c")
        .arg(config)
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()?;
    ensure!(
        output.status.success(),
        "Kafka's storage cannot be formatted ({}); Kafka {VERSION} needs Java 17 or newer: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

/// Three brokers, of which two must have a record before it is acknowledged.
fn member_properties(dir: &Path, members: &[Member], place: usize) -> String {
    let Member { port, controller } = members[place];
    let voters: Vec<_> =
        (1..).zip(members).map(|(id, member)| format!("{id}@127.0.0.1:{}", member.controller)).collect();
    let copies = members.len();
    properties(dir, port, controller)
        .replace("node.id=1\n", &format!("node.id={}\n", place + 1))
        .replace(
            &format!("controller.quorum.bootstrap.servers=127.0.0.1:{controller}\n"),
            &format!("controller.quorum.voters={}\n", voters.join(",")),
        )
        .replace("min.insync.replicas=1\n", &format!("min.insync.replicas={}\n", copies.div_ceil(2)))
        .replace("replication.factor=1\n", &format!("replication.factor={copies}\n"))
}

/// It says that it has started, and answers a question about its API.
fn ready(port: u16, log: &str) -> bool {
    log.contains("Kafka Server started") && answers(port).unwrap_or(false)
}

/// Asks which requests it understands: key 18, version 0, no client id.
fn answers(port: u16) -> Result<bool> {
    const CORRELATION: [u8; 4] = *b"mall";
    let mut ask = vec![0, 0, 0, 10, 0, 18, 0, 0];
    ask.extend(CORRELATION);
    ask.extend([0xff, 0xff]);
    let mut stream = knock(port)?;
    stream.write_all(&ask)?;
    // Length, correlation, error code.
    let mut answer = [0; 10];
    stream.read_exact(&mut answer)?;
    Ok(answer[4..8] == CORRELATION && answer[8..10] == [0, 0])
}

is_a_server!(Kafka);
