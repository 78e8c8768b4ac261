//! Turning a cart into an order, in one transaction: prices, the coupon, the place in a group, the stock
//! of every SKU, the order with its lines, the cart rows. Either all of it happens or nothing.

use super::place::{self, Placed};
use crate::coupons::{self, Choice};
use crate::error::{Failure, OUT_OF_STOCK, Refusal};
use crate::pricing::{self, Freight};
use crate::state::App;
use crate::store::address::AddressRow;
use crate::store::cart::CartRow;
use crate::store::order_write::{NewLine, NewOrder};
use crate::store::resource::{self, Resource};
use crate::store::{address, coupon_user, order_request, retrying};
use crate::{carts, groups};
use contract::ledger::SaleKind;
use sha2::{Digest, Sha256};
use sqlx::MySqlConnection;
use std::collections::BTreeMap;

/// What a shopper sends. What is absent is told from 0, because three of the ids have to be there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named as the members of the body are")]
pub struct Request {
    pub cart_id: Option<i64>,
    pub address_id: Option<i64>,
    pub coupon_id: Option<i64>,
    pub user_coupon_id: i64,
    pub message: String,
    pub groupon_rules_id: i64,
    pub groupon_link_id: i64,
}

impl Request {
    fn hash(&self) -> Vec<u8> {
        Sha256::digest(format!("{self:?}")).to_vec()
    }

    fn choice(&self, coupon: i64) -> Choice {
        match u64::try_from(coupon) {
            Ok(coupon) if coupon > 0 => {
                Choice::This { coupon, claim: u64::try_from(self.user_coupon_id).unwrap_or(0) }
            }
            _ => Choice::None,
        }
    }
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// The order.
    pub order_id: u64,
    /// Whether there was nothing to pay.
    pub paid: bool,
    /// The opener's record of the group, 0 without one.
    pub groupon_id: u64,
}

/// Submits. With a key, repeating it answers what it answered at first.
pub async fn submit(
    app: &App,
    owner: u64,
    request: &Request,
    key: Option<&str>,
) -> Result<Submitted, Failure> {
    let addresses = address::list(&app.db, owner).await?;
    let settings = app.settings.read(&app.db).await?;
    let terms = Terms {
        freight: Freight {
            value_minor: settings.freight().0,
            free_from_minor: settings.freight_free_from().0,
        },
        pay_within_s: u32::try_from(settings.order_unpaid_minutes().saturating_mul(60)).unwrap_or(u32::MAX),
    };
    let hash = request.hash();
    let (addresses, terms, hash) = (&addresses, &terms, &hash);
    retrying(|| async move {
        let mut tx = app.db.begin().await?;
        if let Some(key) = key
            && !order_request::claim(&mut tx, owner, key, hash).await?
        {
            return again(&mut tx, owner, key, hash).await;
        }
        let submitted = attempt(app, &mut tx, owner, request, addresses, terms).await?;
        if let Some(key) = key {
            let Submitted { order_id, paid, groupon_id } = submitted;
            order_request::answer(&mut tx, owner, key, order_id, paid, groupon_id).await?;
        }
        tx.commit().await?;
        Ok(submitted)
    })
    .await
}

/// What the shop asks of every order.
struct Terms {
    freight: Freight,
    pay_within_s: u32,
}

async fn again(db: &mut MySqlConnection, owner: u64, key: &str, hash: &[u8]) -> Result<Submitted, Failure> {
    let known = order_request::answered(db, owner, key).await?;
    match known.filter(|known| known.request_hash == hash) {
        Some(known) => {
            Ok(Submitted { order_id: known.order_id, paid: known.paid, groupon_id: known.groupon_id })
        }
        None => Err(Refusal::wrong_because("Idempotency-Key", "was used for another order").into()),
    }
}

async fn attempt(
    app: &App,
    db: &mut MySqlConnection,
    owner: u64,
    request: &Request,
    addresses: &[AddressRow],
    terms: &Terms,
) -> Result<Submitted, Failure> {
    let positive = |id: i64| u64::try_from(id).ok().filter(|id| *id > 0);
    let place = match positive(request.groupon_rules_id) {
        Some(rule) => {
            Some(groups::admit(db, owner, rule, positive(request.groupon_link_id).unwrap_or(0)).await?)
        }
        None => None,
    };
    let cart_id = request.cart_id.ok_or_else(|| Refusal::missing("cartId"))?;
    let address_id = request.address_id.ok_or_else(|| Refusal::missing("addressId"))?;
    let coupon_id = request.coupon_id.ok_or_else(|| Refusal::missing("couponId"))?;
    let to = addresses.iter().find(|address| i64::try_from(address.id) == Ok(address_id));
    let to = to.ok_or(Refusal::new(401, "addressId names no address of yours"))?;
    let cart_id = u64::try_from(cart_id).map_err(|_| Refusal::wrong("cartId"))?;

    let selection = carts::for_order(db, owner, cart_id).await?;
    let off = place.as_ref().map(groups::Place::off);
    if let Some(place) = &place {
        place.fits(&selection.lines)?;
    }
    let goods_minor = pricing::goods_total(&selection.lines, off)?;
    let choice = request.choice(coupon_id);
    let claim = coupons::for_order(db, owner, choice, &selection.lines, goods_minor).await?;
    let coupon_minor = claim.as_ref().map_or(0, |claim| claim.discount_minor);
    let prices = pricing::prices(goods_minor, coupon_minor, terms.freight);

    let order = NewOrder {
        user_id: owner,
        kind: SaleKind::Goods.code(),
        consignee: &to.name,
        mobile: &to.tel,
        address: &format!("{}{}{} {}", to.province, to.city, to.county, to.detail),
        message: &request.message,
        goods_minor: prices.goods_minor,
        freight_minor: prices.freight_minor,
        coupon_minor: prices.coupon_minor,
        groupon_minor: off.map_or(0, |off| off.discount_minor),
        actual_minor: prices.actual_minor,
        pay_within_s: terms.pay_within_s,
    };
    let lines: Vec<NewLine<'_>> = selection.rows.iter().map(line).collect();
    let placed = place::place(db, app.zone, &order, &lines).await?;
    carts::ordered(db, owner, placed.id, &selection).await?;
    if let Some(claim) = claim
        && !coupon_user::use_for_order(db, claim.id, owner, placed.id).await?
    {
        return Err(Refusal::wrong_because("couponId", "was used meanwhile").into());
    }
    let groupon_id = match &place {
        Some(place) => groups::take(db, place, owner, placed.id).await?,
        None => 0,
    };
    // Last, because others wait for these rows until the transaction ends.
    take_stock(db, &selection.rows).await?;
    finish(db, placed, groupon_id).await
}

async fn finish(db: &mut MySqlConnection, placed: Placed, groupon_id: u64) -> Result<Submitted, Failure> {
    let paid = place::settle_if_free(db, &placed).await?;
    Ok(Submitted { order_id: placed.id, paid, groupon_id })
}

fn line(row: &CartRow) -> NewLine<'_> {
    NewLine {
        goods_id: row.goods_id,
        goods_name: &row.goods_name,
        goods_sn: &row.goods_sn,
        sku_id: row.sku_id,
        quantity: row.quantity,
        price_minor: row.price_minor,
        specifications: &row.specifications,
        pic_url: &row.pic_url,
    }
}

/// Takes the units of every SKU, in the order of their ids, so that two orders never wait for each other.
async fn take_stock(db: &mut MySqlConnection, rows: &[CartRow]) -> Result<(), Failure> {
    let mut units: BTreeMap<u64, (u64, i64)> = BTreeMap::new();
    for row in rows {
        units.entry(row.sku_id).or_insert((row.goods_id, 0)).1 += i64::from(row.quantity);
    }
    for (sku, (goods, units)) in units {
        if !resource::take(db, Resource::Sku { goods, sku }, units).await? {
            return Err(OUT_OF_STOCK.into());
        }
    }
    Ok(())
}
