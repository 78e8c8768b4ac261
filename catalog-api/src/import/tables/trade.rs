//! Orders, and what stands before and behind them.

use super::super::draft::Draft;
use super::super::table::{
    ADDED, DELETED, Deleted, Kind, Stays, Subject, Table, Then, UPDATED, column, same, seen, soft, table,
    unique,
};
use crate::store::import::Value;
use crate::store::litemall::Sameness::{Exact, Numbers, Words};
use crate::store::payment::{APPLIED, OFFLINE};

/// Coupons. What was claimed of them is counted when the claims are in.
pub(super) const COUPON: Table = Table {
    subject: Some(Subject::Coupon),
    unique: &[unique(&["code"], Words, true)],
    ..table(
        "litemall_coupon",
        "coupon",
        &[
            same("name", Kind::Text),
            column("desc", "description", Kind::Text),
            same("tag", Kind::Text),
            same("total", Kind::Int(0, i32::MAX as i64, 0)),
            column("discount", "discount_minor", Kind::Money),
            column("min", "min_minor", Kind::Money),
            column("limit", "per_user_limit", Kind::Int(-32_768, 32_767, 1)),
            column("type", "kind", Kind::Int(0, 2, 0)),
            same("status", Kind::Int(0, 2, 0)),
            column("goods_type", "goods_scope", Kind::Int(0, 2, 0)),
            column("goods_value", "goods_scope_ids", Kind::Ids),
            same("code", Kind::TextOrNull),
            column("time_type", "time_kind", Kind::Int(0, 1, 0)),
            same("days", Kind::Int(0, 65_535, 0)),
            column("start_time", "starts_at", Kind::Time),
            column("end_time", "ends_at", Kind::Time),
            ADDED,
            UPDATED,
            DELETED,
        ],
    )
};

/// Coupons shoppers hold.
pub(super) const COUPON_USER: Table = Table {
    then: Then::CountClaims,
    ..table(
        "litemall_coupon_user",
        "coupon_user",
        &[
            same("user_id", Kind::Of(Subject::User)),
            same("coupon_id", Kind::Of(Subject::Coupon)),
            same("status", Kind::Int(0, 3, 0)),
            column("used_time", "used_at", Kind::Time),
            column("start_time", "starts_at", Kind::Time),
            column("end_time", "ends_at", Kind::Time),
            same("order_id", Kind::IdOrNull),
            ADDED,
            UPDATED,
            DELETED,
        ],
    )
};

/// Orders. One whose buyer is not there comes along: it is money that came in.
pub(super) const ORDER: Table = Table {
    subject: Some(Subject::Order),
    unique: &[unique(&["order_sn"], Exact, false), soft(&["pay_id"], Words, false)],
    more: Some((&["pay_by"], order)),
    beside: Some((
        "payment",
        &["order_id", "provider", "transaction_id", "amount_minor", "outcome", "paid_at"],
    )),
    then: Then::Recount,
    ..table(
        "litemall_order",
        "orders",
        &[
            same("user_id", Kind::Id),
            same("order_sn", Kind::Name),
            column("order_status", "status", Kind::Int(0, 999, 0)),
            same("aftersale_status", Kind::Int(0, 5, 0)),
            same("consignee", Kind::Text),
            same("mobile", Kind::Text),
            same("address", Kind::Text),
            same("message", Kind::Text),
            column("goods_price", "goods_minor", Kind::Money),
            column("freight_price", "freight_minor", Kind::Money),
            column("coupon_price", "coupon_minor", Kind::Money),
            column("integral_price", "integral_minor", Kind::AnyMoney),
            column("groupon_price", "groupon_minor", Kind::AnyMoney),
            column("order_price", "order_minor", Kind::Money),
            column("actual_price", "actual_minor", Kind::Money),
            same("pay_id", Kind::TextOrNull),
            column("pay_time", "paid_at", Kind::Time),
            same("ship_sn", Kind::TextOrNull),
            same("ship_channel", Kind::TextOrNull),
            column("ship_time", "shipped_at", Kind::Time),
            column("refund_amount", "refund_minor", Kind::MoneyOrNull),
            same("refund_type", Kind::TextOrNull),
            same("refund_content", Kind::TextOrNull),
            column("refund_time", "refunded_at", Kind::Time),
            column("confirm_time", "confirmed_at", Kind::Time),
            same("comments", Kind::Int(-32_768, 32_767, 0)),
            column("end_time", "ended_at", Kind::Time),
            ADDED,
            UPDATED,
            DELETED,
        ],
    )
};

/// States our books know.
const STATES: &[i64] = &[101, 102, 103, 104, 201, 202, 203, 204, 301, 401, 402];
/// States in which money has come and not gone back.
const PAID: &[i64] = &[201, 202, 204, 301, 401, 402];
/// Who took the money of an order with a number of the payment platform.
const WECHAT: &str = "wechat";

fn order(draft: &mut Draft<'_>) -> Result<(), Stays> {
    let status = draft.number("order_status").unwrap_or(0);
    if !STATES.contains(&status) {
        return Err(Stays::LeftOut(format!("order_status: {status} is no state of an order here")));
    }
    let added = draft.made("added_at").cloned().unwrap_or(Value::Null);
    let Value::Time(added) = added else { return Err(Stays::LeftOut("add_time: is needed".to_owned())) };
    let wait = chrono::Duration::minutes(draft.law.unpaid_minutes);
    draft.values.push(Value::Time(added.checked_add_signed(wait).unwrap_or(added)));
    payment(draft, status, added);
    Ok(())
}

/// The payment of a paid order, so that its money can go back: by the platform that took it, or by hand.
fn payment(draft: &mut Draft<'_>, status: i64, added: chrono::NaiveDateTime) {
    let amount = draft.made("actual_minor").cloned();
    let Some(Value::Int(amount)) = amount.filter(|_| PAID.contains(&status)) else { return };
    if amount == 0 {
        return;
    }
    let paid_at = match draft.made("paid_at") {
        Some(Value::Time(paid)) => *paid,
        _ => added,
    };
    let (provider, transaction) = match draft.made("pay_id").cloned() {
        Some(Value::Text(number)) if number.is_ascii() => (WECHAT, number),
        _ => (OFFLINE, draft.cell("order_sn").unwrap_or_default().to_owned()),
    };
    draft.beside = Some(vec![
        Value::Int(draft.id().cast_signed()),
        Value::Text(provider.to_owned()),
        Value::Text(transaction),
        Value::Int(amount),
        Value::Int(i64::from(APPLIED)),
        Value::Time(paid_at),
    ]);
}

/// Lines of orders. What they sold need not be there any more: they have copies.
pub(super) const ORDER_GOODS: Table = Table {
    then: Then::Recount,
    ..table(
        "litemall_order_goods",
        "order_goods",
        &[
            same("order_id", Kind::Of(Subject::Order)),
            same("goods_id", Kind::Id),
            same("goods_name", Kind::Text),
            same("goods_sn", Kind::Text),
            column("product_id", "sku_id", Kind::Id),
            column("number", "quantity", Kind::Int(1, i32::MAX as i64, 0)),
            column("price", "price_minor", Kind::Money),
            same("specifications", Kind::Strings),
            same("pic_url", Kind::Text),
            column("comment", "comment_id", Kind::Int(-1, i64::MAX, 0)),
            ADDED,
            UPDATED,
            DELETED,
        ],
    )
};

/// After-sales.
pub(super) const AFTERSALE: Table = Table {
    unique: &[unique(&["aftersale_sn"], Exact, false), unique(&["order_id"], Numbers, true)],
    ..table(
        "litemall_aftersale",
        "aftersale",
        &[
            same("aftersale_sn", Kind::Name),
            same("order_id", Kind::Of(Subject::Order)),
            same("user_id", Kind::Id),
            column("type", "kind", Kind::Int(0, 2, 0)),
            same("reason", Kind::Text),
            column("amount", "amount_minor", Kind::Money),
            same("pictures", Kind::Strings),
            same("comment", Kind::Text),
            same("status", Kind::Int(1, 5, 0)),
            column("handle_time", "handled_at", Kind::Time),
            ADDED,
            UPDATED,
            DELETED,
        ],
    )
};

/// Offers of group buying. One that has no end would never end here, so that it stays.
pub(super) const GROUPON_RULES: Table = Table {
    subject: Some(Subject::GrouponRule),
    then: Then::AskExpiries,
    ..table(
        "litemall_groupon_rules",
        "groupon_rule",
        &[
            same("goods_id", Kind::Of(Subject::Goods)),
            same("goods_name", Kind::Text),
            same("pic_url", Kind::Text),
            column("discount", "discount_minor", Kind::Money),
            column("discount_member", "members", Kind::Int(2, u32::MAX as i64, 0)),
            column("expire_time", "expires_at", Kind::TimeNeeded),
            same("status", Kind::Int(0, 2, 0)),
            ADDED,
            UPDATED,
            DELETED,
        ],
    )
};

/// Who takes part in a group.
pub(super) const GROUPON: Table = Table {
    subject: Some(Subject::Groupon),
    unique: &[unique(&["order_id"], Numbers, false)],
    ..table(
        "litemall_groupon",
        "groupon",
        &[
            same("order_id", Kind::Of(Subject::Order)),
            same("groupon_id", Kind::OfEarlier(Subject::Groupon)),
            column("rules_id", "rule_id", Kind::Of(Subject::GrouponRule)),
            same("user_id", Kind::Id),
            same("share_url", Kind::Text),
            same("creator_user_id", Kind::Id),
            column("creator_user_time", "creator_user_at", Kind::Time),
            same("status", Kind::Int(0, 3, 0)),
            ADDED,
            UPDATED,
            DELETED,
        ],
    )
};

/// Carts. What was ordered or taken out is a deleted row there and none here.
pub(super) const CART: Table = Table {
    deleted: Deleted::Dropped,
    unique: &[unique(&["user_id", "product_id"], Numbers, true)],
    ..table(
        "litemall_cart",
        "cart",
        &[
            same("user_id", Kind::OfLiving(Subject::User)),
            same("goods_id", Kind::Of(Subject::Goods)),
            column("product_id", "sku_id", Kind::Of(Subject::Sku)),
            same("goods_sn", Kind::Text),
            same("goods_name", Kind::Text),
            column("price", "price_minor", Kind::Money),
            column("number", "quantity", Kind::Int(1, 32_767, 0)),
            same("specifications", Kind::Strings),
            same("checked", Kind::Flag(true)),
            same("pic_url", Kind::Text),
            ADDED,
            UPDATED,
            seen("deleted", Kind::SeenNumber),
        ],
    )
};
