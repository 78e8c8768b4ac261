//! The check-out page: what an order of the selection would cost. The clients keep the ids it answers
//! and send them back when they submit, so every one of them is always there.

use super::cart::Cart;
use crate::carts::{self, Asked, CheckOut};
use crate::coupons::Choice;
use crate::envelope::{Answer, Envelope, Money, Reply, Zone};
use crate::error::{Failure, Refusal};
use crate::extract::{Query, Shopper};
use crate::state::App;
use crate::store::address::AddressRow;
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// The address of a check-out: all of it, or id 0 alone where there is none.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CheckOutAddress)]
pub struct CheckedAddress {
    id: u64,
    user_id: Option<u64>,
    name: Option<String>,
    province: Option<String>,
    city: Option<String>,
    county: Option<String>,
    address_detail: Option<String>,
    area_code: Option<String>,
    postal_code: Option<String>,
    tel: Option<String>,
    is_default: Option<bool>,
    add_time: Option<String>,
    update_time: Option<String>,
}

impl CheckedAddress {
    fn show(row: AddressRow, zone: Zone) -> Self {
        Self {
            id: row.id,
            user_id: Some(row.user_id),
            name: Some(row.name),
            province: Some(row.province),
            city: Some(row.city),
            county: Some(row.county),
            address_detail: Some(row.detail),
            area_code: Some(row.area_code),
            postal_code: Some(row.postal_code),
            tel: Some(row.tel),
            is_default: Some(row.is_default),
            add_time: Some(zone.show(row.added_at)),
            update_time: Some(zone.show(row.updated_at)),
        }
    }
}

/// What an order would cost.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckOutPage {
    address_id: u64,
    /// -1 when no coupon was wanted.
    coupon_id: i64,
    /// The claim of that coupon; -1 when no coupon was wanted.
    user_coupon_id: i64,
    /// As it was sent; 0 for the checked rows.
    cart_id: i64,
    /// As it was sent.
    groupon_rules_id: i64,
    /// What the group takes off each unit.
    groupon_price: Money,
    checked_address: CheckedAddress,
    /// How many claimed coupons could be used.
    available_coupon_length: usize,
    goods_total_price: Money,
    freight_price: Money,
    coupon_price: Money,
    order_total_price: Money,
    actual_price: Money,
    checked_goods_list: Vec<Cart>,
}

/// The ids a selection is named by.
pub(super) struct Chosen {
    cart_id: i64,
    rule_id: i64,
}

impl Chosen {
    pub(super) fn read(query: &Query) -> Result<Self, Refusal> {
        Ok(Self {
            cart_id: query.int("cartId")?.unwrap_or(0),
            rule_id: query.int("grouponRulesId")?.unwrap_or(0),
        })
    }

    /// 0 for the checked rows; no row has an id below that (402).
    pub(super) fn cart(&self) -> Result<u64, Refusal> {
        u64::try_from(self.cart_id).map_err(|_| Refusal::wrong("cartId"))
    }

    /// 0 for no group.
    pub(super) fn rule(&self) -> u64 {
        u64::try_from(self.rule_id).unwrap_or(0)
    }
}

fn choice(coupon: Option<i64>, claim: Option<i64>) -> Choice {
    match coupon {
        None | Some(i64::MIN..=-1) => Choice::None,
        Some(0) => Choice::Best,
        Some(coupon) => Choice::This {
            coupon: coupon.unsigned_abs(),
            claim: claim.and_then(|claim| u64::try_from(claim).ok()).unwrap_or(0),
        },
    }
}

/// What an order of the selection would cost. `couponId` absent or -1 uses no coupon, 0 the best one.
/// Failures: 402 types, 501, 402 unknown cart row.
#[utoipa::path(get, path = "/wx/cart/checkout", tag = "shop: cart",
    params(("cartId" = Option<i64>, Query), ("addressId" = Option<i64>, Query),
        ("couponId" = Option<i64>, Query), ("userCouponId" = Option<i64>, Query),
        ("grouponRulesId" = Option<i64>, Query)),
    responses((status = 200, body = Envelope<CheckOutPage>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn checkout(
    State(app): State<Arc<App>>,
    query: Query,
    shopper: Result<Shopper, Failure>,
) -> Answer<CheckOutPage> {
    let chosen = Chosen::read(&query)?;
    let address_id = query.int("addressId")?.and_then(|id| u64::try_from(id).ok()).unwrap_or(0);
    let choice = choice(query.int("couponId")?, query.int("userCouponId")?);
    let owner = shopper?.id;
    let asked = Asked { cart_id: chosen.cart()?, address_id, choice, rule_id: chosen.rule() };
    let found = carts::check_out(&app, owner, asked).await?;
    Ok(Reply::data(page(found, &chosen, choice, app.zone)))
}

fn page(found: CheckOut, chosen: &Chosen, choice: Choice, zone: Zone) -> CheckOutPage {
    let (coupon_id, user_coupon_id) = match (&found.claim, choice) {
        (_, Choice::None) => (-1, -1),
        (Some(claim), _) => (claim.coupon_id.cast_signed(), claim.id.cast_signed()),
        (None, _) => (0, 0),
    };
    let prices = found.prices;
    let address = found.address.map(|row| CheckedAddress::show(row, zone)).unwrap_or_default();
    CheckOutPage {
        address_id: address.id,
        coupon_id,
        user_coupon_id,
        cart_id: chosen.cart_id,
        groupon_rules_id: chosen.rule_id,
        groupon_price: Money(found.rule.map_or(0, |rule| rule.discount_minor)),
        checked_address: address,
        available_coupon_length: found.usable,
        goods_total_price: Money(prices.goods_minor),
        freight_price: Money(prices.freight_minor),
        coupon_price: Money(prices.coupon_minor),
        order_total_price: Money(prices.order_minor),
        actual_price: Money(prices.actual_minor),
        checked_goods_list: found.selection.rows.into_iter().map(|row| Cart::show(row, zone)).collect(),
    }
}
