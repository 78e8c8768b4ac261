//! What an order of the selection would cost. It reads only; submitting looks at everything again, with
//! locks, and calculates with the same function.

use super::Selection;
use crate::coupons::{self, Choice};
use crate::error::{Failure, Refusal};
use crate::pricing::{self, Freight, Prices};
use crate::state::App;
use crate::store::address::AddressRow;
use crate::store::coupon_user::{self, Claim};
use crate::store::groupon_rule::{self, RuleRow};
use crate::store::{address_choice, cart};
use std::collections::HashMap;

/// How a check-out was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// One row, or 0 for the checked ones.
    pub cart_id: u64,
    /// An address, or 0 for the default one.
    pub address_id: u64,
    /// Which coupon.
    pub choice: Choice,
    /// An offer of group buying, or 0.
    pub rule_id: u64,
}

/// What it comes to.
#[derive(Clone, Debug)]
pub struct CheckOut {
    /// What would be bought.
    pub selection: Selection,
    /// Where to, if the shopper has a default address or named one.
    pub address: Option<AddressRow>,
    /// The offer.
    pub rule: Option<RuleRow>,
    /// The coupon that is used.
    pub claim: Option<Claim>,
    /// How many claims could be used.
    pub usable: usize,
    /// The amounts.
    pub prices: Prices,
}

/// Prices a selection.
pub async fn check_out(app: &App, user: u64, asked: Asked) -> Result<CheckOut, Failure> {
    let selection = selection(app, user, asked.cart_id).await?;
    let address = address_choice::chosen_or_default(&app.db, user, asked.address_id).await?;
    let (rule, goods_minor, claims) = judged(app, user, asked.rule_id, &selection).await?;
    let usable = claims.iter().filter(|(_, good)| *good).count();
    // A coupon that is not good any more gives way to the best one.
    let claim = coupons::chosen(&claims, asked.choice).or_else(|| match asked.choice {
        Choice::None | Choice::Best => None,
        Choice::This { .. } => coupons::chosen(&claims, Choice::Best),
    });
    let coupon_minor = claim.map_or(0, |claim| claim.discount_minor);
    let prices = pricing::prices(goods_minor, coupon_minor, freight(app).await?);
    Ok(CheckOut { claim: claim.cloned(), selection, address, rule, usable, prices })
}

/// The freight rule as staff set it.
pub async fn freight(app: &App) -> Result<Freight, Failure> {
    let settings = app.settings.read(&app.db).await?;
    Ok(Freight { value_minor: settings.freight().0, free_from_minor: settings.freight_free_from().0 })
}

/// The offer, the goods total under it, and the shopper's claims with whether they are good for it.
pub async fn judged(
    app: &App,
    user: u64,
    rule_id: u64,
    selection: &Selection,
) -> Result<(Option<RuleRow>, i64, Vec<(Claim, bool)>), Failure> {
    let rule = match rule_id {
        0 => None,
        id => groupon_rule::find(&app.db, id).await?,
    };
    let goods_minor = pricing::goods_total(&selection.lines, rule.as_ref().map(RuleRow::off))?;
    let mut db = app.db.acquire().await?;
    let claims = coupon_user::unused(&mut db, user).await?;
    Ok((rule, goods_minor, coupons::judged(claims, &selection.lines, goods_minor)?))
}

/// What is chosen in a cart, without what cannot be bought any more: the checked rows, which may be
/// none, or one row, which has to be there (402).
pub async fn selection(app: &App, user: u64, cart_id: u64) -> Result<Selection, Failure> {
    let rows = match cart_id {
        0 => cart::checked(&app.db, user).await?,
        id => Vec::from_iter(cart::find(&app.db, user, id).await?),
    };
    let skus: Vec<u64> = rows.iter().map(|row| row.sku_id).collect();
    let shelf = cart::shelf(&app.db, &skus).await?.into_iter().filter(|shelf| shelf.on_shelf);
    let shelf: HashMap<u64, _> = shelf.map(|shelf| (shelf.sku_id, shelf.category_id)).collect();
    let mut selection = Selection { rows: Vec::new(), lines: Vec::new() };
    for row in rows {
        if let Some(category) = shelf.get(&row.sku_id) {
            selection.lines.push(row.line(*category));
            selection.rows.push(row);
        }
    }
    if cart_id != 0 && selection.rows.is_empty() {
        return Err(Refusal::wrong("cartId").into());
    }
    Ok(selection)
}
