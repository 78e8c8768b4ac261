//! A sale from armed to reconciled: window, force-start, changes of stock and terms, close.

use crate::harness::{Mall, Spec, eventually};
use contract::ids::{OrderSn, SaleId};
use engine::settlement::Ledger as _;
use engine::settlement::mysql::{MySqlLedger, MySqlLedgerSettings};
use std::time::Duration;

async fn wait_state(mall: &Mall, sale: SaleId, state: i64) {
    eventually("the sale has its state", 15, async || {
        match mall.number(&format!("select cast(state as signed) from flash_sale where id = {sale}")).await {
            now if now == state => Ok(()),
            other => Err(other.to_string()),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_sale_opens_within_two_seconds_and_on_time() {
    let mall = Mall::start().await;
    let buyer = mall.buyer().await;
    let sale = mall.arm(Spec { starts_in_ms: 3000, ..Spec::default() }).await;
    eventually("the engine knows the sale", 2, async || match mall.token(&buyer, sale).await.code() {
        "not_started" => Ok(()),
        other => Err(other.to_owned()),
    })
    .await;
    eventually("it starts", 5, async || mall.buy(&buyer, sale).await.map(|_| ())).await;
    let late_ms = mall
        .number(&format!(
            "select timestampdiff(microsecond, starts_at, now(3)) div 1000 from flash_sale where id = {sale}"
        ))
        .await;
    assert!((0..1000).contains(&late_ms), "the first order came {late_ms} ms after the start");
    wait_state(&mall, sale, 2).await;
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_start_and_a_new_price_are_followed_within_two_seconds() {
    let mall = Mall::start().await;
    let buyer = mall.buyer().await;
    let sale = mall.sale(Spec { starts_in_ms: 600_000, ..Spec::default() }).await;
    assert_eq!(mall.token(&buyer, sale).await.code(), "not_started");
    mall.run(&format!(
        "update flash_sale set starts_at = now(3), price_minor = 500, version = version + 1 where id = {sale}"
    ))
    .await;
    let sn = eventually("it starts", 2, async || mall.buy(&buyer, sale).await).await;
    mall.wait_status(&buyer, &sn, "settled").await;
    assert_eq!(mall.number(&format!("select actual_minor from orders where order_sn = '{sn}'")).await, 500);
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_add_and_take_units_while_it_sells() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec { units: 2, multiplier: 50, ..Spec::default() }).await;
    let sku = mall.number(&format!("select cast(sku_id as signed) from flash_sale where id = {sale}")).await;
    let buyers = mall.crowd(8).await;
    mall.buy(&buyers[0], sale).await.expect("one");
    mall.buy(&buyers[1], sale).await.expect("two");
    mall.run(&format!("insert into stock_change (sale_id, delta) values ({sale}, 3)")).await;
    eventually("more are sold", 3, async || mall.buy(&buyers[2], sale).await.map(|_| ())).await;
    // Two are left: one is taken away, three more cannot be.
    mall.run(&format!("insert into stock_change (sale_id, delta) values ({sale}, -1)")).await;
    eventually("one went back to the shelf", 3, async || {
        match mall.number(&format!("select stock from sku where id = {sku}")).await {
            1 => Ok(()),
            other => Err(other.to_string()),
        }
    })
    .await;
    mall.run(&format!("insert into stock_change (sale_id, delta) values ({sale}, -3)")).await;
    eventually("the refusal is kept", 3, async || {
        match mall
            .number(&format!(
                "select cast(sum(state = 3) as signed) from stock_change where sale_id = {sale}"
            ))
            .await
        {
            1 => Ok(()),
            other => Err(other.to_string()),
        }
    })
    .await;
    mall.buy(&buyers[3], sale).await.expect("the last one");
    assert_eq!(mall.buy(&buyers[4], sale).await, Err("sold_out".into()));
    assert_eq!(mall.number(&format!("select put_on_sale from flash_sale where id = {sale}")).await, 4);
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_settles_everything_and_gives_the_rest_back() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec { units: 5, ..Spec::default() }).await;
    let sku = mall.number(&format!("select cast(sku_id as signed) from flash_sale where id = {sale}")).await;
    let buyers = mall.crowd(3).await;
    let token = mall.token_text(&buyers[0], sale).await;
    let first = mall.order(&buyers[0], sale, &token, 1).await;
    let sn = first.body["order_sn"].as_str().expect("an order").to_owned();
    let unused = mall.token_text(&buyers[1], sale).await;
    mall.wait_status(&buyers[0], &sn, "settled").await;
    mall.run(&format!(
        "update flash_sale set state = 4, closed_by_staff = true, version = version + 1 where id = {sale}"
    ))
    .await;
    wait_state(&mall, sale, 6).await;
    assert_eq!(mall.number(&format!("select stock from sku where id = {sku}")).await, 4);
    let ended = mall.order(&buyers[1], sale, &unused, 1).await;
    assert_eq!((ended.status, ended.code()), (410, "ended"));
    assert_eq!(mall.token(&buyers[2], sale).await.code(), "ended");
    let again = mall.order(&buyers[0], sale, &token, 1).await;
    assert_eq!((again.status, &again.body["order_sn"]), (200, &first.body["order_sn"]));
    // A unit that comes back now goes to the shelf.
    mall.lapse(&sn).await;
    eventually("it is on the shelf", 5, async || {
        match mall.number(&format!("select stock from sku where id = {sku}")).await {
            5 => Ok(()),
            other => Err(other.to_string()),
        }
    })
    .await;
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_only_looks_sees_units_come_back() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec { units: 1, ..Spec::default() }).await;
    let buyer = mall.buyer().await;
    let sn = mall.buy(&buyer, sale).await.expect("the unit");
    assert_eq!(mall.one_sale(sale).await["remaining"], 0);
    mall.wait_status(&buyer, &sn, "settled").await;
    mall.lapse(&sn).await;
    eventually("it is shown", 10, async || match mall.one_sale(sale).await["remaining"].as_u64() {
        Some(1) => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    mall.finish().await;
}

/// Orders lapse whenever they like: one return is booked and one only asked for when the sale is drained.
#[tokio::test(flavor = "multi_thread")]
async fn a_return_booked_in_the_moment_a_sale_is_drained_goes_to_the_shelf() {
    let mut mall = Mall::start().await;
    let sale = mall.sale(Spec { units: 5, ..Spec::default() }).await;
    let sku = mall.number(&format!("select cast(sku_id as signed) from flash_sale where id = {sale}")).await;
    let mut orders = Vec::new();
    for buyer in mall.crowd(3).await {
        let sn = mall.buy(&buyer, sale).await.expect("a unit");
        mall.wait_status(&buyer, &sn, "settled").await;
        orders.push(sn);
    }
    drop(mall.engine.take());
    let ledger = MySqlLedger::new(&MySqlLedgerSettings {
        url: mall.stores.database_url.clone(),
        connections: 1,
        acquire_timeout: Duration::from_secs(5),
        unsettled_max: 1000,
    })
    .expect("a ledger");
    mall.lapse(&orders[0]).await;
    let rows = ledger.returns(10).await.expect("returns");
    let booked: OrderSn = orders[0].parse().expect("an order number");
    assert!(rows.len() == 1 && rows[0].nonce == booked.nonce, "{rows:?}");
    ledger.book_return(&rows[0]).await.expect("booked");
    mall.lapse(&orders[1]).await;
    mall.run(&format!("update flash_sale set state = 5 where id = {sale}")).await;
    assert!(!ledger.reconcile(sale).await.expect("asked"), "two units are on their way");
    ledger.close().await;

    mall.start_engine("all").await;
    wait_state(&mall, sale, 6).await;
    assert_eq!(mall.number("select count(*) from stock_return").await, 0);
    assert_eq!(mall.number(&format!("select stock from sku where id = {sku}")).await, 4);
    assert_eq!(mall.number(&format!("select given_back from flash_sale where id = {sale}")).await, 4);
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_free_coupon_is_granted_at_settlement_and_a_priced_one_is_an_unpaid_order() {
    let mall = Mall::start().await;
    let buyer = mall.buyer().await;
    let free = mall.sale(Spec { kind: 1, price_minor: 0, ..Spec::default() }).await;
    let sn = mall.buy(&buyer, free).await.expect("a coupon");
    let granted = mall.wait_status(&buyer, &sn, "paid").await;
    assert!(granted.body.get("order_id").is_none(), "{granted:?}");
    let coupons = format!(
        "select count(*) from coupon_user where user_id = {} and status = 0 and ends_at > now()",
        buyer.user
    );
    assert_eq!(mall.number(&coupons).await, 1);
    let priced = mall.sale(Spec { kind: 1, price_minor: 100, ..Spec::default() }).await;
    let sn = mall.buy(&buyer, priced).await.expect("a coupon to pay");
    assert!(mall.wait_status(&buyer, &sn, "settled").await.body["order_id"].is_u64());
    assert_eq!(mall.number(&coupons).await, 1, "granted when it is paid");
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_unsettled_max_orders_are_busy_and_nothing_has_happened() {
    let mut mall =
        Mall::prepare(crate::harness::Stores::shared(), &[("MALL_ENGINE__DESK__UNSETTLED_MAX", "2")]).await;
    mall.start_engine("all").await;
    let sale = mall.sale(Spec { units: 5, ..Spec::default() }).await;
    // Settlement stands still behind this lock.
    let mut lock = mall.db.begin().await.expect("begin");
    sqlx::query("select id from flash_sale where id = ? for update")
        .bind(sale.0)
        .execute(&mut *lock)
        .await
        .expect("locked");
    let buyers = mall.crowd(3).await;
    let one = mall.buy(&buyers[0], sale).await.expect("the first");
    mall.buy(&buyers[1], sale).await.expect("the second");
    let token = mall.token_text(&buyers[2], sale).await;
    let busy = mall.order(&buyers[2], sale, &token, 1).await;
    assert_eq!((busy.status, busy.code()), (503, "busy"));
    assert!(busy.head.contains_key("retry-after"));
    // Longer than the lock wait time-out: the batch is rolled back whole and tried again.
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert_eq!(mall.rows(sale).await, 0);
    lock.rollback().await.expect("unlocked");
    mall.wait_status(&buyers[0], &one, "settled").await;
    eventually("the same token is good", 10, async || {
        match mall.order(&buyers[2], sale, &token, 1).await.status {
            202 => Ok(()),
            other => Err(other.to_string()),
        }
    })
    .await;
    mall.finish().await;
}
