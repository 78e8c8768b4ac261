//! Coupons: what can be claimed, what a shopper holds, and which of it is good for a selection.

use super::checkout::Chosen;
use crate::envelope::{Answer, Envelope, Money, Nothing, Page, Reply, Zone};
use crate::error::{Failure, Refusal};
use crate::extract::loose::ShopperLoose;
use crate::extract::{Query, Shopper};
use crate::state::App;
use crate::store::coupon::{self, CLAIMABLE, CouponRow, Filter};
use crate::store::coupon_user::{self, Claim};
use crate::{carts, coupons};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A coupon that can be claimed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CouponBrief {
    id: u64,
    name: String,
    desc: String,
    tag: String,
    /// Days of validity after claiming; 0 where the window is fixed.
    days: u16,
    start_time: Option<String>,
    end_time: Option<String>,
    discount: Money,
    min: Money,
}

impl CouponBrief {
    /// Of a row.
    pub fn show(row: CouponRow, zone: Zone) -> Self {
        Self {
            id: row.id,
            days: row.days,
            start_time: row.starts_at.map(|at| zone.show(at)),
            end_time: row.ends_at.map(|at| zone.show(at)),
            discount: Money(row.discount_minor),
            min: Money(row.min_minor),
            name: row.name,
            desc: row.description,
            tag: row.tag,
        }
    }
}

/// A coupon a shopper holds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CouponVo {
    /// The claim.
    id: u64,
    /// The coupon.
    cid: u64,
    name: String,
    desc: String,
    tag: String,
    min: Money,
    discount: Money,
    start_time: Option<String>,
    end_time: Option<String>,
    /// Whether it is good for the selection; false where there is none.
    available: bool,
}

impl CouponVo {
    fn show(claim: Claim, available: bool, zone: Zone) -> Self {
        Self {
            id: claim.id,
            cid: claim.coupon_id,
            min: Money(claim.min_minor),
            discount: Money(claim.discount_minor),
            start_time: claim.starts_at.map(|at| zone.show(at)),
            end_time: claim.ends_at.map(|at| zone.show(at)),
            available,
            name: claim.name,
            desc: claim.description,
            tag: claim.tag,
        }
    }
}

/// What claiming a coupon sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct ReceiveForm {
    coupon_id: u64,
}

/// What redeeming a code sends.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct ExchangeForm {
    code: String,
}

/// Coupons anybody can claim. Failures: 402.
#[utoipa::path(get, path = "/wx/coupon/list", tag = "shop: coupons",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<CouponBrief>>)))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<CouponBrief>> {
    let listing = query.listing()?;
    let filter = Filter { kind: Some(CLAIMABLE.into()), status: Some(0), name: None };
    let rows = listing.rows(coupon::count(&app.db, &filter).await?)?;
    let found = coupon::list(&app.db, &filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| CouponBrief::show(row, app.zone)).collect())))
}

/// Own coupons: `status` 0 unused, 1 used, 2 expired, absent all. Failures: 402, 501.
#[utoipa::path(get, path = "/wx/coupon/mylist", tag = "shop: coupons",
    params(("status" = Option<i64>, Query), ("page" = Option<i64>, Query), ("limit" = Option<i64>, Query),
        ("sort" = Option<String>, Query), ("order" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<CouponVo>>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn mylist(
    State(app): State<Arc<App>>,
    query: Query,
    shopper: Result<Shopper, Failure>,
) -> Answer<Page<CouponVo>> {
    let (listing, status) = (query.listing()?, query.int("status")?);
    let owner = shopper?.id;
    let rows = listing.rows(coupon_user::count_mine(&app.db, owner, status).await?)?;
    let found = coupon_user::list_mine(&app.db, owner, status, listing, rows).await?;
    Ok(Reply::data(
        rows.page(found.into_iter().map(|claim| CouponVo::show(claim, false, app.zone)).collect()),
    ))
}

/// Own unused coupons, each with whether it is good for the selection. Failures: 402 types, 501, 402
/// unknown cart row.
#[utoipa::path(get, path = "/wx/coupon/selectlist", tag = "shop: coupons",
    params(("cartId" = Option<i64>, Query), ("grouponRulesId" = Option<i64>, Query)),
    responses((status = 200, body = Envelope<Page<CouponVo>>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn selectlist(
    State(app): State<Arc<App>>,
    query: Query,
    shopper: Result<Shopper, Failure>,
) -> Answer<Page<CouponVo>> {
    let chosen = Chosen::read(&query)?;
    let owner = shopper?.id;
    let selection = carts::selection(&app, owner, chosen.cart()?).await?;
    let (_, _, claims) = carts::judged(&app, owner, chosen.rule(), &selection).await?;
    let shown = claims.into_iter().map(|(claim, good)| CouponVo::show(claim, good, app.zone));
    Ok(Reply::data(Page::whole(shown.collect())))
}

/// Claim a coupon of the list. Failures: 402 no body, 501, 401, 402 unknown, 740 none left or as many as
/// one may have, 741 another kind, 740 withdrawn, 741 over.
#[utoipa::path(post, path = "/wx/coupon/receive", tag = "shop: coupons", request_body = ReceiveForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn receive(
    State(app): State<Arc<App>>,
    ShopperLoose(shopper, body): ShopperLoose,
) -> Answer<Nothing> {
    let id = body.id("couponId").ok_or_else(|| Refusal::missing("couponId"))?;
    coupons::receive(&app, shopper.id, id).await?;
    Ok(Reply::done())
}

/// Redeem a code. Failures: 402 no body, 501, 401, 742 no coupon in force has it, 740, 741 over.
#[utoipa::path(post, path = "/wx/coupon/exchange", tag = "shop: coupons", request_body = ExchangeForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn exchange(
    State(app): State<Arc<App>>,
    ShopperLoose(shopper, body): ShopperLoose,
) -> Answer<Nothing> {
    let code = body.required_text("code")?;
    coupons::exchange(&app, shopper.id, code.trim()).await?;
    Ok(Reply::done())
}
