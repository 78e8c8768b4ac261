//! The home page.

use crate::cache::Subject;
use crate::envelope::Ready;
use crate::error::Failure;
use crate::extract::listing::ROWS_MAX;
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
use std::sync::Arc;
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
    groupon_list: Vec<GrouponGoods>,
    floor_goods_list: Vec<Floor>,
    /// Put beside what is kept: a shopper sees coupons that shopper never claimed.
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

/// The home page of a shopper or a stranger.
pub async fn page(app: &App, shopper: Option<u64>) -> Result<Ready, Failure> {
    let subjects = [
        Subject::Ads,
        Subject::Categories,
        Subject::Goods,
        Subject::Brands,
        Subject::Topics,
        Subject::Promotions,
        Subject::Settings,
    ];
    let kept = app.cache.get(&app.redis, &subjects, "home:page", load(app)).await?;
    Ok(Ready::new(kept).with_text("couponList", &coupons(app, shopper).await?))
}

async fn load(app: &App) -> Result<HomePage, Failure> {
    let (db, zone) = (&app.db, app.zone);
    let settings = app.settings.read(db).await?;
    let categories = category::of_level(db, FIRST).await?;
    let new = Shelf { is_new: Some(true), ..Shelf::default() };
    let hot = Shelf { is_hot: Some(true), ..Shelf::default() };
    let floors = bounded(settings.home_floors());
    let floors = floors_of(app, &categories, floors, bounded(settings.home_floor_goods())).await?;
    Ok(HomePage {
        banner: ad::shown_at(db, ad::HOME).await?.into_iter().map(|row| Ad::show(row, zone)).collect(),
        channel: categories.into_iter().map(channel).collect(),
        new_goods_list: GoodsBrief::all(goods::newest(db, &new, bounded(settings.home_new_goods())).await?),
        hot_goods_list: GoodsBrief::all(goods::newest(db, &hot, bounded(settings.home_hot_goods())).await?),
        brand_list: {
            let rows = brand::newest(db, bounded(settings.home_brands())).await?;
            rows.into_iter().map(BrandBrief::show).collect()
        },
        topic_list: {
            let rows = topic::newest(db, bounded(settings.home_topics())).await?;
            rows.into_iter().map(TopicBrief::show).collect()
        },
        groupon_list: {
            let rows = groupon_rule::newest_offers(db, OFFERS).await?;
            rows.into_iter().map(|row| GrouponGoods::show(row, zone)).collect()
        },
        floor_goods_list: floors,
        coupon_list: None,
    })
}

async fn floors_of(
    app: &App,
    categories: &[CategoryRow],
    floors: i64,
    goods_each: i64,
) -> Result<Vec<Floor>, Failure> {
    let with_a_floor = categories.iter().filter(|row| row.category.name != NO_FLOOR);
    let mut shown = Vec::new();
    for row in with_a_floor.take(usize::try_from(floors).unwrap_or(0)) {
        let goods = goods::newest_below(&app.db, row.id, goods_each).await?;
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

/// What a shopper may claim is not kept, what a stranger sees is.
async fn coupons(app: &App, shopper: Option<u64>) -> Result<Arc<str>, Failure> {
    let load = async {
        let rows = coupon::newest_claimable(&app.db, shopper, COUPONS).await?.into_iter();
        Ok(rows.map(|row| CouponBrief::show(row, app.zone)).collect::<Vec<_>>())
    };
    match shopper {
        None => app.cache.get(&app.redis, &[Subject::Promotions], "home:coupons", load).await,
        Some(_) => Ok(crate::envelope::ready::text_of(load.await?)?.into()),
    }
}
