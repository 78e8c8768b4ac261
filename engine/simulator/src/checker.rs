//! After the faults: everything comes to rest, and then nothing may be missing.

use crate::clock::BEGIN_MS;
use crate::history::Told;
use crate::oracle::Key;
use crate::staff;
use crate::world::World;
use contract::ids::{OrderSn, SaleId};
use contract::ledger::{SaleKind, SaleState};
use engine::clock::Clock as _;
use engine::reconcile;
use engine::settlement::{Ledger as _, Sale};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Units of every resource outside of its sale.
pub const RESOURCE: i64 = 1000;
/// Time within which all is at rest after healing (promises P5 and P6).
pub const REST_WITHIN: Duration = Duration::from_secs(60);

/// The sale as a run begins with it.
pub fn sale(world: &World, id: SaleId) -> Sale {
    let plan = &world.plan.sales[id.0 as usize - 1];
    Sale {
        id,
        name: String::new(),
        kind: SaleKind::Goods,
        goods_id: id.0,
        sku_id: id.0,
        coupon_id: 0,
        ticket_type_id: 0,
        pic_url: String::new(),
        state: SaleState::Armed,
        terms: engine::reservation::Terms {
            version: 1,
            starts_at_ms: BEGIN_MS.saturating_add_signed(plan.starts_in_ms),
            ends_at_ms: BEGIN_MS + 24 * 3_600_000,
            price_minor: 990,
            per_order_max: plan.limits[0],
            per_user_max: plan.limits[1],
            cooldown_s: plan.cooldown_s,
            token_ttl_s: plan.token_ttl_s,
            token_multiplier: plan.token_multiplier,
            unsettled_max: world.plan.unsettled_max,
        },
        pay_within_s: 600,
        min_user_level: 0,
        put_on_sale: plan.units,
        free: plan.units,
        generation: Default::default(),
        settled_generation: Default::default(),
        desk_generation: Default::default(),
        desk: Default::default(),
    }
}

/// Waits until every sale is at rest.
pub async fn rest(world: &World) {
    let holds = async || {
        for sale in sales(world).await {
            unrest(world, &sale).await?;
        }
        Ok(())
    };
    eventually(world, "at rest within 60 s", holds).await;
}

/// Closes every sale and waits until it is reconciled; then no unit of its resource is missing.
pub async fn close(world: &World) {
    for sale in world.sales() {
        staff::close(world, sale);
    }
    let holds = async || match sales(world).await.iter().find(|sale| sale.state != SaleState::Reconciled) {
        Some(sale) => Err(format!("sale {} is {:?}", sale.id, sale.state)),
        None => Ok(()),
    };
    eventually(world, "reconciled within 60 s", holds).await;
    for sale in world.sales() {
        let books =
            world.ledger.books(sale).await.expect("a ledger in memory").expect("a sale that was added");
        let (resource, sold) = (world.ledger.resource(sale), books.unpaid + books.paid + books.dead);
        let all = RESOURCE + world.plan.sales[sale.0 as usize - 1].units as i64;
        if resource + sold != all {
            world.violated(format!("units of {sale}: {resource} left, {sold} sold, {all} at first"));
        }
    }
}

/// Compares what buyers were told with what the ledger has.
pub async fn compare(world: &World) {
    let tokens = world.history.lock().expect("no holder panics").tokens.clone();
    let mut rows = 0;
    for (key, told) in &tokens {
        rows += i64::from(check(world, *key, told).await);
    }
    let mut orders = 0;
    for sale in world.sales() {
        orders += world
            .ledger
            .books(sale)
            .await
            .expect("a ledger in memory")
            .expect("a sale that was added")
            .orders;
    }
    if orders != rows {
        world.violated(format!("one row per token: {orders} rows of {rows} tokens"));
    }
    for reason in world.ledger.buried() {
        world.violated(format!("202 => row, not rejected: a dead letter, {reason}"));
    }
}

async fn check(world: &World, key: Key, told: &Told) -> bool {
    let sn = OrderSn { sale: key.0, nonce: key.1 };
    let row = world.ledger.order(sn, told.user).await.expect("a ledger in memory").order;
    match &row {
        None if told.promised => world.violated(format!("202 => row: {told:?}")),
        Some(_) if !told.promised && told.unknown == 0 => {
            world.violated(format!("never 202/504 => no row: {told:?}"));
        }
        Some(row) => {
            let price = world.oracle().price_of(key);
            if price != Some(row.price_minor) || row.units != u32::from(told.quantity) {
                world.violated(format!("charged as accepted: {row:?}, accepted at {price:?}, {told:?}"));
            }
        }
        None => {}
    }
    row.is_some()
}

async fn unrest(world: &World, sale: &Sale) -> Result<(), String> {
    let state = sale.state;
    let begun = world.ledger_clock.unix_ms() >= sale.terms.starts_at_ms;
    if matches!(state, SaleState::Recovering | SaleState::Closing | SaleState::Drained)
        || (state == SaleState::Armed && begun)
    {
        return Err(format!("sale {} is {state:?}", sale.id));
    }
    let books =
        reconcile::books(&world.desk, &world.ledger, sale).await.map_err(|fault| fault.to_string())?;
    let books = books.ok_or("a sale without books")?;
    let sells = state < SaleState::Drained;
    let moving = books.ledger.returning + books.ledger.booked_back;
    if books.gap != 0 || moving != 0 || (sells && books.unsettled != Some(0)) {
        return Err(format!("not at rest: {books:?}"));
    }
    if world.ledger.changes().await.map_err(|fault| fault.to_string())?.is_empty() {
        Ok(())
    } else {
        Err("a stock change is not done".to_owned())
    }
}

async fn sales(world: &World) -> Vec<Sale> {
    world.ledger.sales().await.expect("a ledger in memory").sales
}

async fn eventually(world: &World, what: &str, holds: impl AsyncFn() -> Result<(), String>) {
    let deadline = Instant::now() + REST_WITHIN;
    while let Err(why) = holds().await {
        if Instant::now() > deadline {
            return world.violated(format!("{what}: {why}"));
        }
        sleep(Duration::from_millis(200)).await;
    }
}
