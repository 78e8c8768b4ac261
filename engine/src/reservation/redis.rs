//! The desk in Redis: the scripts by their SHA-1, over a few connections whose Redis is known. One Redis,
//! one that Sentinels name, or a cluster, by the form of the address.
//!
//! Every connection knows the run id of the Redis it leads to, and no script is sent over one that
//! leads to another Redis than the caller means. A connection is dropped on any doubt; the next call
//! makes a new one. Deliberately absent: repeating a script whose effect is unknown; the caller
//! repeats by id, or the sweep does.

mod address;
mod connection;
mod failure;
mod fitness;
mod nodes;

use super::layout;
use super::reply::{Fields, Raw, Unreadable, purchases, upkeep};
use super::scripts::Script;
use super::scripts::call::Call;
use super::{
    At, Changed, Desk, DeskIdentity, DeskImage, Inspection, Pending, Reply, ReserveCall, ReserveReply,
    Returned, Terms, TokenCall, TokenOutcome, TokenReply,
};
use crate::fault::{Fault, System};
use ::redis::Pipeline;
use connection::{Connection, Slot};
use contract::ids::{EntryId, Nonce, SaleId, UserId};
use contract::keys::{self, DeskKeys};
use nodes::{Node, Nodes};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Most revocations read in one call.
const REVOCATIONS_MAX: usize = 1000;

/// How to reach the Redis of the desk.
#[derive(Clone, Debug)]
pub struct RedisDeskSettings {
    /// Where it is: `redis://…`, `redis+sentinel://…/service` or `redis+cluster://…`.
    pub url: String,
    /// Prefix of all keys; keeps installations on one Redis apart.
    pub prefix: String,
    /// How many connections to a server calls take turns on, at least 1.
    pub connections: usize,
    /// Longest time to make a connection and get it ready.
    pub connect_timeout: Duration,
    /// Longest time to wait for a reply.
    pub response_timeout: Duration,
    /// Whether a Redis that does not fsync before it replies is unfit: right for a single one.
    pub require_append_only_always: bool,
}

/// The desk in Redis.
#[derive(Clone)]
pub struct RedisDesk {
    inner: Arc<Inner>,
}

struct Inner {
    settings: RedisDeskSettings,
    nodes: Nodes,
    /// Where sessions and revocations are, when that is elsewhere.
    sessions: Option<Nodes>,
    /// SHA-1 of the scripts, in the order of the list.
    names: Vec<String>,
    /// Tells this process's tags from those of others; a tag also names a build of the desk.
    process: u64,
    calls: AtomicU64,
}

impl RedisDesk {
    /// Prepares the desk; connections are made by the calls that need them.
    pub fn new(settings: RedisDeskSettings) -> Result<Self, Fault> {
        Self::with_sessions(settings, None)
    }

    /// The same, with sessions and revocations on another Redis.
    pub fn with_sessions(settings: RedisDeskSettings, sessions: Option<&str>) -> Result<Self, Fault> {
        assert!(settings.connections >= 1, "configuration asks for at least one connection");
        let nodes = Nodes::new(&settings.url, &settings)?;
        let sessions = sessions.map(|url| Nodes::new(url, &settings)).transpose()?;
        let process = getrandom::u64()
            .map_err(|error| Fault::none(System::Desk, "naming this process", error.to_string()))?;
        let names = Script::ALL.iter().map(|script| script.sha1()).collect();
        let inner = Inner { settings, nodes, sessions, names, process, calls: AtomicU64::new(0) };
        Ok(Self { inner: Arc::new(inner) })
    }

    fn tag(&self) -> String {
        format!("{:016x}-{}", self.inner.process, self.inner.calls.fetch_add(1, Ordering::Relaxed))
    }

    /// The server that a sale's desk is on.
    async fn node(&self, sale: SaleId) -> Result<Arc<Node>, Fault> {
        self.inner.nodes.of(&DeskKeys::new(&self.inner.settings.prefix, sale).terms).await
    }

    /// Runs a script at the desk `at` means.
    async fn run<T>(
        &self,
        at: &At,
        call: Call,
        read: impl FnOnce(Fields) -> Result<Reply<T>, Unreadable>,
    ) -> Result<Reply<T>, Fault> {
        let node = self.node(at.sale).await?;
        let slot = node.slot();
        match slot.connection_to(&node.connector, &at.identity).await? {
            Ok(connection) => self.run_over(slot, &connection, &call, read).await,
            Err(identity) => Ok(Reply::OtherDesk(identity)),
        }
    }

    /// Runs a script over this connection.
    async fn run_over<T>(
        &self,
        slot: &Slot,
        connection: &Connection,
        call: &Call,
        read: impl FnOnce(Fields) -> Result<T, Unreadable>,
    ) -> Result<T, Fault> {
        let mut pipeline = Pipeline::with_capacity(1);
        self.add_script(&mut pipeline, call);
        let [reply] = self.send(slot, connection, call, &pipeline).await?;
        self.read(slot, connection, call, reply, read)
    }

    fn session_nodes(&self) -> &Nodes {
        self.inner.sessions.as_ref().unwrap_or(&self.inner.nodes)
    }

    /// Which of these sessions have a record. Keys of a cluster live on several servers; each is asked for
    /// its own, key by key.
    async fn sessions_alive(&self, keys: &[String]) -> Result<Vec<bool>, Fault> {
        const DOING: &str = "reading session records";
        let mut of_nodes: Vec<(Arc<Node>, Vec<usize>)> = Vec::new();
        for (place, key) in keys.iter().enumerate() {
            let node = self.session_nodes().of(key).await?;
            match of_nodes.iter_mut().find(|(other, _)| Arc::ptr_eq(other, &node)) {
                Some((_, places)) => places.push(place),
                None => of_nodes.push((node, vec![place])),
            }
        }
        let mut alive = vec![false; keys.len()];
        for (node, places) in of_nodes {
            let slot = node.slot();
            let connection = slot.connection(&node.connector).await?;
            let mut pipeline = Pipeline::with_capacity(places.len());
            for place in &places {
                pipeline.cmd("EXISTS").arg(&keys[*place]);
            }
            let records = connection
                .ask_all(&pipeline, DOING)
                .await
                .inspect_err(|_| slot.drop_connection(&connection))?;
            if records.len() != places.len() {
                return Err(Fault::none(System::Desk, DOING, "not one record a session"));
            }
            for (place, record) in places.into_iter().zip(records) {
                alive[place] = record == Raw::Int(1);
            }
        }
        Ok(alive)
    }

    fn add_script(&self, pipeline: &mut Pipeline, call: &Call) {
        let place = Script::ALL.iter().position(|listed| *listed == call.script);
        let name = &self.inner.names[place.expect("every script is in the list")];
        let keys = DeskKeys::new(&self.inner.settings.prefix, call.sale);
        let keys = call.script.keys(&keys);
        pipeline.cmd("EVALSHA").arg(name).arg(keys.len()).arg(keys).arg(&call.args);
    }

    /// Sends the commands, the script last, and answers with their replies. A Redis that has lost the
    /// scripts gets them again, once.
    async fn send<const N: usize>(
        &self,
        slot: &Slot,
        connection: &Connection,
        call: &Call,
        pipeline: &Pipeline,
    ) -> Result<[Raw; N], Fault> {
        let doing = call.script.doing();
        let drop_it = || slot.drop_connection(connection);
        let lost = |error| Fault::unknown(System::Desk, doing, error);
        let mut replies = connection.send(pipeline).await.inspect_err(|_| drop_it()).map_err(lost)?;
        if replies.last().is_some_and(failure::is_missing_script) {
            connection.load_scripts().await.inspect_err(|_| drop_it())?;
            replies = connection.send(pipeline).await.inspect_err(|_| drop_it()).map_err(lost)?;
        }
        failure::raw_replies(replies, doing).map_err(|failure| {
            if failure.connection_is_useless {
                drop_it();
            }
            failure.fault
        })
    }

    /// Reads a reply; one that cannot be read leaves the connection in doubt.
    fn read<T>(
        &self,
        slot: &Slot,
        connection: &Connection,
        call: &Call,
        reply: Raw,
        read: impl FnOnce(Fields) -> Result<T, Unreadable>,
    ) -> Result<T, Fault> {
        Fields::open(reply, &call.tag).and_then(read).map_err(|unreadable| {
            slot.drop_connection(connection);
            Fault::unknown(System::Desk, call.script.doing(), unreadable)
        })
    }
}

impl Desk for RedisDesk {
    async fn identity(&self, sale: SaleId) -> Result<DeskIdentity, Fault> {
        let node = self.node(sale).await?;
        node.slot().identity_now(&node.connector).await
    }

    async fn token(&self, call: TokenCall) -> Result<Reply<TokenReply>, Fault> {
        let node = self.node(call.at.sale).await?;
        let slot = node.slot();
        let connection = match slot.connection_to(&node.connector, &call.at.identity).await? {
            Ok(connection) => connection,
            Err(identity) => return Ok(Reply::OtherDesk(identity)),
        };
        let script = Call::token(self.tag(), &call);
        let prefix = &self.inner.settings.prefix;
        let sessions: Vec<String> =
            call.items.iter().map(|item| keys::session(prefix, &item.session)).collect();
        let read = |fields, alive: Vec<bool>| {
            let mut reply = purchases::token(fields, call.items.len())?;
            if let Reply::Done(reply) = &mut reply {
                for (alive, outcome) in alive.iter().zip(&mut reply.outcomes) {
                    if !alive {
                        *outcome = TokenOutcome::SessionGone;
                    }
                }
            }
            Ok(reply)
        };
        // The sessions first, so that no token is shown to one that had ended before its script ran.
        if self.inner.sessions.is_none() && matches!(self.inner.nodes, Nodes::One(_)) {
            let mut pipeline = Pipeline::with_capacity(2);
            pipeline.cmd("MGET").arg(sessions);
            self.add_script(&mut pipeline, &script);
            let [records, reply] = self.send(slot, &connection, &script, &pipeline).await?;
            return self.read(slot, &connection, &script, reply, |fields| {
                let Raw::List(records) = records else { return Err(Unreadable::Shape("no session records")) };
                if records.len() != call.items.len() {
                    return Err(Unreadable::Shape("not one session record an item"));
                }
                read(fields, records.iter().map(|record| *record != Raw::Nil).collect())
            });
        }
        let alive = self.sessions_alive(&sessions).await?;
        self.run_over(slot, &connection, &script, |fields| read(fields, alive)).await
    }

    async fn reserve(&self, call: ReserveCall) -> Result<Reply<ReserveReply>, Fault> {
        let script = Call::reserve(self.tag(), &call);
        self.run(&call.at, script, |fields| purchases::reserve(fields, &call)).await
    }

    async fn trim(&self, at: At, entries: &[(EntryId, u16)]) -> Result<Reply<()>, Fault> {
        let call = Call::trim(self.tag(), &at, entries);
        self.run(&at, call, upkeep::trim).await
    }

    async fn give_back(&self, at: At, orders: &[(UserId, Nonce)]) -> Result<Reply<Vec<Returned>>, Fault> {
        let call = Call::give_back(self.tag(), &at, orders);
        self.run(&at, call, |fields| upkeep::give_back(fields, orders.len())).await
    }

    async fn change(&self, at: At, id: u64, delta: i64) -> Result<Reply<Changed>, Fault> {
        let call = Call::change(self.tag(), &at, id, delta);
        self.run(&at, call, upkeep::change).await
    }

    async fn pending(&self, at: At, after: Option<EntryId>, limit: usize) -> Result<Reply<Pending>, Fault> {
        let call = Call::pending(self.tag(), at.sale, after, limit);
        self.run(&at, call, |fields| purchases::pending(fields, at.sale)).await
    }

    async fn find(&self, at: At, user: UserId, nonce: Nonce) -> Result<Reply<bool>, Fault> {
        let call = Call::find(self.tag(), &at, user, nonce);
        self.run(&at, call, upkeep::find).await
    }

    async fn open(&self, image: &DeskImage) -> Result<Reply<DeskIdentity>, Fault> {
        // One connection for all of it: the identity we answer with is that of every part.
        let node = self.node(image.sale).await?;
        let slot = node.slot();
        let connection = slot.connection(&node.connector).await?;
        let create = Call::open_sale(self.tag(), image);
        let mut built = self.run_over(slot, &connection, &create, upkeep::build).await?;
        let mut loads = layout::loads(image).into_iter().peekable();
        while let (upkeep::Built::Usual(Reply::Done(())), Some(load)) = (&built, loads.next()) {
            let last = loads.peek().is_none();
            let call = Call::load_buyers(self.tag(), image, &create.tag, load, last);
            built = self.run_over(slot, &connection, &call, upkeep::build).await?;
        }
        built.finish(connection.identity().clone())
    }

    async fn revise(&self, at: At, terms: &Terms, open: bool) -> Result<Reply<()>, Fault> {
        let call = Call::revise(self.tag(), &at, terms, open);
        self.run(&at, call, upkeep::revise).await
    }

    async fn close(&self, at: At) -> Result<Reply<u64>, Fault> {
        let call = Call::close(self.tag(), &at);
        self.run(&at, call, upkeep::close).await
    }

    async fn inspect(&self, sale: SaleId) -> Result<Reply<Inspection>, Fault> {
        let node = self.node(sale).await?;
        let slot = node.slot();
        let connection = slot.connection(&node.connector).await?;
        let call = Call::inspect(self.tag(), sale);
        self.run_over(slot, &connection, &call, upkeep::inspect).await
    }

    async fn archive(&self, at: At) -> Result<bool, Fault> {
        let node = self.node(at.sale).await?;
        let slot = node.slot();
        match slot.connection_to(&node.connector, &at.identity).await? {
            Ok(connection) => {
                let call = Call::archive(self.tag(), &at);
                self.run_over(slot, &connection, &call, upkeep::archive).await
            }
            // The desk of another identity is not ours to delete.
            Err(_) => Ok(false),
        }
    }

    async fn revocations(&self, cursor: &str) -> Result<(Vec<String>, String), Fault> {
        const DOING: &str = "reading revocations";
        let key = keys::revocations(&self.inner.settings.prefix);
        let node = self.session_nodes().of(&key).await?;
        let slot = node.slot();
        let connection = slot.connection(&node.connector).await?;
        let mut pipeline = Pipeline::with_capacity(1);
        let after = format!("({cursor}");
        pipeline.cmd("XRANGE").arg(key).arg(after).arg("+").arg("COUNT").arg(REVOCATIONS_MAX);
        let [entries] = slot.ask(&connection, &pipeline, DOING).await?;
        let (sids, last) =
            fitness::revocations(entries).map_err(|error| Fault::none(System::Desk, DOING, error))?;
        Ok((sids, last.unwrap_or_else(|| cursor.to_owned())))
    }

    async fn unfit(&self) -> Result<Vec<String>, Fault> {
        let mut words = Vec::new();
        for node in self.inner.nodes.all().await? {
            let slot = node.slot();
            let connection = slot.connection(&node.connector).await?;
            let single = self.inner.settings.require_append_only_always;
            let found = fitness::unfit(slot, &connection, single).await?;
            let named =
                |reason| if node.host.is_empty() { reason } else { format!("{}: {reason}", node.host) };
            words.extend(found.into_iter().map(named));
        }
        Ok(words)
    }
}
