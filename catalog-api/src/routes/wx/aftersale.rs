//! A shopper's after-sales.

use crate::envelope::{Answer, Envelope, Money, Nothing, Page, Reply};
use crate::error::{Failure, Refusal};
use crate::extract::{Entity, Query, Shopper};
use crate::orders::aftersales::{self, Request};
use crate::routes::aftersale_entity::Aftersale;
use crate::routes::order_entity::{Order, OrderGoods};
use crate::state::App;
use crate::store::aftersale::{self, Filter};
use crate::store::{order, order_desk};
use axum::extract::State;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// An after-sale in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AftersaleItem {
    aftersale: Aftersale,
    goods_list: Vec<OrderGoods>,
}

/// The after-sale of an order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AftersaleDetail {
    /// Left out when there is none.
    aftersale: Option<Aftersale>,
    order: Order,
    order_goods: Vec<OrderGoods>,
}

/// What asking for one sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct AftersaleForm {
    order_id: u64,
    /// 0 goods never came, 1 goods stay, 2 goods come back
    #[schema(rename = "type")]
    kind: u8,
    amount: Money,
    reason: String,
    pictures: Option<Vec<String>>,
    comment: Option<String>,
}

/// What calls about one after-sale send.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct AftersaleId {
    id: u64,
}

/// Own after-sales in a state; an empty `status` means all. Failures: 402, 501.
#[utoipa::path(get, path = "/wx/aftersale/list", tag = "shop: after-sale",
    params(("status" = String, Query), ("page" = Option<i64>, Query), ("limit" = Option<i64>, Query),
        ("sort" = Option<String>, Query), ("order" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<AftersaleItem>>)),
    security(("shopper" = []), ("bearer" = [])))]
pub async fn list(
    State(app): State<Arc<App>>,
    query: Query,
    shopper: Result<Shopper, Failure>,
) -> Answer<Page<AftersaleItem>> {
    let listing = query.listing()?;
    if !query.has("status") {
        return Err(Refusal::wrong_because("status", "is missing").into());
    }
    let status = query.int("status")?;
    let filter = Filter { owner: Some(shopper?.id), status, ..Filter::default() };
    let rows = listing.rows(aftersale::count(&app.db, &filter).await?)?;
    let found = aftersale::list(&app.db, &filter, listing, rows).await?;
    let ids: Vec<u64> = found.iter().map(|row| row.order_id).collect();
    let mut lines: HashMap<u64, Vec<OrderGoods>> = HashMap::new();
    for line in order::lines(&app.db, &ids).await? {
        lines.entry(line.order_id).or_default().push(OrderGoods::show(line, app.zone));
    }
    let items = found.into_iter().map(|row| AftersaleItem {
        goods_list: lines.remove(&row.order_id).unwrap_or_default(),
        aftersale: Aftersale::show(row, app.zone),
    });
    Ok(Reply::data(rows.page(items.collect())))
}

/// The after-sale of an own order. Failures: 402 not own, 501.
#[utoipa::path(get, path = "/wx/aftersale/detail", tag = "shop: after-sale", params(("orderId" = i64, Query)),
    responses((status = 200, body = Envelope<AftersaleDetail>)),
    security(("shopper" = []), ("bearer" = [])))]
pub async fn detail(
    State(app): State<Arc<App>>,
    query: Query,
    shopper: Result<Shopper, Failure>,
) -> Answer<AftersaleDetail> {
    let id = query.required_id("orderId")?;
    let found = order_desk::find_own(&app.db, id, shopper?.id).await?;
    let row = found.ok_or_else(|| Refusal::wrong("orderId"))?;
    let lines = order::lines(&app.db, &[row.id]).await?;
    let aftersale = aftersale::of_order(&app.db, row.id).await?;
    Ok(Reply::data(AftersaleDetail {
        aftersale: aftersale.map(|row| Aftersale::show(row, app.zone)),
        order: Order::show(row, app.zone),
        order_goods: lines.into_iter().map(|line| OrderGoods::show(line, app.zone)).collect(),
    }))
}

/// Characters of a reason and of a remark at most, and pictures, as the columns have them.
const REASON_CHARS_MAX: usize = 31;
const COMMENT_CHARS_MAX: usize = 511;
const PICTURES_MAX: usize = 9;

/// Ask for money back after an order was received. Failures: 402, 501, 401 missing, 402 not own, 750, 751
/// amount or accepted before.
#[utoipa::path(post, path = "/wx/aftersale/submit", tag = "shop: after-sale", request_body = AftersaleForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn submit(
    State(app): State<Arc<App>>,
    shopper: Result<Shopper, Failure>,
    body: Entity,
) -> Answer<Nothing> {
    let (kind, amount) = (body.int("type")?, cents(&body)?);
    let reason = body.text_within("reason", REASON_CHARS_MAX)?;
    let order_id = body.int("orderId")?;
    let comment = body.text_within("comment", COMMENT_CHARS_MAX)?.unwrap_or_default();
    let pictures = body.links("pictures")?.unwrap_or_default();
    if pictures.len() > PICTURES_MAX {
        return Err(Refusal::wrong("pictures").into());
    }
    let owner = shopper?.id;
    let missing = Refusal::missing;
    let kind = kind.ok_or_else(|| missing("type"))?;
    let amount = amount.ok_or_else(|| missing("amount"))?;
    let reason = reason.filter(|reason| !reason.trim().is_empty()).ok_or_else(|| missing("reason"))?;
    let order_id = order_id.ok_or_else(|| missing("orderId"))?;
    let kind = u8::try_from(kind).ok().filter(|kind| *kind <= 2).ok_or_else(|| Refusal::wrong("type"))?;
    if amount.0 < 0 {
        return Err(Refusal::wrong("amount").into());
    }
    let order_id = u64::try_from(order_id).unwrap_or(0);
    let request = Request { order_id, kind, amount, reason, pictures, comment };
    aftersales::submit(&app, owner, &request).await?;
    Ok(Reply::done())
}

/// The amount. A client computes it by subtracting floats, so what comes has to be rounded first.
fn cents(body: &Entity) -> Result<Option<Money>, Refusal> {
    match body.money("amount") {
        Err(refusal) => match body.float("amount") {
            Some(amount) => Money::nearest(amount).map(Some).ok_or(refusal),
            None => Err(refusal),
        },
        exact => exact,
    }
}

/// Withdraw an own request that nobody has looked at. Failures: 402, 501, 401 missing or not own, 750, 752.
#[utoipa::path(post, path = "/wx/aftersale/cancel", tag = "shop: after-sale", request_body = AftersaleId,
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn cancel(
    State(app): State<Arc<App>>,
    shopper: Result<Shopper, Failure>,
    body: Entity,
) -> Answer<Nothing> {
    let id = body.int("id")?;
    let owner = shopper?.id;
    let id = id.ok_or_else(|| Refusal::missing("id"))?;
    aftersales::cancel(&app, u64::try_from(id).unwrap_or(0), owner).await?;
    Ok(Reply::done())
}
