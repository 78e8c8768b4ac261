//! Handlers: decode, one call, render.

// Rows of the catalogue, as both see them.
pub mod catalogue;
// Shoppers.
pub mod wx {
    //! `/wx`
    pub mod address;
    pub mod aftersale;
    pub mod auth;
    pub mod bbq;
    pub mod brand;
    pub mod cart;
    pub mod catalog;
    pub mod checkout;
    pub mod collect;
    pub mod comment;
    pub mod coupon;
    pub mod express;
    pub mod feedback;
    pub mod fishing;
    pub mod footprint;
    pub mod goods;
    pub mod greeting;
    pub mod group_entity;
    pub mod groupon;
    pub mod home;
    pub mod issue;
    pub mod msg;
    pub mod order;
    pub mod pay_notify;
    pub mod qa;
    pub mod region;
    pub mod search;
    pub mod sign_up;
    pub mod storage;
    pub mod topic;
    pub mod user;
    pub mod weixin;
}
// Bodies that name one row.
pub mod entity_id;
// Staff.
pub mod admin {
    //! `/admin`
    pub mod account;
    pub mod ad;
    pub mod address;
    pub mod aftersale;
    pub mod auth;
    pub mod bbq;
    pub mod brand;
    pub mod category;
    pub mod collect;
    pub mod comment;
    pub mod config;
    pub mod coupon;
    pub mod coupon_seckill;
    pub mod dashboard;
    pub mod feedback;
    pub mod fishing;
    pub mod footprint;
    pub mod goods;
    pub mod greeting;
    pub mod groupon;
    pub mod history;
    pub mod issue;
    pub mod keyword;
    pub mod log;
    pub mod notice;
    pub mod order;
    pub mod profile;
    pub mod qa;
    pub mod region;
    pub mod role;
    pub mod sale;
    pub mod seckill;
    pub mod stat;
    pub mod storage;
    pub mod topic;
    pub mod user;
}
// Orders and after-sales as both of them show them.
pub mod aftersale_entity;
pub mod order_entity;
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
