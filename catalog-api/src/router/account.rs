//! Accounts: shoppers with their address books, and staff with roles, notices and settings.

use super::Table;
use crate::access::Kind;
use crate::permission::Need;
use crate::routes::admin::address as addresses;
use crate::routes::admin::{account, auth as staff, config, greeting, log, notice, profile, role, user};
use crate::routes::wx::{address, auth, greeting as hello, msg, sign_up, user as own, weixin};
use utoipa_axum::routes;

const CONFIGURATION: &str = "Configuration";
const OTHER: &str = "Other";
const PROMOTION: &str = "Promotion";
const SYSTEM: &str = "System";
const USERS: &str = "Users";

#[rustfmt::skip]
pub(super) fn routes(table: Table) -> Table {
    settings(people(shoppers(table)))
}

#[rustfmt::skip]
fn shoppers(table: Table) -> Table {
    table
        .sensitive("F-AUTH-LOGIN", Need::Open, routes!(auth::login))
        .sensitive("F-AUTH-WECHAT", Need::Open, routes!(weixin::login))
        .shop("F-AUTH-CAPTCHA", Need::Open, routes!(sign_up::reg_captcha))
        .shop("F-AUTH-CAPTCHA", Need::Login, routes!(sign_up::captcha))
        .sensitive("F-AUTH-REGISTER F-COUPON-REGISTER", Need::Open, routes!(sign_up::register))
        .sensitive("F-AUTH-PASSWORD F-ME-PASSWORD", Need::Open, routes!(sign_up::reset))
        .sensitive("F-AUTH-PASSWORD", Need::Login, routes!(sign_up::reset_phone))
        .sensitive("F-AUTH-BINDPHONE F-ME-BINDPHONE", Need::Login, routes!(weixin::bind_phone))
        .shop("F-ME-EDIT", Need::Login, routes!(auth::profile))
        .shop("F-ME-INFO", Need::Login, routes!(auth::info))
        .sensitive("F-AUTH-LOGOUT", Need::Login, routes!(auth::logout))
        .shop("F-ME-HOME", Need::Login, routes!(own::index))
        .shop("F-SECK-LIST", Need::Open, routes!(own::levels))
        .shop("F-ADDR-LIST", Need::Login, routes!(address::list))
        .shop("F-ADDR-DETAIL", Need::Login, routes!(address::detail))
        .shop("F-ADDR-ADD F-ADDR-EDIT", Need::Login, routes!(address::save))
        .shop("F-ADDR-DELETE", Need::Login, routes!(address::delete))
        .shop("F-AUTH-WECHAT", Need::Open, routes!(msg::check))
        .shop("F-AUTH-WECHAT", Need::Open, routes!(msg::message))
        .shop("S-SEC-WHITE", Need::Open, routes!(hello::index))
}

#[rustfmt::skip]
fn people(table: Table) -> Table {
    table
        // Getting in.
        .staff("A-AUTH-CAPTCHA", Need::Open, Kind::Ordinary, routes!(staff::kaptcha))
        .staff("A-AUTH-LOGIN", Need::Open, Kind::Login, routes!(staff::login))
        .staff("A-AUTH-INFO", Need::Login, Kind::Ordinary, routes!(staff::info))
        .staff("A-AUTH-LOGOUT", Need::Login, Kind::Logout, routes!(staff::logout))
        .staff("S-SEC-WHITE", Need::Open, Kind::Ordinary, routes!(staff::unauthenticated))
        .staff("S-SEC-WHITE", Need::Open, Kind::Ordinary, routes!(staff::unauthorized))
        .staff("S-SEC-WHITE", Need::Open, Kind::Ordinary, routes!(staff::index))
        .staff("A-AUTH-PASSWORD", Need::Login, Kind::Ordinary, routes!(profile::password))
        // Shoppers.
        .may("A-USER-LIST A-USER-SEARCH", "admin:user:list", [USERS, "Members", "Query"], routes!(user::list))
        .may("A-USER-VIEW", "admin:user:list", [USERS, "Members", "Detail"], routes!(user::detail))
        .may("A-USER-LIST", "admin:user:list", [USERS, "Members", "Edit"], routes!(user::update))
        .may("A-USER-DELETE", "admin:user:delete", [USERS, "Members", "Delete"], routes!(user::delete))
        .may("A-ADDR-LIST A-ADDR-SEARCH", "admin:address:list", [USERS, "Addresses", "Query"], routes!(addresses::list))
        // Staff.
        .may("A-ADMIN-LIST A-ADMIN-SEARCH", "admin:admin:list", [SYSTEM, "Admins", "Query"], routes!(account::list))
        .may("A-ADMIN-ADD", "admin:admin:create", [SYSTEM, "Admins", "Add"], routes!(account::create))
        .may("A-ADMIN-LIST", "admin:admin:read", [SYSTEM, "Admins", "Detail"], routes!(account::read))
        .may("A-ADMIN-EDIT", "admin:admin:read", [SYSTEM, "Admins", "Detail"], routes!(account::readmin))
        .may("A-ADMIN-EDIT", "admin:admin:update", [SYSTEM, "Admins", "Edit"], routes!(account::update))
        .may("A-ADMIN-DELETE", "admin:admin:delete", [SYSTEM, "Admins", "Delete"], routes!(account::delete))
        .may("A-LOG-LIST A-LOG-SEARCH", "admin:log:list", [SYSTEM, "Operation log", "Query"], routes!(log::list))
        .may("A-ROLE-LIST A-ROLE-SEARCH", "admin:role:list", [SYSTEM, "Roles", "Query"], routes!(role::list))
        .may("A-ROLE-LIST", "admin:role:read", [SYSTEM, "Roles", "Detail"], routes!(role::read))
        .may("A-ROLE-ADD", "admin:role:create", [SYSTEM, "Roles", "Add"], routes!(role::create))
        .may("A-ROLE-EDIT", "admin:role:update", [SYSTEM, "Roles", "Edit"], routes!(role::update))
        .may("A-ROLE-DELETE", "admin:role:delete", [SYSTEM, "Roles", "Delete"], routes!(role::delete))
        .may("A-ROLE-GRANT", "admin:role:permission:get", [SYSTEM, "Roles", "Permission detail"], routes!(role::permissions))
        .may("A-ROLE-GRANT", "admin:role:permission:update", [SYSTEM, "Roles", "Permission change"], routes!(role::set_permissions))
        .staff("A-ROLE-LIST", Need::Login, Kind::Ordinary, routes!(role::options))
        // Notices.
        .may("A-NOTICE", "admin:notice:list", [SYSTEM, "Notices", "Query"], routes!(notice::list))
        .may("A-NOTICE", "admin:notice:create", [PROMOTION, "Notices", "Add"], routes!(notice::create))
        .may("A-NOTICE", "admin:notice:read", [PROMOTION, "Notices", "Detail"], routes!(notice::read))
        .may("A-NOTICE", "admin:notice:update", [PROMOTION, "Notices", "Edit"], routes!(notice::update))
        .may("A-NOTICE", "admin:notice:delete", [PROMOTION, "Notices", "Delete"], routes!(notice::delete))
        .may("A-NOTICE", "admin:notice:batch-delete", [PROMOTION, "Notices", "Batch delete"], routes!(notice::batch_delete))
        .staff("A-NOTICE", Need::Login, Kind::Ordinary, routes!(profile::nnotice))
        .staff("A-NOTICE", Need::Login, Kind::Ordinary, routes!(profile::lsnotice))
        .staff("A-NOTICE", Need::Login, Kind::Ordinary, routes!(profile::catnotice))
        .staff("A-NOTICE", Need::Login, Kind::Ordinary, routes!(profile::bcatnotice))
        .staff("A-NOTICE", Need::Login, Kind::Ordinary, routes!(profile::rmnotice))
        .staff("A-NOTICE", Need::Login, Kind::Ordinary, routes!(profile::brmnotice))
}

#[rustfmt::skip]
fn settings(table: Table) -> Table {
    table
        .may("A-CONF-MALL", "admin:config:mall:list", [CONFIGURATION, "Mall", "Detail"], routes!(config::mall))
        .may("A-CONF-MALL", "admin:config:mall:updateConfigs", [CONFIGURATION, "Mall", "Edit"], routes!(config::set_mall))
        .may("A-CONF-FREIGHT", "admin:config:express:list", [CONFIGURATION, "Freight", "Detail"], routes!(config::express))
        .may("A-CONF-FREIGHT", "admin:config:express:updateConfigs", [CONFIGURATION, "Freight", "Edit"], routes!(config::set_express))
        .may("A-CONF-ORDER", "admin:config:order:list", [CONFIGURATION, "Order", "Detail"], routes!(config::order))
        .may("A-CONF-ORDER", "admin:config:order:updateConfigs", [CONFIGURATION, "Order", "Edit"], routes!(config::set_order))
        .may("A-CONF-WX", "admin:config:wx:list", [CONFIGURATION, "Mini-program", "Detail"], routes!(config::wx))
        .may("A-CONF-WX", "admin:config:wx:updateConfigs", [CONFIGURATION, "Mini-program", "Edit"], routes!(config::set_wx))
        // For those who set an installation up.
        .staff("T-M2-RBAC", Need::Open, Kind::Ordinary, routes!(greeting::index))
        .staff("T-M2-RBAC", Need::Open, Kind::Ordinary, routes!(greeting::guest))
        .staff("T-M2-RBAC", Need::Open, Kind::Ordinary, routes!(greeting::authn))
        .staff("T-M2-RBAC", Need::Open, Kind::Ordinary, routes!(greeting::user))
        .may("T-M2-RBAC", "index:permission:read", [OTHER, "Permission test", "Read"], routes!(greeting::read))
        .may("T-M2-RBAC", "index:permission:write", [OTHER, "Permission test", "Write"], routes!(greeting::write))
}
