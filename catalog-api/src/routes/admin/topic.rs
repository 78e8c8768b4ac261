//! Topics: `/admin/topic/*`.

use crate::access::Staff;
use crate::catalogue::{self, input};
use crate::envelope::{Answer, Envelope, Nothing, Page, Reply};
use crate::error::Refusal;
use crate::extract::listing::SortKey;
use crate::extract::{Entity, Loose, PageEntity, Query};
use crate::routes::catalogue::goods::GoodsBrief;
use crate::routes::catalogue::topic::in_order;
use crate::routes::catalogue::{
    RowId, RowIds,
    topic::{Topic, TopicForm},
};
use crate::state::App;
use crate::store::goods;
use crate::store::topic::{self, Filter};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

const SORT_KEYS: &[SortKey] = &[("add_time", "added_at"), ("id", "id"), ("price", "price_minor")];

/// A topic with the goods it leads to, as far as they are on sale.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TopicAndGoods {
    topic: Topic,
    goods_list: Vec<GoodsBrief>,
}

/// Topics. Failures: 402.
#[utoipa::path(get, path = "/admin/topic/list", tag = "staff: topics",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("title" = Option<String>, Query), ("subtitle" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<Topic>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Topic>> {
    let filter = Filter {
        title: query.text_within("title", 255)?.map(str::to_owned),
        subtitle: query.text_within("subtitle", 255)?.map(str::to_owned),
    };
    let listing = query.listing_by(SORT_KEYS)?;
    let rows = listing.rows(topic::count(&app.db, &filter).await?)?;
    let found = topic::list(&app.db, &filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| Topic::show(row, app.zone)).collect())))
}

/// A topic with its goods. Failures: 402 unknown.
#[utoipa::path(get, path = "/admin/topic/read", tag = "staff: topics", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<TopicAndGoods>)), security(("staff" = []), ("bearer" = [])))]
pub async fn read(State(app): State<Arc<App>>, query: Query) -> Answer<TopicAndGoods> {
    let row = topic::find(&app.db, query.required_id("id")?).await?.ok_or_else(|| Refusal::wrong("id"))?;
    let ids = row.topic.goods();
    let goods_list = in_order(&ids, &goods::of_ids(&app.db, &ids).await?);
    Ok(Reply::data(TopicAndGoods { topic: Topic::show(row, app.zone), goods_list }))
}

/// Add a topic. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/topic/create", tag = "staff: topics", request_body = TopicForm,
    responses((status = 200, body = Envelope<Topic>)), security(("staff" = []), ("bearer" = [])))]
pub async fn create(
    State(app): State<Arc<App>>,
    _staff: Staff,
    PageEntity(body): PageEntity,
) -> Answer<Option<Topic>> {
    let id = catalogue::create(&app, &input::topic(&body, topic::Topic::default())?).await?;
    let row = topic::find(&app.db, id).await?;
    Ok(Reply::data(row.map(|row| Topic::show(row, app.zone))))
}

/// Change a topic; what is left out stays as it is. Failures: 401, 402, 505 unknown.
#[utoipa::path(post, path = "/admin/topic/update", tag = "staff: topics", request_body = TopicForm,
    responses((status = 200, body = Envelope<Topic>)), security(("staff" = []), ("bearer" = [])))]
pub async fn update(
    State(app): State<Arc<App>>,
    _staff: Staff,
    PageEntity(body): PageEntity,
) -> Answer<Option<Topic>> {
    let id = body.required_id("id")?;
    catalogue::update(&app, id, |old| input::topic(&body, old)).await?;
    let row = topic::find(&app.db, id).await?;
    Ok(Reply::data(row.map(|row| Topic::show(row, app.zone))))
}

/// Delete a topic; an unknown one is no mistake. Failures: 401.
#[utoipa::path(post, path = "/admin/topic/delete", tag = "staff: topics", request_body = RowId,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Nothing> {
    catalogue::delete::<topic::Topic>(&app, &[body.required_id("id")?]).await?;
    Ok(Reply::done())
}

/// Delete several topics. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/topic/batch-delete", tag = "staff: topics", request_body = RowIds,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn batch_delete(State(app): State<Arc<App>>, _staff: Staff, body: Loose) -> Answer<Nothing> {
    catalogue::delete::<topic::Topic>(&app, &body.required_ids("ids")?).await?;
    Ok(Reply::done())
}
