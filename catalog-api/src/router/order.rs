//! Orders, payment and what comes after a sale.

use super::Table;
use crate::access::Kind;
use crate::permission::Need;
use crate::routes::admin::{aftersale as staff_aftersale, order as staff_order};
use crate::routes::wx::{aftersale, express, order, pay_notify};
use utoipa_axum::routes;

const MALL: &str = "Mall";
const ORDERS: &str = "Orders";
const AFTERSALES: &str = "After-sales";

#[rustfmt::skip]
pub(super) fn routes(table: Table) -> Table {
    table
        // Shoppers.
        .shop("F-ORDER-LIST", Need::Login, routes!(order::list))
        .shop("F-ORDER-DETAIL", Need::Login, routes!(order::detail))
        .sensitive("F-ORDER-SUBMIT F-GB-START F-GB-JOIN", Need::Login, routes!(order::submit::submit))
        .shop("F-ORDER-PREPAY", Need::Login, routes!(order::pay::prepay))
        .shop("F-ORDER-PREPAY", Need::Login, routes!(order::pay::h5pay))
        .sensitive("F-ORDER-CANCEL", Need::Login, routes!(order::act::cancel))
        .sensitive("F-ORDER-REFUND", Need::Login, routes!(order::act::refund))
        .sensitive("F-ORDER-CONFIRM", Need::Login, routes!(order::act::confirm))
        .sensitive("F-ORDER-DELETE", Need::Login, routes!(order::act::delete))
        .shop("F-ORDER-TOCOMMENT", Need::Login, routes!(order::review::goods))
        .shop("F-ORDER-COMMENT", Need::Login, routes!(order::review::comment))
        .shop("F-ORDER-REFUND", Need::Login, routes!(aftersale::list))
        .shop("F-ORDER-REFUND", Need::Login, routes!(aftersale::detail))
        .sensitive("F-ORDER-REFUND", Need::Login, routes!(aftersale::submit))
        .sensitive("F-ORDER-REFUND", Need::Login, routes!(aftersale::cancel))
        .shop("F-ADDR-EXPRESS", Need::Login, routes!(express::query))
        // The payment provider; its signature is its log-in.
        .shop("F-ORDER-PREPAY", Need::Open, routes!(pay_notify::pay_notify))
        // Staff.
        .may("A-ORDER-LIST A-ORDER-SEARCH", "admin:order:list", [MALL, ORDERS, "Query"], routes!(staff_order::list::list))
        .may("A-ORDER-DETAIL", "admin:order:read", [MALL, ORDERS, "Detail"], routes!(staff_order::detail))
        .may("A-ORDER-EDIT", "admin:order:update", [MALL, ORDERS, "Edit"], routes!(staff_order::act::update))
        .may("A-ORDER-REFUND", "admin:order:refund", [MALL, ORDERS, "Refund"], routes!(staff_order::act::refund))
        .may("A-ORDER-SHIP", "admin:order:ship", [MALL, ORDERS, "Ship"], routes!(staff_order::act::ship))
        .may("A-ORDER-PAY", "admin:order:pay", [MALL, ORDERS, "Offline payment"], routes!(staff_order::act::pay))
        .may("A-ORDER-DELETE", "admin:order:delete", [MALL, ORDERS, "Delete"], routes!(staff_order::act::delete))
        .may("A-COMMENT-REPLY", "admin:order:reply", [MALL, ORDERS, "Reply to review"], routes!(staff_order::act::reply))
        .staff("A-ORDER-SHIP", Need::Login, Kind::Ordinary, routes!(staff_order::channel))
        .may("A-AFTERSALE", "admin:aftersale:list", [MALL, AFTERSALES, "Query"], routes!(staff_aftersale::list))
        .may("A-AFTERSALE", "admin:aftersale:recept", [MALL, AFTERSALES, "Accept"], routes!(staff_aftersale::recept))
        .may("A-AFTERSALE", "admin:aftersale:batch-recept", [MALL, AFTERSALES, "Batch accept"], routes!(staff_aftersale::batch_recept))
        .may("A-AFTERSALE", "admin:aftersale:reject", [MALL, AFTERSALES, "Reject"], routes!(staff_aftersale::reject))
        .may("A-AFTERSALE", "admin:aftersale:batch-reject", [MALL, AFTERSALES, "Batch reject"], routes!(staff_aftersale::batch_reject))
        .may("A-AFTERSALE", "admin:aftersale:refund", [MALL, AFTERSALES, "Refund"], routes!(staff_aftersale::refund))
}
