//! Private MariaDB and Redis in a temporary folder. Each runs under a shell that ends it when the pipe
//! to this process closes, however this process ends.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

pub(crate) struct Stores {
    pub(crate) mysql: MariaDb,
    redis_port: u16,
    // Holds the pipe whose end is the end of the store.
    _redis: Child,
}

/// A MariaDB, which ends with it.
pub(crate) struct MariaDb {
    port: u16,
    _guard: Child,
}

static STORES: OnceLock<Stores> = OnceLock::new();

/// The stores; started by the first test that asks.
pub(crate) fn stores() -> &'static Stores {
    STORES.get_or_init(Stores::start)
}

/// An address nobody listens on. It is below the ports the system gives to outgoing connections, which
/// would take one between this look and its use, and every look has another one.
pub(crate) fn free_port() -> SocketAddr {
    const FIRST: u32 = 10_000;
    const PORTS: u32 = 22_000;
    static LOOKS: AtomicU32 = AtomicU32::new(0);
    // Runs at the same time begin in different places.
    let start = std::process::id().wrapping_mul(1_009);
    loop {
        let look = start.wrapping_add(LOOKS.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(FIRST + look % PORTS).expect("32,000 is a port");
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return listener.local_addr().unwrap();
        }
    }
}

impl Stores {
    pub(crate) fn url(&self, database: &str) -> String {
        self.mysql.url(database)
    }

    /// Where a test may leave files; it goes with the stores.
    pub(crate) fn folder(&self) -> std::path::PathBuf {
        std::env::temp_dir().join(format!("catalog-it-{}", std::process::id()))
    }

    pub(crate) fn redis_url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.redis_port)
    }

    fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("catalog-it-{}", std::process::id()));
        let mysql = MariaDb::start(&folder.join("mysql"), "");
        let redis_port = free_port().port();
        let redis = guarded(
            &folder,
            &format!(
                "redis-server --port {redis_port} --bind 127.0.0.1 --save '' --dir {}",
                folder.display()
            ),
            "redis.log",
        );
        wait_for(redis_port, &folder);
        Self { mysql, redis_port, _redis: redis }
    }
}

impl MariaDb {
    /// Starts one in a folder that is its own, with options of its own, and waits until it listens.
    pub(crate) fn start(folder: &Path, options: &str) -> Self {
        let data = folder.join("data");
        std::fs::create_dir_all(folder).unwrap();
        let installed = Command::new("mariadb-install-db")
            .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
            .arg(format!("--datadir={}", data.display()))
            .arg("--user=root")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("mariadb-install-db is installed");
        assert!(installed.success(), "mariadb-install-db works");
        let port = free_port().port();
        let guard = guarded(
            folder,
            &format!(
                "mariadbd --no-defaults --user=root --datadir={data} --tmpdir={folder} --socket={folder}/mysql.sock \
                 --port={port} --bind-address=127.0.0.1 --innodb-flush-log-at-trx-commit=0 \
                 --innodb-buffer-pool-size=64M --max-connections=1000 {options}",
                data = data.display(),
                folder = folder.display()
            ),
            "mysql.log",
        );
        wait_for(port, folder);
        Self { port, _guard: guard }
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("mysql://root@127.0.0.1:{}/{database}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

fn wait_for(port: u16, folder: &Path) {
    let since = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(since.elapsed() < Duration::from_secs(60), "a store starts; see {}", folder.display());
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

fn guarded(folder: &Path, server: &str, log: &str) -> Child {
    let script = format!(
        "{server} >{folder}/{log} 2>&1 & server=$!; cat >/dev/null; kill -9 $server; wait $server 2>/dev/null; \
         rm -rf {folder}",
        folder = folder.display()
    );
    Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("there is a shell")
}
