//! Reviewing what came.

use crate::envelope::{Answer, Envelope, Nothing, Reply};
use crate::error::{Failure, Refusal};
use crate::extract::loose::ShopperLoose;
use crate::extract::{Loose, Query, Shopper};
use crate::orders::review::{self, Review};
use crate::routes::order_entity::OrderGoods;
use crate::state::App;
use crate::store::comment::{CONTENT_CHARS_MAX, PICTURES_MAX};
use crate::store::order;
use axum::extract::State;
use std::sync::Arc;
use utoipa::ToSchema;

/// What reviewing a line sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct ReviewForm {
    order_goods_id: u64,
    content: Option<String>,
    /// 0 to 5
    star: u8,
    has_picture: Option<bool>,
    pic_urls: Option<Vec<String>>,
}

/// A line of an own order; no data when it is unknown. Failures: 402, 501, 401 somebody else's.
#[utoipa::path(get, path = "/wx/order/goods", tag = "shop: orders", params(("ogid" = i64, Query)),
    responses((status = 200, body = Envelope<OrderGoods>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn goods(
    State(app): State<Arc<App>>,
    query: Query,
    shopper: Result<Shopper, Failure>,
) -> Answer<Option<OrderGoods>> {
    let id = query.required_id("ogid")?;
    let owner = shopper?.id;
    match order::line_and_owner(&app.db, id).await? {
        None => Ok(Reply::data(None)),
        Some((line, of)) if of == owner => Ok(Reply::data(Some(OrderGoods::show(line, app.zone)))),
        Some(_) => Err(Refusal::new(401, "ogid names no line of your orders").into()),
    }
}

/// Review a line of an own received order. Failures: 401, 501, 402 unknown or not own, 725, 727 too late,
/// 726 reviewed before, 402 star.
#[utoipa::path(post, path = "/wx/order/comment", tag = "shop: orders", request_body = ReviewForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn comment(
    State(app): State<Arc<App>>,
    ShopperLoose(shopper, body): ShopperLoose,
) -> Answer<Nothing> {
    let line = body.id("orderGoodsId").ok_or_else(|| Refusal::missing("orderGoodsId"))?;
    let content = body.text("content").unwrap_or_default();
    if content.chars().count() > CONTENT_CHARS_MAX {
        return Err(Refusal::wrong_because("content", "is too long").into());
    }
    let review = Review { line, content, star: body.int("star"), pic_urls: pictures(&body)? };
    review::post(&app, shopper.id, &review).await?;
    Ok(Reply::done())
}

/// The addresses of the pictures; none unless the body says that there are some.
fn pictures(body: &Loose) -> Result<Vec<String>, Refusal> {
    if !body.flag("hasPicture").unwrap_or(false) {
        return Ok(Vec::new());
    }
    let pictures = body.texts("picUrls")?.unwrap_or_default();
    if pictures.len() > PICTURES_MAX || pictures.iter().any(|url| !is_picture(url)) {
        return Err(Refusal::wrong("picUrls"));
    }
    Ok(pictures)
}

/// Characters of an address of a picture at most.
const URL_CHARS_MAX: usize = 255;

/// Whether a text can be the address of a picture: on the web, or on this site.
pub fn is_picture(url: &str) -> bool {
    let web = url.starts_with("https://") || url.starts_with("http://");
    let here = url.starts_with('/') && !url.starts_with("//");
    (web || here) && url.len() <= URL_CHARS_MAX && !url.contains(|c: char| c.is_control() || c == ' ')
}
