//! Handlers: decode, one call, render.

// Shoppers.
pub mod wx {
    //! `/wx`
    pub mod address;
    pub mod auth;
    pub mod greeting;
    pub mod msg;
    pub mod order;
    pub mod pay_notify;
    pub mod sign_up;
    pub mod user;
    pub mod weixin;
}
// Staff.
pub mod admin {
    //! `/admin`
    pub mod account;
    pub mod address;
    pub mod auth;
    pub mod config;
    pub mod coupon_seckill;
    pub mod greeting;
    pub mod log;
    pub mod notice;
    pub mod profile;
    pub mod role;
    pub mod sale;
    pub mod seckill;
    pub mod user;
}
// Development, on the private listener.
pub mod dev {
    //! `/dev`
    pub mod pay;
    pub mod sessions;
    pub mod sms;
}
// Health and metrics, on the private listener.
pub mod private;
// The API description and its page.
pub mod description;
pub mod docs;
