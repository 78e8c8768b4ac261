//! The engine against what it talks to: each stage alone, then whole engines.

// Ports, each production implementation beside its embedded one.
mod desk;
mod ledger;
mod log;
// Decoding, against whatever comes.
mod fuzz;
// The spines over embedded ports.
mod spine;
// Whole engines over real stores.
mod cluster;
mod door;
mod events;
mod figures;
mod fitness;
mod harness;
mod life;
mod limits;
mod outages;
mod overload;
mod races;
mod recovery;
mod several;
mod tail;
mod tokens;
