//! Flash sales, for staff; buyers meet them at the engine.

use super::Table;
use crate::routes::admin::{coupon_seckill, seckill};
use utoipa_axum::routes;

const PROMOTION: &str = "Promotion";
const SALES: &str = "Flash sales";
const COUPON_SALES: &str = "Coupon flash sales";

#[rustfmt::skip]
pub(super) fn routes(table: Table) -> Table {
    table
        // Flash sales.
        .may("A-SECK-LIST A-SECK-SEARCH", "admin:seckill:list", [PROMOTION, SALES, "Query"], routes!(seckill::list))
        .may("A-SECK-LIST", "admin:seckill:read", [PROMOTION, SALES, "Detail"], routes!(seckill::read))
        .may("A-SECK-ADD", "admin:seckill:create", [PROMOTION, SALES, "Add"], routes!(seckill::create))
        .may("A-SECK-EDIT", "admin:seckill:update", [PROMOTION, SALES, "Edit"], routes!(seckill::update))
        .may("A-SECK-DELETE", "admin:seckill:delete", [PROMOTION, SALES, "Delete"], routes!(seckill::delete))
        .may("A-SECK-FORCE", "admin:seckill:force-start", [PROMOTION, SALES, "Start now"], routes!(seckill::force_start))
        .may("A-SECK-EDIT", "admin:seckill:close", [PROMOTION, SALES, "Close"], routes!(seckill::close))
        .may("A-SECK-LIST", "admin:seckill:read", [PROMOTION, SALES, "Books"], routes!(seckill::books))
        .may("A-SECK-LIST", "admin:seckill:read", [PROMOTION, SALES, "Board"], routes!(seckill::board))
        // Coupon flash sales.
        .may("A-CSECK-LIST A-CSECK-SEARCH", "admin:coupon-seckill:list", [PROMOTION, COUPON_SALES, "Query"], routes!(coupon_seckill::list))
        .may("A-CSECK-LIST", "admin:coupon-seckill:read", [PROMOTION, COUPON_SALES, "Detail"], routes!(coupon_seckill::read))
        .may("A-CSECK-ADD", "admin:coupon-seckill:create", [PROMOTION, COUPON_SALES, "Add"], routes!(coupon_seckill::create))
        .may("A-CSECK-EDIT", "admin:coupon-seckill:update", [PROMOTION, COUPON_SALES, "Edit"], routes!(coupon_seckill::update))
        .may("A-CSECK-DELETE", "admin:coupon-seckill:delete", [PROMOTION, COUPON_SALES, "Delete"], routes!(coupon_seckill::delete))
        .may("A-CSECK-FORCE", "admin:coupon-seckill:force-start", [PROMOTION, COUPON_SALES, "Start now"], routes!(coupon_seckill::force_start))
        .may("A-CSECK-EDIT", "admin:coupon-seckill:close", [PROMOTION, COUPON_SALES, "Close"], routes!(coupon_seckill::close))
        .may("A-CSECK-LIST", "admin:coupon-seckill:read", [PROMOTION, COUPON_SALES, "Books"], routes!(coupon_seckill::books))
}
