//! A MariaDB of our own: fresh data in a directory of its own, on a free port, ended with its guard.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

/// A running server.
pub(super) struct Server {
    child: Child,
    port: u16,
    directory: PathBuf,
    databases: AtomicU32,
}

/// Held weakly: the last test that uses the server ends it.
static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
static STARTED: AtomicU32 = AtomicU32::new(0);

impl Server {
    /// The server of the tests that run now.
    pub(super) fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::start());
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// Address of a database.
    pub(super) fn url(&self, database: &str) -> String {
        format!("mysql://root@127.0.0.1:{}/{database}", self.port)
    }

    /// Address and name of a database nobody uses.
    pub(super) fn new_database(&self) -> (String, String) {
        let name = format!("ledger_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        (self.url(&name), name)
    }

    fn start() -> Self {
        let count = STARTED.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("mall-ledger-{}-{count}", std::process::id()));
        let data = directory.join("data");
        std::fs::create_dir_all(&directory).unwrap();
        let made = Command::new("mariadb-install-db")
            .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
            .args(user())
            .arg(option("datadir", &data))
            .output()
            .expect("mariadb-install-db is installed");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));

        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let log = std::fs::File::create(directory.join("log")).unwrap();
        let child = Command::new(program())
            .args(["--no-defaults", "--bind-address=127.0.0.1", "--innodb-buffer-pool-size=64M"])
            .args(["--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1", "--max-connections=400"])
            .args(user())
            .arg(format!("--port={port}"))
            .arg(option("datadir", &data))
            .arg(option("tmpdir", &directory))
            .arg(option("socket", &directory.join("socket")))
            .arg(option("pid-file", &directory.join("pid")))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("mariadbd is installed");
        let server = Self { child, port, directory, databases: AtomicU32::new(0) };
        server.wait_until_it_listens();
        server
    }

    fn wait_until_it_listens(&self) {
        let began = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let log = std::fs::read_to_string(self.directory.join("log")).unwrap_or_default();
            assert!(began.elapsed() < Duration::from_secs(60), "MariaDB does not start:\n{log}");
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its data is thrown away, so that there is nothing to shut down in order.
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::fs::remove_dir_all(&self.directory).unwrap();
    }
}

/// Debian keeps servers where ordinary users do not look.
fn program() -> &'static str {
    if Path::new("/usr/sbin/mariadbd").exists() { "/usr/sbin/mariadbd" } else { "mariadbd" }
}

/// The server refuses to run as root unless told so; as anybody else it needs no word.
fn user() -> Option<&'static str> {
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    root.then_some("--user=root")
}

fn option(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}
