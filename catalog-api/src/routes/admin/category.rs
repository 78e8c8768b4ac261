//! Categories: `/admin/category/*`.

use crate::access::Staff;
use crate::catalogue::{self, input};
use crate::envelope::{Answer, Envelope, Nothing, Page, Reply};
use crate::extract::{Entity, Query};
use crate::routes::catalogue::RowId;
use crate::routes::catalogue::category::{Category, CategoryForm, CategoryNode, Choice};
use crate::state::App;
use crate::store::category::{self, FIRST, SECOND};
use axum::extract::State;
use std::sync::Arc;

/// All categories, the second level below the first.
#[utoipa::path(get, path = "/admin/category/list", tag = "staff: categories",
    responses((status = 200, body = Envelope<Page<CategoryNode>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>) -> Answer<Page<CategoryNode>> {
    let first = category::of_level(&app.db, FIRST).await?;
    let second = category::of_level(&app.db, SECOND).await?;
    Ok(Reply::data(Page::whole(CategoryNode::tree(first, &second))))
}

/// The first level, to choose from.
#[utoipa::path(get, path = "/admin/category/l1", tag = "staff: categories",
    responses((status = 200, body = Envelope<Page<Choice>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn first_level(State(app): State<Arc<App>>) -> Answer<Page<Choice>> {
    let first = category::of_level(&app.db, FIRST).await?;
    let choices = first.into_iter().map(|row| Choice::plain(row.id, row.category.name));
    Ok(Reply::data(Page::whole(choices.collect())))
}

/// A category. No data for an unknown one. Failures: 402.
#[utoipa::path(get, path = "/admin/category/read", tag = "staff: categories", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<Category>)), security(("staff" = []), ("bearer" = [])))]
pub async fn read(State(app): State<Arc<App>>, query: Query) -> Answer<Option<Category>> {
    let row = category::find(&app.db, query.required_id("id")?).await?;
    Ok(Reply::data(row.map(|row| Category::show(row, app.zone))))
}

/// Add a category. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/category/create", tag = "staff: categories", request_body = CategoryForm,
    responses((status = 200, body = Envelope<Category>)), security(("staff" = []), ("bearer" = [])))]
pub async fn create(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Option<Category>> {
    let new = input::category(&body, category::Category::default())?;
    let id = catalogue::create(&app, &new).await?;
    let row = category::find(&app.db, id).await?;
    Ok(Reply::data(row.map(|row| Category::show(row, app.zone))))
}

/// Change a category; what is left out stays as it is. Failures: 401, 402, 505 unknown.
#[utoipa::path(post, path = "/admin/category/update", tag = "staff: categories", request_body = CategoryForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn update(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Nothing> {
    let id = body.required_id("id")?;
    catalogue::update(&app, id, |old| input::category(&body, old)).await?;
    Ok(Reply::done())
}

/// Delete a category; its children and goods stay. Failures: 401.
#[utoipa::path(post, path = "/admin/category/delete", tag = "staff: categories", request_body = RowId,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Nothing> {
    catalogue::delete::<category::Category>(&app, &[body.required_id("id")?]).await?;
    Ok(Reply::done())
}
