//! Many buyers, few units.

use crate::harness::{Mall, Spec};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_attempts_on_a_hundred_units_make_a_hundred_orders() {
    let mall = Arc::new(Mall::start().await);
    let sale = mall.sale(Spec { units: 100, multiplier: 20, ..Spec::default() }).await;
    let buyers = Arc::new(mall.crowd(2000).await);
    let mut racing = JoinSet::new();
    for lane in 0..200 {
        let (mall, buyers) = (mall.clone(), buyers.clone());
        racing.spawn(async move {
            let mut outcomes: BTreeMap<String, u32> = BTreeMap::new();
            // Each of the two thousand tries five times, interleaved with everybody else.
            for attempt in 0..50 {
                let buyer = &buyers[(lane + attempt * 200) % buyers.len()];
                let outcome = mall.buy(buyer, sale).await.map_or_else(|code| code, |_| "order".into());
                *outcomes.entry(outcome).or_default() += 1;
            }
            outcomes
        });
    }
    let mut outcomes: BTreeMap<String, u32> = BTreeMap::new();
    for lane in racing.join_all().await {
        for (outcome, count) in lane {
            *outcomes.entry(outcome).or_default() += count;
        }
    }
    assert_eq!(outcomes.values().sum::<u32>(), 10_000, "requests in = sum of outcomes: {outcomes:?}");
    assert_eq!(outcomes["order"], 100, "{outcomes:?}");
    let known = ["order", "sold_out", "no_token_left", "limit_reached", "too_many_requests"];
    assert!(outcomes.keys().all(|outcome| known.contains(&outcome.as_str())), "{outcomes:?}");
    let mall = Arc::into_inner(mall).expect("nobody else holds it");
    crate::harness::eventually("all are settled", 30, async || match mall.rows(sale).await {
        100 => Ok(()),
        rows => Err(rows.to_string()),
    })
    .await;
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tokens_of_one_user_raced_a_thousand_times_never_make_two_orders() {
    let mall = Arc::new(Mall::start().await);
    // A thousand buyers with one device each side; each pair races token and order.
    let sale = mall.sale(Spec { units: 5000, ..Spec::default() }).await;
    let buyers = Arc::new(mall.crowd(1000).await);
    let mut racing = JoinSet::new();
    for lane in 0..50 {
        let (mall, buyers) = (mall.clone(), buyers.clone());
        racing.spawn(async move {
            for round in 0..20 {
                let buyer = &buyers[lane * 20 + round];
                let device = async || mall.buy(buyer, sale).await;
                let (one, two) = tokio::join!(device(), device());
                let orders: Vec<_> =
                    [&one, &two].into_iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
                // Both devices hold the same token, so a second success is the same order.
                assert!(
                    !orders.is_empty() && orders.windows(2).all(|pair| pair[0] == pair[1]),
                    "{one:?} {two:?}"
                );
            }
        });
    }
    racing.join_all().await;
    let mall = Arc::into_inner(mall).expect("nobody else holds it");
    crate::harness::eventually("all are settled", 30, async || match mall.rows(sale).await {
        1000 => Ok(()),
        rows => Err(rows.to_string()),
    })
    .await;
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_gets_one_order_and_its_number_twice() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec::default()).await;
    let buyer = mall.buyer().await;
    let token = mall.token_text(&buyer, sale).await;
    let click = async || mall.order(&buyer, sale, &token, 1).await;
    let (one, two, three) = tokio::join!(click(), click(), click());
    let mut statuses = [one.status, two.status, three.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 202], "{one:?} {two:?} {three:?}");
    assert_eq!(one.body["order_sn"], two.body["order_sn"]);
    assert_eq!(two.body["order_sn"], three.body["order_sn"]);
    let sn = one.body["order_sn"].as_str().expect("an order number").to_owned();
    let settled = mall.wait_status(&buyer, &sn, "settled").await;
    assert!(settled.body["order_id"].is_u64() && settled.body["pay_by"].is_string(), "{settled:?}");
    // Settled and trimmed, the same token still names its order.
    let again = mall.order(&buyer, sale, &token, 1).await;
    assert_eq!((again.status, &again.body["order_sn"]), (200, &one.body["order_sn"]));
    assert_eq!(mall.rows(sale).await, 1);
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_token_with_another_body_is_a_mismatch() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec { per_order: 2, per_user: 2, ..Spec::default() }).await;
    let buyer = mall.buyer().await;
    let token = mall.token_text(&buyer, sale).await;
    assert_eq!(mall.order(&buyer, sale, &token, 1).await.status, 202);
    let other = mall.order(&buyer, sale, &token, 2).await;
    assert_eq!((other.status, other.code()), (422, "request_mismatch"));
    let noted =
        json!({ "token": token, "quantity": 1, "address_id": buyer.address, "message": "ring twice" });
    let noted = mall.try_order(&buyer, sale, noted).await.expect("an answer");
    assert_eq!((noted.status, noted.code()), (422, "request_mismatch"));
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_does_not_stop_its_order() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec { units: 50, ..Spec::default() }).await;
    let buyers = mall.crowd(50).await;
    for (place, buyer) in buyers.iter().enumerate() {
        let token = mall.token_text(buyer, sale).await;
        let order = mall.order(buyer, sale, &token, 1);
        // From before anything was sent to after the answer.
        let _ = tokio::time::timeout(std::time::Duration::from_micros(place as u64 * 60), order).await;
    }
    // Whatever became of them, the books say the same as the desk, and what was answered stands.
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_returned_unit_is_sold_again_within_a_second_and_once() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec { units: 1, multiplier: 10, ..Spec::default() }).await;
    let (first, second, third) = (mall.buyer().await, mall.buyer().await, mall.buyer().await);
    let sn = mall.buy(&first, sale).await.expect("the only unit");
    mall.wait_status(&first, &sn, "settled").await;
    assert_eq!(mall.buy(&second, sale).await, Err("sold_out".into()));
    mall.lapse(&sn).await;
    let lapsed_at = std::time::Instant::now();
    let sold_again =
        crate::harness::eventually("the unit is sold again", 5, async || mall.buy(&second, sale).await).await;
    assert!(lapsed_at.elapsed().as_millis() < 1500, "sold again after {:?}", lapsed_at.elapsed());
    mall.wait_status(&second, &sold_again, "settled").await;
    assert_eq!(mall.status(&first, &sn).await.body["status"], "lapsed");
    assert_eq!(mall.buy(&third, sale).await, Err("sold_out".into()));
    mall.finish().await;
}
