//! The request spine: a purchase is admitted, reserved, handed off, and answered.
//!
//! Requests of a sale gather in its lanes; a worker takes what has gathered, and from the desk to the
//! log the batch is the unit. A request only waits for its answer: when its client goes away, the
//! batch goes on.

pub mod answer;
mod handing;
mod issuing;
mod reserving;
mod steering;

use crate::admission::in_flight::Place;
use crate::admission::lanes::Ready;
use crate::admission::pressure::Kind;
use crate::admission::sales::Known;
use crate::admission::{self, Gate, Refusal, Waiting};
use crate::clock::Clock;
use crate::handoff::Log;
use crate::metrics::{Bound, Gauge, Metrics, Stage};
use crate::recovery;
use crate::reservation::{Desk, Reply, ReserveItem, TokenItem};
use crate::settlement::{Ledger, Look};
use answer::{OrderAnswer, Status, TokenAnswer};
use contract::ids::{AddressId, Nonce, OrderSn, SaleId};
use contract::ledger::SaleState;
use contract::outcome::Code;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};

/// A token request in its lane.
pub type TokenWaiting = Waiting<TokenItem, Result<TokenAnswer, Refusal>>;
/// A purchase in its lane.
pub type OrderWaiting = Waiting<ReserveItem, Result<OrderAnswer, Refusal>>;
/// A sale as the spine knows it.
pub type KnownSale = Known<TokenWaiting, OrderWaiting>;

/// A purchase as the door decoded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The token's text.
    pub token: String,
    /// Units, at least 1.
    pub quantity: u16,
    /// Address, 0 for the default one.
    pub address: AddressId,
    /// The buyer's note.
    pub message: String,
}

/// How the spine is sized.
#[derive(Clone, Debug)]
pub struct Sizing {
    /// Workers on lanes.
    pub workers: usize,
    /// Most requests in one script call.
    pub batch_max: usize,
    /// Batches being handed off at once.
    pub handoffs_max: usize,
    /// How long a request waits for its answer before it is told that nothing is known.
    pub answer_within: Duration,
}

/// The spine, over its ports.
pub struct Purchases<D, L, G, C> {
    /// The gate.
    pub gate: Gate<C, TokenWaiting, OrderWaiting>,
    /// The desk.
    pub desk: D,
    /// The log.
    pub log: L,
    /// The ledger; asked for the status of an order only.
    pub ledger: G,
    /// The clock.
    pub clock: C,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Sizes.
    pub sizing: Sizing,
    ready: Arc<Ready<Turn>>,
    handoffs: Arc<Semaphore>,
}

/// A lane that has requests.
enum Turn {
    Tokens(Arc<KnownSale>),
    Orders(Arc<KnownSale>),
}

/// Lanes that may be queued at once: two of each sale, and as many of sales just forgotten.
const LANES_MAX: usize = 4 * crate::admission::sales::SALES_MAX;

impl<D: Desk, L: Log, G: Ledger, C: Clock> Purchases<D, L, G, C> {
    /// The spine; [`Self::work`] has to run in as many tasks as `sizing.workers` says.
    pub fn new(
        gate: Gate<C, TokenWaiting, OrderWaiting>,
        (desk, log, ledger): (D, L, G),
        clock: C,
        metrics: Arc<Metrics>,
        sizing: Sizing,
    ) -> Arc<Self> {
        assert!(sizing.batch_max <= contract::record::BATCH_MAX, "configuration checks the batch size");
        let handoffs = Arc::new(Semaphore::new(sizing.handoffs_max));
        Arc::new(Self {
            gate,
            desk,
            log,
            ledger,
            clock,
            metrics,
            sizing,
            ready: Ready::new(LANES_MAX),
            handoffs,
        })
    }

    /// A user asks for the right to try.
    pub async fn token(
        &self,
        sale: SaleId,
        session: Option<&str>,
        from: IpAddr,
    ) -> Result<TokenAnswer, Refusal> {
        let (known, caller, place) = self.gate.admit_token(sale, session, from)?;
        let item = TokenItem { user: caller.user, nonce: fresh_nonce(), session: caller.session };
        let (waiting, answer) = self.waiting(item, place);
        self.ready
            .offer(&known.tokens, waiting, || Turn::Tokens(known.clone()))
            .map_err(|_| Refusal::by(Bound::LaneDepth, Code::Unavailable))?;
        // Nothing a buyer loses can have happened: the same token is given out again.
        self.wait(answer).await.unwrap_or(Err(Code::Unavailable.into()))
    }

    /// A buyer wants units.
    pub async fn order(
        &self,
        sale: SaleId,
        session: Option<&str>,
        from: IpAddr,
        attempt: Attempt,
    ) -> Result<OrderAnswer, Refusal> {
        let (known, caller, claims, place) =
            self.gate.admit_order(sale, session, from, &attempt.token, attempt.quantity)?;
        let state = known.row().state;
        if state > SaleState::Closing {
            return self.order_of_a_past_sale(claims.order_sn(), &caller).await;
        }
        if known.desk().is_none() {
            return Err(Refusal::by(Bound::Desk, Code::Recovering));
        }
        let item = ReserveItem {
            user: caller.user,
            nonce: claims.nonce,
            token_generation: claims.generation,
            quantity: attempt.quantity,
            address: attempt.address,
            message: attempt.message,
        };
        let (waiting, answer) = self.waiting(item, place);
        self.ready
            .offer(&known.orders, waiting, || Turn::Orders(known.clone()))
            .map_err(|_| Refusal::by(Bound::LaneDepth, Code::Unavailable))?;
        self.wait(answer).await.unwrap_or(Err(Code::OrderUnknown.into()))
    }

    /// Where the caller's order stands: in the ledger, else at the desk, else nowhere.
    pub async fn status(&self, sn: OrderSn, session: Option<&str>) -> Result<Status, Refusal> {
        let caller = self.gate.caller(session)?;
        let unsure = |fault| {
            self.metrics.fault(&fault);
            Refusal::from(Code::Unavailable)
        };
        let look = self.ledger.order(sn, caller.user).await.map_err(unsure)?;
        if let Some(order) = look.order {
            return Ok(Status::Settled(order));
        }
        let known = self.gate.sale(sn.sale)?;
        if known.row().state > SaleState::Closing {
            return Err(nothing_came_of_it(look.sale, Code::NotFound));
        }
        let at = known.desk().ok_or(Code::Recovering)?;
        match self.desk.find(at, caller.user, sn.nonce).await.map_err(unsure)? {
            Reply::Done(true) => Ok(Status::Queued),
            Reply::Done(false) => Err(Code::NotFound.into()),
            Reply::Absent | Reply::OtherGeneration(_) | Reply::OtherDesk(_) => Err(Code::Recovering.into()),
        }
    }

    /// Asks for the recovery of every sale whose desk this process saw going back. To be called as often
    /// as the sales are read from the ledger: nothing is sold at such a desk until it is rebuilt.
    pub async fn ask_for_recoveries(&self) {
        for known in self.gate.sales.all() {
            let row = known.row();
            if known.distrusted() != Some(row.generation) || recovery::Step::of(&row).is_some() {
                continue;
            }
            tracing::error!(
                sale.id = row.id.0,
                generation = row.generation.0,
                "the desk of a sale went back"
            );
            if let Err(fault) = recovery::ask(&self.ledger, row.id, row.generation, "it went back").await {
                self.metrics.fault(&fault);
            }
        }
    }

    /// Shows how near the bounds of this process are.
    pub fn show_bounds(&self) {
        let lanes = self.gate.sales.all();
        let fullest = lanes.iter().map(|known| known.tokens.waiting().max(known.orders.waiting())).max();
        self.metrics.set(Gauge::LaneWaiting, fullest.unwrap_or(0) as i64);
        self.metrics.set(Gauge::LaneDepth, self.gate.limits.lane_depth as i64);
        let handoffs = self.sizing.handoffs_max - self.handoffs.available_permits();
        self.metrics.set(Gauge::Handoffs, handoffs as i64);
        self.metrics.set(Gauge::HandoffsMax, self.sizing.handoffs_max as i64);
    }

    /// One worker: takes the next lane's batch and leads it as far as its answers; for ever.
    pub async fn work(self: Arc<Self>) {
        loop {
            let turn = self.ready.next().await;
            match turn {
                Turn::Tokens(sale) => {
                    self.issue(&sale, self.in_time(Kind::Token, sale.tokens.take(self.sizing.batch_max)))
                        .await;
                    self.ready.done(&sale.tokens, || Turn::Tokens(sale.clone()));
                }
                Turn::Orders(sale) => {
                    // A desk that is faster than the log would pile up batches without this.
                    let room = self.handoffs.clone().acquire_owned().await;
                    let room = room.expect("the semaphore is never closed");
                    let batch = self.in_time(Kind::Order, sale.orders.take(self.sizing.batch_max));
                    let held = self.reserve(&sale, batch).await;
                    self.ready.done(&sale.orders, || Turn::Orders(sale.clone()));
                    if let Some(held) = held {
                        let this = self.clone();
                        tokio::spawn(async move {
                            this.hand_off(held).await;
                            drop(room);
                        });
                    }
                }
            }
        }
    }

    /// A sale whose desk no longer decides: what is in the ledger is all there will be.
    async fn order_of_a_past_sale(
        &self,
        sn: OrderSn,
        caller: &crate::admission::sessions::Caller,
    ) -> Result<OrderAnswer, Refusal> {
        match self.ledger.order(sn, caller.user).await {
            Ok(Look { order: Some(_), .. }) => Ok(OrderAnswer::Again(sn)),
            Ok(Look { order: None, sale }) => Err(nothing_came_of_it(sale, Code::Ended)),
            Err(fault) => {
                self.metrics.fault(&fault);
                Err(Code::OrderUnknown.into())
            }
        }
    }

    fn waiting<I, R>(&self, item: I, place: Place) -> (Waiting<I, R>, oneshot::Receiver<R>) {
        let (to, answer) = oneshot::channel();
        let reply = admission::Reply::new(to, place);
        let deadline = self.clock.elapsed() + self.gate.limits.lane_wait;
        (Waiting { item, deadline, reply }, answer)
    }

    async fn wait<R>(&self, answer: oneshot::Receiver<R>) -> Option<R> {
        tokio::time::timeout(self.sizing.answer_within, answer).await.ok()?.ok()
    }

    /// Tells how long they have waited, and drops what has waited too long: nothing has happened to it.
    /// The oldest comes first.
    fn in_time<I, A>(
        &self,
        kind: Kind,
        taken: Vec<Waiting<I, Result<A, Refusal>>>,
    ) -> Vec<Waiting<I, Result<A, Refusal>>> {
        let now = self.clock.elapsed();
        if let Some(oldest) = taken.first() {
            let came = oldest.deadline.saturating_sub(self.gate.limits.lane_wait);
            self.metrics.took(Stage::Lane, now.saturating_sub(came));
        }
        let left = |waiting: &Waiting<I, _>| waiting.deadline.saturating_sub(now);
        let waits = taken.iter().map(|waiting| self.gate.limits.lane_wait.saturating_sub(left(waiting)));
        self.gate.pressure.waited(kind, waits.sum(), taken.len());
        let (in_time, late): (Vec<_>, Vec<_>) =
            taken.into_iter().partition(|waiting| waiting.deadline >= now);
        refuse(late, Refusal::by(Bound::LaneWait, Code::Unavailable));
        in_time
    }
}

/// Gives everyone the same refusal.
fn refuse<I, A>(waiting: Vec<Waiting<I, Result<A, Refusal>>>, refusal: impl Into<Refusal>) {
    let refusal = refusal.into();
    for waiting in waiting {
        waiting.reply.send(Err(refusal));
    }
}

/// The answer to whoever has no order in a ledger with this state of the sale: `definite` if all orders of the
/// sale are in it, and otherwise that one has to wait, since it went back and takes them from the log again.
fn nothing_came_of_it(sale: Option<SaleState>, definite: Code) -> Refusal {
    if sale > Some(SaleState::Closing) { definite.into() } else { Code::Recovering.into() }
}

fn fresh_nonce() -> Nonce {
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).expect("the operating system has random numbers");
    Nonce(nonce)
}
