//! What is counted, as Prometheus text. Every metric stands here; labels come from closed sets, never
//! from ids.

use crate::admission::pressure::{Limited, Part};
use crate::fault::{Effect, Fault, System};
use contract::outcome::Code;
use std::fmt::Write as _;
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
    /// Anything else.
    Other,
}

const CALLS: [(Call, &str); 5] = [
    (Call::Sales, "sales"),
    (Call::Token, "token"),
    (Call::Order, "order"),
    (Call::Status, "status"),
    (Call::Other, "other"),
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
}

const COUNTS: [(Count, &str, &str); 11] = [
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
    /// Token requests that may be inside at once.
    TokenLimit,
    /// Purchases that may be inside at once.
    OrderLimit,
    /// Purchases a second that may come in.
    OrderRateLimit,
}

const GAUGES: [(Gauge, &str, &str); 12] = [
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
    (Gauge::TokenLimit, "engine_admission_limit_tokens", "Token requests that may be inside at once."),
    (Gauge::OrderLimit, "engine_admission_limit_orders", "Purchases that may be inside at once."),
    (
        Gauge::OrderRateLimit,
        "engine_admission_limit_orders_per_second",
        "Purchases a second that may come in.",
    ),
];

const CODES: usize = Code::ALL.len();

/// All counters of a process.
pub struct Metrics {
    refusals: [[AtomicU64; CODES]; CALLS.len()],
    successes: [AtomicU64; CALLS.len()],
    seconds_ns: [AtomicU64; CALLS.len()],
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

    /// Everything, as Prometheus text.
    pub fn render(&self) -> String {
        let mut text = String::with_capacity(8192);
        text.push_str(
            "# HELP engine_answers_total Answers by call and code.\n# TYPE engine_answers_total counter\n",
        );
        for (call, name) in CALLS {
            let _ = writeln!(
                text,
                "engine_answers_total{{call=\"{name}\",code=\"ok\"}} {}",
                self.successes[call as usize].load(Relaxed)
            );
            for code in Code::ALL {
                let n = self.refusals[call as usize][code.index()].load(Relaxed);
                if n > 0 {
                    let _ = writeln!(
                        text,
                        "engine_answers_total{{call=\"{name}\",code=\"{}\"}} {n}",
                        code.name()
                    );
                }
            }
        }
        text.push_str("# HELP engine_answer_seconds_total Time spent until answers.\n# TYPE engine_answer_seconds_total counter\n");
        for (call, name) in CALLS {
            let seconds = self.seconds_ns[call as usize].load(Relaxed) as f64 / 1e9;
            let _ = writeln!(text, "engine_answer_seconds_total{{call=\"{name}\"}} {seconds}");
        }
        for (count, name, help) in COUNTS {
            let _ =
                writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {}", self.counted(count));
        }
        for (gauge, name, help) in GAUGES {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {}", self.gauge(gauge));
        }
        text.push_str("# HELP engine_faults_total Failed calls by system and what may have happened.\n# TYPE engine_faults_total counter\n");
        for (system, name) in [(System::Desk, "desk"), (System::Log, "log"), (System::Ledger, "ledger")] {
            for (effect, word) in [(0, "none"), (1, "unknown")] {
                let n = self.faults[system as usize][effect].load(Relaxed);
                let _ = writeln!(text, "engine_faults_total{{system=\"{name}\",effect=\"{word}\"}} {n}");
            }
        }
        text.push_str("# HELP engine_admission_bound 1 while a limit of admission is kept low because this is slower than its target.\n# TYPE engine_admission_bound gauge\n");
        for part in Part::ALL {
            let bound = self.bound[part as usize].load(Relaxed);
            let _ = writeln!(text, "engine_admission_bound{{by=\"{}\"}} {bound}", part.name());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_the_order_of_their_enums_and_the_text_has_every_metric() {
        assert!(CALLS.iter().enumerate().all(|(place, (call, _))| *call as usize == place));
        assert!(COUNTS.iter().enumerate().all(|(place, (count, ..))| *count as usize == place));
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
}
