//! A whole mall for a browser: catalog-api with its pages, an engine behind it, and sales that begin to
//! the millisecond.

use super::chromium::{Chromium, Tab};
use crate::harness::{Call, Process, World, binary, free_port};
use serde_json::{Value, json};
use sqlx::mysql::MySqlPoolOptions;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The mall and the browser.
pub(crate) struct House {
    pub(crate) world: World,
    pub(crate) browser: Chromium,
    engine: Option<Process>,
    engine_at: [SocketAddr; 2],
    redis_url: String,
}

/// What a sale is made of.
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) units: u32,
    pub(crate) starts_in_ms: i64,
    pub(crate) ends_in_ms: i64,
    pub(crate) per_user: u32,
}

impl Default for Spec {
    fn default() -> Self {
        Self { name: "Spring tea", units: 10, starts_in_ms: -1000, ends_in_ms: 3_600_000, per_user: 1 }
    }
}

/// A store `cargo xtask test` brought up: what the engine demands of one is more than the others here have.
fn store(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run cargo xtask test"))
}

impl House {
    /// Nothing where there is no browser.
    pub(crate) async fn open() -> Option<Self> {
        let browser = Chromium::start().await?;
        let (database, redis_url) = (store("DATABASE_URL"), store("REDIS_URL"));
        let name = format!("mall_web_{}", catalog_api::random::hex(&catalog_api::random::bytes::<6>()));
        let server = MySqlPoolOptions::new().max_connections(1).connect(&database).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("create database {name} character set utf8mb4"));
        sqlx::query(create).execute(&server).await.unwrap();
        server.close().await;
        let database_url = format!("{}/{name}", database.rsplit_once('/').unwrap().0);
        let (public, private, engine_at) = (free_port(), free_port(), [free_port(), free_port()]);
        let catalog = || {
            let mut command = binary();
            command
                .env("DATABASE_URL", &database_url)
                .env("REDIS_URL", &redis_url)
                .env("MALL_CATALOG__REDIS__PREFIX", &name)
                .env("MALL_CATALOG__HTTP__LISTEN", public.to_string())
                .env("MALL_CATALOG__HTTP__PRIVATE_LISTEN", private.to_string())
                .env("MALL_CATALOG__PAGES__ENGINE", engine_at[0].to_string())
                .env("MALL_CATALOG__BOARD__ENGINES", json!([engine_at[1].to_string()]).to_string())
                .env("MALL_CATALOG__TIMERS__INTERVAL_MS", "100")
                .env("MALL_CATALOG__LOG__FILTER", "warn")
                .stdout(Stdio::null());
            command
        };
        assert!(catalog().arg("migrate").status().unwrap().success(), "migrations run");
        let process = Process(catalog().spawn().unwrap());
        let db = MySqlPoolOptions::new().max_connections(4).connect(&database_url).await.unwrap();
        let redis = redis::Client::open(redis_url.as_str()).unwrap();
        let redis = redis.get_multiplexed_async_connection().await.unwrap();
        let world = World { db, redis, prefix: name, public, private, database_url, process };
        let mut house = Self { world, browser, engine: None, engine_at, redis_url };
        house.start_engine().await;
        let ready =
            async || Call::get("/readyz").send(private).await.is_some_and(|answer| answer.status == 200);
        eventually("catalog-api is ready", ready).await;
        Some(house)
    }

    /// The engine is a program of the same build.
    pub(crate) async fn start_engine(&mut self) {
        let program = Path::new(env!("CARGO_BIN_EXE_catalog-api")).with_file_name("engine");
        let mut command = Command::new(program);
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MALL_ENGINE"))
        {
            command.env_remove(name);
        }
        command
            .arg("all")
            .env("DATABASE_URL", &self.world.database_url)
            .env("REDIS_URL", &self.redis_url)
            .env("KAFKA_BROKERS", "embedded")
            .env("MALL_ENGINE__DESK__PREFIX", &self.world.prefix)
            .env("MALL_ENGINE__LOG__TOPIC_PREFIX", &self.world.prefix)
            .env("MALL_ENGINE__HTTP__LISTEN", self.engine_at[0].to_string())
            .env("MALL_ENGINE__HTTP__PRIVATE_LISTEN", self.engine_at[1].to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.engine = Some(Process(command.spawn().expect("the engine was built with the tests")));
        let private = self.engine_at[1];
        let ready =
            async || Call::get("/readyz").send(private).await.is_some_and(|answer| answer.status == 200);
        eventually("the engine is ready", ready).await;
    }

    /// Kills it where it stands.
    pub(crate) fn kill_engine(&mut self) {
        self.engine = None;
    }

    /// A sale; open when it has begun.
    pub(crate) async fn sale(&self, spec: Spec) -> u64 {
        let goods = self.world.goods(&format!("{}-{}", spec.name, free_port().port()), 0).await;
        let sale = sqlx::query(
            "insert into flash_sale (name, pic_url, kind, goods_id, sku_id, price_minor, starts_at, ends_at, \
             per_order_max, per_user_max, cooldown_s, token_ttl_s, token_multiplier, min_user_level, state, \
             put_on_sale, free) values (?, '/wx/art/cup-7.png', 0, ?, ?, 990, \
             timestampadd(microsecond, ? * 1000, now(3)), timestampadd(microsecond, ? * 1000, now(3)), \
             1, ?, 0, 90, 5, 0, 1, ?, ?)",
        )
        .bind(spec.name)
        .bind(goods.id)
        .bind(goods.sku)
        .bind(spec.starts_in_ms)
        .bind(spec.ends_in_ms)
        .bind(spec.per_user)
        .bind(spec.units)
        .bind(spec.units)
        .execute(&self.world.db)
        .await
        .unwrap()
        .last_insert_id();
        let wanted = if spec.starts_in_ms < 0 { "open" } else { "armed" };
        let known = async || self.state(sale).await["state"] == wanted;
        eventually("the engine serves the sale", known).await;
        sale
    }

    /// The state of a sale, through the pages' origin.
    pub(crate) async fn state(&self, sale: u64) -> Value {
        let answer = self.world.call(Call::get(&format!("/seckill/v1/sales/{sale}/state"))).await;
        serde_json::from_str(&answer.text).unwrap_or_default()
    }

    /// Somebody new buys one unit, without a page.
    pub(crate) async fn sell(&self, sale: u64, name: &str) {
        self.world.shopper(name, "").await;
        let session = format!("Bearer {}", self.world.shop_token(name).await);
        let post = async |path: &str, body: Value| {
            let call = Call::post(&format!("/seckill/v1/sales/{sale}/{path}"), body);
            let answer = call.header("authorization", &session).send(self.world.public).await.unwrap();
            (answer.status, serde_json::from_str::<Value>(&answer.text).unwrap())
        };
        let (status, token) = post("token", json!({})).await;
        assert_eq!(status, 200, "{token}");
        let (status, order) = post("orders", json!({ "token": token["token"], "quantity": 1 })).await;
        assert_eq!(status, 202, "{order}");
    }

    /// The address of a page.
    pub(crate) fn page(&self, name: &str) -> String {
        format!("http://{}/shop/{name}", self.world.public)
    }

    /// A buyer signed in, in a browser of their own.
    pub(crate) async fn buyer(&self, name: &str) -> Tab {
        self.world.shopper(name, "").await;
        let tab = self.browser.tab().await;
        self.sign_in(&tab, name).await;
        tab
    }

    /// Puts a session where signing in leaves it.
    pub(crate) async fn sign_in(&self, tab: &Tab, name: &str) {
        let token = self.world.shop_token(name).await;
        tab.open(&self.page("sign-in.html")).await;
        let user = "JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))).sub";
        let keep = format!(
            "(() => {{ const token = {}; localStorage.setItem('mall.session', \
             JSON.stringify({{ token, name: {}, user: {user} }})); }})()",
            json!(token),
            json!(name)
        );
        tab.is(&keep).await;
    }

    /// Orders of a sale in the ledger.
    pub(crate) async fn orders(&self, sale: u64) -> i64 {
        self.world.number("select count(*) from flash_order where sale_id = ?", sale).await
    }

    /// The law, as at the end of every test that moved units.
    pub(crate) async fn finish(self) {
        let Self { world, browser, engine, .. } = self;
        drop((browser, engine));
        world.finish().await;
    }
}

/// Until something that takes whole services a while has happened.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for a condition: whole services start meanwhile, on a machine that may have other things to do.
pub(crate) async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition().await {
        assert!(Instant::now() < deadline, "not within a minute: {what}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
