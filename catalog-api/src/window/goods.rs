//! Goods as the shop shows them: lists, and the page of one.

use crate::cache::Subject;
use crate::envelope::{Page, Ready};
use crate::error::{Failure, Refusal};
use crate::extract::Listing;
use crate::replica;
use crate::routes::catalogue::brand::Brand;
use crate::routes::catalogue::category::Category;
use crate::routes::catalogue::goods::{Goods, GoodsAttribute, GoodsBrief, GoodsProduct, SpecificationGroup};
use crate::routes::catalogue::issue::Issue;
use crate::routes::catalogue::texts;
use crate::routes::wx::group_entity::GrouponRules;
use crate::state::App;
use crate::store::category::{self, CategoryRow};
use crate::store::comment::{self, ON_GOODS};
use crate::store::goods::{self, Shelf};
use crate::store::{brand, collect, footprint, goods_part, groupon_rule, issue};
use serde::Serialize;
use sqlx::MySqlPool;
use std::sync::Arc;
use utoipa::ToSchema;

/// Rows of a list that is worth keeping.
const KEPT_ROWS_MAX: i64 = 100;
/// Common questions on the page of goods.
const ISSUES: i64 = 4;
/// Reviews on the page of goods.
const REVIEWS: i64 = 2;
/// Related goods.
const RELATED: i64 = 6;

/// A list of goods, with the categories its goods are of.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GoodsList {
    list: Vec<GoodsBrief>,
    total: i64,
    page: i64,
    limit: i64,
    pages: i64,
    /// Categories of all goods that match, whichever is asked for.
    filter_category_list: Vec<Category>,
}

/// The page of goods.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GoodsPage {
    info: Goods,
    issue: Vec<Issue>,
    specification_list: Vec<SpecificationGroup>,
    attribute: Vec<GoodsAttribute>,
    /// `{}` when the goods have none, left out when it is unknown.
    brand: Option<BrandOrNone>,
    share_image: Option<String>,
    // The members below are read for each call and put beside what is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required)]
    groupon: Option<Vec<GrouponRules>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required)]
    share: Option<bool>,
    /// 0 or 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required)]
    user_has_collect: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required)]
    comment: Option<Reviews>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required)]
    product_list: Option<Vec<GoodsProduct>>,
}

/// A brand, or the empty object.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum BrandOrNone {
    Brand(Brand),
    None(NoBrand),
}

/// The empty object.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NoBrand {}

/// The newest reviews.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reviews {
    count: i64,
    data: Vec<Review>,
}

/// A review. The names are empty when the author's account is gone.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    id: u64,
    add_time: String,
    content: String,
    admin_content: String,
    nickname: String,
    avatar: String,
    pic_list: Vec<String>,
}

/// A list.
pub async fn list(app: &App, shelf: &Shelf, listing: Listing) -> Result<Arc<str>, Failure> {
    let load = |db: MySqlPool| async move {
        let (total, categories) = totals(&db, shelf).await?;
        let rows = listing.rows(total)?;
        let found = goods::list(&db, shelf, listing, rows).await?;
        let Page { list, total, page, limit, pages } = rows.page(GoodsBrief::all(found));
        let filter_category_list = Category::all(categories, app.zone);
        Ok(GoodsList { list, total, page, limit, pages, filter_category_list })
    };
    if (1..=KEPT_ROWS_MAX).contains(&listing.limit) {
        let name = format!("goods:list:{shelf:?}:{listing:?}");
        let load = |moment| replica::read(app, moment, load);
        return app.cache.get(&app.redis, &[Subject::Goods, Subject::Categories], &name, load).await;
    }
    Ok(crate::envelope::ready::text_of(replica::read_recent(app, load).await?)?.into())
}

/// How many goods a shelf has, and the categories of all that match, whichever is asked for. What is
/// narrowed is looked at once for both.
async fn totals(db: &MySqlPool, shelf: &Shelf) -> Result<(i64, Vec<CategoryRow>), Failure> {
    if !shelf.is_narrowed() {
        let total = goods::count(db, shelf).await?;
        return Ok((total, goods::categories(db).await?));
    }
    let tally = goods::tally(db, &shelf.everywhere()).await?;
    let asked_for = tally.iter().filter(|(category, _)| shelf.category_id.is_none_or(|id| id == *category));
    let total = asked_for.map(|(_, goods)| goods).sum();
    let ids: Vec<u64> = tally.iter().map(|(category, _)| *category).collect();
    Ok((total, category::second_of_ids(db, &ids).await?))
}

/// How many goods are on sale.
pub async fn count(app: &App) -> Result<Arc<str>, Failure> {
    let load = |db: MySqlPool| async move { Ok(goods::count(&db, &Shelf::default()).await?) };
    let load = |moment| replica::read(app, moment, load);
    app.cache.get(&app.redis, &[Subject::Goods], "goods:count", load).await
}

/// Goods of the same category.
pub async fn related(app: &App, id: u64) -> Result<Arc<str>, Failure> {
    let load = |db: MySqlPool| async move {
        let row = goods::find(&db, id).await?.ok_or_else(|| Refusal::wrong("id"))?;
        let shelf = Shelf { category_id: Some(row.goods.category_id), ..Shelf::default() };
        let listing = Listing { page: 1, limit: RELATED, column: "added_at", descending: true };
        let rows = listing.rows(goods::count(&db, &shelf).await?)?;
        Ok(rows.page(GoodsBrief::all(goods::list(&db, &shelf, listing, rows).await?)))
    };
    let load = |moment| replica::read(app, moment, load);
    app.cache.get(&app.redis, &[Subject::Goods], &format!("goods:related:{id}"), load).await
}

/// The page of goods, for a shopper or a stranger; a shopper's look at it is written down.
pub async fn page(app: &App, id: u64, shopper: Option<u64>) -> Result<Ready, Failure> {
    let kept = kept_page(app, id).await?;
    let skus = goods_part::skus(&app.db, id).await?.into_iter();
    let products: Vec<GoodsProduct> = skus.map(|row| GoodsProduct::show(row, app.zone)).collect();
    let has_collected = match shopper {
        None => false,
        Some(shopper) => {
            footprint::insert(&app.db, shopper, id).await?;
            collect::has(&app.db, shopper, ON_GOODS, id).await?
        }
    };
    let offers = groupon_rule::on_for_goods(&app.db, id).await?;
    let offers: Vec<GrouponRules> = offers.iter().map(|row| GrouponRules::show(row, app.zone)).collect();
    let share = app.settings.read(&app.db).await?.makes_posters();
    let ready = Ready::new(kept).with("userHasCollect", u8::from(has_collected))?;
    let ready = ready.with("groupon", offers)?.with("share", share)?;
    Ok(ready.with("productList", products)?.with("comment", reviews(app, id).await?)?)
}

async fn kept_page(app: &App, id: u64) -> Result<Arc<str>, Failure> {
    let zone = app.zone;
    let load = |db: MySqlPool| async move {
        let db = &db;
        let row = goods::find(db, id).await?.ok_or_else(|| Refusal::wrong("id"))?;
        let brand = match row.goods.brand_id {
            0 => Some(BrandOrNone::None(NoBrand {})),
            id => brand::find(db, id).await?.map(|row| BrandOrNone::Brand(Brand::show(row, zone))),
        };
        let issues = issue::first(db, ISSUES).await?.into_iter();
        let attributes = goods_part::attributes(db, id).await?.into_iter();
        Ok(GoodsPage {
            share_image: Some(row.share_url.clone()).filter(|url| !url.is_empty()),
            issue: issues.map(|row| Issue::show(row, zone)).collect(),
            specification_list: SpecificationGroup::all(goods_part::specifications(db, id).await?, zone),
            attribute: attributes.map(|row| GoodsAttribute::show(row, zone)).collect(),
            brand,
            info: Goods::show(row, zone),
            groupon: None,
            share: None,
            user_has_collect: None,
            comment: None,
            product_list: None,
        })
    };
    let load = |moment| replica::read(app, moment, load);
    let subjects = [Subject::Goods, Subject::Brands, Subject::Issues];
    app.cache.get(&app.redis, &subjects, &format!("goods:page:{id}"), load).await
}

async fn reviews(app: &App, id: u64) -> Result<Reviews, Failure> {
    let count = comment::counts(&app.db, ON_GOODS, id).await?.whole;
    if count == 0 {
        return Ok(Reviews { count, data: Vec::new() });
    }
    let newest = comment::newest(&app.db, ON_GOODS, id, REVIEWS).await?.into_iter();
    let data = newest.map(|row| Review {
        id: row.id,
        add_time: app.zone.show(row.added_at),
        pic_list: texts(&row.pic_urls),
        content: row.content,
        admin_content: row.reply,
        nickname: row.nickname,
        avatar: row.avatar,
    });
    Ok(Reviews { count, data: data.collect() })
}
