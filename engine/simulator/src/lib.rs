//! The engine's spines in one thread on paused time, over the embedded stores, with faults at every
//! port call: a run is one number, and the same number is the same run.
//!
//! `plan` says what a seed means; `world` holds the stores; `role` is a process, `life` whether it
//! runs, `link` and `ports` what lies between it and the stores; `buyers` and `staff` use them,
//! `disturbance` harms them; `oracle` knows what may be asked of the engine all the same, `checker` asks.
//! `mutant` takes rules out, so that it is known that they would be missed; `batch` runs many seeds.
//!
//! Deliberately absent: rules of the engine. What decides here is the production code, with the shipped
//! scripts; randomness comes from the seed only.

pub mod batch;
pub mod buyers;
pub mod checker;
pub mod clock;
pub mod disturbance;
pub mod faults;
pub mod history;
pub mod life;
pub mod link;
pub mod mutant;
pub mod oracle;
pub mod plan;
pub mod ports;
pub mod role;
pub mod run;
pub mod staff;
pub mod story;
pub mod world;
