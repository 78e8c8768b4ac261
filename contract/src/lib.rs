//! Words that cross a process: what the engine and the mall must agree on.
//!
//! Deliberately absent: configuration, I/O but for the handshake of [`tls`], and any dependency on the other crates of this project.

// Names of things.
pub mod ids;
// Who is calling: the signed session both services check.
pub mod session;
// The right to try: the signed purchase token.
pub mod token;
// What a purchase can end in.
pub mod outcome;
// The order log: what is promised, as bytes.
pub mod record;
// The ledger: states of a sale and of an order.
pub mod ledger;
// Redis: names of keys.
pub mod keys;
// How a public listener speaks TLS.
pub mod tls;
