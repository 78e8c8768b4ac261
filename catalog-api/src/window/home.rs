//! The home page.

use crate::cache::Subject;
use crate::envelope::Ready;
use crate::error::Failure;
use crate::extract::listing::ROWS_MAX;
use crate::replica;
use crate::routes::catalogue::ad::Ad;
use crate::routes::catalogue::brand::BrandBrief;
use crate::routes::catalogue::goods::GoodsBrief;
use crate::routes::catalogue::topic::TopicBrief;
use crate::routes::wx::coupon::CouponBrief;
use crate::routes::wx::group_entity::GrouponGoods;
use crate::state::App;
use crate::store::category::{self, CategoryRow, FIRST};
use crate::store::goods::{self, Shelf};
use crate::store::{ad, brand, coupon, groupon_rule, topic};
use serde::Serialize;
use sqlx::MySqlPool;
use utoipa::ToSchema;

/// Coupons on the home page.
const COUPONS: u32 = 3;
/// Group-buy offers on the home page.
const OFFERS: u32 = 5;
/// The category that has no floor of its own: "recommended".
const NO_FLOOR: &str = "推荐";

/// The home page.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HomePage {
    banner: Vec<Ad>,
    channel: Vec<Channel>,
    new_goods_list: Vec<GoodsBrief>,
    hot_goods_list: Vec<GoodsBrief>,
    brand_list: Vec<BrandBrief>,
    topic_list: Vec<TopicBrief>,
    floor_goods_list: Vec<Floor>,
    // The members below are read for each call and put beside what is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required)]
    groupon_list: Option<Vec<GrouponGoods>>,
    /// A shopper sees coupons that shopper never claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required)]
    coupon_list: Option<Vec<CouponBrief>>,
}

/// A category of the first level.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Channel {
    id: u64,
    name: String,
    icon_url: String,
}

/// A category of the first level with goods from below it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Floor {
    id: u64,
    name: String,
    goods_list: Vec<GoodsBrief>,
}

/// How many of each there are on the page, as staff set it.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    new_goods: i64,
    hot_goods: i64,
    brands: i64,
    topics: i64,
    floors: i64,
    floor_goods: i64,
}

/// The home page of a shopper or a stranger.
pub async fn page(app: &App, shopper: Option<u64>) -> Result<Ready, Failure> {
    let sizes = sizes(app).await?;
    let subjects = [Subject::Ads, Subject::Categories, Subject::Goods, Subject::Brands, Subject::Topics];
    let load = |moment| replica::read(app, moment, |db| load(app, db, sizes));
    let kept = app.cache.get(&app.redis, &subjects, &format!("home:{sizes:?}"), load).await?;
    let offers = groupon_rule::newest_offers(&app.db, OFFERS).await?.into_iter();
    let offers: Vec<_> = offers.map(|row| GrouponGoods::show(row, app.zone)).collect();
    let coupons = coupon::newest_claimable(&app.db, shopper, COUPONS).await?.into_iter();
    let coupons: Vec<_> = coupons.map(|row| CouponBrief::show(row, app.zone)).collect();
    Ok(Ready::new(kept).with("grouponList", offers)?.with("couponList", coupons)?)
}

async fn sizes(app: &App) -> Result<Sizes, Failure> {
    let settings = app.settings.read(&app.db).await?;
    Ok(Sizes {
        new_goods: bounded(settings.home_new_goods()),
        hot_goods: bounded(settings.home_hot_goods()),
        brands: bounded(settings.home_brands()),
        topics: bounded(settings.home_topics()),
        floors: bounded(settings.home_floors()),
        floor_goods: bounded(settings.home_floor_goods()),
    })
}

async fn load(app: &App, db: MySqlPool, sizes: Sizes) -> Result<HomePage, Failure> {
    let (db, zone) = (&db, app.zone);
    let categories = category::of_level(db, FIRST).await?;
    let new = Shelf { is_new: Some(true), ..Shelf::default() };
    let hot = Shelf { is_hot: Some(true), ..Shelf::default() };
    let banners = ad::shown_at(db, ad::HOME).await?.into_iter();
    let brands = brand::newest(db, sizes.brands).await?.into_iter();
    let topics = topic::newest(db, sizes.topics).await?.into_iter();
    Ok(HomePage {
        banner: banners.map(|row| Ad::show(row, zone)).collect(),
        new_goods_list: GoodsBrief::all(goods::newest(db, &new, sizes.new_goods).await?),
        hot_goods_list: GoodsBrief::all(goods::newest(db, &hot, sizes.hot_goods).await?),
        brand_list: brands.map(BrandBrief::show).collect(),
        topic_list: topics.map(TopicBrief::show).collect(),
        floor_goods_list: floors_of(db, &categories, sizes.floors, sizes.floor_goods).await?,
        channel: categories.into_iter().map(channel).collect(),
        groupon_list: None,
        coupon_list: None,
    })
}

async fn floors_of(
    db: &MySqlPool,
    categories: &[CategoryRow],
    floors: i64,
    goods_each: i64,
) -> Result<Vec<Floor>, Failure> {
    let with_a_floor = categories.iter().filter(|row| row.category.name != NO_FLOOR);
    let mut shown = Vec::new();
    for row in with_a_floor.take(usize::try_from(floors).unwrap_or(0)) {
        let goods = goods::newest_below(db, row.id, goods_each).await?;
        let name = row.category.name.clone();
        shown.push(Floor { id: row.id, name, goods_list: GoodsBrief::all(goods) });
    }
    Ok(shown)
}

fn channel(row: CategoryRow) -> Channel {
    Channel { id: row.id, name: row.category.name, icon_url: row.category.icon_url }
}

/// A configured number of 0 means all of them, within what one answer holds.
fn bounded(configured: i64) -> i64 {
    if configured <= 0 { ROWS_MAX } else { configured.min(ROWS_MAX) }
}
