//! A shopper's cart. Most changes answer with the whole cart, because the clients draw it anew.

use crate::carts::{self, Wanted};
use crate::envelope::money::MAX_MINOR;
use crate::envelope::{Answer, Envelope, Money, Nothing, Reply, Zone};
use crate::error::{Failure, Refusal};
use crate::extract::loose::ShopperLoose;
use crate::extract::{Entity, Shopper};
use crate::state::App;
use crate::store::cart::{self, CartRow};
use crate::store::cart_write::{self, QUANTITY_MAX};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A row of a cart.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cart {
    id: u64,
    user_id: u64,
    goods_id: u64,
    goods_sn: String,
    goods_name: String,
    product_id: u64,
    price: Money,
    number: i32,
    specifications: Vec<String>,
    checked: bool,
    pic_url: String,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl Cart {
    /// Of a row.
    pub fn show(row: CartRow, zone: Zone) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            goods_id: row.goods_id,
            product_id: row.sku_id,
            price: Money(row.price_minor),
            number: row.quantity,
            // Always an array, because the clients join it.
            specifications: serde_json::from_str(&row.specifications).unwrap_or_default(),
            checked: row.checked,
            add_time: zone.show(row.added_at),
            update_time: zone.show(row.updated_at),
            deleted: false,
            goods_sn: row.goods_sn,
            goods_name: row.goods_name,
            pic_url: row.pic_url,
        }
    }
}

/// Units and amounts of a cart.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CartTotal {
    goods_count: i64,
    goods_amount: Money,
    checked_goods_count: i64,
    checked_goods_amount: Money,
}

/// A whole cart.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WholeCart {
    cart_list: Vec<Cart>,
    cart_total: CartTotal,
}

impl WholeCart {
    fn show(rows: Vec<CartRow>, zone: Zone) -> Self {
        let count = |checked: bool| {
            let rows = rows.iter().filter(|row| row.checked || !checked);
            rows.map(|row| i64::from(row.quantity)).sum()
        };
        let amount = |checked: bool| {
            let rows = rows.iter().filter(|row| row.checked || !checked);
            // A sum beyond what can be written is shown as that; ordering it is refused.
            let sum = rows.fold(0_i64, |sum, row| {
                sum.saturating_add(row.price_minor.saturating_mul(i64::from(row.quantity)))
            });
            Money(sum.min(MAX_MINOR))
        };
        let cart_total = CartTotal {
            goods_count: count(false),
            goods_amount: amount(false),
            checked_goods_count: count(true),
            checked_goods_amount: amount(true),
        };
        Self { cart_list: rows.into_iter().map(|row| Cart::show(row, zone)).collect(), cart_total }
    }
}

/// What adding to a cart sends; clients post whole rows back, whose other members are ignored.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct CartForm {
    /// The row; only changing one needs it.
    id: Option<u64>,
    goods_id: u64,
    product_id: u64,
    /// 1 to 32767
    number: i32,
}

/// What checking rows sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct CheckForm {
    product_ids: Vec<u64>,
    /// 1 checks, anything else unchecks.
    is_checked: i32,
}

/// What taking rows out sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct TakeOutForm {
    product_ids: Vec<u64>,
}

/// The own cart. Failures: 501.
#[utoipa::path(get, path = "/wx/cart/index", tag = "shop: cart",
    responses((status = 200, body = Envelope<WholeCart>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn index(State(app): State<Arc<App>>, shopper: Shopper) -> Answer<WholeCart> {
    whole(&app, shopper.id).await
}

async fn whole(app: &App, user: u64) -> Answer<WholeCart> {
    Ok(Reply::data(WholeCart::show(carts::content(app, user).await?, app.zone)))
}

/// The members as far as they have the right types; which of them are there is looked at after log-in.
struct Sent {
    id: Option<i64>,
    goods: Option<i64>,
    sku: Option<i64>,
    number: Option<i64>,
}

impl Sent {
    fn read(body: &Entity) -> Result<Self, Refusal> {
        Ok(Self {
            id: body.int("id")?,
            goods: body.int("goodsId")?,
            sku: body.int("productId")?,
            number: body.int_within("number", -QUANTITY_MAX, QUANTITY_MAX)?,
        })
    }

    fn wanted(&self) -> Result<Wanted, Refusal> {
        let id = |member: Option<i64>, name| {
            let id = member.ok_or_else(|| Refusal::missing(name))?;
            Ok(u64::try_from(id).unwrap_or(0))
        };
        let goods = id(self.goods, "goodsId")?;
        let sku = id(self.sku, "productId")?;
        let number = self.number.ok_or_else(|| Refusal::missing("number"))?;
        if number < 1 {
            return Err(Refusal::new(401, "number has to be at least 1"));
        }
        Ok(Wanted { goods, sku, number })
    }
}

/// Add units; the answer is how many the cart holds. Failures: 402 types, 501, 401, 710 off the shelf,
/// 711 stock.
#[utoipa::path(post, path = "/wx/cart/add", tag = "shop: cart", request_body = CartForm,
    responses((status = 200, body = Envelope<i64>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn add(
    State(app): State<Arc<App>>,
    shopper: Result<Shopper, Failure>,
    body: Entity,
) -> Answer<i64> {
    let sent = Sent::read(&body)?;
    let owner = shopper?.id;
    Ok(Reply::data(carts::add(&app, owner, sent.wanted()?).await?))
}

/// Buy now: set the units of a row or make it; the answer is the row's id. Failures: as adding.
#[utoipa::path(post, path = "/wx/cart/fastadd", tag = "shop: cart", request_body = CartForm,
    responses((status = 200, body = Envelope<u64>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn fastadd(
    State(app): State<Arc<App>>,
    shopper: Result<Shopper, Failure>,
    body: Entity,
) -> Answer<u64> {
    let sent = Sent::read(&body)?;
    let owner = shopper?.id;
    Ok(Reply::data(carts::buy_now(&app, owner, sent.wanted()?).await?))
}

/// Set the units of an own row. Failures: 402 types, 501, 401, 402 not own or other goods, 710.
#[utoipa::path(post, path = "/wx/cart/update", tag = "shop: cart", request_body = CartForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn update(
    State(app): State<Arc<App>>,
    shopper: Result<Shopper, Failure>,
    body: Entity,
) -> Answer<Nothing> {
    let sent = Sent::read(&body)?;
    let owner = shopper?.id;
    let id = sent.id.ok_or_else(|| Refusal::missing("id"))?;
    let wanted = sent.wanted()?;
    carts::update(&app, owner, u64::try_from(id).unwrap_or(0), wanted).await?;
    Ok(Reply::done())
}

/// Check or uncheck own rows. Failures: 402, 501, 401.
#[utoipa::path(post, path = "/wx/cart/checked", tag = "shop: cart", request_body = CheckForm,
    responses((status = 200, body = Envelope<WholeCart>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn checked(
    State(app): State<Arc<App>>,
    ShopperLoose(shopper, body): ShopperLoose,
) -> Answer<WholeCart> {
    let skus = body.required_ids("productIds")?;
    let checked = body.int("isChecked").ok_or_else(|| Refusal::missing("isChecked"))? == 1;
    cart_write::check(&app.db, shopper.id, &skus, checked).await?;
    whole(&app, shopper.id).await
}

/// Take own rows out. Failures: 402, 501, 401.
#[utoipa::path(post, path = "/wx/cart/delete", tag = "shop: cart", request_body = TakeOutForm,
    responses((status = 200, body = Envelope<WholeCart>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn delete(
    State(app): State<Arc<App>>,
    ShopperLoose(shopper, body): ShopperLoose,
) -> Answer<WholeCart> {
    let skus = body.required_ids("productIds")?;
    cart_write::delete_skus(&app.db, shopper.id, &skus).await?;
    whole(&app, shopper.id).await
}

/// Units in the own cart; 0 for whoever is not logged in.
#[utoipa::path(get, path = "/wx/cart/goodscount", tag = "shop: cart",
    responses((status = 200, body = Envelope<i64>)))]
pub async fn goodscount(State(app): State<Arc<App>>, shopper: Result<Shopper, Failure>) -> Answer<i64> {
    let units = match shopper {
        Ok(shopper) => cart::units(&app.db, shopper.id).await?,
        Err(Failure::Refused(_)) => 0,
        Err(fault) => return Err(fault),
    };
    Ok(Reply::data(units))
}
