//! Goods.

use crate::envelope::{Envelope, Page, Ready};
use crate::error::{Failure, Refusal};
use crate::extract::Query;
use crate::extract::caller::Caller;
use crate::routes::catalogue::goods::GoodsBrief;
use crate::state::App;
use crate::store::goods::{SORT_KEYS, Shelf};
use crate::store::search_history;
use crate::window::categories::{self, Family};
use crate::window::goods::{self, GoodsList, GoodsPage};
use axum::extract::State;
use std::sync::Arc;

/// Characters of what is searched for.
const KEYWORD_CHARS_MAX: usize = 127;

/// Goods on sale. What a shopper searches for is written down. Failures: 402.
#[utoipa::path(get, path = "/wx/goods/list", tag = "shop: goods",
    params(("categoryId" = Option<i64>, Query, description = "0 is any"), ("brandId" = Option<i64>, Query),
        ("keyword" = Option<String>, Query), ("isNew" = Option<bool>, Query), ("isHot" = Option<bool>, Query),
        ("page" = Option<i64>, Query), ("limit" = Option<i64>, Query),
        ("sort" = Option<String>, Query, description = "add_time, retail_price or name"),
        ("order" = Option<String>, Query)),
    responses((status = 200, body = Envelope<GoodsList>)))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Result<Ready, Failure> {
    search(&app, caller, &query).await
}

/// The same as the list of goods, by the name the front ends have for it. Failures: 402.
#[utoipa::path(get, path = "/wx/search/result", tag = "shop: search",
    params(("categoryId" = Option<i64>, Query, description = "0 is any"), ("brandId" = Option<i64>, Query),
        ("keyword" = Option<String>, Query), ("isNew" = Option<bool>, Query), ("isHot" = Option<bool>, Query),
        ("page" = Option<i64>, Query), ("limit" = Option<i64>, Query),
        ("sort" = Option<String>, Query, description = "add_time, retail_price or name"),
        ("order" = Option<String>, Query)),
    responses((status = 200, body = Envelope<GoodsList>)))]
pub async fn result(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Result<Ready, Failure> {
    search(&app, caller, &query).await
}

async fn search(app: &App, caller: Caller, query: &Query) -> Result<Ready, Failure> {
    let shelf = shelf(query)?;
    let listing = query.listing_by(SORT_KEYS)?;
    if let Some(keyword) = &shelf.keyword
        && let Some(shopper) = caller.known()
    {
        search_history::insert(&app.db, shopper.id, keyword).await?;
    }
    Ok(Ready::new(goods::list(app, &shelf, listing).await?))
}

fn shelf(query: &Query) -> Result<Shelf, Refusal> {
    let keyword = query.text_within("keyword", KEYWORD_CHARS_MAX)?.map(str::trim);
    Ok(Shelf {
        category_id: query.int("categoryId")?.filter(|id| *id != 0).map(|id| u64::try_from(id).unwrap_or(0)),
        brand_id: query.id("brandId")?,
        keyword: keyword.filter(|keyword| !keyword.is_empty()).map(str::to_owned),
        is_new: query.flag("isNew")?,
        is_hot: query.flag("isHot")?,
    })
}

/// How many goods are on sale.
#[utoipa::path(get, path = "/wx/goods/count", tag = "shop: goods",
    responses((status = 200, body = Envelope<i64>)))]
pub async fn count(State(app): State<Arc<App>>) -> Result<Ready, Failure> {
    Ok(Ready::new(goods::count(&app).await?))
}

/// A category among its siblings. Failures: 402 unknown.
#[utoipa::path(get, path = "/wx/goods/category", tag = "shop: goods", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<Family>)))]
pub async fn category(State(app): State<Arc<App>>, query: Query) -> Result<Ready, Failure> {
    Ok(Ready::new(categories::family(&app, query.required_id("id")?).await?))
}

/// The page of goods, on sale or not. A shopper's look at it is written down. Failures: 402 unknown.
#[utoipa::path(get, path = "/wx/goods/detail", tag = "shop: goods", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<GoodsPage>)))]
pub async fn detail(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Result<Ready, Failure> {
    let id = query.required_id("id")?;
    goods::page(&app, id, caller.known().map(|shopper| shopper.id)).await
}

/// Goods of the same category. Failures: 402 unknown.
#[utoipa::path(get, path = "/wx/goods/related", tag = "shop: goods", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<Page<GoodsBrief>>)))]
pub async fn related(State(app): State<Arc<App>>, query: Query) -> Result<Ready, Failure> {
    Ok(Ready::new(goods::related(&app, query.required_id("id")?).await?))
}
