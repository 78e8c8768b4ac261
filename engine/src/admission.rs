//! The gate: everything that can be refused without asking anybody.
//!
//! Deliberately absent: I/O. A purchase is never refused here for being sold out: its token may have
//! been used already, and then it has an order to be told of; only the desk knows.

pub mod breaker;
pub mod in_flight;
pub mod lanes;
pub mod pressure;
pub mod rate;
pub mod sales;
pub mod sessions;

use crate::clock::Clock;
use crate::metrics::Bound;
use breaker::Breaker;
use contract::ids::SaleId;
use contract::ledger::SaleState;
use contract::outcome::Code;
use contract::token::{Claims, TokenKeys};
use in_flight::Place;
use pressure::{Kind, Limited, Pressure};
use rate::{Bucket, Buckets, Rate};
use sales::{Known, SaleTable};
use sessions::{Caller, Sessions, Stranger};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// A window edge this close is left to the desk's clock.
const WINDOW_DOUBT_MS: u64 = 1000;

/// Limits of the gate.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Token and purchase calls a second of one user, each.
    pub user_per_s: u32,
    /// Token and purchase calls a second of one address, each.
    pub address_per_s: u32,
    /// Whether loopback addresses are exempt from the limit per address.
    pub loopback_exempt: bool,
    /// Requests a lane holds.
    pub lane_depth: usize,
    /// How long a request may wait in its lane.
    pub lane_wait: Duration,
    /// Between what the limits on requests inside and on purchases a second move.
    pub pressure: pressure::Settings,
}

/// A request in a lane, with who waits for it.
pub struct Waiting<I, R> {
    /// The request.
    pub item: I,
    /// Monotonic time after which it is dropped unsent.
    pub deadline: Duration,
    /// Where the result goes.
    pub reply: Reply<R>,
}

/// Where a result goes, and the place that is free again once it went there.
pub struct Reply<R> {
    to: oneshot::Sender<R>,
    _place: Place,
}

impl<R> Reply<R> {
    /// To whoever waits at the other end.
    pub fn new(to: oneshot::Sender<R>, place: Place) -> Self {
        Self { to, _place: place }
    }

    /// Answers. A client that went away is nobody to answer.
    pub fn send(self, result: R) {
        let _ = self.to.send(result);
    }
}

/// A refusal: nothing has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub code: Code,
    /// Seconds after which it is worth trying again.
    pub retry_after_s: Option<u32>,
    /// When the sale starts, unix ms, for `not_started`.
    pub starts_at_ms: Option<u64>,
    /// The bound that was reached, if one was; buyers are not told.
    pub bound: Option<Bound>,
}

impl Refusal {
    /// A refusal by a bound.
    pub fn by(bound: Bound, code: Code) -> Self {
        Self { bound: Some(bound), ..code.into() }
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self { code, retry_after_s: code.retry_after_s(), starts_at_ms: None, bound: None }
    }
}

/// A token request that was let in: its sale, its buyer, and its place.
pub type AdmittedToken<T, O> = (Arc<Known<T, O>>, Caller, Place);
/// A purchase that was let in: its sale, its buyer, what its token says, and its place.
pub type AdmittedOrder<T, O> = (Arc<Known<T, O>>, Caller, Claims, Place);

/// The gate of one process.
pub struct Gate<C, T, O> {
    /// The sales.
    pub sales: SaleTable<T, O>,
    /// The callers.
    pub sessions: Sessions,
    /// The breaker on the order log.
    pub breaker: Breaker,
    /// How many are let in, and what that follows.
    pub pressure: Pressure,
    /// Signs and verifies purchase tokens.
    pub tokens: TokenKeys,
    /// The limits.
    pub limits: Limits,
    clock: C,
    orders: Bucket,
    users: [Buckets<u64>; 2],
    addresses: [Buckets<IpAddr>; 2],
}

/// Keys remembered by the limits per user and per address.
const LIMITED_KEYS_MAX: usize = 500_000;

impl<C: Clock, T, O> Gate<C, T, O> {
    /// A gate that knows no sale yet.
    pub fn new(limits: Limits, sessions: Sessions, tokens: TokenKeys, clock: C) -> Self {
        let user = Rate::new(limits.user_per_s, limits.user_per_s * 2);
        let address = Rate::new(limits.address_per_s, limits.address_per_s * 2);
        Self {
            sales: SaleTable::new(limits.lane_depth),
            sessions,
            breaker: Breaker::default(),
            pressure: Pressure::new(limits.pressure),
            tokens,
            orders: Bucket::new(order_rate(limits.pressure.orders_per_s.1)),
            users: [user, user].map(|rate| Buckets::new(rate, LIMITED_KEYS_MAX)),
            addresses: [address, address].map(|rate| Buckets::new(rate, LIMITED_KEYS_MAX)),
            limits,
            clock,
        }
    }

    /// The caller behind a session.
    pub fn caller(&self, session: Option<&str>) -> Result<Caller, Refusal> {
        let text = session.ok_or(Code::Unauthorized)?;
        self.sessions.check(text, self.clock.elapsed(), self.clock.unix_ms()).map_err(|stranger| {
            match stranger {
                Stranger::NotLoggedIn => Code::Unauthorized.into(),
                Stranger::CannotTell => Code::Unavailable.into(),
            }
        })
    }

    /// A sale. Before the ledger was read once nobody can say that there is none.
    pub fn sale(&self, sale: SaleId) -> Result<Arc<Known<T, O>>, Refusal> {
        self.sales
            .get(sale)
            .ok_or_else(|| if self.sales.loaded() { Code::NotFound.into() } else { Code::Unavailable.into() })
    }

    /// Lets a token request in.
    pub fn admit_token(
        &self,
        sale: SaleId,
        session: Option<&str>,
        from: IpAddr,
    ) -> Result<AdmittedToken<T, O>, Refusal> {
        let known = self.sale(sale)?;
        let caller = self.caller(session)?;
        let now = self.clock.elapsed();
        let row = known.row();
        if caller.level < row.min_user_level {
            return Err(Code::NotEligible.into());
        }
        if row.state > SaleState::Recovering {
            return Err(Code::Ended.into());
        }
        let unix_ms = self.clock.unix_ms();
        let clock_ms = known.desk_clock_ms(unix_ms).unwrap_or_else(|| self.sales.ledger_clock_ms(unix_ms));
        if clock_ms + WINDOW_DOUBT_MS < row.terms.starts_at_ms {
            return Err(not_started(row.terms.starts_at_ms));
        }
        if clock_ms > row.terms.ends_at_ms + WINDOW_DOUBT_MS {
            return Err(Code::Ended.into());
        }
        if known.sold_out(now) {
            return Err(Code::SoldOut.into());
        }
        if known.no_token_left(now) {
            return Err(Refusal::by(Bound::Tokens, Code::NoTokenLeft));
        }
        if known.desk().is_none() {
            return Err(Refusal::by(Bound::Desk, Code::Recovering));
        }
        let place = self.place(Kind::Token)?;
        self.spare(Kind::Token, &caller, from, now)?;
        Ok((known, caller, place))
    }

    /// Lets a purchase in, when its token is ours, of this buyer and of this sale.
    pub fn admit_order(
        &self,
        sale: SaleId,
        session: Option<&str>,
        from: IpAddr,
        token: &str,
        quantity: u16,
    ) -> Result<AdmittedOrder<T, O>, Refusal> {
        let known = self.sale(sale)?;
        let caller = self.caller(session)?;
        let claims = self.tokens.verify(token).ok_or(Code::TokenInvalid)?;
        if claims.sale != sale || claims.user != caller.user {
            return Err(Code::TokenInvalid.into());
        }
        if u32::from(quantity) > known.row().terms.per_order_max {
            return Err(Code::LimitReached.into());
        }
        let now = self.clock.elapsed();
        let place = self.place(Kind::Order)?;
        self.spare(Kind::Order, &caller, from, now)?;
        if !self.orders.take(now) {
            return Err(Refusal::by(Bound::Orders, Code::TooManyRequests));
        }
        if !self.breaker.closed() {
            return Err(Refusal::by(Bound::Breaker, Code::Unavailable));
        }
        Ok((known, caller, claims, place))
    }

    /// Moves the limits by what was measured; `now` is monotonic.
    pub fn steer(&self, now: Duration) -> Limited {
        let limited = self.pressure.steer(now);
        self.orders.change(order_rate(limited.orders_per_s));
        limited
    }

    fn place(&self, kind: Kind) -> Result<Place, Refusal> {
        self.pressure.places(kind).enter().ok_or_else(|| Refusal::by(Bound::Inside, Code::Unavailable))
    }

    fn spare(&self, kind: Kind, caller: &Caller, from: IpAddr, now: Duration) -> Result<(), Refusal> {
        let limited = !(self.limits.loopback_exempt && from.is_loopback());
        if limited && !self.addresses[kind as usize].take(network(from), now) {
            return Err(Refusal::by(Bound::Address, Code::TooManyRequests));
        }
        if !self.users[kind as usize].take(caller.user.0, now) {
            return Err(Refusal::by(Bound::User, Code::TooManyRequests));
        }
        Ok(())
    }
}

/// Purchases a second with a burst of a quarter of that.
fn order_rate(per_s: u32) -> Rate {
    Rate::new(per_s, per_s / 4)
}

/// The refusal that says when a sale starts.
pub fn not_started(starts_at_ms: u64) -> Refusal {
    Refusal { starts_at_ms: Some(starts_at_ms), ..Code::NotStarted.into() }
}

/// What is limited together: an IPv4 address, or the /64 an IPv6 address stands in.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6([a, b, c, d, 0, 0, 0, 0].into())
        }
    }
}
