//! Staff change the stock of a sale, start it early, or close it.

use crate::plan::pick;
use crate::world::World;
use contract::ids::SaleId;
use engine::clock::Clock as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// As many acts as the plan says, at times of their own.
pub async fn work(world: Arc<World>) {
    for _ in 0..world.plan.staff_acts {
        let (wait, sale, act, units) = {
            let mut random = world.random();
            (
                random.u64(0..world.plan.chaos_ms / 2),
                SaleId(random.u64(1..=world.plan.sales.len() as u64)),
                pick(&mut random, &["more", "fewer", "fewer", "start", "price", "close"]),
                random.i64(1..=5),
            )
        };
        sleep(Duration::from_millis(wait)).await;
        let now_ms = world.ledger_clock.unix_ms();
        match act {
            "more" => drop(world.ledger.ask_change(sale, units)),
            "fewer" => drop(world.ledger.ask_change(sale, -units)),
            "start" => world.ledger.revise(sale, |terms| terms.starts_at_ms = terms.starts_at_ms.min(now_ms)),
            "price" => world.ledger.revise(sale, |terms| terms.price_minor += 1),
            _ => close(&world, sale),
        }
        world.mall_acted();
        world.story.tell(format_args!("staff: {act} {units} in {sale}"));
    }
}

/// Ends the window of a sale now.
pub fn close(world: &World, sale: SaleId) {
    let now_ms = world.ledger_clock.unix_ms();
    world.ledger.revise(sale, |terms| terms.ends_at_ms = terms.ends_at_ms.min(now_ms));
    world.mall_acted();
}
