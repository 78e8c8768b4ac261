//! Coupons, for staff: their terms, and who holds them.

use crate::access::Staff;
use crate::coupons::desk;
use crate::envelope::{Answer, Envelope, Money, Nothing, Page, Reply, Zone};
use crate::extract::{Entity, Query};
use crate::state::App;
use crate::store::coupon::{self, CouponRow, Filter};
use crate::store::coupon_user::{self, ClaimRow};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A coupon as staff see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Coupon {
    id: u64,
    name: String,
    desc: String,
    tag: String,
    /// Claims there are; 0 without end.
    total: i32,
    /// Claims given out, of the kinds that are claimed.
    claimed: i32,
    /// Units no sale holds, of the kind that is sold.
    stock: i32,
    discount: Money,
    min: Money,
    /// Claims a shopper may have; 0 without end.
    limit: i16,
    /// 0 claimable, 1 given at registration, 2 redeemed by a code, 3 sold in flash sales
    #[serde(rename = "type")]
    kind: u8,
    /// 0 normal, 1 expired, 2 withdrawn
    status: u8,
    /// 0 any goods, 1 listed categories, 2 listed goods
    goods_type: u8,
    goods_value: Vec<u64>,
    code: Option<String>,
    /// 0 so many days after claiming, 1 a fixed window
    time_type: u8,
    days: u16,
    start_time: Option<String>,
    end_time: Option<String>,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl Coupon {
    /// Of a row.
    pub fn show(row: CouponRow, zone: Zone) -> Self {
        Self {
            id: row.id,
            total: row.total,
            claimed: row.claimed,
            stock: row.stock,
            discount: Money(row.discount_minor),
            min: Money(row.min_minor),
            limit: row.per_user_limit,
            kind: row.kind,
            status: row.status,
            goods_type: row.goods_scope,
            // Always an array, because the front end iterates it.
            goods_value: serde_json::from_str(&row.goods_scope_ids).unwrap_or_default(),
            code: row.code,
            time_type: row.time_kind,
            days: row.days,
            start_time: row.starts_at.map(|at| zone.show(at)),
            end_time: row.ends_at.map(|at| zone.show(at)),
            add_time: zone.show(row.added_at),
            update_time: zone.show(row.updated_at),
            deleted: false,
            name: row.name,
            desc: row.description,
            tag: row.tag,
        }
    }
}

/// A claim as staff see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CouponUser {
    id: u64,
    user_id: u64,
    coupon_id: u64,
    /// 0 unused, 1 used, 2 expired, 3 withdrawn
    status: u8,
    used_time: Option<String>,
    start_time: Option<String>,
    end_time: Option<String>,
    order_id: Option<u64>,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl CouponUser {
    fn show(row: ClaimRow, zone: Zone) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            coupon_id: row.coupon_id,
            status: row.status,
            used_time: row.used_at.map(|at| zone.show(at)),
            start_time: row.starts_at.map(|at| zone.show(at)),
            end_time: row.ends_at.map(|at| zone.show(at)),
            order_id: row.order_id,
            add_time: zone.show(row.added_at),
            update_time: zone.show(row.updated_at),
            deleted: false,
        }
    }
}

/// What making or changing a coupon sends. A change leaves members that are not sent as they are; a code
/// is made by us.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct CouponForm {
    /// Only changing one needs it.
    id: Option<u64>,
    name: String,
    desc: Option<String>,
    tag: Option<String>,
    total: Option<i32>,
    discount: Option<Money>,
    min: Option<Money>,
    limit: Option<i16>,
    #[schema(rename = "type")]
    kind: Option<u8>,
    status: Option<u8>,
    goods_type: Option<u8>,
    goods_value: Option<Vec<u64>>,
    time_type: Option<u8>,
    days: Option<u16>,
    start_time: Option<String>,
    end_time: Option<String>,
}

/// What deleting a coupon sends; clients post the whole row.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct CouponId {
    id: u64,
}

/// Coupons. Failures: 402.
#[utoipa::path(get, path = "/admin/coupon/list", tag = "staff: coupons",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("name" = Option<String>, Query), ("type" = Option<i64>, Query),
        ("status" = Option<i64>, Query)),
    responses((status = 200, body = Envelope<Page<Coupon>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Coupon>> {
    let listing = query.listing()?;
    let filter = Filter {
        name: query.text("name").map(str::to_owned),
        kind: query.int("type")?,
        status: query.int("status")?,
    };
    let rows = listing.rows(coupon::count(&app.db, &filter).await?)?;
    let found = coupon::list(&app.db, &filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| Coupon::show(row, app.zone)).collect())))
}

/// Who holds coupons. Failures: 402.
#[utoipa::path(get, path = "/admin/coupon/listuser", tag = "staff: coupons",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("userId" = Option<i64>, Query),
        ("couponId" = Option<i64>, Query), ("status" = Option<i64>, Query)),
    responses((status = 200, body = Envelope<Page<CouponUser>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn listuser(State(app): State<Arc<App>>, query: Query) -> Answer<Page<CouponUser>> {
    let listing = query.listing()?;
    let filter = coupon_user::Filter {
        user: query.id("userId")?,
        coupon: query.id("couponId")?,
        status: query.int("status")?,
    };
    let rows = listing.rows(coupon_user::count(&app.db, filter).await?)?;
    let found = coupon_user::list(&app.db, filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| CouponUser::show(row, app.zone)).collect())))
}

/// One coupon; no data for an unknown one. Failures: 402.
#[utoipa::path(get, path = "/admin/coupon/read", tag = "staff: coupons", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<Coupon>)), security(("staff" = []), ("bearer" = [])))]
pub async fn read(State(app): State<Arc<App>>, query: Query) -> Answer<Option<Coupon>> {
    let found = coupon::find(&app.db, query.required_id("id")?).await?;
    Ok(Reply::data(found.map(|row| Coupon::show(row, app.zone))))
}

/// Make a coupon; of the kind redeemed by a code with a new code. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/coupon/create", tag = "staff: coupons", request_body = CouponForm,
    responses((status = 200, body = Envelope<Coupon>)), security(("staff" = []), ("bearer" = [])))]
pub async fn create(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Coupon> {
    let terms = desk::new_terms(&body, app.zone)?;
    let (row, changes) = desk::create(&app, &terms).await?;
    Ok(Reply::data(Coupon::show(row, app.zone)).changing(changes))
}

/// Change a coupon; what was claimed keeps its window. Failures: 401, 402, 505 unknown.
#[utoipa::path(post, path = "/admin/coupon/update", tag = "staff: coupons", request_body = CouponForm,
    responses((status = 200, body = Envelope<Coupon>)), security(("staff" = []), ("bearer" = [])))]
pub async fn update(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Coupon> {
    let (row, changes) = desk::update(&app, &body).await?;
    Ok(Reply::data(Coupon::show(row, app.zone)).changing(changes))
}

/// Delete a coupon; deleting an unknown one is a success. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/coupon/delete", tag = "staff: coupons", request_body = CouponId,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Nothing> {
    let changes = desk::delete(&app, body.required_id("id")?).await?;
    Ok(Reply::done().changing(changes))
}
