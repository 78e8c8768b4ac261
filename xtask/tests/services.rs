//! The private servers, for real: their settings, and what stop, kill, pause and restart do to them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use xtask::place::which;
use xtask::process::Identity;
use xtask::services::kafka::Kafka;
use xtask::services::mariadb::MariaDb;
use xtask::services::redis::Redis;
use xtask::wait;

/// A folder that is deleted at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let base = std::env::var_os("MALL_TEST_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let path = base.join(format!("xtask-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// One command of Redis; its answer as it came.
fn redis(port: u16, command: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    write!(stream, "{command}\r\nQUIT\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A statement through MariaDB's own client, which comes with the server.
fn mariadb(server: &MariaDb, user: &str, sql: &str) -> Result<String, String> {
    let url = if user == "root" { server.admin_url() } else { server.url() };
    let password = url.split([':', '@']).nth(2).unwrap();
    let output = Command::new(which("mariadb").expect("the server's package brings the client"))
        .args(["--no-defaults", "--protocol=tcp", "--host=127.0.0.1", "--skip-column-names", "--batch"])
        .args([format!("--user={user}"), format!("--port={}", server.port())])
        .env("MYSQL_PWD", password)
        .args(["--execute", sql])
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

#[test]
fn redis_keeps_what_it_answered_through_a_kill_and_refuses_to_evict() {
    let dir = Folder::new("redis");
    let mut server = Redis::start(&dir.0, None).unwrap();
    let port = server.port();
    assert_eq!(server.url(), format!("redis://127.0.0.1:{port}/0"));
    for (setting, value) in
        [("appendonly", "yes"), ("appendfsync", "always"), ("maxmemory-policy", "noeviction")]
    {
        let answer = redis(port, &format!("CONFIG GET {setting}"));
        assert!(answer.contains(&format!("\r\n{value}\r\n")), "{setting}: {answer}");
    }
    assert!(redis(port, "SET units 7").starts_with("+OK"));
    let first = server.pid().unwrap();
    server.kill9();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    assert!(server.pid().is_err());
    server.restart().unwrap();
    assert_ne!(server.pid().unwrap(), first);
    assert!(redis(port, "GET units").starts_with("$1\r\n7\r\n"));
    server.stop().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    drop(server);
    // An existing folder on a port of the caller's choice.
    let server = Redis::start(&dir.0, Some(port)).unwrap();
    assert!(redis(port, "GET units").starts_with("$1\r\n7\r\n"));
    let identity = server.identity().unwrap();
    drop(server);
    assert!(!identity.alive());
}

#[test]
fn a_paused_server_is_silent_until_resumed_and_can_be_stopped_all_the_same() {
    let dir = Folder::new("paused");
    let mut server = Redis::start(&dir.0, None).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    server.pause().unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    let mut answer = [0; 7];
    assert!(stream.read_exact(&mut answer).is_err(), "it answered while paused");
    server.resume().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"+PONG\r\n");
    server.pause().unwrap();
    server.stop().unwrap();
}

#[test]
fn a_port_that_is_taken_is_an_error_that_says_so() {
    let dir = Folder::new("taken");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let error = Redis::start(&dir.0, Some(port)).unwrap_err().to_string();
    assert!(error.contains("Address already in use"), "{error}");
}

#[test]
fn a_server_does_not_outlive_an_owner_that_is_killed() {
    const CHILD: &str = "XTASK_TEST_OWNER_DIR";
    if let Some(dir) = std::env::var_os(CHILD) {
        let server = Redis::start(Path::new(&dir), None).unwrap();
        println!("pid={}", server.pid().unwrap());
        std::io::stdout().flush().unwrap();
        // Until killed by the test that started us.
        let _ = std::io::stdin().read(&mut [0]);
        return;
    }
    let dir = Folder::new("owner");
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_server_does_not_outlive_an_owner_that_is_killed", "--nocapture"])
        .env(CHILD, &dir.0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(owner.stdout.take().unwrap()));
    let pid = lines
        .map_while(Result::ok)
        .find_map(|line| line.split_once("pid=").and_then(|(_, pid)| pid.parse::<u32>().ok()))
        .unwrap();
    let server = Identity::of(pid).unwrap();
    assert!(server.alive());
    owner.kill().unwrap();
    owner.wait().unwrap();
    let gone =
        wait::until(Duration::from_secs(10), &mut wait::quietly, || Ok((!server.alive()).then_some(())));
    assert!(gone.unwrap().is_some(), "the server still runs");
}

#[test]
fn mariadb_is_strict_durable_and_keeps_its_data_and_its_password() {
    let dir = Folder::new("mariadb");
    let mut server = MariaDb::start(&dir.0, None).unwrap();
    let settings = "select @@sync_binlog, @@log_bin, @@innodb_flush_log_at_trx_commit, \
        @@sql_mode like '%STRICT_TRANS_TABLES%', @@transaction_isolation";
    let settings = settings.replace("@@transaction_isolation", "@@tx_isolation");
    assert_eq!(mariadb(&server, "mall", &settings).unwrap(), "1\t1\t1\t1\tREAD-COMMITTED");
    let write = "create table mall.t (n int); insert into mall.t values (7); \
        create database mall_of_a_test; drop database mall_of_a_test";
    mariadb(&server, "mall", write).unwrap();
    assert!(mariadb(&server, "mall", "create database other").is_err());
    assert!(mariadb(&server, "root", "set global max_connections = 400").is_ok());
    let url = server.url();
    server.kill9();
    server.restart().unwrap();
    assert_eq!(server.url(), url);
    assert_eq!(mariadb(&server, "mall", "select n from mall.t").unwrap(), "7");
    server.stop().unwrap();
    drop(server);
    let server = MariaDb::start(&dir.0, None).unwrap();
    assert_eq!(mariadb(&server, "mall", "select n from mall.t").unwrap(), "7");
    let open =
        "select count(*) from mysql.global_priv where User = '' or Host not in ('127.0.0.1', 'localhost')";
    assert_eq!(mariadb(&server, "root", open).unwrap(), "0", "an account without a password");
}

#[test]
fn kafka_starts_from_mavens_jars_and_comes_back_after_a_kill_with_the_same_cluster() {
    let dir = Folder::new("kafka");
    let mut server = Kafka::start(&dir.0, None).unwrap();
    assert_eq!(server.brokers(), format!("127.0.0.1:{}", server.port()));
    let identity = || {
        let meta = std::fs::read_to_string(dir.0.join("data/meta.properties")).unwrap();
        meta.lines().find(|line| line.starts_with("cluster.id=")).unwrap().to_owned()
    };
    let cluster = identity();
    server.kill9();
    assert!(TcpStream::connect(("127.0.0.1", server.port())).is_err());
    server.restart().unwrap();
    assert_eq!(identity(), cluster);
    server.stop().unwrap();
    let log = std::fs::read_to_string(server.log()).unwrap();
    assert_eq!(log.matches("Kafka Server started").count(), 2);
    assert!(log.contains("shut down completed"), "it was not stopped in order");
}
