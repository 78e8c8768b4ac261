//! catalog-api against real MariaDB and Redis, as a process of its own.

mod harness;

// The process: settings, health, ends.
mod process;
// Who may call what, and what the API description says.
mod description;
mod matrix;
// How it is laid out, and how requests arrive.
mod layers;
mod wire;
// Which feature is where, and which test shows it.
mod features;
// Log-ins.
mod sessions;
mod sign_up;
mod staff_login;
// The catalogue: what staff write, what shoppers see, what is kept.
mod caches;
mod catalogue;
mod catalogue_plans;
mod demo_shop;
mod goods_editor;
mod posters;
mod replica;
mod shop_window;
mod weixin;
// What lists cost.
mod list_plans;
mod month;
mod order_totals;
mod weixin_application;
// Accounts and what belongs to them.
mod notices;
mod own_account;
mod roles;
mod settings;
mod shoppers_desk;
mod staff_accounts;
mod texts;
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
// What people say, keep and look at.
mod comments;
mod favourites;
mod feedback;
mod questions;
// Activities.
mod barbecue;
mod fishing;
// Files, and where they are kept.
mod files;
mod object_store;
// All of it: what the existing front ends call, what nobody should send, everybody at once.
mod bad_input;
mod clients;
mod edit_storm;
mod mass_assignment;
// A shop that moves here.
mod import;
// Regions and figures.
mod figures;
mod regions;
// The buyers' pages, in a browser.
mod board;
mod browser;
// Development.
mod dev;
