//! Before an order: cart, coupons, group buying.

use super::Table;
use crate::permission::Need;
use crate::routes::admin::{coupon as coupon_desk, groupon as groupon_desk};
use crate::routes::wx::{cart, checkout, coupon, groupon};
use utoipa_axum::routes;

const PROMOTION: &str = "Promotion";
const COUPONS: &str = "Coupons";
const GROUPONS: &str = "Groupons";

#[rustfmt::skip]
pub(super) fn routes(table: Table) -> Table {
    table
        // The cart.
        .shop("F-CART-LIST", Need::Login, routes!(cart::index))
        .shop("F-CART-ADD", Need::Login, routes!(cart::add))
        .shop("F-CART-BUYNOW", Need::Login, routes!(cart::fastadd))
        .shop("F-CART-UPDATE", Need::Login, routes!(cart::update))
        .shop("F-CART-CHECK", Need::Login, routes!(cart::checked))
        .shop("F-CART-DELETE", Need::Login, routes!(cart::delete))
        .shop("F-CART-COUNT", Need::Open, routes!(cart::goodscount))
        .shop("F-CART-CHECKOUT", Need::Login, routes!(checkout::checkout))
        // Coupons.
        .shop("F-COUPON-LIST", Need::Open, routes!(coupon::list))
        .shop("F-COUPON-MINE", Need::Login, routes!(coupon::mylist))
        .shop("F-COUPON-USABLE", Need::Login, routes!(coupon::selectlist))
        .shop("F-COUPON-RECEIVE", Need::Login, routes!(coupon::receive))
        .shop("F-COUPON-EXCHANGE", Need::Login, routes!(coupon::exchange))
        .may("A-COUPON-LIST A-COUPON-SEARCH", "admin:coupon:list", [PROMOTION, COUPONS, "Query"], routes!(coupon_desk::list))
        .may("A-COUPON-DETAIL", "admin:coupon:listuser", [PROMOTION, COUPONS, "Query users"], routes!(coupon_desk::listuser))
        .may("A-COUPON-ADD", "admin:coupon:create", [PROMOTION, COUPONS, "Add"], routes!(coupon_desk::create))
        .may("A-COUPON-DETAIL", "admin:coupon:read", [PROMOTION, COUPONS, "Detail"], routes!(coupon_desk::read))
        .may("A-COUPON-EDIT", "admin:coupon:update", [PROMOTION, COUPONS, "Edit"], routes!(coupon_desk::update))
        .may("A-COUPON-DELETE", "admin:coupon:delete", [PROMOTION, COUPONS, "Delete"], routes!(coupon_desk::delete))
        // Group buying. Opening and joining a group is submitting an order.
        .shop("F-GB-LIST F-GB-SEARCH", Need::Open, routes!(groupon::list))
        .shop("F-GB-DETAIL", Need::Login, routes!(groupon::detail))
        .shop("F-GB-JOIN", Need::Open, routes!(groupon::join))
        .shop("F-GB-STARTED F-GB-JOINED", Need::Login, routes!(groupon::my))
        .may("A-GBPART-LIST A-GBPART-SEARCH", "admin:groupon:read", [PROMOTION, GROUPONS, "Detail"], routes!(groupon_desk::list_record))
        .may("A-GBRULE-LIST A-GBRULE-SEARCH", "admin:groupon:list", [PROMOTION, GROUPONS, "Query"], routes!(groupon_desk::list))
        .may("A-GBRULE-EDIT", "admin:groupon:update", [PROMOTION, GROUPONS, "Edit"], routes!(groupon_desk::update))
        .may("A-GBRULE-ADD", "admin:groupon:create", [PROMOTION, GROUPONS, "Add"], routes!(groupon_desk::create))
        .may("A-GBRULE-DELETE", "admin:groupon:delete", [PROMOTION, GROUPONS, "Delete"], routes!(groupon_desk::delete))
}
