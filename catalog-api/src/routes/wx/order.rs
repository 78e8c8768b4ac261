//! A shopper's orders.

use crate::envelope::{Answer, Envelope, Money, Nothing, Page, Reply};
use crate::error::{Failure, ORDER_UNKNOWN, Refusal};
use crate::extract::loose::ShopperLoose;
use crate::extract::{Query, Shopper};
use crate::orders;
use crate::provider::pay::PaymentCall;
use crate::state::App;
use crate::store::order::{self, LineRow, OrderRow};
use axum::extract::State;
use contract::ledger::order_status::{PAID, RECEIVED, SHIPPED, UNPAID};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// Which buttons an order has; all eight are always there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct HandleOption {
    cancel: bool,
    delete: bool,
    pay: bool,
    comment: bool,
    confirm: bool,
    refund: bool,
    rebuy: bool,
    aftersale: bool,
}

impl HandleOption {
    pub(crate) fn of(status: u16) -> Self {
        let none = Self::default();
        match status {
            101 => Self { cancel: true, pay: true, ..none },
            102 | 103 | 203 => Self { delete: true, ..none },
            201 => Self { refund: true, ..none },
            301 => Self { confirm: true, ..none },
            401 | 402 => Self { delete: true, comment: true, rebuy: true, aftersale: true, ..none },
            _ => none,
        }
    }
}

pub(crate) fn status_text(status: u16) -> &'static str {
    match status {
        101 => "unpaid",
        102 => "cancelled",
        103 => "cancelled (system)",
        104 => "cancelled (shop)",
        201 => "paid",
        202 => "cancelled, refund pending",
        203 => "refunded",
        204 => "group purchase timed out",
        301 => "shipped",
        401 => "received",
        402 => "received (system)",
        _ => "unknown",
    }
}

/// An order in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderBrief {
    id: u64,
    order_sn: String,
    actual_price: Money,
    order_status_text: &'static str,
    handle_option: HandleOption,
    aftersale_status: u8,
    /// The clients know it by this spelling.
    is_groupin: bool,
    goods_list: Vec<LineBrief>,
}

/// A line of an order in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineBrief {
    id: u64,
    goods_name: String,
    number: i32,
    pic_url: String,
    specifications: Vec<String>,
    price: Money,
}

/// An order with its lines.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderDetail {
    order_info: OrderInfo,
    order_goods: Vec<OrderGoods>,
    /// Courier tracking; an empty list where there is none.
    express_info: Vec<Nothing>,
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderInfo {
    id: u64,
    order_sn: String,
    message: String,
    add_time: String,
    consignee: String,
    mobile: String,
    address: String,
    goods_price: Money,
    coupon_price: Money,
    freight_price: Money,
    actual_price: Money,
    order_status_text: &'static str,
    handle_option: HandleOption,
    aftersale_status: u8,
    /// Last moment to pay; left out once nothing is to be paid.
    pay_by: Option<String>,
    exp_code: Option<String>,
    exp_name: Option<String>,
    exp_no: Option<String>,
}

/// A line of an order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderGoods {
    id: u64,
    order_id: u64,
    goods_id: u64,
    goods_name: String,
    goods_sn: String,
    product_id: u64,
    number: i32,
    price: Money,
    specifications: Vec<String>,
    pic_url: String,
    comment: i64,
    add_time: String,
    update_time: String,
    deleted: bool,
}

/// What calls about one order send.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct OrderForm {
    order_id: u64,
}

/// Own orders: `showType` 0 all, 1 unpaid, 2 paid, 3 shipped, 4 received. Failures: 402, 501.
#[utoipa::path(get, path = "/wx/order/list", tag = "shop: orders",
    params(("showType" = Option<i64>, Query), ("page" = Option<i64>, Query), ("limit" = Option<i64>, Query),
        ("sort" = Option<String>, Query), ("order" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<OrderBrief>>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn list(
    State(app): State<Arc<App>>,
    query: Query,
    shopper: Result<Shopper, Failure>,
) -> Answer<Page<OrderBrief>> {
    let listing = query.listing()?;
    let status = match query.int("showType")?.unwrap_or(0) {
        1 => Some(UNPAID),
        2 => Some(PAID),
        3 => Some(SHIPPED),
        4 => Some(RECEIVED),
        _ => None,
    };
    let owner = shopper?.id;
    let rows = listing.rows(order::count(&app.db, owner, status).await?)?;
    let orders = order::list(&app.db, owner, status, listing, rows).await?;
    let ids: Vec<u64> = orders.iter().map(|order| order.id).collect();
    let mut lines: HashMap<u64, Vec<LineBrief>> = HashMap::new();
    for line in order::lines(&app.db, &ids).await? {
        lines.entry(line.order_id).or_default().push(line_brief(line));
    }
    let list = orders.into_iter().map(|order| brief(&mut lines, order)).collect();
    Ok(Reply::data(rows.page(list)))
}

fn brief(lines: &mut HashMap<u64, Vec<LineBrief>>, order: OrderRow) -> OrderBrief {
    OrderBrief {
        goods_list: lines.remove(&order.id).unwrap_or_default(),
        id: order.id,
        actual_price: Money(order.actual_minor),
        order_status_text: status_text(order.status),
        handle_option: HandleOption::of(order.status),
        aftersale_status: order.aftersale_status,
        is_groupin: order.groupon_minor > 0,
        order_sn: order.order_sn,
    }
}

fn line_brief(line: LineRow) -> LineBrief {
    LineBrief {
        id: line.id,
        number: line.quantity,
        specifications: texts(&line.specifications),
        price: Money(line.price_minor),
        goods_name: line.goods_name,
        pic_url: line.pic_url,
    }
}

/// A JSON array of text; always an array, because the clients join it.
fn texts(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

/// One own order. Failures: 402, 501, 720 not found or not own.
#[utoipa::path(get, path = "/wx/order/detail", tag = "shop: orders", params(("orderId" = i64, Query)),
    responses((status = 200, body = Envelope<OrderDetail>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn detail(
    State(app): State<Arc<App>>,
    query: Query,
    shopper: Result<Shopper, Failure>,
) -> Answer<OrderDetail> {
    let id = query.required_id("orderId")?;
    let order = order::find(&app.db, id, shopper?.id).await?.ok_or(ORDER_UNKNOWN)?;
    let lines = order::lines(&app.db, &[order.id]).await?;
    Ok(Reply::data(OrderDetail {
        order_info: order_info(&app, order),
        order_goods: lines.into_iter().map(|line| order_goods(&app, line)).collect(),
        express_info: Vec::new(),
    }))
}

fn order_info(app: &App, order: OrderRow) -> OrderInfo {
    OrderInfo {
        id: order.id,
        add_time: app.zone.show(order.added_at),
        goods_price: Money(order.goods_minor),
        coupon_price: Money(order.coupon_minor),
        freight_price: Money(order.freight_minor),
        actual_price: Money(order.actual_minor),
        order_status_text: status_text(order.status),
        handle_option: HandleOption::of(order.status),
        aftersale_status: order.aftersale_status,
        pay_by: (order.status == UNPAID).then(|| app.zone.show(order.pay_by)),
        exp_name: order.ship_channel.clone(),
        exp_code: order.ship_channel,
        exp_no: order.ship_sn,
        order_sn: order.order_sn,
        message: order.message,
        consignee: order.consignee,
        mobile: order.mobile,
        address: order.address,
    }
}

fn order_goods(app: &App, line: LineRow) -> OrderGoods {
    OrderGoods {
        id: line.id,
        order_id: line.order_id,
        goods_id: line.goods_id,
        product_id: line.sku_id,
        number: line.quantity,
        price: Money(line.price_minor),
        specifications: texts(&line.specifications),
        comment: line.comment_id,
        add_time: app.zone.show(line.added_at),
        update_time: app.zone.show(line.updated_at),
        deleted: false,
        goods_name: line.goods_name,
        goods_sn: line.goods_sn,
        pic_url: line.pic_url,
    }
}

/// Cancel an own unpaid order. Failures: 401, 501, 402 not own, 725.
#[utoipa::path(post, path = "/wx/order/cancel", tag = "shop: orders", request_body = OrderForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn cancel(
    State(app): State<Arc<App>>,
    ShopperLoose(shopper, body): ShopperLoose,
) -> Answer<Nothing> {
    let id = body.id("orderId").ok_or_else(|| Refusal::missing("orderId"))?;
    orders::cancel(&app, id, shopper.id).await?;
    Ok(Reply::done())
}

/// Prepare the payment inside WeChat. Failures: 401, 501, 402 not own, 725, 708, 724.
#[utoipa::path(post, path = "/wx/order/prepay", tag = "shop: orders", request_body = OrderForm,
    responses((status = 200, body = Envelope<PaymentCall>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn prepay(
    State(app): State<Arc<App>>,
    ShopperLoose(shopper, body): ShopperLoose,
) -> Answer<PaymentCall> {
    let id = body.id("orderId").ok_or_else(|| Refusal::missing("orderId"))?;
    Ok(Reply::data(orders::prepay(&app, id, shopper.id).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buttons_follow_the_table() {
        let shown = |status| {
            let Ok(serde_json::Value::Object(options)) = serde_json::to_value(HandleOption::of(status))
            else {
                panic!("an object")
            };
            assert_eq!(options.len(), 8);
            options.into_iter().filter(|(_, on)| *on == true).map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(shown(101), ["cancel", "pay"]);
        assert_eq!(shown(103), ["delete"]);
        assert_eq!(shown(201), ["refund"]);
        assert_eq!(shown(202), Vec::<String>::new());
        assert_eq!(shown(301), ["confirm"]);
        assert_eq!(shown(401), ["aftersale", "comment", "delete", "rebuy"]);
    }
}
