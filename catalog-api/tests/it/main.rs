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
mod aftersale;
mod express;
mod order_desk;
mod order_races;
mod order_reviews;
mod order_states;
mod orders;
mod payments;
mod refunds;
mod submit;
mod timers;
mod wechat_pay;
// Development.
mod dev;
