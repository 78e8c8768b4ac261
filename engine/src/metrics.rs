//! What is counted. Every metric stands here; labels come from closed sets, never from ids.
//!
//! Deliberately absent: how it is written down. [`figures`] is one reading of everything, which is rendered
//! as Prometheus text and as JSON, so that whoever reads the one sees what the other says.

pub mod figures;

use crate::admission::pressure::{Limited, Part};
use crate::fault::{Effect, Fault, System};
use contract::outcome::Code;
use figures::{Family, Kind, Value};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Calls that are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// The list of sales and one sale.
    Sales,
    /// A token.
    Token,
    /// A purchase.
    Order,
    /// The status of an order.
    Status,
    /// A stream of events, until its first byte.
    Events,
    /// Anything else.
    Other,
}

const CALLS: [(Call, &str); 6] = [
    (Call::Sales, "sales"),
    (Call::Token, "token"),
    (Call::Order, "order"),
    (Call::Status, "status"),
    (Call::Events, "events"),
    (Call::Other, "other"),
];

/// Steps of a purchase that take time of their own, each for a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// In a lane, until a worker takes it: the oldest of a batch.
    Lane,
    /// Tokens, at the desk.
    Token,
    /// Units, at the desk.
    Reserve,
    /// In the log, until it is acknowledged.
    Append,
    /// Asking the log whether the generation still is.
    Generation,
    /// In the ledger, one transaction.
    Settle,
}

const STAGES: [(Stage, &str); 6] = [
    (Stage::Lane, "lane"),
    (Stage::Token, "token"),
    (Stage::Reserve, "reserve"),
    (Stage::Append, "append"),
    (Stage::Generation, "generation"),
    (Stage::Settle, "settle"),
];

/// Upper ends of the buckets a stage's times are counted in, with how they are written in seconds: from far
/// below what a stage takes when all is well to far above what anybody waits for.
const BUCKETS: [(Duration, &str); 12] = [
    (Duration::from_micros(250), "0.00025"),
    (Duration::from_micros(500), "0.0005"),
    (Duration::from_millis(1), "0.001"),
    (Duration::from_micros(2500), "0.0025"),
    (Duration::from_millis(5), "0.005"),
    (Duration::from_millis(10), "0.01"),
    (Duration::from_millis(25), "0.025"),
    (Duration::from_millis(50), "0.05"),
    (Duration::from_millis(100), "0.1"),
    (Duration::from_millis(250), "0.25"),
    (Duration::from_millis(1000), "1"),
    (Duration::from_millis(5000), "5"),
];

/// What keeps a request out although its sale goes on: nothing has happened, and it may come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Calls a second of one address.
    Address,
    /// Calls a second of one user.
    User,
    /// Purchases a second, altogether.
    Orders,
    /// The breaker on the log.
    Breaker,
    /// Places for requests that are inside at once.
    Inside,
    /// Room in a lane.
    LaneDepth,
    /// Time in a lane.
    LaneWait,
    /// Orders of a sale that are not settled.
    Unsettled,
    /// Live tokens of a sale.
    Tokens,
    /// A desk that is being rebuilt, or is not known to be sound.
    Desk,
}

const BOUNDS: [(Bound, &str); 10] = [
    (Bound::Address, "address_per_s"),
    (Bound::User, "user_per_s"),
    (Bound::Orders, "orders_per_s"),
    (Bound::Breaker, "breaker"),
    (Bound::Inside, "inside"),
    (Bound::LaneDepth, "lane_depth"),
    (Bound::LaneWait, "lane_wait"),
    (Bound::Unsettled, "unsettled_max"),
    (Bound::Tokens, "tokens"),
    (Bound::Desk, "desk"),
];

/// Things that only go up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Connections accepted.
    Connections,
    /// Connections refused at the limit.
    ConnectionsRefused,
    /// Orders that became rows.
    Settled,
    /// Orders read again that had been settled.
    SettledAgain,
    /// Orders of an older generation, skipped.
    Void,
    /// Orders and records buried.
    DeadLetters,
    /// Outbox entries published again by the sweep.
    Swept,
    /// Outbox entries trimmed.
    Trimmed,
    /// Desks rebuilt.
    Recoveries,
    /// Orders returned.
    Returned,
    /// Settlement steps that found their position moved by somebody else.
    Fenced,
    /// Event streams refused at the limit.
    StreamsRefused,
    /// Connections closed because their client did not read.
    Unread,
}

const COUNTS: [(Count, &str, &str); 13] = [
    (Count::Connections, "engine_connections_total", "Connections accepted."),
    (Count::ConnectionsRefused, "engine_connections_refused_total", "Connections refused at the limit."),
    (Count::Settled, "engine_settled_orders_total", "Orders that became rows of the ledger."),
    (Count::SettledAgain, "engine_settled_again_total", "Orders read again that had been settled."),
    (Count::Void, "engine_void_orders_total", "Orders of an older generation, skipped without a trace."),
    (Count::DeadLetters, "engine_dead_letters_total", "Orders and records buried."),
    (Count::Swept, "engine_swept_entries_total", "Outbox entries published again by the sweep."),
    (Count::Trimmed, "engine_trimmed_entries_total", "Outbox entries trimmed after settlement."),
    (Count::Recoveries, "engine_recoveries_total", "Desks rebuilt from the ledger."),
    (Count::Returned, "engine_returned_orders_total", "Lapsed orders whose units went back."),
    (Count::Fenced, "engine_fenced_steps_total", "Settlement steps somebody else had done."),
    (Count::StreamsRefused, "engine_streams_refused_total", "Event streams refused at the limit."),
    (Count::Unread, "engine_connections_unread_total", "Connections closed as their client did not read."),
];

/// Things that go up and down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gauge {
    /// Units that are in no term of the books, over all sales; 0 when all is well.
    BooksGap,
    /// Age of the oldest outbox entry in ms.
    OutboxAgeMs,
    /// Records between the settled position and the log's end.
    SettlementLag,
    /// Sales whose desk is being rebuilt, or waits for it.
    Recovering,
    /// Of these, the ones the keeper has not begun with.
    RecoveryWaiting,
    /// Of these, the ones whose barrier is not settled.
    RecoverySettling,
    /// Of these, the ones whose desk is being built.
    RecoveryBuilding,
    /// 1 while the breaker on the log is shut.
    BreakerShut,
    /// Partitions whose settlement waits for a person: their position is in another log.
    SettlementStopped,
    /// Event streams that are open.
    Streams,
    /// Their bound.
    StreamsMax,
    /// Requests in the fullest lane.
    LaneWaiting,
    /// Requests a lane holds.
    LaneDepth,
    /// Batches being handed off.
    Handoffs,
    /// Their bound.
    HandoffsMax,
    /// Orders of one sale that are not settled, of the sale that has most.
    Unsettled,
    /// Their bound.
    UnsettledMax,
    /// Token requests that may be inside at once.
    TokenLimit,
    /// Purchases that may be inside at once.
    OrderLimit,
    /// Purchases a second that may come in.
    OrderRateLimit,
}

const GAUGES: [(Gauge, &str, &str); 20] = [
    (Gauge::BooksGap, "engine_books_gap_units", "Units in no term of the books; must be 0."),
    (Gauge::OutboxAgeMs, "engine_outbox_age_milliseconds", "Age of the oldest outbox entry."),
    (Gauge::SettlementLag, "engine_settlement_lag_records", "Records of the log not yet settled."),
    (Gauge::Recovering, "engine_sales_recovering", "Sales whose desk is being rebuilt."),
    (Gauge::RecoveryWaiting, "engine_recovery_waiting_sales", "Of these, not begun yet."),
    (Gauge::RecoverySettling, "engine_recovery_settling_sales", "Of these, settling up to the barrier."),
    (Gauge::RecoveryBuilding, "engine_recovery_building_sales", "Of these, building the desk."),
    (Gauge::BreakerShut, "engine_breaker_shut", "1 while no purchase passes because the log fails."),
    (
        Gauge::SettlementStopped,
        "engine_settlement_stopped_partitions",
        "Partitions whose settlement waits for a person; must be 0.",
    ),
    (Gauge::Streams, "engine_streams", "Event streams that are open."),
    (Gauge::StreamsMax, "engine_streams_max", "Event streams there may be at once."),
    (Gauge::LaneWaiting, "engine_lane_waiting_requests", "Requests in the fullest lane."),
    (Gauge::LaneDepth, "engine_lane_depth_requests", "Requests a lane holds."),
    (Gauge::Handoffs, "engine_handoffs", "Batches being handed off to the log."),
    (Gauge::HandoffsMax, "engine_handoffs_max", "Batches that may be handed off at once."),
    (
        Gauge::Unsettled,
        "engine_unsettled_orders",
        "Orders of one sale not yet settled, where there are most.",
    ),
    (Gauge::UnsettledMax, "engine_unsettled_orders_max", "Orders of one sale that may be unsettled."),
    (Gauge::TokenLimit, "engine_admission_limit_tokens", "Token requests that may be inside at once."),
    (Gauge::OrderLimit, "engine_admission_limit_orders", "Purchases that may be inside at once."),
    (
        Gauge::OrderRateLimit,
        "engine_admission_limit_orders_per_second",
        "Purchases a second that may come in.",
    ),
];

const CODES: usize = Code::ALL.len();

/// Times of a stage: how many fell into each bucket, with one more for the longer ones, and their sum.
#[derive(Default)]
struct Times {
    buckets: [AtomicU64; BUCKETS.len() + 1],
    sum_ns: AtomicU64,
}

/// All counters of a process.
pub struct Metrics {
    refusals: [[AtomicU64; CODES]; CALLS.len()],
    successes: [AtomicU64; CALLS.len()],
    seconds_ns: [AtomicU64; CALLS.len()],
    stages: [Times; STAGES.len()],
    bounds: [AtomicU64; BOUNDS.len()],
    counts: [AtomicU64; COUNTS.len()],
    gauges: [AtomicI64; GAUGES.len()],
    faults: [[AtomicU64; 2]; 3],
    bound: [AtomicI64; Part::ALL.len()],
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            refusals: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0))),
            successes: std::array::from_fn(|_| AtomicU64::new(0)),
            seconds_ns: std::array::from_fn(|_| AtomicU64::new(0)),
            stages: std::array::from_fn(|_| Times::default()),
            bounds: std::array::from_fn(|_| AtomicU64::new(0)),
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
            gauges: std::array::from_fn(|_| AtomicI64::new(0)),
            faults: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0))),
            bound: std::array::from_fn(|_| AtomicI64::new(0)),
        }
    }
}

impl Metrics {
    /// A call was answered, with a code when it was no success.
    pub fn answered(&self, call: Call, code: Option<Code>, took: Duration) {
        match code {
            Some(code) => self.refusals[call as usize][code.index()].fetch_add(1, Relaxed),
            None => self.successes[call as usize].fetch_add(1, Relaxed),
        };
        self.seconds_ns[call as usize].fetch_add(took.as_nanos() as u64, Relaxed);
    }

    /// A batch was in a stage for so long.
    pub fn took(&self, stage: Stage, time: Duration) {
        let times = &self.stages[stage as usize];
        let bucket = BUCKETS.iter().position(|(end, _)| time <= *end).unwrap_or(BUCKETS.len());
        times.buckets[bucket].fetch_add(1, Relaxed);
        times.sum_ns.fetch_add(time.as_nanos() as u64, Relaxed);
    }

    /// A bound kept a request out.
    pub fn bound(&self, bound: Bound) {
        self.bounds[bound as usize].fetch_add(1, Relaxed);
    }

    /// Something happened `by` times.
    pub fn count(&self, what: Count, by: u64) {
        self.counts[what as usize].fetch_add(by, Relaxed);
    }

    /// How often something happened.
    pub fn counted(&self, what: Count) -> u64 {
        self.counts[what as usize].load(Relaxed)
    }

    /// Something is at `value`.
    pub fn set(&self, what: Gauge, value: i64) {
        self.gauges[what as usize].store(value, Relaxed);
    }

    /// Something rises or falls by `by`.
    pub fn shift(&self, what: Gauge, by: i64) {
        self.gauges[what as usize].fetch_add(by, Relaxed);
    }

    /// Where something is at.
    pub fn gauge(&self, what: Gauge) -> i64 {
        self.gauges[what as usize].load(Relaxed)
    }

    /// The gate's limits moved.
    pub fn limited(&self, limited: &Limited) {
        self.set(Gauge::TokenLimit, limited.tokens as i64);
        self.set(Gauge::OrderLimit, limited.orders as i64);
        self.set(Gauge::OrderRateLimit, limited.orders_per_s.into());
        for (told, bound) in self.bound.iter().zip(limited.bound) {
            told.store(bound.into(), Relaxed);
        }
    }

    /// A fault became an answer or a retry; it is counted, and logged unless it is one of very many.
    pub fn fault(&self, fault: &Fault) {
        let effect = usize::from(fault.effect == Effect::Unknown);
        let before = self.faults[fault.system as usize][effect].fetch_add(1, Relaxed);
        // A dead store fails thousands of batches a second; the counter has them all.
        if before < 20 || before.is_multiple_of(1000) {
            tracing::warn!(system = ?fault.system, effect = ?fault.effect, "{fault}");
        }
    }

    /// Everything as it is now. Counters are read one after the other while others count on.
    pub fn figures(&self) -> Vec<Family> {
        let mut families = vec![self.answers(), self.answer_seconds(), self.stage_seconds(), self.refusals()];
        families.extend(COUNTS.map(|(count, name, help)| {
            Family::single(name, help, Kind::Counter, Value::Whole(self.counted(count) as i64))
        }));
        families.extend(GAUGES.map(|(gauge, name, help)| {
            Family::single(name, help, Kind::Gauge, Value::Whole(self.gauge(gauge)))
        }));
        families.push(self.faults());
        families.push(self.admission_bound());
        families
    }

    /// Everything, as Prometheus text.
    pub fn render(&self) -> String {
        figures::text(&self.figures())
    }

    fn answers(&self) -> Family {
        let mut family = Family::new("engine_answers_total", "Answers by call and code.", Kind::Counter);
        for (call, name) in CALLS {
            let labels = |code| vec![("call", name), ("code", code)];
            family.push("", labels("ok"), whole(&self.successes[call as usize]));
            for code in Code::ALL {
                let refused = &self.refusals[call as usize][code.index()];
                if refused.load(Relaxed) > 0 {
                    family.push("", labels(code.name()), whole(refused));
                }
            }
        }
        family
    }

    fn answer_seconds(&self) -> Family {
        let mut family =
            Family::new("engine_answer_seconds_total", "Time spent until answers.", Kind::Counter);
        for (call, name) in CALLS {
            family.push("", vec![("call", name)], seconds(&self.seconds_ns[call as usize]));
        }
        family
    }

    fn stage_seconds(&self) -> Family {
        let help = "Time of a batch in each stage of a purchase.";
        let mut family = Family::new("engine_stage_seconds", help, Kind::Histogram);
        for (stage, name) in STAGES {
            let times = &self.stages[stage as usize];
            let mut so_far = 0;
            let ends = BUCKETS.iter().map(|(_, end)| *end).chain(["+Inf"]);
            for (end, bucket) in ends.zip(&times.buckets) {
                so_far += bucket.load(Relaxed) as i64;
                family.push("_bucket", vec![("stage", name), ("le", end)], Value::Whole(so_far));
            }
            family.push("_sum", vec![("stage", name)], seconds(&times.sum_ns));
            family.push("_count", vec![("stage", name)], Value::Whole(so_far));
        }
        family
    }

    fn refusals(&self) -> Family {
        let help = "Requests a bound kept out, nothing having happened to them.";
        let mut family = Family::new("engine_bound_refusals_total", help, Kind::Counter);
        for (bound, name) in BOUNDS {
            family.push("", vec![("bound", name)], whole(&self.bounds[bound as usize]));
        }
        family
    }

    fn faults(&self) -> Family {
        let help = "Failed calls by system and what may have happened.";
        let mut family = Family::new("engine_faults_total", help, Kind::Counter);
        for (system, name) in [(System::Desk, "desk"), (System::Log, "log"), (System::Ledger, "ledger")] {
            for (effect, word) in [(0, "none"), (1, "unknown")] {
                let labels = vec![("system", name), ("effect", word)];
                family.push("", labels, whole(&self.faults[system as usize][effect]));
            }
        }
        family
    }

    fn admission_bound(&self) -> Family {
        let help = "1 while a limit of admission is kept low because this is slower than its target.";
        let mut family = Family::new("engine_admission_bound", help, Kind::Gauge);
        for part in Part::ALL {
            let bound = self.bound[part as usize].load(Relaxed);
            family.push("", vec![("by", part.name())], Value::Whole(bound));
        }
        family
    }
}

fn whole(count: &AtomicU64) -> Value {
    Value::Whole(count.load(Relaxed) as i64)
}

fn seconds(ns: &AtomicU64) -> Value {
    Value::Seconds(ns.load(Relaxed) as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_the_order_of_their_enums_and_the_text_has_every_metric() {
        assert!(CALLS.iter().enumerate().all(|(place, (call, _))| *call as usize == place));
        assert!(COUNTS.iter().enumerate().all(|(place, (count, ..))| *count as usize == place));
        assert!(STAGES.iter().enumerate().all(|(place, (stage, _))| *stage as usize == place));
        assert!(BOUNDS.iter().enumerate().all(|(place, (bound, _))| *bound as usize == place));
        assert!(BUCKETS.iter().all(|(end, told)| told.parse() == Ok(end.as_secs_f64())));
        assert!(BUCKETS.is_sorted());
        assert!(GAUGES.iter().enumerate().all(|(place, (gauge, ..))| *gauge as usize == place));
        let metrics = Metrics::default();
        metrics.answered(Call::Token, Some(Code::SoldOut), Duration::from_millis(1));
        metrics.count(Count::Settled, 3);
        let bound = [false, true, false, false, false];
        metrics.limited(&Limited { tokens: 7, orders: 8, orders_per_s: 9, bound });
        let text = metrics.render();
        assert!(text.contains("engine_admission_limit_orders 8\n"));
        assert!(text.contains("engine_admission_bound{by=\"desk\"} 1\n"));
        assert!(text.contains("engine_admission_bound{by=\"log\"} 0\n"));
        assert!(text.contains("engine_answers_total{call=\"token\",code=\"sold_out\"} 1\n"));
        assert!(text.contains("engine_settled_orders_total 3\n"));
        assert!(GAUGES.iter().all(|(_, name, _)| text.contains(name)));
    }

    #[test]
    fn times_are_counted_in_the_bucket_they_fall_into_and_in_all_wider_ones() {
        let metrics = Metrics::default();
        for ms in [1, 4, 9000] {
            metrics.took(Stage::Append, Duration::from_millis(ms));
        }
        let text = metrics.render();
        for (end, count) in [("0.0005", 0), ("0.001", 1), ("0.0025", 1), ("0.005", 2), ("5", 2), ("+Inf", 3)]
        {
            let line = format!("engine_stage_seconds_bucket{{stage=\"append\",le=\"{end}\"}} {count}\n");
            assert!(text.contains(&line), "{line}{text}");
        }
        assert!(text.contains("engine_stage_seconds_sum{stage=\"append\"} 9.005\n"), "{text}");
        assert!(text.contains("engine_stage_seconds_count{stage=\"append\"} 3\n"), "{text}");
    }
}
