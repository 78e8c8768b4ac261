//! A shopper's orders.

// Making one of a cart.
pub mod submit;
// Paying it.
pub mod pay;
// The buttons that change its state.
pub mod act;
// Reviewing what came.
pub mod review;

use crate::envelope::{Answer, Envelope, Money, Nothing, Page, Reply};
use crate::error::{Failure, ORDER_UNKNOWN};
use crate::extract::{Query, Shopper};
use crate::orders::tracking;
use crate::provider::courier::Parcel;
use crate::routes::order_entity::{ExpressInfo, HandleOption, OrderGoods, status_text, texts};
use crate::state::App;
use crate::store::order::{self, LineRow, OrderRow};
use axum::extract::State;
use contract::ledger::order_status::{PAID, RECEIVED, SHIPPED, UNPAID};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::ToSchema;

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
    express_info: Express,
}

/// Courier tracking of a shipped order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Express {
    /// What is known.
    Known(ExpressInfo),
    /// An empty list where there is none.
    None(Vec<Nothing>),
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
        express_info: match express_info(&app, &order).await {
            Some(known) => Express::Known(known),
            None => Express::None(Vec::new()),
        },
        order_info: order_info(&app, order),
        order_goods: lines.into_iter().map(|line| OrderGoods::show(line, app.zone)).collect(),
    }))
}

/// Where a shipped order is, if tracking is set up and knows.
pub(super) async fn express_info(app: &App, order: &OrderRow) -> Option<ExpressInfo> {
    let parcel = parcel(order).filter(|_| order.status == SHIPPED)?;
    let track = tracking::track_if_possible(app, &parcel).await?;
    Some(ExpressInfo::show(parcel, track, &app.config.courier))
}

/// The parcel of an order that was sent.
pub fn parcel(order: &OrderRow) -> Option<Parcel> {
    let (channel, number) = (order.ship_channel.clone()?, order.ship_sn.clone()?);
    (!channel.is_empty() && !number.is_empty()).then_some(Parcel {
        channel,
        number,
        shipped_at: order.shipped_at,
    })
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
        exp_name: order
            .ship_channel
            .as_deref()
            .map(|code| app.config.courier.name_of(code).unwrap_or(code).to_owned()),
        exp_code: order.ship_channel,
        exp_no: order.ship_sn,
        order_sn: order.order_sn,
        message: order.message,
        consignee: order.consignee,
        mobile: order.mobile,
        address: order.address,
    }
}
