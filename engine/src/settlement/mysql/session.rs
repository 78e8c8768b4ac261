//! Connections: how they are set up, lent, and thrown away when in doubt.
//!
//! Every port method runs apart from its caller, as a task of its own: a caller that goes away never
//! leaves a statement half sent. What ends a call that hangs is the server: a lock is waited for
//! [`LOCK_WAIT_S`] seconds, and a statement runs for [`STATEMENT_S`]. Only when even the server does
//! not answer, the socket is closed after [`DEADLINE`]; the server then rolls back by itself.
//!
//! The server also ends us: a process that is stopped or cut off in the middle of a transaction holds
//! its row locks, the position among them, and nobody else could settle. After [`SILENCE_S`] seconds
//! without a word the server rolls back and closes the connection.

use super::MySqlLedgerSettings;
use super::failure::Failure;
use crate::fault::{Fault, System};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlPoolOptions};
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, ConnectOptions as _, MySql, MySqlPool, raw_sql};
use std::future::Future;
use std::str::FromStr as _;
use std::time::Duration;

const LOCK_WAIT_S: u64 = 3;
const STATEMENT_S: u64 = 30;
/// Far longer than the pause between two statements of a transaction, and short enough that a lease
/// ends later: whoever takes a partition over finds its locks gone.
const SILENCE_S: u64 = 3;
/// Longer than any call of a few statements that the server still watches over.
const DEADLINE: Duration = Duration::from_secs(120);
const _: () = assert!(LOCK_WAIT_S < STATEMENT_S && STATEMENT_S * 2 < DEADLINE.as_secs());
const _: () = assert!(SILENCE_S < crate::settlement::consumer::LEASE.as_secs());

/// Room for every row count of every multi-row statement, so that none is prepared twice.
const STATEMENTS_KEPT: usize = 256;

/// "Unknown system variable".
const UNKNOWN_VARIABLE: u16 = 1193;

/// A pool that connects when it is first used.
pub(super) fn pool(settings: &MySqlLedgerSettings) -> Result<MySqlPool, sqlx::Error> {
    let connect = MySqlConnectOptions::from_str(&settings.url)?
        .statement_cache_capacity(STATEMENTS_KEPT)
        .disable_statement_logging();
    Ok(MySqlPoolOptions::new()
        .max_connections(settings.connections)
        .acquire_timeout(settings.acquire_timeout)
        .after_connect(|connection, _| Box::pin(set_up(connection)))
        .connect_lazy_with(connect))
}

async fn set_up(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    set(connection, format!("autocommit = 1, innodb_lock_wait_timeout = {LOCK_WAIT_S}")).await?;
    raw_sql("set session transaction isolation level read committed").execute(&mut *connection).await?;
    // MariaDB knows the first, in seconds and for every statement; MySQL knows the second, in
    // milliseconds and for reads only: there the wait for locks is what bounds a write.
    set_if_known(connection, format!("max_statement_time = {STATEMENT_S}")).await?;
    set_if_known(connection, format!("max_execution_time = {}", STATEMENT_S * 1000)).await?;
    // MariaDB ends a silent transaction by itself. MySQL only knows silent connections, so there the
    // pool's idle ones go too, and are made anew when they are needed.
    if !set_if_known(connection, format!("idle_transaction_timeout = {SILENCE_S}")).await? {
        set(connection, format!("wait_timeout = {SILENCE_S}")).await?;
    }
    // Silent in the middle of a statement, or of reading its result.
    set(connection, format!("net_read_timeout = {SILENCE_S}, net_write_timeout = {SILENCE_S}")).await
}

/// False when this server has no such variable.
async fn set_if_known(connection: &mut MySqlConnection, what: String) -> Result<bool, sqlx::Error> {
    match set(connection, what).await {
        Ok(()) => Ok(true),
        Err(sqlx::Error::Database(error))
            if error.downcast_ref::<MySqlDatabaseError>().number() == UNKNOWN_VARIABLE =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

async fn set(connection: &mut MySqlConnection, what: String) -> Result<(), sqlx::Error> {
    raw_sql(AssertSqlSafe(format!("set session {what}"))).execute(connection).await?;
    Ok(())
}

/// Runs database work to its end even if the caller goes away.
pub(super) async fn apart<T: Send + 'static>(
    doing: &'static str,
    work: impl Future<Output = Result<T, Fault>> + Send + 'static,
) -> Result<T, Fault> {
    match tokio::spawn(tokio::time::timeout(DEADLINE, work)).await {
        Ok(Ok(result)) => result,
        Ok(Err(elapsed)) => Err(Fault::unknown(System::Ledger, doing, elapsed)),
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(cancelled) => Err(Fault::unknown(System::Ledger, doing, cancelled)),
        },
    }
}

/// A connection taken from the pool. Dropped before its end it is closed, never given back: nobody
/// knows what it is in the middle of.
pub(super) struct Lent {
    connection: Option<PoolConnection<MySql>>,
    doing: &'static str,
}

impl Lent {
    /// Takes a connection.
    pub(super) async fn take(pool: &MySqlPool, doing: &'static str) -> Result<Self, Fault> {
        let connection = pool.acquire().await.map_err(|error| Fault::none(System::Ledger, doing, error))?;
        Ok(Self { connection: Some(connection), doing })
    }

    /// Takes a connection and begins a transaction.
    pub(super) async fn begin(pool: &MySqlPool, doing: &'static str) -> Result<Self, Fault> {
        let mut lent = Self::take(pool, doing).await?;
        lent.run("start transaction").await?;
        Ok(lent)
    }

    /// Takes a connection and begins to read one consistent snapshot.
    pub(super) async fn snapshot(pool: &MySqlPool, doing: &'static str) -> Result<Self, Fault> {
        let mut lent = Self::take(pool, doing).await?;
        lent.run("set transaction isolation level repeatable read").await?;
        lent.run("start transaction with consistent snapshot, read only").await?;
        Ok(lent)
    }

    /// The connection.
    pub(super) fn connection(&mut self) -> &mut MySqlConnection {
        self.connection.as_mut().expect("a lent connection is there until its end")
    }

    /// Commits what succeeded, rolls back what failed.
    pub(super) async fn end<T>(mut self, outcome: Result<T, Failure>) -> Result<T, Fault> {
        match outcome {
            Ok(value) => {
                // From here on nobody knows, whatever the error says.
                raw_sql("commit")
                    .execute(self.connection())
                    .await
                    .map_err(|error| Fault::unknown(System::Ledger, self.doing, error))?;
                self.connection = None;
                Ok(value)
            }
            Err(failure) => {
                let doing = self.doing;
                self.roll_back().await;
                Err(Fault::none(System::Ledger, doing, failure.into_source()))
            }
        }
    }

    /// Rolls back the whole transaction. A failed statement rolled back at most itself.
    pub(super) async fn roll_back(mut self) {
        if raw_sql("rollback").execute(self.connection()).await.is_ok() {
            self.connection = None;
        }
    }

    /// Ends a read outside of a transaction.
    pub(super) fn end_read<T>(mut self, outcome: Result<T, Failure>) -> Result<T, Fault> {
        outcome.inspect(|_| self.connection = None).map_err(|failure| {
            if failure.server_answered() {
                self.connection = None;
            }
            Fault::none(System::Ledger, self.doing, failure.into_source())
        })
    }

    /// Ends a single statement that writes: once it was sent, only an answer says that it failed.
    pub(super) fn end_write<T>(self, outcome: Result<T, Failure>) -> Result<T, Fault> {
        let unknown = outcome.as_ref().is_err_and(|failure| !failure.server_answered());
        self.end_read(outcome).map_err(|fault| {
            if unknown { Fault { effect: crate::fault::Effect::Unknown, ..fault } } else { fault }
        })
    }

    async fn run(&mut self, sql: &'static str) -> Result<(), Fault> {
        let doing = self.doing;
        raw_sql(sql)
            .execute(self.connection())
            .await
            .map_err(|error| Fault::none(System::Ledger, doing, error))?;
        Ok(())
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }
}
