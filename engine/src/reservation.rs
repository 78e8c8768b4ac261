//! The hold: units of a sale, taken and given back at the desk by the scripts in `lua/`.
//!
//! [`Desk`] is the port: [`redis`] runs the scripts in Redis, [`embedded`] the same files under mlua
//! over a keyspace in memory. [`scripts`] lists the scripts, [`layout`] packs their arguments, and
//! [`reply`] reads their replies. Every call is batched and names the generation it means.
//!
//! Deliberately absent: deciding. What to do about a reply is for the spines.

pub mod embedded;
pub mod layout;
pub mod redis;
pub mod reply;
pub mod scripts;

use crate::fault::Fault;
use contract::ids::{AddressId, EntryId, Generation, Nonce, SaleId, Sequence, UserId};
use contract::record::{Batch, BodyHash};
use std::future::Future;

/// Where units are held.
pub trait Desk: Clone + Send + Sync + 'static {
    /// Which desk this is: the run id of the Redis that would serve the sale now. It changes when that
    /// Redis restarts or another takes its place.
    fn identity(&self, sale: SaleId) -> impl Future<Output = Result<DeskIdentity, Fault>> + Send;

    /// Runs `token` for a batch of users; `sessions` (one per user) are confirmed in the same round
    /// trip.
    fn token(&self, call: TokenCall) -> impl Future<Output = Result<Reply<TokenReply>, Fault>> + Send;

    /// Runs `reserve` for a batch of purchases.
    fn reserve(&self, call: ReserveCall) -> impl Future<Output = Result<Reply<ReserveReply>, Fault>> + Send;

    /// Runs `trim`: these entries, each with its number of orders, are in the ledger.
    fn trim(
        &self,
        at: At,
        entries: &[(EntryId, u16)],
    ) -> impl Future<Output = Result<Reply<()>, Fault>> + Send;

    /// Runs `return` for lapsed orders.
    fn give_back(
        &self,
        at: At,
        orders: &[(UserId, Nonce)],
    ) -> impl Future<Output = Result<Reply<Vec<Returned>>, Fault>> + Send;

    /// Runs `change` for one stock change by staff.
    fn change(
        &self,
        at: At,
        id: u64,
        delta: i64,
    ) -> impl Future<Output = Result<Reply<Changed>, Fault>> + Send;

    /// Runs `pending`: the oldest outbox entries after `after`, at most `limit` (1 to 1000).
    fn pending(
        &self,
        at: At,
        after: Option<EntryId>,
        limit: usize,
    ) -> impl Future<Output = Result<Reply<Pending>, Fault>> + Send;

    /// Runs `find`: whether this buyer's token was used at this desk.
    fn find(
        &self,
        at: At,
        user: UserId,
        nonce: Nonce,
    ) -> impl Future<Output = Result<Reply<bool>, Fault>> + Send;

    /// Runs `open_sale` and `load_buyers`: builds the desk anew from a ledger snapshot, closed. Ends
    /// with the identity of the desk it was built at.
    fn open(&self, image: &DeskImage) -> impl Future<Output = Result<Reply<DeskIdentity>, Fault>> + Send;

    /// Runs `revise`: newer terms, open or closed.
    fn revise(
        &self,
        at: At,
        terms: &Terms,
        open: bool,
    ) -> impl Future<Output = Result<Reply<()>, Fault>> + Send;

    /// Runs `close`; answers with the units left.
    fn close(&self, at: At) -> impl Future<Output = Result<Reply<u64>, Fault>> + Send;

    /// Runs `inspect`: the desk's side of the books.
    fn inspect(&self, sale: SaleId) -> impl Future<Output = Result<Reply<Inspection>, Fault>> + Send;

    /// Runs `archive`: deletes the desk of a reconciled sale; true when it is gone.
    fn archive(&self, at: At) -> impl Future<Output = Result<bool, Fault>> + Send;

    /// Session ids revoked after `cursor`, with the cursor to go on from; "0" begins at what is kept.
    fn revocations(&self, cursor: &str) -> impl Future<Output = Result<(Vec<String>, String), Fault>> + Send;

    /// What about this desk forbids opening a sale, in words; empty when nothing does.
    fn unfit(&self) -> impl Future<Output = Result<Vec<String>, Fault>> + Send;
}

/// Which desk a call means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The sale.
    pub sale: SaleId,
    /// The generation the caller believes in.
    pub generation: Generation,
    /// The desk the ledger has registered for it; a connection to another one is not used.
    pub identity: DeskIdentity,
}

/// The run id of a Redis, or the name of an embedded desk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DeskIdentity(pub std::sync::Arc<str>);

/// Answer of a script that names a generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply<T> {
    /// It ran.
    Done(T),
    /// A key of the sale is missing: this desk was never opened, or has forgotten.
    Absent,
    /// The desk is of another generation.
    OtherGeneration(Generation),
    /// The connection leads to another desk than the registered one; the script was not sent.
    OtherDesk(DeskIdentity),
}

/// Terms of a sale as the desk needs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Raised with every change.
    pub version: u32,
    /// Begin of the window, unix ms.
    pub starts_at_ms: u64,
    /// End of the window, unix ms.
    pub ends_at_ms: u64,
    /// Price of a unit in minor units.
    pub price_minor: i64,
    /// Most units in one order.
    pub per_order_max: u32,
    /// Most active units of one buyer.
    pub per_user_max: u32,
    /// Seconds a buyer waits after an order.
    pub cooldown_s: u32,
    /// Life of a token in seconds.
    pub token_ttl_s: u32,
    /// Live tokens per free unit.
    pub token_multiplier: u32,
    /// Most orders accepted and not settled.
    pub unsettled_max: u32,
}

/// Everything a desk is built from: one consistent snapshot of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskImage {
    /// The sale.
    pub sale: SaleId,
    /// The generation to build.
    pub generation: Generation,
    /// Free units.
    pub free: u64,
    /// Terms.
    pub terms: Terms,
    /// Every order of the sale, active and returned.
    pub orders: Vec<HeldOrder>,
    /// Stock changes already booked.
    pub changes: Vec<u64>,
}

/// An order as the desk remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldOrder {
    /// Buyer.
    pub user: UserId,
    /// Its token.
    pub nonce: Nonce,
    /// The entry it was reserved in.
    pub entry: EntryId,
    /// Units.
    pub units: u32,
    /// Hash of the request.
    pub body_hash: BodyHash,
    /// Whether its units have been given back: booked in the ledger, so that the snapshot's free
    /// units hold them already.
    pub returned: bool,
    /// Unix second of the order, for the cool-down.
    pub ordered_at_s: u64,
}

/// A batch of token requests of one sale.
#[derive(Clone, Debug)]
pub struct TokenCall {
    /// Which desk.
    pub at: At,
    /// The users, with a fresh nonce each and the id of their session; at most
    /// [`contract::record::BATCH_MAX`].
    pub items: Vec<TokenItem>,
}

/// One user's request for a token.
#[derive(Clone, Debug)]
pub struct TokenItem {
    /// User.
    pub user: UserId,
    /// Nonce of the token if one is issued.
    pub nonce: Nonce,
    /// The session to be confirmed.
    pub session: std::sync::Arc<str>,
}

/// Reply to a batch of token requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenReply {
    /// Write counter of the desk.
    pub sequence: Sequence,
    /// Units left.
    pub free: u64,
    /// The desk's clock, unix ms.
    pub now_ms: u64,
    /// One per item.
    pub outcomes: Vec<TokenOutcome>,
}

/// What became of one token request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenOutcome {
    /// A token with this nonce is alive until this second: new, or the one the user held already.
    Token {
        /// Its name.
        nonce: Nonce,
        /// Unix second it expires at.
        expires_s: u32,
        /// Whether it was issued by this call.
        fresh: bool,
    },
    /// The session's record is gone.
    SessionGone,
    /// Bought a moment ago: seconds to wait.
    CoolingDown(u32),
    /// Has as many units as one buyer may.
    LimitReached,
    /// Nothing left.
    SoldOut,
    /// All tokens are taken.
    NoTokenLeft,
    /// The window has not begun.
    NotStarted,
    /// The window is over.
    Ended,
    /// The desk is closed: being rebuilt, or for good.
    Closed,
}

/// A batch of purchases of one sale.
#[derive(Clone, Debug)]
pub struct ReserveCall {
    /// Which desk.
    pub at: At,
    /// The purchases, 1 to [`contract::record::BATCH_MAX`].
    pub items: Vec<ReserveItem>,
}

/// One purchase.
#[derive(Clone, Debug)]
pub struct ReserveItem {
    /// Buyer.
    pub user: UserId,
    /// The token's name.
    pub nonce: Nonce,
    /// The generation the token was issued in.
    pub token_generation: Generation,
    /// Units, at least 1.
    pub quantity: u16,
    /// Address, 0 for the default one.
    pub address: AddressId,
    /// The buyer's note, at most [`contract::record::MESSAGE_BYTES_MAX`].
    pub message: String,
}

/// Reply to a batch of purchases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReserveReply {
    /// Write counter of the desk.
    pub sequence: Sequence,
    /// Units left.
    pub free: u64,
    /// The desk's clock, unix ms.
    pub now_ms: u64,
    /// What was reserved by this call, ready for the log; nothing when nothing was.
    pub batch: Option<Batch>,
    /// One per item.
    pub outcomes: Vec<ReserveOutcome>,
}

/// What became of one purchase at the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReserveOutcome {
    /// Units are held, in this reply's batch.
    Reserved,
    /// Units were held by an earlier call. `unsettled` is its batch while it is still in the outbox;
    /// nothing once the ledger has the order.
    Repeated {
        /// The entry it stands in.
        entry: EntryId,
        /// What has to be in the log before anything is promised.
        unsettled: Option<Box<Batch>>,
    },
    /// The token was used with another body.
    Mismatch,
    /// The token is expired, replaced, or of an earlier generation.
    Stale,
    /// More than one order or one buyer may have.
    LimitReached,
    /// Fewer units left than wanted.
    SoldOut,
    /// More is unsettled than the sale allows.
    Busy,
    /// The window has not begun.
    NotStarted,
    /// The window is over.
    Ended,
    /// The desk is closed: being rebuilt, or for good.
    Closed,
}

/// What became of a returned order at the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// Its units are free.
    Now,
    /// They were given back before.
    Before,
    /// The desk does not know the order: it has forgotten.
    Unknown,
}

/// What became of a stock change at the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Applied.
    Now,
    /// Was applied before.
    Before,
    /// Fewer units free than were to be taken.
    TooFew,
}

/// The oldest part of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The desk's clock, unix ms.
    pub now_ms: u64,
    /// Entries, oldest first.
    pub batches: Vec<Batch>,
}

/// The desk's side of the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Generation of the desk.
    pub generation: Generation,
    /// Write counter.
    pub sequence: Sequence,
    /// Whether buyers are let in.
    pub open: bool,
    /// Whether it was closed for good.
    pub over: bool,
    /// Free units (R).
    pub free: u64,
    /// Orders accepted and not trimmed.
    pub unsettled: u64,
    /// Live tokens.
    pub live_tokens: u64,
    /// Entries in the outbox.
    pub entries: u64,
    /// The desk's clock, unix ms.
    pub now_ms: u64,
    /// Version of its terms.
    pub version: u32,
}
