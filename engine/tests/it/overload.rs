//! The gate lets fewer in while something behind it is slow, says which, and lets everybody in again.

use crate::desk::proxy::Proxy;
use crate::harness::{Mall, Spec, Stores, eventually};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// A metric of the engine that is called, by its whole name.
async fn metric(mall: &Mall, name: &str) -> i64 {
    let (_, _, text) = mall.text(&format!("{}/metrics", mall.engine().private_url)).await;
    let line =
        text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}: {text}"));
    line.trim().parse().expect("a whole number")
}

async fn bound(mall: &Mall, by: &str) -> bool {
    metric(mall, &format!("engine_admission_bound{{by=\"{by}\"}}")).await == 1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_desk_leaves_fewer_places_and_who_finds_none_is_told_at_once() {
    let stores = Stores::shared();
    let port =
        stores.redis_url.split([':', '/']).filter_map(|part| part.parse().ok()).next().expect("a port");
    let (proxy, url) = Proxy::start(port).await;
    let settings = [
        ("REDIS_URL", &*url),
        ("MALL_ENGINE__ADMISSION__INSIDE_MIN", "32"),
        ("MALL_ENGINE__HTTP__CONNECTIONS_MAX", "1000"),
        ("MALL_ENGINE__HTTP__STREAMS_MAX", "500"),
    ];
    let mut mall = Mall::prepare(stores, &settings).await;
    mall.start_engine("all").await;
    let sale = mall.sale(Spec { units: 1000, ..Spec::default() }).await;
    eventually("the limits are at their greatest", 10, async || {
        match metric(&mall, "engine_admission_limit_tokens").await {
            1000 => Ok(()),
            limit => Err(limit.to_string()),
        }
    })
    .await;
    let buyers = mall.crowd(200).await;
    let (mall, over) = (Arc::new(mall), Arc::new(AtomicBool::new(false)));
    proxy.delay(Duration::from_millis(400));
    let mut crowd = JoinSet::new();
    for buyer in buyers {
        let (mall, over) = (mall.clone(), over.clone());
        crowd.spawn(async move {
            let mut answers = Vec::new();
            while !over.load(Ordering::Relaxed) {
                let begin = Instant::now();
                let answer = mall.token(&buyer, sale).await;
                answers.push((answer.status, begin.elapsed()));
                // A refusal says when to come again; the crowd is a tenth as patient.
                if answer.status == 503 {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
            answers
        });
    }
    eventually("the slow desk binds", 20, async || {
        match (bound(&mall, "desk").await, metric(&mall, "engine_admission_limit_tokens").await) {
            (true, limit) if limit <= 100 => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    assert!(!bound(&mall, "settlement").await, "nobody has bought anything");
    tokio::time::sleep(Duration::from_secs(1)).await;
    over.store(true, Ordering::Relaxed);
    let answers: Vec<_> = crowd.join_all().await.into_iter().flatten().collect();
    let times = |status: u16| {
        let mut times: Vec<_> =
            answers.iter().filter(|(of, _)| *of == status).map(|(_, time)| *time).collect();
        times.sort_unstable();
        times
    };
    let (served, refused) = (times(200), times(503));
    assert!(!served.is_empty() && refused.len() > 50, "{} served, {} refused", served.len(), refused.len());
    // Some were refused after having waited, before the gate knew; most were refused by it.
    let middle = refused[refused.len() / 2];
    assert!(middle < Duration::from_millis(100) && served[0] > middle, "refused in {middle:?}");

    proxy.delay(Duration::ZERO);
    eventually("everybody is let in again", 30, async || {
        match (bound(&mall, "desk").await, metric(&mall, "engine_admission_limit_tokens").await) {
            (false, 1000) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    let mall = Arc::into_inner(mall).expect("nobody else holds it");
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn purchases_a_second_are_cut_while_nobody_settles_and_come_back_with_settlement() {
    let settings = [
        ("MALL_ENGINE__ADMISSION__OUTBOX_TARGET_MS", "2000"),
        ("MALL_ENGINE__ADMISSION__SETTLEMENT_TARGET_MS", "2000"),
        ("MALL_ENGINE__ADMISSION__ORDERS_PER_S_MIN", "4"),
        ("MALL_ENGINE__ADMISSION__ORDERS_PER_S", "3000"),
    ];
    let mut mall = Mall::prepare(Stores::shared(), &settings).await;
    let settler = mall.another_engine("settle").await;
    mall.start_engine("serve").await;
    let sale = mall.sale(Spec { units: 1000, ..Spec::default() }).await;
    mall.buy(&mall.buyer().await, sale).await.expect("one of many units");
    assert!(settler.terminate().success());
    let mut buyers = mall.crowd(200).await.into_iter();
    for buyer in buyers.by_ref().take(20) {
        mall.buy(&buyer, sale).await.expect("promises do not wait for settlement");
    }
    let limit = async || metric(&mall, "engine_admission_limit_orders_per_second").await;
    eventually("settlement binds", 30, async || match (bound(&mall, "settlement").await, limit().await) {
        (true, 4) => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    let mut outcomes = Vec::new();
    for buyer in buyers.by_ref().take(20) {
        outcomes.push(mall.buy(&buyer, sale).await.err().unwrap_or_default());
    }
    assert!(outcomes.iter().any(|code| code == "too_many_requests"), "{outcomes:?}");
    assert!(outcomes.iter().any(String::is_empty), "some are let in all the same: {outcomes:?}");

    let settler = mall.another_engine("settle").await;
    eventually("settlement does not bind any more", 60, async || match limit().await {
        limit if limit > 100 => Ok(()),
        limit => Err(limit.to_string()),
    })
    .await;
    mall.finish().await;
    drop(settler);
}
