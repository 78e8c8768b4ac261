//! What is counted. Labels come from closed sets; there are never ids among them.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// A counter.
        #[derive(Clone, Copy, Debug)]
        pub enum Counter { $($(#[doc = $doc])+ $variant,)+ }

        const ALL: &[(&str, &str)] = &[$(($name, concat!($($doc),+)),)+];
    };
}

counters! {
    /// Calls of shoppers that were answered.
    ShopCalls = "catalog_shop_calls_total",
    /// Calls of staff that were answered.
    StaffCalls = "catalog_staff_calls_total",
    /// Calls that ended in errno 502.
    Faults = "catalog_faults_total",
    /// Requests refused because too many were being handled.
    Shed = "catalog_shed_total",
    /// Orders that lapsed because nobody paid in time.
    Lapsed = "catalog_orders_lapsed_total",
    /// Payments applied to an order.
    Paid = "catalog_payments_applied_total",
    /// Payments that came too late or were wrong, and are refunded.
    Unwanted = "catalog_payments_unwanted_total",
    /// Refunds the provider confirmed.
    Refunded = "catalog_refunds_done_total",
    /// Rounds of a timer that failed and are repeated.
    TimerFaults = "catalog_timer_faults_total",
    /// Texts a provider took.
    TextsSent = "catalog_texts_sent_total",
    /// Tries to send a text that failed.
    TextsFailed = "catalog_texts_failed_total",
    /// Reads that a copy of the database answered.
    ReplicaReads = "catalog_replica_reads_total",
    /// Rows of the operation log that could not be written.
    UnloggedOperations = "catalog_operations_unlogged_total",
}

/// All counters.
#[derive(Debug, Default)]
pub struct Metrics([AtomicU64; ALL.len()]);

impl Metrics {
    /// Counts one.
    pub fn count(&self, counter: Counter) {
        self.0[counter as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// In Prometheus' text format.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for ((name, help), value) in ALL.iter().zip(&self.0) {
            let value = value.load(Ordering::Relaxed);
            write!(text, "# HELP {name}{help}\n# TYPE {name} counter\n{name} {value}\n")
                .expect("writing to a string cannot fail");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_shows_under_its_own_name() {
        let metrics = Metrics::default();
        metrics.count(Counter::Refunded);
        let text = metrics.text();
        assert!(text.contains("\ncatalog_refunds_done_total 1\n"), "{text}");
        assert!(text.contains("# HELP catalog_shop_calls_total Calls of shoppers"), "{text}");
    }
}
