//! Connections that know which Redis they lead to.
//!
//! The pool makes connections and is never asked for one twice: its check on every checkout is a
//! round trip an order must not pay. A slot holds the connection in use, and replaces it.

use super::RedisDeskSettings;
use super::address::{self, Address};
use super::failure;
use crate::fault::{Effect, Fault, System};
use crate::reservation::DeskIdentity;
use crate::reservation::reply::Raw;
use crate::reservation::scripts::Script;
use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, Pipeline, RedisResult, Value};
use deadpool_redis::{Connection as Pooled, Manager, Pool, Runtime};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

const CONNECTING: &str = "connecting to the desk";

/// A connection that leads to another Redis than the caller means is made anew, to see whether the
/// address leads elsewhere by now; one younger than this is believed at once, so that a changed
/// Redis is not flooded with connections until the ledger knows it.
const BELIEVED_FOR: Duration = Duration::from_millis(200);

/// Makes connections.
pub(super) struct Connector {
    address: Address,
    config: AsyncConnectionConfig,
    connect_timeout: Duration,
    connections: usize,
    /// The pool for the address that Sentinels named last, or the only one.
    pool: Mutex<Option<(String, Pool)>>,
}

impl Connector {
    pub(super) fn new(address: Address, settings: &RedisDeskSettings) -> Result<Self, Fault> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(settings.connect_timeout))
            .set_response_timeout(Some(settings.response_timeout));
        let connector = Self {
            config,
            connect_timeout: settings.connect_timeout,
            connections: settings.connections,
            pool: Mutex::default(),
            address,
        };
        // A malformed address is told now, not by the first call.
        if let Address::Single(url) = &connector.address {
            connector.pool(url)?;
        }
        Ok(connector)
    }

    /// A new connection, with the scripts loaded and its Redis known.
    async fn connect(&self) -> Result<Connection, Fault> {
        let pool = match &self.address {
            Address::Single(url) => self.pool(url)?,
            Address::Sentinel { sentinels, service, account, db } => {
                let primary = self.ask_sentinels(sentinels, service).await?;
                self.pool(&address::url(account, &primary, db))?
            }
            Address::Cluster { .. } => unreachable!("each server of a cluster has an address of its own"),
        };
        let pooled = pool.get().await.map_err(|error| Fault::none(System::Desk, CONNECTING, error))?;
        let mut connection = Connection::new(Pooled::take(pooled));
        connection.identity = connection.ask_identity().await?;
        connection.load_scripts().await?;
        Ok(connection)
    }

    /// Where the primary is, by the first Sentinel that knows.
    async fn ask_sentinels(&self, sentinels: &[String], service: &str) -> Result<String, Fault> {
        let mut last = Fault::none(System::Desk, CONNECTING, "no Sentinel is named");
        for sentinel in sentinels {
            match self.ask_sentinel(sentinel, service).await {
                Ok(primary) => return Ok(primary),
                Err(fault) => last = fault,
            }
        }
        Err(last)
    }

    async fn ask_sentinel(&self, sentinel: &str, service: &str) -> Result<String, Fault> {
        let refused = |error| Fault::none(System::Desk, "asking a Sentinel", error);
        let client = ::redis::Client::open(address::url("", sentinel, "")).map_err(refused)?;
        let wire =
            client.get_multiplexed_async_connection_with_config(&self.config).await.map_err(refused)?;
        let mut question = Pipeline::with_capacity(1);
        question.cmd("SENTINEL").arg("get-master-addr-by-name").arg(service);
        let answer = Connection::new(wire).ask_all(&question, "asking a Sentinel").await?;
        let text = |part: &Raw| match part {
            Raw::Bytes(bytes) => String::from_utf8(bytes.clone()).ok(),
            Raw::Nil | Raw::Int(_) | Raw::List(_) => None,
        };
        let primary = match &*answer {
            [Raw::List(parts)] => match &**parts {
                [host, port] => text(host).zip(text(port)),
                _ => None,
            },
            _ => None,
        };
        let (host, port) = primary.ok_or_else(|| {
            Fault::none(System::Desk, "asking a Sentinel", format!("{sentinel} does not know {service}"))
        })?;
        Ok(format!("{host}:{port}"))
    }

    fn pool(&self, url: &str) -> Result<Pool, Fault> {
        let mut kept = self.pool.lock().expect("nothing panics while it holds the pool");
        if let Some((known, pool)) = &*kept
            && known == url
        {
            return Ok(pool.clone());
        }
        let manager = Manager::new_with_config(url, self.config.clone())
            .map_err(|error| Fault::none(System::Desk, "reading the address of the desk", error))?;
        let pool = Pool::builder(manager)
            .max_size(self.connections)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(self.connect_timeout))
            .create_timeout(Some(self.connect_timeout))
            .build()
            .expect("the pool has the runtime its timeouts need");
        *kept = Some((url.to_owned(), pool.clone()));
        Ok(pool)
    }
}

/// A connection and the run id of the Redis behind it.
#[derive(Clone)]
pub(super) struct Connection {
    multiplexed: MultiplexedConnection,
    identity: DeskIdentity,
    made_at: Instant,
}

impl Connection {
    fn new(multiplexed: MultiplexedConnection) -> Self {
        Self { multiplexed, identity: DeskIdentity::default(), made_at: Instant::now() }
    }

    pub(super) fn identity(&self) -> &DeskIdentity {
        &self.identity
    }

    /// Sends all commands in one go; an error of the server is among the values.
    pub(super) async fn send(&self, pipeline: &Pipeline) -> RedisResult<Vec<Value>> {
        self.multiplexed.clone().send_packed_commands(pipeline, 0, pipeline.len()).await
    }

    pub(super) async fn load_scripts(&self) -> Result<(), Fault> {
        let mut pipeline = Pipeline::with_capacity(Script::ALL.len());
        for script in Script::ALL {
            pipeline.cmd("SCRIPT").arg("LOAD").arg(script.text());
        }
        self.ask_all(&pipeline, "loading the scripts").await.map(drop)
    }

    async fn ask_identity(&self) -> Result<DeskIdentity, Fault> {
        let mut pipeline = Pipeline::with_capacity(1);
        pipeline.cmd("INFO").arg("server");
        let replies = self.ask_all(&pipeline, CONNECTING).await?;
        let run_id = match &*replies {
            [Raw::Bytes(text)] => info_line(text, "run_id"),
            _ => None,
        };
        run_id
            .map(|run_id| DeskIdentity(run_id.into()))
            .ok_or_else(|| Fault::none(System::Desk, CONNECTING, "INFO names no run_id"))
    }

    /// Sends commands that move nothing: whatever fails, nothing has happened.
    pub(super) async fn ask_all(&self, pipeline: &Pipeline, doing: &'static str) -> Result<Vec<Raw>, Fault> {
        let replies = self.send(pipeline).await.map_err(|error| Fault::none(System::Desk, doing, error))?;
        failure::raw_list(replies, doing).map_err(|failure| Fault { effect: Effect::None, ..failure.fault })
    }
}

/// The value of one line of INFO.
pub(super) fn info_line(text: &[u8], name: &str) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let value = |line: &str| Some(line.strip_prefix(name)?.strip_prefix(':')?.to_owned());
    text.lines().find_map(value)
}

/// The place of one connection, which comes and goes.
pub(super) struct Slot {
    current: Mutex<Option<Connection>>,
    /// Set whenever a connection has to be given up or cannot be made.
    doubt: Arc<AtomicBool>,
    /// Held while a connection is made, so that those who need it wait for one and the same.
    connecting: tokio::sync::Mutex<()>,
}

impl Slot {
    pub(super) fn new(doubt: Arc<AtomicBool>) -> Self {
        Self { current: Mutex::default(), doubt, connecting: tokio::sync::Mutex::default() }
    }

    /// The connection in use, or a new one.
    pub(super) async fn connection(&self, connector: &Connector) -> Result<Connection, Fault> {
        if let Some(connection) = self.current().clone() {
            return Ok(connection);
        }
        let _alone = self.connecting.lock().await;
        if let Some(connection) = self.current().clone() {
            return Ok(connection);
        }
        let made = connector.connect().await;
        let connection = made.inspect_err(|_| self.doubt.store(true, Ordering::Relaxed))?;
        *self.current() = Some(connection.clone());
        Ok(connection)
    }

    /// A connection to the Redis of this identity, or the identity of the Redis that is there instead.
    pub(super) async fn connection_to(
        &self,
        connector: &Connector,
        identity: &DeskIdentity,
    ) -> Result<Result<Connection, DeskIdentity>, Fault> {
        let mut connection = self.connection(connector).await?;
        if connection.identity != *identity && connection.made_at.elapsed() > BELIEVED_FOR {
            self.drop_connection(&connection);
            connection = self.connection(connector).await?;
        }
        Ok(if connection.identity == *identity { Ok(connection) } else { Err(connection.identity) })
    }

    /// The identity of the Redis that answers now.
    pub(super) async fn identity_now(&self, connector: &Connector) -> Result<DeskIdentity, Fault> {
        let connection = self.connection(connector).await?;
        match connection.ask_identity().await {
            Ok(identity) if identity == connection.identity => Ok(identity),
            _ => {
                self.drop_connection(&connection);
                Ok(self.connection(connector).await?.identity)
            }
        }
    }

    /// Sends commands that move nothing over a connection of this slot.
    pub(super) async fn ask<const N: usize>(
        &self,
        connection: &Connection,
        pipeline: &Pipeline,
        doing: &'static str,
    ) -> Result<[Raw; N], Fault> {
        let replies =
            connection.ask_all(pipeline, doing).await.inspect_err(|_| self.drop_connection(connection))?;
        replies.try_into().map_err(|_| Fault::none(System::Desk, doing, "not one reply a command"))
    }

    /// Gives a connection up, unless it was replaced already.
    pub(super) fn drop_connection(&self, connection: &Connection) {
        let mut current = self.current();
        // Each connection has a copy of the identity of its own.
        if current.as_ref().is_some_and(|held| Arc::ptr_eq(&held.identity.0, &connection.identity.0)) {
            *current = None;
            self.doubt.store(true, Ordering::Relaxed);
        }
    }

    fn current(&self) -> MutexGuard<'_, Option<Connection>> {
        self.current.lock().expect("nothing panics while it holds the slot")
    }
}
