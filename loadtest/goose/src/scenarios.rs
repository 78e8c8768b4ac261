//! Who comes, and what a visit of each is.

use crate::visitor::{Street, Visitor};
use anyhow::{Result, bail};
use goose::config::GooseConfiguration;
use goose::prelude::*;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// One whole visit; goose lets it end before it stops.
type Visit = for<'v> fn(&'v mut Visitor<'_>) -> Pin<Box<dyn Future<Output = TransactionResult> + Send + 'v>>;

/// The users of a scenario by name, ready to go.
pub(crate) fn attack(
    street: &Arc<Street>,
    name: &str,
    configuration: GooseConfiguration,
    pause: Duration,
) -> Result<GooseAttack> {
    let parts: &[(&str, usize, Visit)] = match name {
        "browse" => &[("browse", 1, |visitor| Box::pin(browse(visitor)))],
        "seckill" => &[("seckill", 1, |visitor| Box::pin(seckill(visitor)))],
        "mall" => &[
            ("browse", 6, |visitor| Box::pin(browse(visitor))),
            ("buy", 3, |visitor| Box::pin(buy(visitor))),
            ("elsewhere", 1, |visitor| Box::pin(elsewhere(visitor))),
        ],
        other => bail!("there is no scenario `{other}`: browse, seckill or mall"),
    };
    let mut attack = GooseAttack::initialize_with_config(configuration)?;
    for (name, weight, visit) in parts {
        let scenario = Scenario::new(name)
            .set_weight(*weight)?
            .set_wait_time(pause, pause)?
            .register_transaction(transaction(street, *visit));
        attack = attack.register_scenario(scenario);
    }
    Ok(attack)
}

fn transaction(street: &Arc<Street>, visit: Visit) -> Transaction {
    let street = street.clone();
    Transaction::new(Arc::new(move |user| {
        let street = street.clone();
        Box::pin(async move { visit(&mut Visitor::enter(user, &street)).await })
    }))
}

/// Looks at the shop and at the sale.
async fn browse(visitor: &mut Visitor<'_>) -> TransactionResult {
    visitor.shop("home", "/wx/home/index").await?;
    visitor.shop("goods list", "/wx/goods/list?page=1&limit=20").await?;
    visitor.goods().await?;
    visitor.sale().await
}

/// A token and an order, as quickly as it goes.
async fn seckill(visitor: &mut Visitor<'_>) -> TransactionResult {
    visitor.order().await.map(drop)
}

/// Looks, tries to buy, and asks what became of it.
async fn buy(visitor: &mut Visitor<'_>) -> TransactionResult {
    visitor.goods().await?;
    visitor.sale().await?;
    match visitor.order().await? {
        Some(order_sn) => visitor.status(&order_sn).await,
        None => Ok(()),
    }
}

/// Somebody the sale is nothing to: cart, favourites, orders.
async fn elsewhere(visitor: &mut Visitor<'_>) -> TransactionResult {
    visitor.put_in_cart().await?;
    visitor.shop("cart", "/wx/cart/index").await?;
    visitor.shop("favourites", "/wx/collect/list?type=0&page=1&limit=10").await?;
    visitor.shop("orders", "/wx/order/list?showType=0&page=1&limit=10").await
}
