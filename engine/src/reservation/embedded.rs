//! The embedded desk: the shipped scripts under mlua, over a keyspace in memory.
//!
//! For simulation, tests and demonstrations: it forgets when the process ends. Restarts, losses and
//! revoked sessions are played through [`EmbeddedDesk`]'s own methods. A call runs to its end under a
//! lock and never waits.

mod command;
mod interpreter;
mod keyspace;

use super::layout;
use super::reply::{Fields, Unreadable, purchases, upkeep};
use super::scripts::Script;
use super::scripts::call::Call;
use super::{
    At, Changed, Desk, DeskIdentity, DeskImage, Inspection, Pending, Reply, ReserveCall, ReserveReply,
    Returned, Terms, TokenCall, TokenOutcome, TokenReply,
};
use crate::clock::Clock;
use crate::fault::{Fault, System};
use contract::ids::{EntryId, Nonce, SaleId, UserId};
use contract::keys::{self, DeskKeys};
use interpreter::Interpreter;
use keyspace::{Keyspace, StreamId};
use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard};

/// Key prefix; nobody else is in this keyspace.
const PREFIX: &str = "embedded";
/// Most revocations read in one call.
const REVOCATIONS_MAX: usize = 1000;

/// A desk in memory.
#[derive(Clone)]
pub struct EmbeddedDesk<C> {
    clock: C,
    state: Arc<Mutex<State>>,
}

struct State {
    interpreter: Interpreter,
    sessions: HashSet<Arc<str>>,
    /// How often it was started; names the desk.
    starts: u64,
    calls: u64,
    revoked: u64,
}

/// What an embedded desk knew at one moment.
#[derive(Clone)]
pub struct Snapshot {
    keys: Keyspace,
    sessions: HashSet<Arc<str>>,
}

impl<C: Clock> EmbeddedDesk<C> {
    /// An empty desk.
    pub fn new(clock: C) -> Self {
        Self::with_scripts(clock, |script| script.text().into())
    }

    /// An empty desk with other texts for its scripts, to see whether a test misses what was taken out.
    pub fn with_scripts(clock: C, text: impl Fn(Script) -> Cow<'static, str>) -> Self {
        let state = State {
            interpreter: Interpreter::new(text),
            sessions: HashSet::new(),
            starts: 1,
            calls: 0,
            revoked: 0,
        };
        Self { clock, state: Arc::new(Mutex::new(state)) }
    }

    /// Starts a session, as logging in does.
    pub fn add_session(&self, session: &str) {
        self.state().sessions.insert(session.into());
    }

    /// Ends a session and announces it, as logging out does.
    pub fn revoke_session(&self, session: &str) {
        let mut state = self.state();
        state.sessions.remove(session);
        state.revoked += 1;
        let id = StreamId::parse(state.revoked.to_string().as_bytes()).expect("a number is a stream id");
        let fields = vec![b"sid".to_vec(), session.as_bytes().to_vec()];
        let added = state
            .interpreter
            .with_store(|store| store.keys.xadd(keys::revocations(PREFIX).as_bytes(), id, fields));
        assert_eq!(added, Ok(()), "revocations are numbered upwards");
    }

    /// Restarts it with its data intact.
    pub fn restart(&self) {
        self.state().starts += 1;
    }

    /// Restarts it with nothing left.
    pub fn wipe(&self) {
        self.restore(&Snapshot { keys: Keyspace::default(), sessions: HashSet::new() });
    }

    /// Remembers what it knows now.
    pub fn save(&self) -> Snapshot {
        let state = self.state();
        Snapshot {
            keys: state.interpreter.with_store(|store| store.keys.clone()),
            sessions: state.sessions.clone(),
        }
    }

    /// Restarts it as it was at a snapshot: what came later is lost, as when a replica takes over.
    pub fn restore(&self, snapshot: &Snapshot) {
        let mut state = self.state();
        state.starts += 1;
        state.sessions = snapshot.sessions.clone();
        state.interpreter.with_store(|store| store.keys = snapshot.keys.clone());
    }

    /// Deletes one key of a sale behind the scripts' back, as eviction would; true when it was there.
    pub fn forget_key(&self, key: &str) -> bool {
        self.state().interpreter.with_store(|store| store.keys.del(key.as_bytes()))
    }

    /// The keys of a sale in this keyspace.
    pub fn keys(&self, sale: SaleId) -> DeskKeys {
        DeskKeys::new(PREFIX, sale)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no call panics while it holds the desk")
    }

    /// Runs a script at the desk `at` means.
    fn run<T>(
        &self,
        at: &At,
        make: impl FnOnce(String) -> Call,
        read: impl FnOnce(Fields) -> Result<Reply<T>, Unreadable>,
    ) -> Result<Reply<T>, Fault> {
        let mut state = self.state();
        let identity = state.identity();
        if identity != at.identity {
            return Ok(Reply::OtherDesk(identity));
        }
        let call = make(state.tag());
        state.run(&self.clock, &call, read)
    }
}

impl State {
    fn identity(&self) -> DeskIdentity {
        DeskIdentity(format!("embedded-{}", self.starts).into())
    }

    fn tag(&mut self) -> String {
        self.calls += 1;
        self.calls.to_string()
    }

    fn run<T>(
        &self,
        clock: &impl Clock,
        call: &Call,
        read: impl FnOnce(Fields) -> Result<T, Unreadable>,
    ) -> Result<T, Fault> {
        self.interpreter.with_store(|store| store.unix_ms = clock.unix_ms());
        let keys = DeskKeys::new(PREFIX, call.sale);
        let fault = |source: Box<dyn std::error::Error + Send + Sync>| {
            Fault::unknown(System::Desk, call.script.doing(), source)
        };
        let reply = self
            .interpreter
            .run(call.script, &call.script.keys(&keys), &call.args)
            .map_err(|e| fault(e.into()))?;
        Fields::open(reply, &call.tag).and_then(read).map_err(|e| fault(e.into()))
    }

    fn open(&mut self, clock: &impl Clock, image: &DeskImage) -> Result<Reply<DeskIdentity>, Fault> {
        let create = Call::open_sale(self.tag(), image);
        let mut built = self.run(clock, &create, upkeep::build)?;
        let mut loads = layout::loads(image).into_iter().peekable();
        while let (upkeep::Built::Usual(Reply::Done(())), Some(load)) = (&built, loads.next()) {
            let last = loads.peek().is_none();
            let call = Call::load_buyers(self.tag(), image, &create.tag, load, last);
            built = self.run(clock, &call, upkeep::build)?;
        }
        built.finish(self.identity())
    }
}

impl<C: Clock> Desk for EmbeddedDesk<C> {
    async fn identity(&self, _sale: SaleId) -> Result<DeskIdentity, Fault> {
        Ok(self.state().identity())
    }

    async fn token(&self, call: TokenCall) -> Result<Reply<TokenReply>, Fault> {
        let count = call.items.len();
        let mut reply =
            self.run(&call.at, |tag| Call::token(tag, &call), |fields| purchases::token(fields, count))?;
        if let Reply::Done(reply) = &mut reply {
            let state = self.state();
            for (item, outcome) in call.items.iter().zip(&mut reply.outcomes) {
                if !state.sessions.contains(&item.session) {
                    *outcome = TokenOutcome::SessionGone;
                }
            }
        }
        Ok(reply)
    }

    async fn reserve(&self, call: ReserveCall) -> Result<Reply<ReserveReply>, Fault> {
        self.run(&call.at, |tag| Call::reserve(tag, &call), |fields| purchases::reserve(fields, &call))
    }

    async fn trim(&self, at: At, entries: &[(EntryId, u16)]) -> Result<Reply<()>, Fault> {
        self.run(&at, |tag| Call::trim(tag, &at, entries), upkeep::trim)
    }

    async fn give_back(&self, at: At, orders: &[(UserId, Nonce)]) -> Result<Reply<Vec<Returned>>, Fault> {
        let read = |fields| upkeep::give_back(fields, orders.len());
        self.run(&at, |tag| Call::give_back(tag, &at, orders), read)
    }

    async fn change(&self, at: At, id: u64, delta: i64) -> Result<Reply<Changed>, Fault> {
        self.run(&at, |tag| Call::change(tag, &at, id, delta), upkeep::change)
    }

    async fn pending(&self, at: At, after: Option<EntryId>, limit: usize) -> Result<Reply<Pending>, Fault> {
        let read = |fields| purchases::pending(fields, at.sale);
        self.run(&at, |tag| Call::pending(tag, at.sale, after, limit), read)
    }

    async fn find(&self, at: At, user: UserId, nonce: Nonce) -> Result<Reply<bool>, Fault> {
        self.run(&at, |tag| Call::find(tag, &at, user, nonce), upkeep::find)
    }

    async fn open(&self, image: &DeskImage) -> Result<Reply<DeskIdentity>, Fault> {
        self.state().open(&self.clock, image)
    }

    async fn revise(&self, at: At, terms: &Terms, open: bool) -> Result<Reply<()>, Fault> {
        self.run(&at, |tag| Call::revise(tag, &at, terms, open), upkeep::revise)
    }

    async fn close(&self, at: At) -> Result<Reply<u64>, Fault> {
        self.run(&at, |tag| Call::close(tag, &at), upkeep::close)
    }

    async fn inspect(&self, sale: SaleId) -> Result<Reply<Inspection>, Fault> {
        let mut state = self.state();
        let call = Call::inspect(state.tag(), sale);
        state.run(&self.clock, &call, upkeep::inspect)
    }

    async fn archive(&self, at: At) -> Result<bool, Fault> {
        // The desk of another identity is not ours to delete.
        let mut state = self.state();
        if state.identity() != at.identity {
            return Ok(false);
        }
        let call = Call::archive(state.tag(), &at);
        state.run(&self.clock, &call, upkeep::archive)
    }

    async fn revocations(&self, cursor: &str) -> Result<(Vec<String>, String), Fault> {
        const DOING: &str = "reading revocations";
        let read = |fault| Fault::none(System::Desk, DOING, fault);
        let after = StreamId::parse(cursor.as_bytes()).map_err(read)?;
        self.state().interpreter.with_store(|store| {
            let key = keys::revocations(PREFIX);
            let range = (Bound::Excluded(after), Bound::Unbounded);
            let entries =
                store.keys.xrange(key.as_bytes(), range.0, range.1, REVOCATIONS_MAX).map_err(read)?;
            let cursor = entries.last().map_or_else(|| cursor.to_owned(), |(id, _)| id.to_string());
            let sids = entries.iter().map(|(_, fields)| String::from_utf8_lossy(&fields[1]).into_owned());
            Ok((sids.collect(), cursor))
        })
    }

    async fn unfit(&self) -> Result<Vec<String>, Fault> {
        Ok(Vec::new())
    }
}
