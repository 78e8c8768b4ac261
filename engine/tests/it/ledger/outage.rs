//! The database refuses, hangs or vanishes in the middle of a settlement.

use super::bench::{Bench as _, LOG, nothing_happened, order, orders, sale, sn, tally, until};
use super::mariadb::{MariaDbBench, ledger_at};
use contract::ids::SaleId;
use engine::fault::{Effect, Fault};
use engine::settlement::mysql::MySqlLedger;
use engine::settlement::{Ledger as _, Settled, Step};
use sqlx::{MySql, Transaction, query};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

async fn settle_one(ledger: &MySqlLedger) -> Result<Settled, Fault> {
    let records = [orders(0, 1, vec![order(1, 1), order(2, 2)])];
    ledger
        .settle(&Step { partition: 0, log: LOG, from: 0, after: None, to: 1, records: &records, bury: true })
        .await
}

async fn hold_the_sale(bench: &MariaDbBench) -> Transaction<'static, MySql> {
    let mut holder = bench.pool.begin().await.unwrap();
    query("select id from flash_sale where id = 1 for update").fetch_one(&mut *holder).await.unwrap();
    holder
}

async fn open_bench() -> MariaDbBench {
    let bench = MariaDbBench::new().await;
    bench.add_sale(&sale(1, 10)).await;
    assert_eq!(bench.next().await, 0);
    bench
}

async fn assert_untouched(bench: &MariaDbBench) {
    assert_eq!(bench.next().await, 0);
    for table in ["orders", "order_goods", "flash_order", "due_task where kind = 'order_unpaid'", "stock_log"]
    {
        assert_eq!(bench.number(&format!("select count(*) from {table}")).await, 0, "{table}");
    }
    assert_eq!(bench.books(SaleId(1)).await.free, 10);
}

/// How many connections of the ledger wait for a lock.
async fn waiting(bench: &MariaDbBench) -> i64 {
    bench
        .number(
            "select count(*) from information_schema.innodb_trx t
            join information_schema.processlist p on p.id = t.trx_mysql_thread_id
            where t.trx_state = 'LOCK WAIT' and p.db = database()",
        )
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_wait_timeout_rolls_everything_back_and_the_retry_settles() {
    let bench = open_bench().await;
    // The server takes back only the statement that waited: by then the position has moved.
    let mut holder = bench.pool.begin().await.unwrap();
    query(
        "insert into orders (user_id, order_sn, status, consignee, mobile, address, goods_minor, order_minor,
            actual_minor, pay_by) values (1, ?, 101, '', '', '', 0, 0, 0, now())",
    )
    .bind(sn(1, 2).to_string())
    .execute(&mut *holder)
    .await
    .unwrap();
    let fault = nothing_happened(settle_one(bench.ledger()).await);
    assert!(fault.to_string().contains("1205"), "{fault}");
    holder.rollback().await.unwrap();
    assert_untouched(&bench).await;
    assert_eq!(settle_one(bench.ledger()).await.unwrap(), Settled::Done(tally(2, 0, 0, 0)));
    bench.assert_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_settlement_whose_caller_went_away_still_ends() {
    let bench = open_bench().await;
    let holder = hold_the_sale(&bench).await;
    let gone = tokio::time::timeout(Duration::from_millis(300), settle_one(bench.ledger())).await;
    assert!(gone.is_err());
    until("the settlement waits", async || waiting(&bench).await == 1).await;
    holder.rollback().await.unwrap();
    until("the settlement ends", async || bench.next().await == 1).await;
    assert_eq!(bench.books(SaleId(1)).await.unpaid, 3);
    bench.assert_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_killed_half_way_did_nothing() {
    let bench = open_bench().await;
    let holder = hold_the_sale(&bench).await;
    let ledger = bench.ledger().clone();
    let settling = tokio::spawn(async move { settle_one(&ledger).await });
    until("the settlement waits", async || waiting(&bench).await == 1).await;
    let id = bench
        .number(
            "select trx_mysql_thread_id from information_schema.innodb_trx t
            join information_schema.processlist p on p.id = t.trx_mysql_thread_id
            where t.trx_state = 'LOCK WAIT' and p.db = database()",
        )
        .await;
    bench.run(&format!("kill {id}")).await;
    nothing_happened(settling.await.unwrap());
    holder.rollback().await.unwrap();
    assert_untouched(&bench).await;
    assert_eq!(settle_one(bench.ledger()).await.unwrap(), Settled::Done(tally(2, 0, 0, 0)));
    bench.assert_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_unknown_and_the_position_tells() {
    let bench = open_bench().await;
    let through = ledger_at(&cutting_commits(&bench.url).await);
    let fault = settle_one(&through).await.unwrap_err();
    assert_eq!(fault.effect, Effect::Unknown, "{fault}");
    assert_eq!(bench.next().await, 1);
    assert_eq!(settle_one(bench.ledger()).await.unwrap(), Settled::Fenced);
    assert_eq!(bench.books(SaleId(1)).await.unpaid, 3);
    bench.assert_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_cannot_be_reached_did_nothing() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    nothing_happened(settle_one(&ledger_at(&format!("mysql://root@{closed}/none"))).await);
}

/// A way to the database that lets COMMIT through and swallows the answer with the connection.
async fn cutting_commits(url: &str) -> String {
    let (head, database) = url.rsplit_once('/').unwrap();
    let server = head.rsplit_once('@').unwrap().1.to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let upstream = TcpStream::connect(&server).await.unwrap();
            tokio::spawn(carry(client, upstream));
        }
    });
    format!("mysql://root@{address}/{database}")
}

async fn carry(mut client: TcpStream, mut server: TcpStream) -> std::io::Result<()> {
    let (mut up, mut down) = (vec![0; 65536], vec![0; 65536]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let count = read?;
                if count == 0 {
                    return Ok(());
                }
                server.write_all(&up[..count]).await?;
                if up[..count].ends_with(b"\x03commit") {
                    return server.readable().await;
                }
            }
            read = server.read(&mut down) => {
                let count = read?;
                if count == 0 {
                    return Ok(());
                }
                client.write_all(&down[..count]).await?;
            }
        }
    }
}
