//! Pushed answers: the state of a sale to everybody who watches it, the result of an order to its owner.
//! Both are server-sent events; whoever gets none polls the same figures.
//!
//! What is told is worked out by two tasks, once a tick however many listen. A stream holds its place in
//! the newest state and nothing else: a slow reader misses states in between, and one that does not read
//! at all is dropped by the connection, as for any answer. Streams have a room of their own, so that those
//! who watch never keep out those who buy, and an end, so that they spread over engines again.

use super::body::Body;
use super::purchases::sale_id;
use super::render::{self, Answer};
use super::route::Public;
use super::{decode, sales};
use crate::admission::Refusal;
use crate::clock::Clock;
use crate::handoff::Log;
use crate::metrics::{Count, Gauge, Metrics};
use crate::purchase::Purchases;
use crate::purchase::answer::Status;
use crate::reservation::Desk;
use crate::settlement::Ledger;
use crate::shutdown::Shutdown;
use bytes::Bytes;
use contract::ids::{Nonce, OrderSn, SaleId};
use contract::outcome::Code;
use futures_util::stream;
use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// How often watched sales are looked at.
const SALES_EVERY: Duration = Duration::from_secs(1);
/// A sale of which there is nothing new is told again after so many looks, with the time: proxies close
/// what is silent, and clocks run apart.
const QUIET_LOOKS_MAX: u32 = 10;
/// How often the ledger is asked for orders somebody waits for.
const ORDERS_EVERY: Duration = Duration::from_millis(250);
/// Orders in one question; another one follows at once when all of them were settled.
const ORDERS_AT_ONCE: usize = contract::record::BATCH_MAX;
/// A stream about an order says something at least this often.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Longest life of a stream about a sale. Those that began together end up to a fifth earlier.
const SALE_STREAM_MAX: Duration = Duration::from_secs(600);
/// Longest life of a stream about an order: by then every order is definite (P6).
const ORDER_STREAM_MAX: Duration = Duration::from_secs(60);
/// A crowd is told one after the other, so far apart: all at once would hold up whoever buys in that moment.
const TOLD_APART: Duration = Duration::from_micros(70);
/// But nobody later than this.
const TOLD_WITHIN: Duration = Duration::from_millis(700);
/// When to come again if the room is full.
const FULL_RETRY_S: u32 = 5;

/// What is being listened to.
pub struct Events {
    sales: Mutex<BTreeMap<SaleId, Feed>>,
    orders: Mutex<BTreeMap<SaleId, VecDeque<Waiting>>>,
    room: Arc<Semaphore>,
    streams_max: usize,
    metrics: Arc<Metrics>,
}

/// The newest state of a sale that is watched.
struct Feed {
    newest: watch::Sender<Bytes>,
    /// What was told last, without the time.
    told: String,
    quiet_looks: u32,
}

/// Somebody who waits for the settlement of an order.
struct Waiting {
    nonce: Nonce,
    settled: oneshot::Sender<()>,
}

/// A stream's place in the room.
struct Place {
    metrics: Arc<Metrics>,
    /// How many there were when it came.
    number: usize,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.metrics.shift(Gauge::Streams, -1);
    }
}

impl Events {
    /// Nobody listens yet; at most `streams_max` ever do at a time.
    pub fn new(streams_max: usize, metrics: Arc<Metrics>) -> Arc<Self> {
        let room = Arc::new(Semaphore::new(streams_max));
        Arc::new(Self { sales: Mutex::default(), orders: Mutex::default(), room, streams_max, metrics })
    }

    /// Tells of sales until shutdown begins; streams end with it.
    pub async fn tell_of_sales<D: Desk, L: Log, G: Ledger, C: Clock>(
        self: Arc<Self>,
        purchases: Arc<Purchases<D, L, G, C>>,
        shutdown: Shutdown,
    ) {
        while timeout(SALES_EVERY, shutdown.begun()).await.is_err() {
            self.feeds().retain(|&sale, feed| {
                // A sale nobody serves any more ends its streams, one nobody watches is forgotten.
                let Some(known) = purchases.gate.sales.get(sale) else { return false };
                let state = sales::state(&known);
                feed.quiet_looks = if state == feed.told { feed.quiet_looks + 1 } else { 0 };
                if feed.quiet_looks == 0 || feed.quiet_looks >= QUIET_LOOKS_MAX {
                    feed.quiet_looks = 0;
                    let now_ms = sales::now_ms(&purchases, Some(&known));
                    feed.newest.send_replace(event("state", &sales::with_time(now_ms, &state)));
                    feed.told = state;
                }
                feed.newest.receiver_count() > 0
            });
        }
        self.room.close();
        self.feeds().clear();
        self.waiting().clear();
    }

    /// Asks the ledger for the orders somebody waits for, until shutdown begins.
    pub async fn tell_of_orders<G: Ledger>(self: Arc<Self>, ledger: G, shutdown: Shutdown) {
        while timeout(ORDERS_EVERY, shutdown.begun()).await.is_err() {
            let sales: Vec<SaleId> = self.waiting().keys().copied().collect();
            for sale in sales {
                while self.ask(&ledger, sale).await {}
            }
        }
    }

    /// One question about those who have waited longest; true when all of them were settled, and others
    /// who came after may be as well.
    async fn ask<G: Ledger>(&self, ledger: &G, sale: SaleId) -> bool {
        let asked = self.longest_waiting(sale);
        if asked.is_empty() {
            return false;
        }
        let nonces: Vec<Nonce> = asked.iter().map(|waiting| waiting.nonce).collect();
        let known = ledger.known(sale, &nonces).await.unwrap_or_else(|fault| {
            self.metrics.fault(&fault);
            vec![false; nonces.len()]
        });
        let (settled, unsettled): (Vec<_>, Vec<_>) =
            asked.into_iter().zip(known).partition(|(_, known)| *known);
        let all = unsettled.is_empty();
        for (waiting, _) in settled {
            // Whoever went away is nobody to tell.
            let _ = waiting.settled.send(());
        }
        if !all {
            self.waiting().entry(sale).or_default().extend(unsettled.into_iter().map(|(waiting, _)| waiting));
        }
        all
    }

    fn longest_waiting(&self, sale: SaleId) -> Vec<Waiting> {
        let mut orders = self.waiting();
        let Some(queue) = orders.get_mut(&sale) else { return Vec::new() };
        queue.retain(|waiting| !waiting.settled.is_closed());
        let asked = queue.drain(..queue.len().min(ORDERS_AT_ONCE)).collect();
        if queue.is_empty() {
            orders.remove(&sale);
        }
        asked
    }

    fn place(&self) -> Result<Place, Refusal> {
        let Ok(permit) = self.room.clone().try_acquire_owned() else {
            self.metrics.count(Count::StreamsRefused, 1);
            return Err(Refusal { retry_after_s: Some(FULL_RETRY_S), ..Code::Unavailable.into() });
        };
        self.metrics.shift(Gauge::Streams, 1);
        let number = self.streams_max - self.room.available_permits();
        Ok(Place { metrics: self.metrics.clone(), number, _permit: permit })
    }

    fn watch(&self, sale: SaleId, state: &str, first: &Bytes) -> watch::Receiver<Bytes> {
        let mut feeds = self.feeds();
        let feed = feeds.entry(sale).or_insert_with(|| Feed {
            newest: watch::Sender::new(first.clone()),
            told: state.to_owned(),
            quiet_looks: 0,
        });
        feed.newest.subscribe()
    }

    fn settlement_of(&self, sn: OrderSn) -> oneshot::Receiver<()> {
        let (settled, hear) = oneshot::channel();
        self.waiting().entry(sn.sale).or_default().push_back(Waiting { nonce: sn.nonce, settled });
        hear
    }

    fn feeds(&self) -> MutexGuard<'_, BTreeMap<SaleId, Feed>> {
        self.sales.lock().expect("no holder panics")
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<SaleId, VecDeque<Waiting>>> {
        self.orders.lock().expect("no holder panics")
    }
}

/// The state of a sale, now and whenever it changes.
pub(super) fn sale<D: Desk, L: Log, G: Ledger, C: Clock>(door: &Public<D, L, G, C>, sale: &str) -> Answer {
    let found = sale_id(sale).ok_or(Code::NotFound.into()).and_then(|sale| door.purchases.gate.sale(sale));
    let watched = found.and_then(|known| Ok((known, door.events.place()?)));
    let (known, place) = match watched {
        Ok(watched) => watched,
        Err(refusal) => return render::refusal(refusal),
    };
    let state = sales::state(&known);
    let first = event("state", &sales::with_time(sales::now_ms(&door.purchases, Some(&known)), &state));
    let watching = Watching {
        newest: door.events.watch(known.row().id, &state, &first),
        first: Some(first),
        until: Instant::now() + spread(SALE_STREAM_MAX),
        late: late(place.number),
        _place: place,
    };
    answer(stream::unfold(watching, |mut watching| async move {
        if let Some(first) = watching.first.take() {
            return Some((first, watching));
        }
        timeout_at(watching.until, watching.newest.changed()).await.ok()?.ok()?;
        sleep(watching.late).await;
        let newest = watching.newest.borrow_and_update().clone();
        Some((newest, watching))
    }))
}

/// What a stream about a sale holds.
struct Watching {
    newest: watch::Receiver<Bytes>,
    first: Option<Bytes>,
    until: Instant,
    late: Duration,
    _place: Place,
}

/// How long after the first one a stream is told.
fn late(number: usize) -> Duration {
    let places = TOLD_WITHIN.as_micros() / TOLD_APART.as_micros();
    TOLD_APART * (number as u128 % places) as u32
}

/// Where the caller's order stands: now, and once more when it is settled.
pub(super) async fn order<D: Desk, L: Log, G: Ledger, C: Clock>(
    door: &Public<D, L, G, C>,
    sn: &str,
    request: &Request<Incoming>,
) -> Answer {
    let Ok(sn) = sn.parse::<OrderSn>() else { return render::refusal(Code::NotFound.into()) };
    let Some(session) = decode::session(request.headers()).map(str::to_owned) else {
        return render::refusal(Code::Unauthorized.into());
    };
    let told = door.purchases.status(sn, Some(&session)).await;
    let (status, place) = match told.and_then(|status| Ok((status, door.events.place()?))) {
        Ok(told) => told,
        Err(refusal) => return render::refusal(refusal),
    };
    let queued = matches!(status, Status::Queued);
    let hoping = Hoping {
        purchases: door.purchases.clone(),
        sn,
        session,
        first: Some(event("order", &render::status_body(sn, &status))),
        // The ledger is asked from here on, so what is settled by now is heard of as well.
        settled: queued.then(|| door.events.settlement_of(sn)),
        until: Instant::now() + ORDER_STREAM_MAX,
        _place: place,
    };
    answer(stream::unfold(hoping, Hoping::next))
}

/// What a stream about an order holds.
struct Hoping<D, L, G, C> {
    purchases: Arc<Purchases<D, L, G, C>>,
    sn: OrderSn,
    session: String,
    first: Option<Bytes>,
    settled: Option<oneshot::Receiver<()>>,
    until: Instant,
    _place: Place,
}

impl<D: Desk, L: Log, G: Ledger, C: Clock> Hoping<D, L, G, C> {
    async fn next(mut self) -> Option<(Bytes, Self)> {
        if let Some(first) = self.first.take() {
            return Some((first, self));
        }
        let settled = self.settled.as_mut()?;
        match timeout(HEARTBEAT, settled).await {
            Err(_) if Instant::now() >= self.until => None,
            Err(_) => Some((Bytes::from_static(b":\n\n"), self)),
            Ok(heard) => {
                heard.ok()?;
                self.settled = None;
                // The session may have ended meanwhile; then there is nothing to tell.
                let status = self.purchases.status(self.sn, Some(&self.session)).await.ok()?;
                Some((event("order", &render::status_body(self.sn, &status)), self))
            }
        }
    }
}

fn answer(events: impl futures_util::Stream<Item = Bytes> + Send + 'static) -> Answer {
    let mut answer = Answer::new(Body::events(events));
    let head = answer.headers_mut();
    head.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    head.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Nginx would otherwise keep events until a buffer is full.
    head.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    answer
}

/// One event; what we write as JSON has no line breaks.
fn event(name: &str, data: &str) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}

/// Up to a fifth less, so that streams that began together do not end together.
fn spread(life: Duration) -> Duration {
    let mut random = [0; 1];
    getrandom::fill(&mut random).expect("the operating system has random numbers");
    life - life / 5 * u32::from(random[0]) / 256
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nonce(number: u8) -> Nonce {
        Nonce([number; 16])
    }

    #[test]
    fn the_room_is_bounded_and_places_come_back() {
        let metrics = Arc::new(Metrics::default());
        let events = Events::new(1, metrics.clone());
        let place = events.place().expect("room for one");
        let Err(refused) = events.place() else { panic!("no room for two") };
        assert_eq!((refused.code, refused.retry_after_s), (Code::Unavailable, Some(FULL_RETRY_S)));
        assert_eq!((metrics.gauge(Gauge::Streams), metrics.counted(Count::StreamsRefused)), (1, 1));
        drop(place);
        assert_eq!(metrics.gauge(Gauge::Streams), 0);
        assert!(events.place().is_ok());
    }

    #[test]
    fn a_few_are_told_at_once_and_a_crowd_one_after_the_other_within_a_second() {
        assert!(late(1) < Duration::from_millis(1));
        let mut crowd: Vec<_> = (0..10_000).map(late).collect();
        assert!(crowd.iter().all(|late| *late < TOLD_WITHIN));
        crowd.dedup();
        assert_eq!(crowd.len(), 10_000, "never two in a row at the same time");
    }

    #[test]
    fn a_reader_that_is_slow_finds_the_newest_state_and_no_other() {
        let events = Events::new(1, Arc::default());
        let first = event("state", "{}");
        let mut slow = events.watch(SaleId(1), "{}", &first);
        for number in 0..1000 {
            events.feeds()[&SaleId(1)].newest.send_replace(event("state", &number.to_string()));
        }
        assert!(slow.has_changed().unwrap());
        assert_eq!(*slow.borrow_and_update(), event("state", "999"));
        assert!(!slow.has_changed().unwrap());
    }

    #[test]
    fn those_who_went_away_are_not_asked_for() {
        let events = Events::new(1, Arc::default());
        let sn = |number| OrderSn { sale: SaleId(1), nonce: nonce(number) };
        drop(events.settlement_of(sn(1)));
        let _stays = events.settlement_of(sn(2));
        let asked: Vec<Nonce> =
            events.longest_waiting(SaleId(1)).iter().map(|waiting| waiting.nonce).collect();
        assert_eq!(asked, [nonce(2)]);
        assert!(events.waiting().is_empty());
    }

    #[test]
    fn lives_are_spread_over_a_fifth() {
        for _ in 0..100 {
            let life = spread(SALE_STREAM_MAX);
            assert!(life <= SALE_STREAM_MAX && life > SALE_STREAM_MAX * 4 / 5);
        }
    }
}
