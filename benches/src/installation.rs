//! A mall to measure: a database with buyers in it, their sessions, sales, and engines as processes.

use crate::Asked;
use anyhow::{Context, Result, bail, ensure};
use contract::ids::UserId;
use contract::keys;
use contract::ledger::SaleState;
use contract::session::{Audience, Claims, ISSUER, SessionKeys};
use hyper::Method;
use loadtest::wire::Host;
use sqlx::AssertSqlSafe;
use sqlx::mysql::{MySqlPool, MySqlPoolOptions};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use xtask::process::{Bond, Launch, Owned, with_many_files};
use xtask::services::free_port;

/// Buyers with rows of their own; each buys once a sale.
pub(crate) const BUYERS: u64 = 30_000;
/// Prefix of keys and topics, and the name of the database.
const NAME: &str = "mall_bench";
/// The dev profile's; the engine refuses it in any other.
const SESSION_SECRET: &[u8] = b"dev-only-session-secret-do-not-use-elsewhere";
/// Rows of one statement, commands of one pipeline.
const CHUNK: usize = 1000;
/// Longest wait for anything to become ready.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// Process ids of the stores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StorePids {
    pub(crate) redis: u32,
    pub(crate) mariadb: u32,
    pub(crate) kafka: u32,
}

/// Where everything is.
pub(crate) struct Installation {
    pub(crate) database_url: String,
    pub(crate) redis_url: String,
    pub(crate) brokers: String,
    pub(crate) pids: StorePids,
    pub(crate) db: MySqlPool,
    pub(crate) redis: redis::aio::MultiplexedConnection,
    engine: PathBuf,
    dir: PathBuf,
    sessions: SessionKeys,
}

/// A process of ours that listens.
pub(crate) struct Served {
    process: Owned,
    pub(crate) address: SocketAddr,
    private_port: u16,
}

impl Served {
    pub(crate) fn pid(&self) -> u32 {
        self.process.identity().pid
    }

    pub(crate) fn private_port(&self) -> u16 {
        self.private_port
    }
}

impl Installation {
    /// A migrated database with buyers.
    pub(crate) async fn prepare(asked: &Asked) -> Result<Self> {
        let named = |name: &str| std::env::var(name).with_context(|| format!("{name} is not set"));
        let pid = |name: &str| -> Result<u32> { Ok(named(&format!("BENCH_{name}_PID"))?.parse()?) };
        let (admin_url, redis_url) = (named("DATABASE_URL")?, named("REDIS_URL")?);
        let admin = MySqlPool::connect(&admin_url).await?;
        for sql in [format!("drop database if exists {NAME}"), format!("create database {NAME}")] {
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&admin).await?;
        }
        admin.close().await;
        let (server, _) = admin_url.rsplit_once('/').context("DATABASE_URL names no database")?;
        let database_url = format!("{server}/{NAME}");
        let db = MySqlPoolOptions::new().max_connections(4).connect(&database_url).await?;
        sqlx::migrate!("../migrations").run(&db).await?;
        let redis = redis::Client::open(redis_url.as_str())?.get_multiplexed_async_connection().await?;
        let mall = Self {
            database_url,
            redis_url,
            brokers: named("KAFKA_BROKERS")?,
            pids: StorePids { redis: pid("REDIS")?, mariadb: pid("MARIADB")?, kafka: pid("KAFKA")? },
            db,
            redis,
            engine: asked.engine.clone(),
            dir: asked.dir.clone(),
            sessions: SessionKeys::new([("dev", SESSION_SECRET)]),
        };
        mall.add_goods().await?;
        mall.add_buyers().await?;
        Ok(mall)
    }

    async fn add_goods(&self) -> Result<()> {
        let goods =
            "insert into goods (id, goods_sn, name, gallery, detail) values (1, 'G1', 'Goods', '[]', '')";
        self.run(goods.into()).await?;
        let sku = "insert into sku (id, goods_id, specifications, price_minor, stock) \
            values (1, 1, '[\"standard\"]', 1990, 0)";
        self.run(sku.into()).await
    }

    async fn add_buyers(&self) -> Result<()> {
        self.register(1, BUYERS).await
    }

    /// Accounts with an address each, from a number to a number, in whole thousands.
    pub(crate) async fn register(&self, first: u64, last: u64) -> Result<()> {
        for first in (first..=last).step_by(CHUNK) {
            let ids: Vec<u64> = (first..first + CHUNK as u64).collect();
            let rows = |row: &dyn Fn(&u64) -> String| ids.iter().map(row).collect::<Vec<_>>().join(",");
            self.run(format!(
                "insert into shopper (id, username) values {}",
                rows(&|id| format!("({id},'bench-{id}')"))
            ))
            .await?;
            self.run(format!(
                "insert into address (user_id, name, province, city, county, detail, tel, is_default) values {}",
                rows(&|id| format!("({id},'A. Buyer','Province','City','County','1 Street','13800000000',true)"))
            ))
            .await?;
        }
        Ok(())
    }

    /// Runs a statement of ours.
    pub(crate) async fn run(&self, sql: String) -> Result<()> {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.db).await?;
        Ok(())
    }

    /// Fresh sessions of the first `count` buyers, in order: nobody has verified them before.
    pub(crate) async fn sessions(&self, round: usize, count: u64) -> Result<Vec<String>> {
        ensure!(count <= BUYERS, "there are {BUYERS} buyers");
        let mut redis = self.redis.clone();
        let mut texts = Vec::new();
        let users: Vec<u64> = (1..=count).collect();
        for users in users.chunks(CHUNK) {
            let mut pipeline = redis::pipe();
            for &user in users {
                let sid = format!("{round:08x}{user:024x}");
                pipeline.set_ex(keys::session(NAME, &sid), "{}", 3600).ignore();
                texts.push(self.sign(user, sid));
            }
            pipeline.exec_async(&mut redis).await?;
        }
        Ok(texts)
    }

    fn sign(&self, user: u64, sid: String) -> String {
        self.sessions.sign(&Claims {
            sub: UserId(user).to_string(),
            aud: Audience::Shop,
            iss: ISSUER.into(),
            nbf: 0,
            exp: u32::MAX.into(),
            sid,
            level: 0,
        })
    }

    /// Puts units on a sale that starts in so many seconds (or started before); its id.
    pub(crate) async fn arm(&self, units: u64, starts_in_s: i64) -> Result<u64> {
        let sale = sqlx::query(
            "insert into flash_sale (name, kind, goods_id, sku_id, price_minor, starts_at, ends_at, token_ttl_s, \
             state, put_on_sale, free) values ('Bench', 0, 1, 1, 990, timestampadd(second, ?, now(3)), \
             timestampadd(hour, 9, now(3)), 900, 1, ?, ?)",
        )
        .bind(starts_in_s)
        .bind(units)
        .bind(units)
        .execute(&self.db)
        .await?;
        Ok(sale.last_insert_id())
    }

    /// One number.
    pub(crate) async fn number(&self, sql: String) -> Result<i64> {
        Ok(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.db).await?)
    }

    /// Starts an engine in a role, and waits until it is ready.
    pub(crate) async fn engine(&self, role: &'static str) -> Result<Served> {
        self.engine_with(role, &[]).await
    }

    /// The same with some settings of its own.
    pub(crate) async fn engine_with(&self, role: &'static str, own: &[(&str, &str)]) -> Result<Served> {
        let settings = [
            ("MALL_ENGINE__DESK__PREFIX", NAME),
            ("MALL_ENGINE__LOG__TOPIC_PREFIX", NAME),
            // A round's orders may all be waiting for settlement, which competes for the same cores.
            ("MALL_ENGINE__DESK__UNSETTLED_MAX", "200000"),
            // A closed client does not go away: on a busy machine its requests wait instead of being shed.
            ("MALL_ENGINE__ADMISSION__LANE_WAIT_MS", "10000"),
            ("MALL_ENGINE__ADMISSION__LANE_TARGET_MS", "10000"),
            ("MALL_ENGINE__ADMISSION__DESK_TARGET_MS", "10000"),
            ("MALL_ENGINE__ADMISSION__LOG_TARGET_MS", "10000"),
            ("MALL_ENGINE__ADMISSION__OUTBOX_TARGET_MS", "600000"),
            ("MALL_ENGINE__ADMISSION__SETTLEMENT_TARGET_MS", "600000"),
            ("MALL_ENGINE__ADMISSION__ANSWER_WITHIN_MS", "30000"),
        ];
        self.service(&self.engine.clone(), role, "MALL_ENGINE", &[&settings, own].concat()).await
    }

    /// Starts a service of ours, and waits until it is ready.
    pub(crate) async fn service(
        &self,
        program: &std::path::Path,
        role: &'static str,
        prefix: &str,
        settings: &[(&str, &str)],
    ) -> Result<Served> {
        let (port, private_port) = (free_port()?, free_port()?);
        let mut envs = vec![
            ("DATABASE_URL".to_owned(), self.database_url.clone()),
            ("REDIS_URL".to_owned(), self.redis_url.clone()),
            ("KAFKA_BROKERS".to_owned(), self.brokers.clone()),
            (format!("{prefix}__HTTP__LISTEN"), format!("127.0.0.1:{port}")),
            (format!("{prefix}__HTTP__PRIVATE_LISTEN"), format!("127.0.0.1:{private_port}")),
        ];
        envs.extend(settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let served = self.spawn(program, &[role], envs, port, private_port)?;
        let begin = Instant::now();
        while !matches!(xtask::http::get(served.private_port, "/readyz"), Ok((200, _))) {
            ensure!(begin.elapsed() < READY_LIMIT, "{} {role} is not ready", program.display());
            sleep(Duration::from_millis(50)).await;
        }
        Ok(served)
    }

    /// Starts bare hyper.
    pub(crate) async fn hello(&self) -> Result<Served> {
        let port = free_port()?;
        let us = std::env::current_exe()?;
        let served = self.spawn(&us, &["hello", &format!("127.0.0.1:{port}")], Vec::new(), port, port)?;
        let begin = Instant::now();
        while xtask::http::get(port, "/").is_err() {
            ensure!(begin.elapsed() < READY_LIMIT, "bare hyper does not answer");
            sleep(Duration::from_millis(20)).await;
        }
        Ok(served)
    }

    fn spawn(
        &self,
        program: &std::path::Path,
        args: &[&str],
        envs: Vec<(String, String)>,
        port: u16,
        private_port: u16,
    ) -> Result<Served> {
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let launch = Launch {
            program: "sh".into(),
            args: with_many_files(program).into_iter().chain(args.iter().map(Into::into)).collect(),
            envs,
            dir: self.dir.clone(),
            log: self.dir.join(format!("{name}.log")),
        };
        let process = launch.spawn(Bond::Leashed)?;
        Ok(Served { process, address: ([127, 0, 0, 1], port).into(), private_port })
    }

    /// Waits until this engine gives tokens of a sale to this session, or refuses with one of these codes.
    pub(crate) async fn wait_desk(
        &self,
        engine: &Served,
        sale: u64,
        session: &str,
        codes: &[&str],
    ) -> Result<()> {
        let mut connection = Host::new(&format!("http://{}", engine.address))?.connection(READY_LIMIT);
        let path = format!("/seckill/v1/sales/{sale}/token");
        let authorization = format!("Bearer {session}");
        let begin = Instant::now();
        loop {
            let headers = [("authorization", authorization.as_str())];
            let answer = connection.send(Method::POST, &path, &headers, None).await?;
            let code = answer.code().unwrap_or_default();
            if answer.status == 200 || codes.contains(&code.as_str()) {
                return Ok(());
            }
            if begin.elapsed() > READY_LIMIT {
                bail!("sale {sale} is not served: {} {code}", answer.status);
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until everything that was accepted in a sale is in the ledger.
    pub(crate) async fn settled_to_the_last(&self, sale: u64) -> Result<()> {
        let terms = keys::DeskKeys::new(NAME, contract::ids::SaleId(sale)).terms;
        let free: u64 =
            redis::cmd("HGET").arg(terms).arg("free").query_async(&mut self.redis.clone()).await?;
        self.wait_settled(sale, BUYERS - free).await
    }

    /// Ends sales, and waits until they are reconciled.
    pub(crate) async fn over(&self, sales: &[u64]) -> Result<()> {
        let begin = Instant::now();
        let sales = sales.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
        self.run(format!("update flash_sale set ends_at = now(3) where id in ({sales})")).await?;
        let open = format!(
            "select cast(count(*) as signed) from flash_sale where id in ({sales}) and state < {}",
            SaleState::Reconciled.code()
        );
        while self.number(open.clone()).await? > 0 {
            ensure!(begin.elapsed() < READY_LIMIT, "sales that are over are not reconciled");
            sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Waits until so many orders of a sale are in the ledger, and no more are.
    pub(crate) async fn wait_settled(&self, sale: u64, orders: u64) -> Result<()> {
        self.wait_settled_in(&[sale], orders).await
    }

    /// The same over several sales.
    pub(crate) async fn wait_settled_in(&self, sales: &[u64], orders: u64) -> Result<()> {
        let begin = Instant::now();
        let sales = sales.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
        loop {
            let rows = self
                .number(format!(
                    "select cast(count(*) as signed) from flash_order where sale_id in ({sales})"
                ))
                .await?;
            ensure!(rows <= orders as i64, "{orders} orders were accepted, {rows} are in the ledger");
            if rows == orders as i64 {
                return Ok(());
            }
            ensure!(begin.elapsed() < READY_LIMIT, "{rows} of {orders} orders are in the ledger");
            sleep(Duration::from_millis(20)).await;
        }
    }
}
