//! Both services, the ones that were just built, over a database, a key prefix and topics of their own.

use loadtest::settings::Addresses;
use redis::AsyncCommands as _;
use sqlx::AssertSqlSafe;
use sqlx::mysql::{MySqlPool, MySqlPoolOptions};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use xtask::env_file;
use xtask::process::{Bond, Launch, Owned};
use xtask::services::free_port;

/// Longest wait for a service to be ready; the engine makes its topics first.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// An installation; its processes and its folder go with it.
pub(crate) struct Site {
    pub(crate) addresses: Addresses,
    pub(crate) engine: PathBuf,
    pub(crate) dir: PathBuf,
    name: String,
    db: MySqlPool,
    redis: redis::aio::MultiplexedConnection,
    _processes: [Owned; 2],
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

impl Site {
    /// Migrated, seeded, started and ready.
    pub(crate) async fn start() -> Self {
        static SITES: AtomicU32 = AtomicU32::new(0);
        let number = SITES.fetch_add(1, Ordering::Relaxed);
        let name = format!("mall_load_{}_{number}", std::process::id());
        let base = std::env::var_os("MALL_TEST_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let dir = base.join(&name);
        std::fs::create_dir_all(&dir).unwrap();
        let shared = named("DATABASE_URL");
        let admin = MySqlPool::connect(&shared).await.unwrap();
        let create = format!("create database {name} character set utf8mb4");
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&admin).await.unwrap();
        admin.close().await;
        let (server, _) = shared.rsplit_once('/').unwrap();
        let mut entries: BTreeMap<String, String> = [
            ("DATABASE_URL", format!("{server}/{name}")),
            ("REDIS_URL", named("REDIS_URL")),
            ("KAFKA_BROKERS", named("KAFKA_BROKERS")),
            ("MALL_ENGINE__DESK__PREFIX", name.clone()),
            ("MALL_ENGINE__LOG__TOPIC_PREFIX", name.clone()),
            ("MALL_ENGINE__LOG__PARTITIONS", "1".to_owned()),
            ("MALL_CATALOG__REDIS__PREFIX", name.clone()),
            ("MALL_CATALOG__CAPTCHA__FIXED_ANSWER", "test".to_owned()),
            ("CAPTCHA_ANSWER", "test".to_owned()),
            ("STAFF_USER", "admin123".to_owned()),
            ("STAFF_PASSWORD", "admin123".to_owned()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into();
        let (engine, catalog) = (program("engine"), program("catalog-api"));
        run(&catalog, "migrate", &entries);
        entries.extend(env_file::trailing(&run(&catalog, "seed", &entries)));
        let mut services = Vec::new();
        for (program, role, settings, urls) in
            [(&engine, "all", "MALL_ENGINE", "ENGINE"), (&catalog, "serve", "MALL_CATALOG", "CATALOG")]
        {
            let (port, private) = (free_port().unwrap(), free_port().unwrap());
            for (key, setting, port) in [("URL", "LISTEN", port), ("PRIVATE_URL", "PRIVATE_LISTEN", private)]
            {
                entries.insert(format!("{settings}__HTTP__{setting}"), format!("127.0.0.1:{port}"));
                entries.insert(format!("{urls}_{key}"), format!("http://127.0.0.1:{port}"));
            }
            let launch = Launch {
                program: program.clone(),
                args: vec![role.into()],
                envs: entries.clone().into_iter().collect(),
                dir: dir.clone(),
                log: base.join(format!("{name}-{urls}.log")),
            };
            services.push((launch.spawn(Bond::Leashed).unwrap(), private));
        }
        for (_, private) in &services {
            let begin = Instant::now();
            while !matches!(xtask::http::get(*private, "/readyz"), Ok((200, _))) {
                assert!(begin.elapsed() < READY_LIMIT, "a service is not ready; see {}", base.display());
                sleep(Duration::from_millis(50)).await;
            }
        }
        let db = MySqlPoolOptions::new().max_connections(2).connect(&entries["DATABASE_URL"]).await.unwrap();
        let client = redis::Client::open(entries["REDIS_URL"].as_str()).unwrap();
        let redis = client.get_multiplexed_async_connection().await.unwrap();
        let mut processes = services.into_iter().map(|(process, _)| process);
        let processes = [processes.next().unwrap(), processes.next().unwrap()];
        Self { addresses: Addresses { entries }, engine, dir, name, db, redis, _processes: processes }
    }

    /// What `/metrics` of both say.
    pub(crate) fn metrics(&self) -> String {
        ["ENGINE", "CATALOG"]
            .map(|service| {
                let url = &self.addresses.entries[&format!("{service}_PRIVATE_URL")];
                let port = url.rsplit_once(':').unwrap().1.parse().unwrap();
                xtask::http::get(port, "/metrics").unwrap().1
            })
            .concat()
    }

    /// Lets users of goose in; what the program printed.
    pub(crate) fn goose(&self, sale: u64, args: &[&str]) -> String {
        let env = self.dir.join("env");
        std::fs::write(
            &env,
            env_file::render(self.addresses.entries.iter().map(|(key, value)| (&**key, &**value))),
        )
        .unwrap();
        let output = Command::new(program("loadtest-goose"))
            .args(["--sale", &sale.to_string(), "--buyers", "60", "--env"])
            .arg(&env)
            .arg("--out")
            .arg(&self.dir)
            .args(args)
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
        printed
    }

    /// Runs a statement by hand, as nobody should.
    pub(crate) async fn by_hand(&self, sql: &str) {
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.db).await.unwrap();
        assert!(done.rows_affected() > 0, "{sql} changed nothing");
    }

    /// Adds a unit at the desk by hand, as nobody should.
    pub(crate) async fn unit_by_hand(&self, sale: u64) {
        let keys = contract::keys::DeskKeys::new(&self.name, contract::ids::SaleId(sale));
        let left: i64 = self.redis.clone().hincr(keys.terms, "free", 1).await.unwrap();
        assert!(left > 0);
    }

    /// Ends it; its database is dropped.
    pub(crate) async fn finish(self) {
        let drop = format!("drop database {}", self.name);
        sqlx::raw_sql(AssertSqlSafe(drop)).execute(&self.db).await.unwrap();
    }
}

fn named(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run cargo xtask test"))
}

/// A program of the workspace; cargo puts it one folder above its tests.
fn program(name: &str) -> PathBuf {
    let us = std::env::current_exe().unwrap();
    let program = us.ancestors().nth(2).unwrap().join(name);
    assert!(program.is_file(), "{} was not built; run the tests of the whole workspace", program.display());
    program
}

fn run(program: &Path, verb: &str, env: &BTreeMap<String, String>) -> String {
    let output = Command::new(program).arg(verb).envs(env).output().unwrap();
    assert!(output.status.success(), "{verb}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
