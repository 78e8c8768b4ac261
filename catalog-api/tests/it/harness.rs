//! One MariaDB and one Redis for the whole run, one database, key prefix and process per test.

pub(crate) mod description;
mod http;
mod ledger;
pub(crate) mod loopback;
mod shop;
mod stores;
mod trade;
pub(crate) mod wechat;

use description::description;
pub(crate) use http::{Answer, Call};
pub(crate) use ledger::{Bought, Goods, shown};
pub(crate) use shop::Person;
pub(crate) use stores::{MariaDb, free_port, stores};
pub(crate) use trade::Buyer;

use serde_json::{Value, json};
use sqlx::MySqlPool;
use sqlx::mysql::MySqlPoolOptions;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A test's own mall.
pub(crate) struct World {
    pub(crate) db: MySqlPool,
    pub(crate) redis: redis::aio::MultiplexedConnection,
    pub(crate) prefix: String,
    pub(crate) public: SocketAddr,
    pub(crate) private: SocketAddr,
    pub(crate) database_url: String,
    pub(crate) process: Process,
}

/// A process that ends with its test.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

static TESTS: AtomicU64 = AtomicU64::new(0);

/// The binary, with nothing of the surrounding environment that would configure it.
pub(crate) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_catalog-api"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("MALL_CATALOG")
            || ["DATABASE_URL", "DATABASE_READ_URL", "REDIS_URL"].contains(&&*text)
        {
            command.env_remove(&name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// The binary with a test's stores and addresses.
fn instance(database_url: &str, prefix: &str, public: SocketAddr, private: SocketAddr) -> Command {
    let mut command = binary();
    command
        .env("DATABASE_URL", database_url)
        .env("REDIS_URL", stores().redis_url())
        .env("MALL_CATALOG__REDIS__PREFIX", prefix)
        .env("MALL_CATALOG__HTTP__LISTEN", public.to_string())
        .env("MALL_CATALOG__HTTP__PRIVATE_LISTEN", private.to_string())
        .env("MALL_CATALOG__STORAGE__FOLDER", stores().folder().join("uploads").join(prefix))
        .env("MALL_CATALOG__TIMERS__INTERVAL_MS", "100")
        .env("MALL_CATALOG__LOG__FILTER", "warn");
    command
}

impl World {
    /// An empty mall, with the demo staff account `root` (password `root`), who may do everything.
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// The same with settings of its own.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        Self::at(&stores().mysql, None, settings).await
    }

    /// The same on a server of its own, which another one may follow.
    pub(crate) async fn at(mysql: &MariaDb, copy: Option<&MariaDb>, settings: &[(&str, &str)]) -> Self {
        let name = format!("mall_{}", TESTS.fetch_add(1, Ordering::Relaxed));
        let server = MySqlPoolOptions::new().max_connections(1).connect(&mysql.url("mysql")).await.unwrap();
        // The name is made of the constant above and a number.
        let create = sqlx::AssertSqlSafe(format!("create database {name} character set utf8mb4"));
        sqlx::query(create).execute(&server).await.unwrap();
        server.close().await;

        let database_url = mysql.url(&name);
        let (public, private) = (free_port(), free_port());
        let configured = || {
            let mut command = instance(&database_url, &name, public, private);
            command.envs(copy.map(|copy| ("DATABASE_READ_URL", copy.url(&name))));
            command.envs(settings.iter().copied());
            command
        };
        let migrated = configured().arg("migrate").stdout(Stdio::null()).status().unwrap();
        assert!(migrated.success(), "migrations run");
        let process = Process(configured().spawn().unwrap());
        let db = MySqlPoolOptions::new().max_connections(8).connect(&database_url).await.unwrap();
        let redis = redis::Client::open(stores().redis_url())
            .unwrap()
            .get_multiplexed_async_connection()
            .await
            .unwrap();
        let world = Self { db, redis, prefix: name, public, private, database_url, process };
        world
            .until("the service is ready", async || {
                Call::get("/readyz").send(private).await.is_some_and(|answer| answer.status == 200)
            })
            .await;
        world.staff("root", &["*"]).await;
        world
    }

    /// Another command of the binary, on the same stores.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = instance(&self.database_url, &self.prefix, self.public, self.private);
        command.args(arguments).stdout(Stdio::null());
        command
    }

    /// One more process on the same stores.
    pub(crate) fn another_instance(&self) -> Process {
        Process(instance(&self.database_url, &self.prefix, free_port(), free_port()).spawn().unwrap())
    }

    /// Waits for a condition under a deadline.
    pub(crate) async fn until(&self, what: &str, condition: impl AsyncFn() -> bool) {
        for _ in 0..400 {
            if condition().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("not within ten seconds: {what}");
    }

    /// A call to the public listener. Whatever a test is about, the answer is as the API description
    /// says.
    pub(crate) async fn call(&self, call: Call) -> Answer {
        let (method, path) = call.operation();
        let answer = call.send(self.public).await.expect("the service answers");
        description(self.private).await.check(&method, &path, &answer);
        answer
    }

    /// A call of staff that has to succeed; its data.
    pub(crate) async fn ok(&self, call: Call) -> Value {
        self.call(call).await.data()
    }

    /// A member of staff whose password is the name, with a role of these permissions.
    pub(crate) async fn staff(&self, name: &str, permissions: &[&str]) {
        use catalog_api::store::admin;
        let mut db = self.db.acquire().await.unwrap();
        let role = admin::insert_role(&mut db, &format!("role of {name}"), "").await.unwrap();
        for permission in permissions {
            admin::grant(&mut db, role, permission).await.unwrap();
        }
        let hash = hash(name).await;
        admin::insert(&mut db, name, &hash, &format!("[{role}]")).await.unwrap();
    }

    /// A shopper whose password is the name; the openid as well, unless it is empty.
    pub(crate) async fn shopper(&self, name: &str, openid: &str) -> u64 {
        use catalog_api::store::shopper::{self, NewShopper};
        let mut db = self.db.acquire().await.unwrap();
        let password_hash = &hash(name).await;
        let new = NewShopper { username: name, password_hash, nickname: name, mobile: "", openid };
        shopper::insert(&mut db, &new).await.unwrap()
    }

    /// Logs staff in.
    pub(crate) async fn staff_token(&self, name: &str) -> String {
        let form = json!({ "username": name, "password": name, "code": "" });
        let data = self.ok(Call::post("/admin/auth/login", form)).await;
        data["token"].as_str().unwrap().to_owned()
    }

    /// Logs a shopper in.
    pub(crate) async fn shop_token(&self, name: &str) -> String {
        let form = json!({ "username": name, "password": name });
        let data = self.ok(Call::post("/wx/auth/login", form)).await;
        data["token"].as_str().unwrap().to_owned()
    }

    /// The law, at the end of every test that moved units: the books of every sale balance, and no
    /// answer was lost on the way to the log.
    pub(crate) async fn finish(self) {
        let sales: Vec<u64> =
            sqlx::query_scalar("select id from flash_sale").fetch_all(&self.db).await.unwrap();
        for sale in sales {
            let books = catalog_api::store::books::books(&self.db, sale).await.unwrap().unwrap();
            assert_eq!(books.gap, 0, "sale {sale}: {books:?}");
            assert_eq!(books.moved, books.free - books.put_on_sale, "sale {sale}: {books:?}");
        }
        let metrics = Call::get("/metrics").send(self.private).await.unwrap().text;
        assert!(metrics.contains("\ncatalog_operations_unlogged_total 0\n"), "{metrics}");
    }
}

/// A password hash, made as the service makes it.
pub(crate) async fn hash(password: &str) -> String {
    use std::sync::OnceLock;
    static PASSWORDS: OnceLock<catalog_api::password::Passwords> = OnceLock::new();
    let passwords = PASSWORDS.get_or_init(|| catalog_api::password::Passwords::new(4, 1_000));
    passwords.hash(password.to_owned()).await.unwrap()
}

/// The settings the process of a test runs with, for parts of the library a test uses directly.
pub(crate) fn config(world: &World) -> catalog_api::config::Config {
    use catalog_api::config::load::DEFAULTS;
    use figment::providers::{Format, Toml};
    figment::Figment::from(Toml::string(DEFAULTS))
        .merge(("database.url", &world.database_url))
        .merge(("redis.url", stores().redis_url()))
        .merge(("redis.prefix", &world.prefix))
        .merge(("http.listen", world.public.to_string()))
        .merge(("http.private_listen", world.private.to_string()))
        .extract()
        .unwrap()
}

/// Runs futures together and collects what they say.
pub(crate) async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = waiting.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, done) in waiting.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(output) = future.as_mut().poll(context)
            {
                *done = Some(output);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}
