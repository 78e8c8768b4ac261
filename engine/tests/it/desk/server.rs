//! A Redis of a test's own, ended with the test.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const STARTED_WITHIN: Duration = Duration::from_secs(20);
/// Another process may take a port between our looking and Redis' listening.
const TRIES: usize = 5;

pub(crate) struct RedisServer {
    process: Child,
    port: u16,
    folder: PathBuf,
}

impl RedisServer {
    /// A Redis as a sale needs it, in a folder of its own.
    pub(crate) async fn start() -> Self {
        for _ in 0..TRIES {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let folder = std::env::temp_dir().join(format!("desk-{}-{port}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            let mut server = Self { process: launch(port, &folder), port, folder };
            if server.answers().await {
                return server;
            }
        }
        panic!("no redis-server came up in {TRIES} tries");
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Kills it as a crash would and starts it again on what it had written.
    pub(crate) async fn restart(&mut self) {
        self.kill();
        self.process = launch(self.port, &self.folder);
        assert!(self.answers().await, "redis-server came up again");
    }

    /// Kills it as a crash would.
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.process.kill();
        self.process.wait().unwrap();
    }

    /// Stops it where it is; what is sent to it waits.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success(), "our own process takes {signal}");
    }

    /// A connection for what a test does behind the desk's back.
    pub(crate) async fn connection(&self) -> redis::aio::MultiplexedConnection {
        redis::Client::open(self.url()).unwrap().get_multiplexed_async_connection().await.unwrap()
    }

    /// Sends one command behind the desk's back.
    pub(crate) async fn command(&self, words: &[&str]) -> redis::Value {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]).query_async(&mut self.connection().await).await.unwrap()
    }

    /// Returns once no child of it writes to the folder any more.
    pub(crate) async fn rewritten(&self) {
        let deadline = Instant::now() + STARTED_WITHIN;
        let mut connection = self.connection().await;
        loop {
            let info: String =
                redis::cmd("INFO").arg("persistence").query_async(&mut connection).await.unwrap();
            let idle = ["aof_rewrite_in_progress:0", "aof_rewrite_scheduled:0"];
            if idle.iter().all(|wanted| info.lines().any(|line| line == *wanted)) {
                return;
            }
            assert!(Instant::now() < deadline, "the append-only file is rewritten in time");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Whether the process we started is up and is the one that listens on the port.
    async fn answers(&mut self) -> bool {
        let mine = format!("process_id:{}", self.process.id());
        let deadline = Instant::now() + STARTED_WITHIN;
        while Instant::now() < deadline && self.process.try_wait().unwrap().is_none() {
            let client = redis::Client::open(self.url()).unwrap();
            if let Ok(mut connection) = client.get_multiplexed_async_connection().await
                && let Ok(info) = redis::cmd("INFO").query_async::<String>(&mut connection).await
                && info.lines().any(|line| line == "loading:0")
            {
                return info.lines().any(|line| line == mine);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }
}

fn launch(port: u16, folder: &std::path::Path) -> Child {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
        .args(["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"])
        .arg("--dir")
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server is installed")
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
