//! Several engines of each role on the same stores: whichever dies, its work moves within ten seconds, and
//! they are replaced one after the other while buyers buy.

use crate::harness::{Engine, Mall, Spec, Stores, eventually};
use crate::outages::{Seen, all_sold, storm};
use contract::ids::SaleId;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// The process that holds a lease.
async fn holder(mall: &Mall, lease: &str) -> u32 {
    let owner = format!(
        "select cast(substring_index(owner, '-', 1) as signed) from lease where name = '{lease}' \
         and held_until > now(3)"
    );
    let pid = eventually("somebody holds the lease", 15, async || {
        let pid: Option<i64> = sqlx::query_scalar(sqlx::AssertSqlSafe(owner.clone()))
            .fetch_optional(&mall.db)
            .await
            .expect("a lease");
        pid.ok_or_else(|| "nobody".to_owned())
    })
    .await;
    pid as u32
}

/// Kills one of these engines and starts another in its place, which has to find its way in.
async fn replace(mall: &Mall, engines: &mut Vec<Engine>, pid: u32) {
    let place = engines.iter().position(|engine| engine.pid() == pid).expect("one of ours");
    engines[place].signal("-KILL");
    drop(engines.swap_remove(place));
    engines.push(mall.spawn("settle"));
}

async fn settles_on(mall: &Mall, sale: SaleId, seen: &Seen) {
    let (rows, orders) = (mall.rows(sale).await, seen.orders.load(Ordering::Relaxed));
    let began = Instant::now();
    eventually("settlement moves", 10, async || match mall.rows(sale).await {
        now if now > rows => Ok(()),
        now => Err(format!("{now} rows, {orders} promised")),
    })
    .await;
    eprintln!("settlement moved after {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_of_two_servers_and_two_settlers_dies_its_work_moves() {
    let mut mall = Mall::prepare(Stores::shared(), &[]).await;
    let mut settlers = vec![mall.another_engine("settle").await, mall.another_engine("settle").await];
    let servers = [mall.another_engine("serve").await, mall.another_engine("serve").await];
    mall.engine = Some(Engine::elsewhere(&servers[0].url, &servers[0].private_url));
    // One sale in each partition.
    let sales = [
        mall.sale(Spec { units: 2000, ..Spec::default() }).await,
        mall.sale(Spec { units: 300, ..Spec::default() }).await,
    ];
    assert_ne!(sales[0].0 % 2, sales[1].0 % 2, "the sales are spread over the partitions");
    mall.fronts = servers.iter().map(|server| server.url.clone()).collect();
    let crowds = [mall.crowd(2000).await, mall.crowd(400).await];
    let mall = Arc::new(mall);
    let seen = [Arc::new(Seen::default()), Arc::new(Seen::default())];
    let [first, second] = crowds;
    let first = storm(&mall, sales[0], first, &seen[0]);
    let second = storm(&mall, sales[1], second, &seen[1]);

    // Settlers, by what they hold: a partition, then the keeping of the sales.
    seen[0].wait_orders(50).await;
    let victim = holder(&mall, &format!("settle-{}", sales[0].0 % 2)).await;
    replace(&mall, &mut settlers, victim).await;
    settles_on(&mall, sales[0], &seen[0]).await;

    let keeper = holder(&mall, "keeper").await;
    replace(&mall, &mut settlers, keeper).await;
    let late = mall.arm(Spec::default()).await;
    let buyer = mall.buyer().await;
    let began = Instant::now();
    eventually("a new sale opens without the old keeper", 10, async || {
        mall.buy(&buyer, late).await.map(drop)
    })
    .await;
    eprintln!("the keeping moved after {:?}", began.elapsed());

    // A server, with buyers half way through.
    let mut servers = servers.into_iter();
    let (dies, _stays) = (servers.next(), servers.next());
    drop(dies);
    let promised = seen[0].orders.load(Ordering::Relaxed) + seen[1].orders.load(Ordering::Relaxed);
    let began = Instant::now();
    eventually("the other server goes on", 10, async || {
        match seen[0].orders.load(Ordering::Relaxed) + seen[1].orders.load(Ordering::Relaxed) {
            now if now > promised => Ok(()),
            now => Err(now.to_string()),
        }
    })
    .await;
    eprintln!("acceptance moved after {:?}", began.elapsed());
    let others = second.join_all().await;
    let ordered = others.iter().filter(|outcome| !matches!(outcome, Err(code) if code == "sold_out")).count();
    assert_eq!(ordered, 300);
    let mall = all_sold(mall, sales[0], first, 2000).await;
    eventually("all are settled", 30, async || match mall.rows(sales[1]).await {
        300 => Ok(()),
        rows => Err(rows.to_string()),
    })
    .await;
    mall.finish().await;
    drop(settlers);
}

#[tokio::test(flavor = "multi_thread")]
async fn engines_are_replaced_one_after_the_other_and_no_answer_is_a_broken_promise() {
    let mut mall = Mall::prepare(Stores::shared(), &[]).await;
    let engines = [mall.another_engine("all").await, mall.another_engine("all").await];
    mall.engine = Some(Engine::elsewhere(&engines[0].url, &engines[0].private_url));
    let sale = mall.sale(Spec { units: 10_000, ..Spec::default() }).await;
    mall.fronts = engines.iter().map(|engine| engine.url.clone()).collect();
    let buyers = mall.crowd(4000).await;
    let (mall, done) = (Arc::new(mall), Arc::new(AtomicBool::new(false)));
    let answers: Arc<Mutex<BTreeMap<u16, u64>>> = Arc::default();
    let mut crowd = tokio::task::JoinSet::new();
    for lane in buyers.chunks(1000) {
        let (mall, done, answers, lane) = (mall.clone(), done.clone(), answers.clone(), lane.to_vec());
        crowd.spawn(async move {
            for buyer in lane {
                if done.load(Ordering::Relaxed) {
                    return;
                }
                // No answer at all is for the load balancer, which asks the other one.
                let note =
                    |status| *answers.lock().expect("no holder panics").entry(status).or_default() += 1;
                let Ok(token) = mall.try_token(&buyer, sale).await else { continue };
                note(token.status);
                let Some(token) = token.body["token"].as_str() else { continue };
                let body = serde_json::json!({ "token": token, "quantity": 1 });
                if let Ok(order) = mall.try_order(&buyer, sale, body).await {
                    note(order.status);
                }
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        });
    }
    let mut running = Vec::new();
    for engine in engines {
        let listen = engine.url.strip_prefix("http://").expect("a url").to_owned();
        let status = tokio::task::spawn_blocking(move || engine.terminate()).await.expect("it ends");
        assert!(status.success(), "{status}");
        let next = mall.spawn_at("all", &listen);
        mall.wait_ready(&next).await;
        running.push(next);
    }
    done.store(true, Ordering::Relaxed);
    crowd.join_all().await;
    let answers = answers.lock().expect("no holder panics").clone();
    let fine = |status: &u16| matches!(status, 200 | 202 | 400..=499 | 503);
    assert!(answers.keys().all(fine), "{answers:?}");
    assert!(answers[&202] > 20, "they bought all the while: {answers:?}");
    let mall = Arc::into_inner(mall).expect("nobody else holds it");
    mall.finish_with(running.remove(0)).await;
}
