//! Topics.

use crate::envelope::{Answer, Envelope, Page, Reply};
use crate::error::Refusal;
use crate::extract::caller::Caller;
use crate::extract::{Listing, Query};
use crate::routes::catalogue::goods::GoodsBrief;
use crate::routes::catalogue::topic::{Topic, TopicBrief, in_order};
use crate::state::App;
use crate::store::comment::ON_TOPIC;
use crate::store::topic::{self, Filter};
use crate::store::{collect, goods};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Related topics.
const RELATED: i64 = 4;

/// The page of a topic.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TopicPage {
    topic: Topic,
    /// Those on sale, in the topic's order.
    goods: Vec<GoodsBrief>,
    /// 0 or 1.
    user_has_collect: u8,
}

/// A related topic: whole, or brief where there is no other topic.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Related {
    /// Another topic.
    Whole(Topic),
    /// One of the newest.
    Brief(TopicBrief),
}

/// Topics. Failures: 402.
#[utoipa::path(get, path = "/wx/topic/list", tag = "shop: catalogue",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<TopicBrief>>)))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<TopicBrief>> {
    let (filter, listing) = (Filter::default(), query.listing()?);
    let rows = listing.rows(topic::count(&app.db, &filter).await?)?;
    let found = topic::list(&app.db, &filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(TopicBrief::show).collect())))
}

/// The page of a topic. Failures: 402 unknown.
#[utoipa::path(get, path = "/wx/topic/detail", tag = "shop: catalogue", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<TopicPage>)))]
pub async fn detail(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Answer<TopicPage> {
    let id = query.required_id("id")?;
    let row = topic::find(&app.db, id).await?.ok_or_else(|| Refusal::wrong("id"))?;
    let ids = row.topic.goods();
    let goods = in_order(&ids, &goods::of_ids(&app.db, &ids).await?);
    let user_has_collect = match caller.known() {
        Some(shopper) => collect::has(&app.db, shopper.id, ON_TOPIC, id).await?.into(),
        None => 0,
    };
    Ok(Reply::data(TopicPage { topic: Topic::show(row, app.zone), goods, user_has_collect }))
}

/// Other topics, or the newest ones where there is no other. Failures: 402.
#[utoipa::path(get, path = "/wx/topic/related", tag = "shop: catalogue", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<Page<Related>>)))]
pub async fn related(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Related>> {
    let id = query.required_id("id")?;
    let listing = Listing { page: 1, limit: RELATED, column: "id", descending: false };
    let others = topic::count_others(&app.db, id).await?;
    if others > 0 {
        let found = topic::others(&app.db, id, RELATED).await?.into_iter();
        let shown = found.map(|row| Related::Whole(Topic::show(row, app.zone))).collect();
        return Ok(Reply::data(listing.rows(others)?.page(shown)));
    }
    let newest = topic::newest(&app.db, RELATED).await?;
    let rows = listing.rows(topic::count(&app.db, &Filter::default()).await?)?;
    let shown = newest.into_iter().map(|row| Related::Brief(TopicBrief::show(row)));
    Ok(Reply::data(rows.page(shown.collect())))
}
