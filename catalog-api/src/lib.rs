//! The mall: an ordinary web service over MySQL for shoppers (`/wx`) and staff (`/admin`).
//!
//! Thin: route → handler (decode, one call, render) → store function (one SQL statement).
//!
//! Deliberately absent: any knowledge of a sale's desk. This service writes terms and orders into the
//! ledger, the engine follows the ledger; the two share the session text and nothing else.

// Settings, and the process as a whole.
pub mod config;
pub mod metrics;
pub mod settings;
pub mod startup;
pub mod state;

// From the socket to a handler.
pub mod access;
pub mod audit;
pub mod extract;
pub mod listener;
pub mod pages;
pub mod permission;
pub mod router;

// Handlers, and how their answers look.
pub mod cache;
pub mod envelope;
pub mod error;
pub mod export;
pub mod rich_text;
pub mod routes;

// Who is calling.
pub mod attempts;
pub mod captcha;
pub mod password;
pub mod session;
pub mod sms_code;

// What is done: the spines, which hold the transactions.
pub mod accounts;
pub mod address_book;
pub mod bbq;
pub mod carts;
pub mod catalogue;
pub mod coupons;
pub mod fishing;
pub mod groups;
pub mod notices;
pub mod orders;
pub mod payments;
pub mod posters;
pub mod pricing;
pub mod sales;
pub mod staff;
pub mod stats;
pub mod texts;
pub mod timers;
pub mod uploads;

// Pictures people upload.
pub mod picture;
pub mod window;

// The outside world.
pub mod calendar;
pub mod clock;
pub mod provider;
pub mod random;
pub mod store;

// Data of every installation, of an earlier shop, and for development with its pictures.
pub mod art;
pub mod import;
pub mod regions;
pub mod replica;
pub mod seed;
