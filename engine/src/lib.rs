//! The life of a purchase, in the order in which it happens.
//!
//! `http → admission → reservation → handoff → settlement → reconcile`. Stages do not call each
//! other: [`purchase`] leads a request through the first four, [`settlement`] the log through the
//! fifth, and [`recovery`] rebuilds a desk that may have forgotten.
//!
//! Deliberately absent: admission does no I/O; only `reservation` moves units at the desk and only
//! `settlement` those in the ledger; outside `startup`, redis and mlua are named in `reservation`
//! only, rdkafka in `handoff`, sqlx in `settlement`, hyper in `http`; there are no statics, so that
//! two engines can run in one test.

// What the outside world may do to us, and what time it is.
pub mod clock;
pub mod fault;

// 1 the door
pub mod http;
// the request spine: admit, reserve, hand off
pub mod purchase;
// 2 the gate
pub mod admission;
// 3 the hold
pub mod reservation;
// 4 the promise
pub mod handoff;
// 5 the fact, with the consumer spine
pub mod settlement;
// when the desk may have forgotten: raise the generation, rebuild, reopen
pub mod recovery;
// sales follow the ledger: terms, windows, movements, closing
pub mod lifecycle;
// 6 the count
pub mod reconcile;

// How it is put together.
pub mod config;
pub mod metrics;
pub mod shutdown;
pub mod startup;
pub mod telemetry;
