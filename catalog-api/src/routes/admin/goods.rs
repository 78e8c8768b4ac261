//! Goods: `/admin/goods/*`.

use crate::access::Staff;
use crate::catalogue::goods::{self as editor, Draft};
use crate::envelope::{Answer, Envelope, Nothing, Page, Reply, Zone};
use crate::error::{Failure, Refusal};
use crate::export::{self, BATCH, Batch, Line};
use crate::extract::{Entity, PageEntity, Query};
use crate::replica;
use crate::routes::catalogue::RowId;
use crate::routes::catalogue::category::Choice;
use crate::routes::catalogue::goods::{Goods, GoodsAttribute, GoodsProduct, GoodsSpecification};
use crate::routes::catalogue::goods_form::GoodsAllInOne;
use crate::state::App;
use crate::store::category::{FIRST, SECOND};
use crate::store::goods::GoodsRow;
use crate::store::goods_desk::{self, Filter};
use crate::store::{brand, category, goods, goods_part};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Categories and brands, to choose from.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Choices {
    category_list: Vec<Choice>,
    brand_list: Vec<Choice>,
}

/// Goods as the editor opens them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GoodsToEdit {
    goods: Goods,
    specifications: Vec<GoodsSpecification>,
    products: Vec<GoodsProduct>,
    attributes: Vec<GoodsAttribute>,
    /// First and second level; empty when the category is unknown.
    category_ids: Vec<u64>,
}

/// Goods, on sale or not; with `export=csv` all that match as a file. Failures: 402.
#[utoipa::path(get, path = "/admin/goods/list", tag = "staff: goods",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("goodsId" = Option<i64>, Query), ("goodsSn" = Option<String>, Query),
        ("name" = Option<String>, Query), ("export" = Option<String>, Query, description = "csv")),
    responses((status = 200, content((Envelope<Page<Goods>> = "application/json"), (String = "text/csv")))),
    security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Result<Response, Failure> {
    let text = |name| query.text_within(name, 255).map(|text| text.map(str::to_owned));
    let filter = Filter { id: query.id("goodsId")?, goods_sn: text("goodsSn")?, name: text("name")? };
    let listing = query.listing()?;
    match query.text("export") {
        None => {}
        Some("csv") => return Ok(export_file(app, filter)),
        Some(_) => return Err(Refusal::wrong("export").into()),
    }
    let rows = listing.rows(goods_desk::count(&app.db, &filter).await?)?;
    let found = goods_desk::list(&app.db, &filter, listing, rows).await?;
    let shown = found.into_iter().map(|row| Goods::show(row, app.zone)).collect();
    Ok(Reply::data(rows.page(shown)).into_response())
}

fn export_file(app: Arc<App>, filter: Filter) -> Response {
    let head = [
        "id",
        "goodsSn",
        "name",
        "categoryId",
        "brandId",
        "isOnSale",
        "isNew",
        "isHot",
        "unit",
        "counterPrice",
        "retailPrice",
        "brief",
        "keywords",
        "addTime",
        "updateTime",
    ];
    let filter = Arc::new(filter);
    export::file("goods", &head, move |after| {
        let (app, filter) = (Arc::clone(&app), Arc::clone(&filter));
        async move {
            let (app, filter) = (&*app, &*filter);
            let read = |db| async move { Ok(goods_desk::after(&db, filter, after, BATCH).await?) };
            let rows = replica::read_recent(app, read).await?;
            let next = rows.last().filter(|_| rows.len() == BATCH as usize).map(|row| row.id);
            Ok(Batch { lines: rows.iter().map(|row| line(row, app.zone)).collect(), next })
        }
    })
}

fn line(row: &GoodsRow, zone: Zone) -> Line {
    let price = |minor: i64| format!("{}.{:02}", minor / 100, minor % 100);
    let goods = &row.goods;
    Line::default()
        .number(row.id)
        .text(&goods.goods_sn)
        .text(&goods.name)
        .number(goods.category_id)
        .number(goods.brand_id)
        .number(goods.on_sale)
        .number(goods.is_new)
        .number(goods.is_hot)
        .text(&goods.unit)
        .number(price(goods.counter_price_minor))
        .number(price(row.retail_price_minor))
        .text(&goods.brief)
        .text(&goods.keywords)
        .number(zone.show(row.added_at))
        .number(zone.show(row.updated_at))
}

/// Categories and brands, to choose from.
#[utoipa::path(get, path = "/admin/goods/catAndBrand", tag = "staff: goods",
    responses((status = 200, body = Envelope<Choices>)), security(("staff" = []), ("bearer" = [])))]
pub async fn choices(State(app): State<Arc<App>>) -> Answer<Choices> {
    let first = category::of_level(&app.db, FIRST).await?;
    let second = category::of_level(&app.db, SECOND).await?;
    let brands = brand::names(&app.db).await?;
    Ok(Reply::data(Choices {
        category_list: Choice::tree(first, &second),
        brand_list: brands.into_iter().map(|(id, name)| Choice::plain(id, name)).collect(),
    }))
}

/// Goods with everything that belongs to them. Failures: 402 unknown.
#[utoipa::path(get, path = "/admin/goods/detail", tag = "staff: goods", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<GoodsToEdit>)), security(("staff" = []), ("bearer" = [])))]
pub async fn detail(State(app): State<Arc<App>>, query: Query) -> Answer<GoodsToEdit> {
    let (db, zone) = (&app.db, app.zone);
    let row = goods::find(db, query.required_id("id")?).await?.ok_or_else(|| Refusal::wrong("id"))?;
    let id = row.id;
    let category = category::find(db, row.goods.category_id).await?;
    let specifications = goods_part::specifications(db, id).await?.into_iter();
    let products = goods_part::skus(db, id).await?.into_iter();
    let attributes = goods_part::attributes(db, id).await?.into_iter();
    Ok(Reply::data(GoodsToEdit {
        goods: Goods::show(row, zone),
        specifications: specifications.map(|row| GoodsSpecification::show(row, zone)).collect(),
        products: products.map(|row| GoodsProduct::for_the_editor(row, zone)).collect(),
        attributes: attributes.map(|row| GoodsAttribute::show(row, zone)).collect(),
        category_ids: category.map_or_else(Vec::new, |row| vec![row.category.parent_id, row.id]),
    }))
}

/// Add goods. Failures: 401, 402, 611 there are goods of this name.
#[utoipa::path(post, path = "/admin/goods/create", tag = "staff: goods", request_body = GoodsAllInOne,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn create(
    State(app): State<Arc<App>>,
    _staff: Staff,
    PageEntity(body): PageEntity,
) -> Answer<Nothing> {
    editor::create(&app, &Draft::read(&body)?).await?;
    Ok(Reply::done())
}

/// Change goods; what is left out stays as it is. Failures: 401, 402 also for unknown goods, 504 changed
/// by somebody else meanwhile, 611.
#[utoipa::path(post, path = "/admin/goods/update", tag = "staff: goods", request_body = GoodsAllInOne,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn update(
    State(app): State<Arc<App>>,
    _staff: Staff,
    PageEntity(body): PageEntity,
) -> Answer<Nothing> {
    let draft = Draft::read(&body)?;
    editor::update(&app, draft.id()?, &draft).await?;
    Ok(Reply::done())
}

/// Delete goods with everything that belongs to them; unknown ones are no mistake. Failures: 401.
#[utoipa::path(post, path = "/admin/goods/delete", tag = "staff: goods", request_body = RowId,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Nothing> {
    editor::delete(&app, body.required_id("id")?).await?;
    Ok(Reply::done())
}
