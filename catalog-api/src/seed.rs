//! Data for development: accounts, a shop full of goods, tickets, coupons, group offers, orders and three
//! sales. Running it again changes nothing; with `--fresh-sales` the three sales are made anew, the stock
//! they need with them. With amounts it makes a shop for measuring instead, see `volume`.
//!
//! Accounts have passwords anybody knows, so any other profile refuses.

mod catalogue;
mod community;
mod goods;
mod orders;
mod people;
mod sales;
mod trade;
pub mod volume;

use crate::config::Config;
use crate::state::App;

/// Seeds and prints the ids as `KEY=value` lines.
pub async fn run(config: Config, fresh_sales: bool) -> anyhow::Result<()> {
    anyhow::ensure!(config.is_dev(), "seed: demo accounts exist in the dev profile only");
    let app = App::new(config)?;
    people::staff(&app).await?;
    people::shoppers(&app).await?;
    let catalog = goods::catalog(&app).await?;
    catalogue::fill(&app).await?;
    trade::before_orders(&app).await?;
    community::fill(&app).await?;
    orders::fill(&app).await?;
    let demo = sales::demo(&app, &catalog, fresh_sales).await?;
    println!("DEMO_SALE_ID={}", demo.open);
    println!("DEMO_UPCOMING_SALE_ID={}", demo.upcoming);
    println!("DEMO_COUPON_SALE_ID={}", demo.coupon);
    println!("DEMO_GOODS_ID={}", catalog.goods);
    println!("DEMO_PRODUCT_ID={}", catalog.product);
    println!("DEMO_COUPON_ID={}", catalog.coupon);
    Ok(())
}
