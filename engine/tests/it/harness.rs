//! A whole engine against real stores, and the law every test ends with: no unit is missing, every 202
//! has its row, nobody has more than the sale allows.
//!
//! Each test has a database, a key prefix and topics of its own on the stores that `cargo xtask test`
//! brings up; tests of outages bring stores of their own.

use bytes::Bytes;
use contract::ids::{SaleId, UserId};
use contract::keys::DeskKeys;
use contract::session::{Audience, Claims, ISSUER, SessionKeys};
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use redis::AsyncCommands as _;
use serde_json::{Value, json};
use sqlx::mysql::{MySqlPool, MySqlPoolOptions};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const SESSION_SECRET: &str = "dev-only-session-secret-do-not-use-elsewhere";

/// Where the stores are.
#[derive(Clone, Debug)]
pub(crate) struct Stores {
    pub(crate) database_url: String,
    pub(crate) redis_url: String,
    pub(crate) brokers: String,
}

impl Stores {
    /// The stores `cargo xtask test` brought up.
    pub(crate) fn shared() -> Self {
        let named =
            |name| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run cargo xtask test"));
        Self {
            database_url: named("DATABASE_URL"),
            redis_url: named("REDIS_URL"),
            brokers: named("KAFKA_BROKERS"),
        }
    }
}

/// An engine process.
pub(crate) struct Engine {
    child: Option<Child>,
    pub(crate) url: String,
    pub(crate) private_url: String,
}

impl Engine {
    /// An engine somebody else holds, to be called at its addresses.
    pub(crate) fn elsewhere(url: &str, private_url: &str) -> Self {
        Self { child: None, url: url.into(), private_url: private_url.into() }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().expect("a process of ours").id()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.pid().to_string()]).status().expect("kill runs");
        assert!(sent.success(), "kill {signal}");
    }

    /// SIGTERM, and its exit.
    pub(crate) fn terminate(mut self) -> std::process::ExitStatus {
        self.signal("-TERM");
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let child = self.child.as_mut().expect("a process of ours");
            if let Some(status) = child.try_wait().expect("our child") {
                return status;
            }
            assert!(Instant::now() < deadline, "the engine did not end");
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: hyper::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("ok")
    }
}

/// A shopper with a live session and an address.
#[derive(Clone, Debug)]
pub(crate) struct Buyer {
    pub(crate) user: UserId,
    pub(crate) session: String,
    pub(crate) sid: String,
    pub(crate) address: u64,
}

/// What a sale is made of.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(crate) kind: u8,
    pub(crate) units: u32,
    pub(crate) price_minor: i64,
    pub(crate) starts_in_ms: i64,
    pub(crate) ends_in_ms: i64,
    pub(crate) per_order: u32,
    pub(crate) per_user: u32,
    pub(crate) token_ttl_s: u32,
    pub(crate) multiplier: u32,
    pub(crate) cooldown_s: u32,
    pub(crate) min_level: u8,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            kind: 0,
            units: 10,
            price_minor: 990,
            starts_in_ms: -1000,
            ends_in_ms: 3_600_000,
            per_order: 1,
            per_user: 1,
            token_ttl_s: 90,
            multiplier: 5,
            cooldown_s: 0,
            min_level: 0,
        }
    }
}

/// One installation: a database, a prefix, and its engines.
pub(crate) struct Mall {
    pub(crate) stores: Stores,
    pub(crate) db: MySqlPool,
    pub(crate) engine: Option<Engine>,
    /// Addresses that take turns instead of the one engine's, as behind a load balancer.
    pub(crate) fronts: Vec<String>,
    turn: AtomicUsize,
    name: String,
    redis: redis::aio::MultiplexedConnection,
    client: Client<HttpConnector, Full<Bytes>>,
    promised: Mutex<Vec<(String, UserId)>>,
    users: AtomicU64,
    settings: Vec<(String, String)>,
}

impl Mall {
    /// An installation on the shared stores with one engine that does everything.
    pub(crate) async fn start() -> Self {
        let mut mall = Self::prepare(Stores::shared(), &[]).await;
        mall.start_engine("all").await;
        mall
    }

    /// A migrated database and nothing running. `settings` are environment variables of its engines.
    pub(crate) async fn prepare(stores: Stores, settings: &[(&str, &str)]) -> Self {
        let mut random = [0; 6];
        getrandom::fill(&mut random).expect("random numbers");
        let name = format!("mall_{}", random.map(|byte| format!("{byte:02x}")).concat());
        let admin = MySqlPool::connect(&stores.database_url).await.expect("the database answers");
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("create database {name} character set utf8mb4")))
            .execute(&admin)
            .await
            .expect("create");
        admin.close().await;
        let (server, _) = stores.database_url.rsplit_once('/').expect("a url with a database");
        let url = format!("{server}/{name}");
        let db =
            MySqlPoolOptions::new().max_connections(4).connect(&url).await.expect("the new database answers");
        sqlx::migrate!("../migrations").run(&db).await.expect("migrations run");
        let client = redis::Client::open(stores.redis_url.as_str()).expect("a redis url");
        let redis = client.get_multiplexed_async_connection().await.expect("redis answers");
        Self {
            stores: Stores { database_url: url, ..stores },
            db,
            engine: None,
            fronts: Vec::new(),
            turn: AtomicUsize::new(0),
            name,
            redis,
            client: Client::builder(TokioExecutor::new()).pool_max_idle_per_host(64).build_http(),
            promised: Mutex::default(),
            users: AtomicU64::new(1),
            settings: settings.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        }
    }

    /// Starts an engine in a role and waits until it is ready; it becomes the one that is called.
    pub(crate) async fn start_engine(&mut self, role: &str) {
        let engine = self.spawn(role);
        self.wait_ready(&engine).await;
        self.engine = Some(engine);
    }

    /// Another engine, ready, that is not the one that is called.
    pub(crate) async fn another_engine(&self, role: &str) -> Engine {
        let engine = self.spawn(role);
        self.wait_ready(&engine).await;
        engine
    }

    /// Engines started from here on have this in their environment.
    pub(crate) fn set(&mut self, key: &str, value: &str) {
        self.settings.push((key.into(), value.into()));
    }

    /// Starts an engine that may not be ready yet.
    pub(crate) fn spawn(&self, role: &str) -> Engine {
        self.spawn_at(role, &free_address())
    }

    /// Starts an engine that listens there; it may not be ready yet.
    pub(crate) fn spawn_at(&self, role: &str, listen: &str) -> Engine {
        let private = free_address();
        let mut command = self.command();
        command
            .arg(role)
            .env("MALL_ENGINE__HTTP__LISTEN", listen)
            .env("MALL_ENGINE__HTTP__PRIVATE_LISTEN", &private);
        let log = std::env::var("MALL_TEST_DIR").map_or_else(|_| std::env::temp_dir(), Into::into);
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(log.join(format!("{}.log", self.name)))
            .expect("a log file");
        let child = command.stderr(log).stdin(Stdio::null()).spawn().expect("the engine starts");
        Engine {
            child: Some(child),
            url: format!("http://{listen}"),
            private_url: format!("http://{private}"),
        }
    }

    /// The engine's command with this installation's environment.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
        command
            .env("DATABASE_URL", &self.stores.database_url)
            .env("REDIS_URL", &self.stores.redis_url)
            .env("KAFKA_BROKERS", &self.stores.brokers)
            .env("MALL_ENGINE__DESK__PREFIX", &self.name)
            .env("MALL_ENGINE__LOG__TOPIC_PREFIX", &self.name)
            .env("MALL_ENGINE__LOG__PARTITIONS", "2")
            .env("MALL_ENGINE__ADMISSION__USER_PER_S", "100000");
        command.envs(self.settings.iter().map(|(key, value)| (key, value)));
        command
    }

    /// Waits until an engine says that it is not ready, and names this as the reason.
    pub(crate) async fn wait_missing(&self, engine: &Engine, words: &str) {
        eventually("the reason is named", 30, async || {
            let ready = self.call(Method::GET, &format!("{}/readyz", engine.private_url), &[], None).await;
            match ready {
                Ok(ready) if ready.status == 503 && ready.body["missing"].to_string().contains(words) => {
                    Ok(())
                }
                other => Err(format!("{words}: {other:?}")),
            }
        })
        .await;
    }

    pub(crate) async fn wait_ready(&self, engine: &Engine) {
        eventually("the engine is ready", 30, async || {
            let ready = self.call(Method::GET, &format!("{}/readyz", engine.private_url), &[], None).await;
            match ready {
                Ok(ready) if ready.status == 200 => Ok(()),
                other => Err(format!("{other:?}")),
            }
        })
        .await;
    }

    /// An armed sale on a resource that has just the units.
    pub(crate) async fn arm(&self, spec: Spec) -> SaleId {
        let goods = sqlx::query(
            "insert into goods (goods_sn, name, gallery, detail) values (uuid(), uuid(), '[]', '')",
        )
        .execute(&self.db)
        .await
        .expect("goods")
        .last_insert_id();
        let sku = sqlx::query("insert into sku (goods_id, specifications, price_minor, stock) values (?, '[\"standard\"]', 1990, 0)")
            .bind(goods)
            .execute(&self.db)
            .await
            .expect("sku")
            .last_insert_id();
        let coupon = sqlx::query("insert into coupon (name, kind, discount_minor, goods_scope_ids, days) values ('ten off', 3, 1000, '[]', 7)")
            .execute(&self.db)
            .await
            .expect("coupon")
            .last_insert_id();
        let id = sqlx::query(
            "insert into flash_sale (name, kind, goods_id, sku_id, coupon_id, price_minor, starts_at, ends_at, per_order_max, \
             per_user_max, cooldown_s, token_ttl_s, token_multiplier, min_user_level, state, put_on_sale, free) \
             values ('a sale', ?, ?, ?, ?, ?, timestampadd(microsecond, ? * 1000, now(3)), \
             timestampadd(microsecond, ? * 1000, now(3)), ?, ?, ?, ?, ?, ?, 1, ?, ?)",
        )
        .bind(spec.kind)
        .bind((spec.kind == 0).then_some(goods))
        .bind((spec.kind == 0).then_some(sku))
        .bind((spec.kind == 1).then_some(coupon))
        .bind(spec.price_minor)
        .bind(spec.starts_in_ms)
        .bind(spec.ends_in_ms)
        .bind(spec.per_order)
        .bind(spec.per_user)
        .bind(spec.cooldown_s)
        .bind(spec.token_ttl_s)
        .bind(spec.multiplier)
        .bind(spec.min_level)
        .bind(spec.units)
        .bind(spec.units)
        .execute(&self.db)
        .await
        .expect("sale")
        .last_insert_id();
        SaleId(id)
    }

    /// An armed sale whose desk is ready at the engine that is called.
    pub(crate) async fn sale(&self, spec: Spec) -> SaleId {
        let sale = self.arm(spec).await;
        self.wait_desk(sale).await;
        sale
    }

    /// Waits until the engine that is called serves the sale: a caller without a session is told so.
    pub(crate) async fn wait_desk(&self, sale: SaleId) {
        // Of the highest level, so that only the desk is in its way.
        let probe = self.buyer_of_level(2).await;
        eventually("the desk is ready", 30, async || {
            let answer = self.try_token(&probe, sale).await;
            match answer {
                // A probe may take a token; it never uses it, and no test counts tokens to the last.
                Ok(answer) if !["recovering", "not_found", "unavailable"].contains(&answer.code()) => Ok(()),
                other => Err(format!("{other:?}")),
            }
        })
        .await;
    }

    pub(crate) async fn buyer(&self) -> Buyer {
        self.buyer_of_level(0).await
    }

    /// A shopper with a session, as catalog-api would have made it.
    pub(crate) async fn buyer_of_level(&self, level: u8) -> Buyer {
        let number = self.users.fetch_add(1, Ordering::Relaxed);
        let user = sqlx::query("insert into shopper (username, level) values (?, ?)")
            .bind(format!("buyer-{number}"))
            .bind(level)
            .execute(&self.db)
            .await
            .expect("shopper")
            .last_insert_id();
        let address = sqlx::query(
            "insert into address (user_id, name, province, city, county, detail, tel, is_default) \
             values (?, 'A. Buyer', 'Province', 'City', 'County', '1 Street', '13800000000', true)",
        )
        .bind(user)
        .execute(&self.db)
        .await
        .expect("address")
        .last_insert_id();
        self.log_in(UserId(user), level, address).await
    }

    /// `count` shoppers, quickly: without rows of their own, which nothing on this path needs.
    pub(crate) async fn crowd(&self, count: usize) -> Vec<Buyer> {
        let mut buyers = Vec::with_capacity(count);
        for _ in 0..count {
            let user = UserId(1_000_000 + self.users.fetch_add(1, Ordering::Relaxed));
            buyers.push(self.log_in(user, 0, 0).await);
        }
        buyers
    }

    async fn log_in(&self, user: UserId, level: u8, address: u64) -> Buyer {
        let sid = format!("{:032x}", user.0);
        let key = contract::keys::session(&self.name, &sid);
        let _: () = self.redis.clone().set_ex(key, "{}", 3600).await.expect("session record");
        let claims = Claims {
            sub: user.to_string(),
            aud: Audience::Shop,
            iss: ISSUER.into(),
            nbf: 0,
            exp: u32::MAX.into(),
            sid: sid.clone(),
            level,
        };
        let session = SessionKeys::new([("dev", SESSION_SECRET.as_bytes())]).sign(&claims);
        Buyer { user, session, sid, address }
    }

    /// Ends a session as catalog-api does.
    pub(crate) async fn log_out(&self, buyer: &Buyer) {
        let mut redis = self.redis.clone();
        let _: () = redis.del(contract::keys::session(&self.name, &buyer.sid)).await.expect("del");
        redis::cmd("XADD")
            .arg(contract::keys::revocations(&self.name))
            .arg(&["*", "sid", &buyer.sid])
            .exec_async(&mut redis)
            .await
            .expect("xadd");
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("an engine was started")
    }

    /// Where the next request goes.
    fn front(&self) -> &str {
        match self.fronts.len() {
            0 => &self.engine().url,
            fronts => &self.fronts[self.turn.fetch_add(1, Ordering::Relaxed) % fronts],
        }
    }

    /// One request; an error when the connection failed.
    pub(crate) async fn call(
        &self,
        method: Method,
        url: &str,
        head: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<Answer, String> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in head {
            request = request.header(*name, *value);
        }
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let request = request.body(Full::new(body)).expect("a request");
        let answer = self.client.request(request).await.map_err(|error| format!("{error:?}"))?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Ok(Answer { status: parts.status.as_u16(), head: parts.headers, body })
    }

    /// One request for text, with what it says if it is JSON.
    pub(crate) async fn text(&self, url: &str) -> (u16, Value, String) {
        let request = Request::get(url).body(Full::default()).expect("a request");
        let answer = self.client.request(request).await.expect("an answer");
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        (status, json, String::from_utf8_lossy(&body).into_owned())
    }

    /// Prefix of this installation's keys and topics.
    pub(crate) fn prefix(&self) -> &str {
        &self.name
    }

    /// Runs commands behind the engine's back.
    pub(crate) async fn redis(&self, commands: &redis::Pipeline) {
        commands.exec_async(&mut self.redis.clone()).await.expect("redis answers");
    }

    /// Free units by the desk's own count.
    pub(crate) async fn free_at_desk(&self, sale: SaleId) -> i64 {
        let terms = DeskKeys::new(self.prefix(), sale).terms;
        self.redis.clone().hget(terms, "free").await.expect("the desk is there")
    }

    /// Deletes a key behind the engine's back; it must have been there.
    pub(crate) async fn forget_key(&self, key: &str) {
        let deleted: i64 = self.redis.clone().del(key).await.expect("redis answers");
        assert_eq!(deleted, 1, "{key} was there");
    }

    pub(crate) async fn try_token(&self, buyer: &Buyer, sale: SaleId) -> Result<Answer, String> {
        let url = format!("{}/seckill/v1/sales/{sale}/token", self.front());
        self.call(Method::POST, &url, &[("authorization", &format!("Bearer {}", buyer.session))], None).await
    }

    pub(crate) async fn token(&self, buyer: &Buyer, sale: SaleId) -> Answer {
        self.try_token(buyer, sale).await.expect("the engine answers")
    }

    /// A token's text, or a panic with the refusal.
    pub(crate) async fn token_text(&self, buyer: &Buyer, sale: SaleId) -> String {
        let answer = self.token(buyer, sale).await;
        answer.body["token"].as_str().unwrap_or_else(|| panic!("no token: {answer:?}")).to_owned()
    }

    /// One purchase. A 202 is remembered: it must have a row when the test ends.
    pub(crate) async fn try_order(&self, buyer: &Buyer, sale: SaleId, body: Value) -> Result<Answer, String> {
        let url = format!("{}/seckill/v1/sales/{sale}/orders", self.front());
        let head =
            [("authorization", &*format!("Bearer {}", buyer.session)), ("content-type", "application/json")];
        let answer = self.call(Method::POST, &url, &head, Some(body)).await?;
        if answer.status == 202 || (answer.status == 200 && answer.body["order_sn"].is_string()) {
            let sn = answer.body["order_sn"].as_str().expect("an order number").to_owned();
            self.promised.lock().expect("no holder panics").push((sn, buyer.user));
        }
        Ok(answer)
    }

    pub(crate) async fn order(&self, buyer: &Buyer, sale: SaleId, token: &str, quantity: u32) -> Answer {
        let body = json!({ "token": token, "quantity": quantity, "address_id": buyer.address });
        self.try_order(buyer, sale, body).await.expect("the engine answers")
    }

    /// Token and order; the order number, or the code of what refused it.
    pub(crate) async fn buy(&self, buyer: &Buyer, sale: SaleId) -> Result<String, String> {
        let token = self.token(buyer, sale).await;
        let Some(token) = token.body["token"].as_str() else { return Err(token.code().to_owned()) };
        let order = self.order(buyer, sale, token, 1).await;
        match order.body["order_sn"].as_str() {
            Some(sn) => Ok(sn.to_owned()),
            None => Err(order.code().to_owned()),
        }
    }

    pub(crate) async fn status(&self, buyer: &Buyer, sn: &str) -> Answer {
        let url = format!("{}/seckill/v1/orders/{sn}", self.front());
        self.call(Method::GET, &url, &[("x-litemall-token", &buyer.session)], None)
            .await
            .expect("the engine answers")
    }

    pub(crate) async fn wait_status(&self, buyer: &Buyer, sn: &str, wanted: &str) -> Answer {
        eventually("the order has its status", 30, async || {
            let answer = self.status(buyer, sn).await;
            if answer.body["status"] == wanted { Ok(answer) } else { Err(format!("{answer:?}")) }
        })
        .await
    }

    /// Rows of a sale.
    pub(crate) async fn rows(&self, sale: SaleId) -> i64 {
        self.number(&format!("select count(*) from flash_order where sale_id = {sale}")).await
    }

    /// Rows of a buyer in a sale.
    pub(crate) async fn rows_of(&self, sale: SaleId, buyer: &Buyer) -> i64 {
        let user = buyer.user;
        self.number(&format!("select count(*) from flash_order where sale_id = {sale} and user_id = {user}"))
            .await
    }

    /// The first column of the first row.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(&self.db).await.expect(sql)
    }

    pub(crate) async fn run(&self, sql: &str) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&self.db).await.expect(sql);
    }

    /// What catalog-api does when an unpaid order lapses or is cancelled.
    pub(crate) async fn lapse(&self, sn: &str) {
        let sn: contract::ids::OrderSn = sn.parse().expect("an order number");
        let mut tx = self.db.begin().await.expect("begin");
        let changed = sqlx::query(
            "update orders set status = 103, ended_at = now(3) where order_sn = ? and status = 101",
        )
        .bind(sn.to_string())
        .execute(&mut *tx)
        .await
        .expect("order")
        .rows_affected();
        assert_eq!(changed, 1, "the order was unpaid");
        sqlx::query("update flash_order set state = 2 where sale_id = ? and nonce = ? and state = 0")
            .bind(sn.sale.0)
            .bind(&sn.nonce.0[..])
            .execute(&mut *tx)
            .await
            .expect("flash order");
        sqlx::query(
            "insert into stock_return (sale_id, nonce, user_id, units) \
             select sale_id, nonce, user_id, units from flash_order where sale_id = ? and nonce = ?",
        )
        .bind(sn.sale.0)
        .bind(&sn.nonce.0[..])
        .execute(&mut *tx)
        .await
        .expect("return");
        tx.commit().await.expect("commit");
    }

    /// The books of all sales by the engine's own count.
    pub(crate) fn books(&self) -> Value {
        let counted = self.command().args(["reconcile", "--json"]).output().expect("reconcile runs");
        serde_json::from_slice(&counted.stdout).unwrap_or_else(|error| {
            panic!(
                "reconcile: {error}: {} {}",
                String::from_utf8_lossy(&counted.stdout),
                String::from_utf8_lossy(&counted.stderr)
            )
        })
    }

    /// As [`Self::finish`], with this engine as the one that runs.
    pub(crate) async fn finish_with(mut self, engine: Engine) {
        self.engine = Some(engine);
        self.finish().await;
    }

    /// Puts the records of these sessions into a Redis that lost them.
    pub(crate) async fn renew_sessions(&self, redis_url: &str, buyers: &[Buyer]) {
        let client = redis::Client::open(redis_url).expect("a redis url");
        let mut redis = client.get_multiplexed_async_connection().await.expect("redis answers");
        for buyer in buyers {
            let key = contract::keys::session(&self.name, &buyer.sid);
            let _: () = redis.set_ex(key, "{}", 3600).await.expect("session record");
        }
    }

    /// At rest within a minute: books even, nothing on its way, every promise kept. Every test ends here.
    pub(crate) async fn finish(mut self) {
        eventually("the books balance at rest", 60, async || {
            let books = self.books();
            let moving: i64 = books["sales"]
                .as_array()
                .expect("sales")
                .iter()
                .map(|sale| {
                    ["unsettled", "returning", "booked_back"]
                        .iter()
                        .map(|term| sale[term].as_i64().unwrap_or(0))
                        .sum::<i64>()
                })
                .sum();
            if books["gap"] == 0 && moving == 0 { Ok(()) } else { Err(books.to_string()) }
        })
        .await;
        let promised = std::mem::take(&mut *self.promised.lock().expect("no holder panics"));
        for (sn, user) in promised {
            let parsed: contract::ids::OrderSn = sn.parse().expect("an order number");
            let owner: Option<u64> =
                sqlx::query_scalar("select user_id from flash_order where sale_id = ? and nonce = ?")
                    .bind(parsed.sale.0)
                    .bind(&parsed.nonce.0[..])
                    .fetch_optional(&self.db)
                    .await
                    .expect("flash_order");
            assert_eq!(owner, Some(user.0), "{sn} was promised");
        }
        assert_eq!(
            self.number(
                "select cast(count(*) as signed) from (select o.sale_id from flash_order o join flash_sale s on s.id = o.sale_id \
                 where o.state <> 2 group by o.sale_id, o.user_id, s.per_user_max having sum(o.units) > s.per_user_max) over_limit"
            )
            .await,
            0,
            "nobody has more than the sale allows"
        );
        drop(self.engine.take());
        let name = self.name.clone();
        self.run(&format!("drop database {name}")).await;
    }
}

/// An address nobody listens on.
pub(crate) fn free_address() -> String {
    format!("127.0.0.1:{}", xtask::services::free_port().expect("a port"))
}

/// Waits for a condition under a deadline.
pub(crate) async fn eventually<T>(
    what: &str,
    seconds: u64,
    mut holds: impl AsyncFnMut() -> Result<T, String>,
) -> T {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        match holds().await {
            Ok(value) => return value,
            Err(last) => assert!(Instant::now() < deadline, "not in {seconds} s: {what}; last seen: {last}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
