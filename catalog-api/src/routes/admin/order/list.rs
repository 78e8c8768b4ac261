//! The list of orders, on a page and as a file for spreadsheets.

use crate::envelope::{Envelope, Money, Page, Reply, Zone};
use crate::error::{Failure, Refusal};
use crate::export::{self, BATCH, Batch, Line};
use crate::extract::Query;
use crate::orders::total;
use crate::replica;
use crate::routes::order_entity::{status_text, texts};
use crate::state::App;
use crate::store::order::{self, LineRow};
use crate::store::order_desk::{self, Filter, Listed};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sqlx::MySqlPool;
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// An order in the list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderRow {
    id: u64,
    order_sn: String,
    order_status: u16,
    aftersale_status: u8,
    actual_price: Money,
    integral_price: Money,
    freight_price: Money,
    order_price: Money,
    add_time: String,
    user_id: u64,
    user_name: String,
    user_avatar: String,
    consignee: String,
    address: String,
    mobile: String,
    ship_channel: Option<String>,
    ship_sn: Option<String>,
    message: String,
    pay_time: Option<String>,
    goods_vo_list: Vec<LineVo>,
}

/// A line of an order in the list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineVo {
    id: u64,
    goods_name: String,
    pic_url: String,
    goods_id: u64,
    product_id: u64,
    specifications: Vec<String>,
    number: i32,
    price: Money,
}

/// Orders; with `export=csv` all that match, as a file. Failures: 402.
#[utoipa::path(get, path = "/admin/order/list", tag = "staff: orders",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("nickname" = Option<String>, Query),
        ("consignee" = Option<String>, Query), ("orderSn" = Option<String>, Query),
        ("start" = Option<String>, Query), ("end" = Option<String>, Query),
        ("orderStatusArray" = Option<Vec<i64>>, Query), ("export" = Option<String>, Query)),
    responses((status = 200, content((Envelope<Page<OrderRow>> = "application/json"), (String = "text/csv")))),
    security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Result<Response, Failure> {
    let listing = query.listing()?;
    let filter = filter(&query, app.zone)?;
    match query.text("export") {
        None => {}
        Some("csv") => return Ok(file(app, filter)),
        Some(_) => return Err(Refusal::wrong("export").into()),
    }
    let rows = listing.rows(total::count(&app, &filter).await?)?;
    let found = order_desk::list(&app.db, &filter, listing, rows).await?;
    let mut lines = lines_of(&app.db, &found).await?;
    let list = found.into_iter().map(|order| shown(order, &mut lines, app.zone)).collect();
    Ok(Reply::data(rows.page(list)).into_response())
}

/// Characters of a text to look for at most: longer than any that is stored.
const TEXT_CHARS_MAX: usize = 127;

fn filter(query: &Query, zone: Zone) -> Result<Filter, Refusal> {
    let text = |name: &str| Ok(query.text_within(name, TEXT_CHARS_MAX)?.map(str::to_owned));
    Ok(Filter {
        nickname: text("nickname")?,
        consignee: text("consignee")?,
        order_sn: text("orderSn")?,
        start: query.time("start", zone)?,
        end: query.time("end", zone)?,
        statuses: query.ints("orderStatusArray")?,
    })
}

async fn lines_of(db: &MySqlPool, orders: &[Listed]) -> Result<HashMap<u64, Vec<LineRow>>, Failure> {
    let ids: Vec<u64> = orders.iter().map(|order| order.id).collect();
    let mut lines: HashMap<u64, Vec<LineRow>> = HashMap::new();
    for line in order::lines(db, &ids).await? {
        lines.entry(line.order_id).or_default().push(line);
    }
    Ok(lines)
}

fn shown(order: Listed, lines: &mut HashMap<u64, Vec<LineRow>>, zone: Zone) -> OrderRow {
    let line = |line: LineRow| LineVo {
        id: line.id,
        goods_id: line.goods_id,
        product_id: line.sku_id,
        specifications: texts(&line.specifications),
        number: line.quantity,
        price: Money(line.price_minor),
        goods_name: line.goods_name,
        pic_url: line.pic_url,
    };
    OrderRow {
        goods_vo_list: lines.remove(&order.id).unwrap_or_default().into_iter().map(line).collect(),
        id: order.id,
        order_status: order.status,
        aftersale_status: order.aftersale_status,
        actual_price: Money(order.actual_minor),
        integral_price: Money(order.integral_minor),
        freight_price: Money(order.freight_minor),
        order_price: Money(order.order_minor),
        add_time: zone.show(order.added_at),
        pay_time: order.paid_at.map(|time| zone.show(time)),
        user_id: order.user_id,
        order_sn: order.order_sn,
        user_name: order.nickname,
        user_avatar: order.avatar,
        consignee: order.consignee,
        address: order.address,
        mobile: order.mobile,
        ship_channel: order.ship_channel,
        ship_sn: order.ship_sn,
        message: order.message,
    }
}

const HEAD: [&str; 15] = [
    "id",
    "number",
    "placed",
    "status",
    "paid",
    "amount",
    "freight",
    "buyer",
    "recipient",
    "mobile",
    "address",
    "message",
    "courier",
    "tracking number",
    "goods",
];

fn file(app: Arc<App>, filter: Filter) -> Response {
    export::file("orders", &HEAD, move |after| {
        let (app, filter) = (Arc::clone(&app), filter.clone());
        async move {
            // The newest come first; 0 is where the file begins.
            let before = if after == 0 { u64::MAX } else { after };
            let filter = &filter;
            let read = |db: MySqlPool| async move {
                let found = order_desk::before(&db, filter, before, BATCH).await?;
                let lines = lines_of(&db, &found).await?;
                Ok((found, lines))
            };
            let (found, mut lines) = replica::read_recent(&app, read).await?;
            let next = found.last().filter(|_| found.len() == BATCH as usize).map(|order| order.id);
            let lines = found.iter().map(|order| {
                let goods = lines.remove(&order.id).unwrap_or_default();
                line(order, &goods, app.zone)
            });
            Ok(Batch { lines: lines.collect(), next })
        }
    })
}

fn line(order: &Listed, goods: &[LineRow], zone: Zone) -> Line {
    let goods: Vec<String> =
        goods.iter().map(|line| format!("{} x {}", line.goods_name, line.quantity)).collect();
    let time = |time: Option<chrono::NaiveDateTime>| time.map(|time| zone.show(time)).unwrap_or_default();
    Line::default()
        .number(order.id)
        .text(&order.order_sn)
        .text(&zone.show(order.added_at))
        .text(status_text(order.status))
        .text(&time(order.paid_at))
        .number(amount(order.actual_minor))
        .number(amount(order.freight_minor))
        .text(&order.nickname)
        .text(&order.consignee)
        .text(&order.mobile)
        .text(&order.address)
        .text(&order.message)
        .text(order.ship_channel.as_deref().unwrap_or_default())
        .text(order.ship_sn.as_deref().unwrap_or_default())
        .text(&goods.join("; "))
}

fn amount(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}
