//! The ledger in a private MariaDB, one server for all tests that run at the time and a database each.

mod server;

use super::bench::{Bench, STOCK, UNSETTLED_MAX};
use contract::ids::{OrderSn, SaleId};
use contract::ledger::{FlashOrderState, SaleKind, order_status};
use engine::settlement::Sale;
use engine::settlement::mysql::{MySqlLedger, MySqlLedgerSettings};
use server::Server;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, MySqlPool, Row as _, query};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(super) struct MariaDbBench {
    ledger: MySqlLedger,
    /// Everybody else's connections.
    pub(super) pool: MySqlPool,
    pub(super) url: String,
    added: Mutex<Vec<SaleId>>,
    // Last, so that the server outlives the connections.
    _server: Arc<Server>,
}

impl MariaDbBench {
    /// A migrated database of its own.
    pub(super) async fn new() -> Self {
        let bench = Self::unmigrated().await;
        sqlx::migrate!("../migrations").run(&bench.pool).await.unwrap();
        bench
    }

    pub(super) async fn unmigrated() -> Self {
        let server = Server::shared();
        let (url, name) = server.new_database();
        let root = MySqlPool::connect(&server.url("mysql")).await.unwrap();
        let create = format!("create database {name} character set utf8mb4");
        query(AssertSqlSafe(create)).execute(&root).await.unwrap();
        root.close().await;
        let pool = MySqlPool::connect(&url).await.unwrap();
        Self { ledger: ledger_at(&url), pool, url, added: Mutex::default(), _server: server }
    }

    /// One number, by a query without parameters.
    pub(super) async fn number(&self, sql: &str) -> i64 {
        let sql = format!("select cast(({sql}) as signed)");
        query(AssertSqlSafe(sql)).fetch_one(&self.pool).await.unwrap().try_get(0).unwrap()
    }

    pub(super) async fn run(&self, sql: &str) {
        query(AssertSqlSafe(sql)).execute(&self.pool).await.unwrap();
    }
}

pub(super) fn ledger_at(url: &str) -> MySqlLedger {
    MySqlLedger::new(&MySqlLedgerSettings {
        url: url.to_owned(),
        connections: 4,
        acquire_timeout: Duration::from_secs(5),
        unsettled_max: UNSETTLED_MAX,
    })
    .unwrap()
}

impl Bench for MariaDbBench {
    type L = MySqlLedger;

    fn ledger(&self) -> &MySqlLedger {
        &self.ledger
    }

    async fn add_sale(&self, sale: &Sale) {
        let id = sale.id.0;
        for sql in [
            format!(
                "insert into goods (id, goods_sn, name, gallery, detail, pic_url)
                values ({id}, 'G-{id}', 'goods {id}', '[]', '', '/goods.png')"
            ),
            format!(
                "insert into sku (id, goods_id, specifications, price_minor, stock)
                values ({id}, {id}, '[\"red\"]', 1990, {STOCK})"
            ),
            format!(
                "insert into coupon (id, name, goods_scope_ids, kind, stock, days)
                values ({id}, 'coupon {id}', '[]', 3, {STOCK}, 10)"
            ),
            format!(
                "insert into fishing_session (id, name, held_on, starts_at, ends_at, pic_url)
                values ({id}, 'session {id}', '2030-01-01', '08:00', '12:00', '/session.png')"
            ),
            format!(
                "insert into ticket_type (id, fishing_session_id, name, price_minor, stock)
                values ({id}, {id}, 'stand', 5000, {STOCK})"
            ),
        ] {
            self.run(&sql).await;
        }
        insert_sale(&self.pool, sale).await;
        self.added.lock().unwrap().push(sale.id);
    }

    async fn pay(&self, sn: OrderSn) {
        step_order(&self.pool, sn, FlashOrderState::Paid, order_status::PAID).await;
    }

    async fn lapse(&self, sn: OrderSn) {
        step_order(&self.pool, sn, FlashOrderState::Lapsed, order_status::LAPSED).await;
    }

    async fn ask_change(&self, sale: SaleId, delta: i64) -> u64 {
        let mut transaction = self.pool.begin().await.unwrap();
        if delta > 0 {
            query("update sku set stock = stock - ? where id = ?")
                .bind(delta)
                .bind(sale.0)
                .execute(&mut *transaction)
                .await
                .unwrap();
        }
        let done = query("insert into stock_change (sale_id, delta) values (?, ?)")
            .bind(sale.0)
            .bind(delta)
            .execute(&mut *transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        done.last_insert_id()
    }

    async fn resource(&self, sale: SaleId) -> i64 {
        let kind = self.number(&format!("select kind from flash_sale where id = {sale}")).await;
        let table = match SaleKind::from_code(kind as u8).unwrap() {
            SaleKind::Goods => "sku",
            SaleKind::Coupon => "coupon",
            SaleKind::Ticket => "ticket_type",
        };
        self.number(&format!("select stock from {table} where id = {sale}")).await
    }

    fn added(&self) -> Vec<SaleId> {
        self.added.lock().unwrap().clone()
    }
}

async fn insert_sale(pool: &MySqlPool, sale: &Sale) {
    let time = |ms: u64| DateTime::<Utc>::from_timestamp_millis(ms as i64).unwrap();
    let resource = |kind| (sale.kind == kind).then_some(sale.id.0);
    query(
        "insert into flash_sale (id, name, kind, goods_id, sku_id, coupon_id, ticket_type_id, pic_url,
            price_minor, starts_at, ends_at, pay_within_s, per_order_max, per_user_max, state, put_on_sale,
            free, generation, settled_generation, desk_generation, desk_identity)
        values (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    )
    .bind(sale.id.0)
    .bind(&sale.name)
    .bind(sale.kind.code())
    .bind(resource(SaleKind::Goods))
    .bind(resource(SaleKind::Goods))
    .bind(resource(SaleKind::Coupon))
    .bind(resource(SaleKind::Ticket))
    .bind(&sale.pic_url)
    .bind(sale.terms.price_minor)
    .bind(time(sale.terms.starts_at_ms))
    .bind(time(sale.terms.ends_at_ms))
    .bind(sale.pay_within_s)
    .bind(sale.terms.per_order_max)
    .bind(sale.terms.per_user_max)
    .bind(sale.state.code())
    .bind(sale.put_on_sale)
    .bind(sale.free)
    .bind(sale.generation.0)
    .bind(sale.settled_generation.0)
    .bind(sale.desk_generation.0)
    .bind(&*sale.desk.0)
    .execute(pool)
    .await
    .unwrap();
}

/// What catalog-api's state machine does to an unpaid order.
async fn step_order(pool: &MySqlPool, sn: OrderSn, to: FlashOrderState, status: u16) {
    let mut transaction = pool.begin().await.unwrap();
    let done = query("update orders set status = ? where order_sn = ? and status = ?")
        .bind(status)
        .bind(sn.to_string())
        .bind(order_status::UNPAID)
        .execute(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(done.rows_affected(), 1);
    query("update flash_order set state = ? where sale_id = ? and nonce = ?")
        .bind(to.code())
        .bind(sn.sale.0)
        .bind(sn.nonce.0.as_slice())
        .execute(&mut *transaction)
        .await
        .unwrap();
    if to == FlashOrderState::Lapsed {
        query(
            "insert into stock_return (sale_id, nonce, user_id, units)
            select sale_id, nonce, user_id, units from flash_order where sale_id = ? and nonce = ?",
        )
        .bind(sn.sale.0)
        .bind(sn.nonce.0.as_slice())
        .execute(&mut *transaction)
        .await
        .unwrap();
    }
    transaction.commit().await.unwrap();
}
