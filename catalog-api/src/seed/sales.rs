//! Three sales: one open, one about to start, one of coupons for nothing.

use super::goods::Catalog;
use crate::envelope::Money;
use crate::sales::input::{Draft, Edit};
use crate::state::App;
use crate::store::resource::{self, Resource};
use crate::store::sale::newest_of_name;
use anyhow::bail;
use chrono::{Duration, NaiveDateTime};

/// Ids of the three sales.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demo {
    /// Open.
    pub(super) open: u64,
    /// About to start.
    pub(super) upcoming: u64,
    /// Of coupons.
    pub(super) coupon: u64,
}

struct Plan {
    name: &'static str,
    resource: Resource,
    price: Money,
    units: i64,
    starts_in: Duration,
    lasts: Duration,
    pay_within_s: i64,
}

/// Finds or makes them.
pub(super) async fn demo(app: &App, catalog: &Catalog, fresh: bool) -> anyhow::Result<Demo> {
    // By the ledger's clock, as the engine judges.
    let now: NaiveDateTime = sqlx::query_scalar("select now(3)").fetch_one(&app.db).await?;
    let open = Plan {
        name: "Spring tea for a song",
        resource: Resource::Sku { goods: catalog.goods, sku: catalog.product },
        price: Money(990),
        units: 100,
        starts_in: Duration::seconds(-1),
        lasts: Duration::hours(2),
        pay_within_s: 600,
    };
    let upcoming = Plan {
        name: "Celadon at ten past",
        resource: Resource::Sku { goods: catalog.next_goods, sku: catalog.next_product },
        price: Money(1_900),
        starts_in: Duration::minutes(10),
        ..open
    };
    let coupon = Plan {
        name: "Fifty coupons for nothing",
        resource: Resource::Coupon(catalog.coupon),
        price: Money(0),
        units: 50,
        ..open
    };
    Ok(Demo {
        open: sale(app, now, &open, fresh).await?,
        upcoming: sale(app, now, &upcoming, fresh).await?,
        coupon: sale(app, now, &coupon, fresh).await?,
    })
}

async fn sale(app: &App, now: NaiveDateTime, plan: &Plan, fresh: bool) -> anyhow::Result<u64> {
    let known = newest_of_name(&app.db, plan.name).await?;
    if let Some(known) = known.filter(|_| !fresh) {
        return Ok(known);
    }
    if fresh && known.is_some() {
        // Demo sales sell their units for good, so a new one brings its own.
        let mut tx = app.db.begin().await?;
        resource::give_back(&mut tx, plan.resource, plan.units).await?;
        tx.commit().await?;
    }
    let starts_at = now + plan.starts_in;
    let draft = Draft {
        name: plan.name.to_owned(),
        price: plan.price,
        stock: plan.units,
        starts_at,
        ends_at: starts_at + plan.lasts,
        rest: Edit { pay_within_s: Some(plan.pay_within_s), ..Edit::default() },
    };
    if let Err(failure) = crate::sales::create(app, plan.resource, draft).await {
        bail!("the sale {:?} could not be made: {failure:?}", plan.name);
    }
    match newest_of_name(&app.db, plan.name).await? {
        Some(id) => Ok(id),
        None => bail!("the sale {:?} is gone again", plan.name),
    }
}
