//! catalog-api against real MariaDB and Redis, as a process of its own.

mod harness;

// The process: settings, health, ends.
mod process;
// Who may call what.
mod matrix;
// Which feature is where, and which test shows it.
mod features;
// Log-ins.
mod sessions;
mod staff_login;
// Sales.
mod sale;
mod sale_life;
// Before an order.
mod cart;
mod checkout;
mod coupons;
mod groups;
// Orders and money.
mod orders;
mod payments;
mod timers;
// Development.
mod dev;
