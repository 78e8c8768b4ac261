//! What the ledger says about a database no sale may open on.

use super::bench::Bench as _;
use super::mariadb::MariaDbBench;
use engine::settlement::Ledger as _;
use engine::settlement::mysql::MySqlLedger;

async fn says(ledger: &MySqlLedger, words: &str) {
    let reasons = ledger.unfit().await.unwrap();
    assert!(reasons.len() == 1 && reasons[0].contains(words), "{words}: {reasons:?}");
}

// One test, since settings are the whole server's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unsafe_settings_and_a_foreign_schema_are_named() {
    let empty = MariaDbBench::unmigrated().await;
    says(empty.ledger(), "_sqlx_migrations").await;

    let bench = MariaDbBench::new().await;
    assert_eq!(bench.ledger().unfit().await.unwrap(), [""; 0]);
    bench.run("set global innodb_flush_log_at_trx_commit = 2").await;
    says(bench.ledger(), "innodb_flush_log_at_trx_commit").await;
    bench.run("set global innodb_flush_log_at_trx_commit = 1").await;

    let strict = bench.number("select @@global.sql_mode like '%STRICT_TRANS_TABLES%'").await;
    assert_eq!(strict, 1);
    bench.run("set @@global.sql_mode = replace(@@global.sql_mode, 'STRICT_TRANS_TABLES', '')").await;
    let lax = super::mariadb::ledger_at(&bench.url);
    says(&lax, "sql_mode").await;
    bench.run("set @@global.sql_mode = concat(@@global.sql_mode, ',STRICT_TRANS_TABLES')").await;

    bench.run("update _sqlx_migrations set checksum = 'x' where version = 2").await;
    says(bench.ledger(), "other contents").await;
    bench.run("delete from _sqlx_migrations where version = 2").await;
    says(bench.ledger(), "migration 2").await;
}
