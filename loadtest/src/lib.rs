//! A crowd of buyers against the public endpoints, and the proof that the books balance afterwards.
//!
//! Deliberately absent: any knowledge of how the engine works. Buyers see what a phone would see; the
//! proof asks the owners of orders, the staff's view of the books, and `engine reconcile`.

// What was asked for, and where everything is.
pub mod settings;
// The wire, and what the mall offers on it.
pub mod mall;
pub mod wire;
// The driver for many requests a second.
pub mod native;
// The crowd: one buyer's life, and who may win, pay or change their mind.
pub mod buyer;
pub mod crowd;
pub mod referee;
// Many more buyers than a crowd, by the clock.
pub mod load;
// What was seen, and how long it took.
pub mod history;
pub mod measure;
// What must be true afterwards.
pub mod books;
pub mod report;
pub mod verify;
