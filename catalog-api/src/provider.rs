//! Services of other companies, each behind a small trait: a real client, and a local one for
//! development.

pub mod courier;
pub mod pay;
pub mod sms;
pub mod weixin;
// One HTTP call to an address of our own configuration; users never name one.
pub mod http_call;
// Calls to vendors over HTTPS.
pub mod outside;
