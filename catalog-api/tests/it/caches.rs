//! Answers that are kept: one caller fills, all instances forget.

use crate::harness::{Call, World, config, join_all};
use catalog_api::cache::{Cache, Subject};
use catalog_api::error::{Failure, Refusal};
use catalog_api::state::App;
use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_change_is_seen_by_every_instance_within_a_second() {
    let world = World::new().await;
    let app = App::new(config(&world)).unwrap();
    let (one, two) = (Cache::new(&world.prefix), Cache::new(&world.prefix));
    let loads = AtomicU32::new(0);
    let get = async |cache: &Cache, subject: Subject| -> String {
        let load = async { Ok(loads.fetch_add(1, Ordering::Relaxed)) };
        cache.get(&app.redis, &[subject], "answer", |_| load).await.unwrap().to_string()
    };
    assert_eq!(get(&one, Subject::Goods).await, "0");
    assert_eq!(get(&one, Subject::Goods).await, "0");
    assert_eq!(get(&two, Subject::Goods).await, "0", "the second instance finds it in Redis");
    assert_eq!(get(&one, Subject::Brands).await, "1", "another subject is another answer");
    one.changed(&app.redis, &[Subject::Goods]).await;
    assert_eq!(get(&one, Subject::Goods).await, "2", "at once where it was changed");
    let since = Instant::now();
    while get(&two, Subject::Goods).await != "2" {
        assert!(since.elapsed() < Duration::from_secs(1), "within a second elsewhere");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(get(&two, Subject::Brands).await, "1", "what was not changed stays");
}

#[tokio::test]
async fn many_callers_fill_a_gap_once_and_a_refusal_is_not_kept() {
    let world = World::new().await;
    let app = App::new(config(&world)).unwrap();
    let cache = Cache::new(&world.prefix);
    let loads = AtomicU32::new(0);
    let get = || async {
        let load = async {
            loads.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(json!({ "here": true, "gone": null }))
        };
        cache.get(&app.redis, &[Subject::Goods], "busy", |_| load).await.unwrap().to_string()
    };
    let answers = join_all((0..100).map(|_| get())).await;
    assert!(answers.iter().all(|answer| answer == "{\"here\":true}"), "{answers:?}");
    assert_eq!(loads.load(Ordering::Relaxed), 1);
    let refused = async || {
        let load = async { Err::<i32, Failure>(Refusal::wrong("id").into()) };
        cache.get(&app.redis, &[Subject::Goods], "unknown", |_| load).await
    };
    for _ in 0..2 {
        assert!(matches!(refused().await, Err(Failure::Refused(refusal)) if refusal.errno == 402));
    }
    let load = async { Ok(7) };
    assert_eq!(&*cache.get(&app.redis, &[Subject::Goods], "unknown", |_| load).await.unwrap(), "7");
}

#[tokio::test]
async fn without_redis_answers_are_made_and_live_for_a_second() {
    let world = World::new().await;
    let mut settings = config(&world);
    let nowhere = crate::harness::free_port();
    settings.redis.url = serde_json::from_value(json!(format!("redis://{nowhere}"))).unwrap();
    let app = App::new(settings).unwrap();
    let loads = AtomicU32::new(0);
    let get = async || -> String {
        let load = async { Ok(loads.fetch_add(1, Ordering::Relaxed)) };
        app.cache.get(&app.redis, &[Subject::Goods], "answer", |_| load).await.unwrap().to_string()
    };
    assert_eq!(get().await, "0");
    let since = Instant::now();
    while get().await == "0" {
        assert!(since.elapsed() < Duration::from_secs(5), "it is made anew");
    }
    assert!(loads.load(Ordering::Relaxed) >= 2);
}

#[tokio::test]
async fn what_staff_change_is_shown_by_the_next_call() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let names = async || -> Vec<String> {
        let home = world.ok(Call::get("/wx/home/index")).await;
        home["channel"].as_array().unwrap().iter().map(|row| row["name"].to_string()).collect()
    };
    for number in 1..=5 {
        let body = json!({ "name": format!("c{number}"), "level": "L1" });
        world.ok(Call::post("/admin/category/create", body).staff(&token)).await;
        assert_eq!(names().await.len(), number);
    }
    // A row that nobody announced is not looked for while the answer is kept.
    sqlx::query("insert into category (name, level) values ('silent', 1)").execute(&world.db).await.unwrap();
    assert_eq!(names().await.len(), 5);
}
