//! Shoppers log in, stay in and get out.

use crate::harness::{Call, World};
use contract::keys;
use contract::session::{Audience, SessionKeys};
use serde_json::json;

#[tokio::test]
async fn a_session_holds_in_both_headers_until_log_out_and_then_the_feed_tells() {
    let world = World::new().await;
    let user = world.shopper("lin", "").await;
    let token = world.shop_token("lin").await;

    let info = world.ok(Call::get("/wx/auth/info").shop(&token)).await;
    assert_eq!(info, json!({ "nickName": "lin", "avatar": "", "gender": 0, "mobile": "" }));
    let bearer = Call::get("/wx/auth/info").header("authorization", &format!("Bearer {token}"));
    assert_eq!(world.ok(bearer).await["nickName"], "lin");

    // What the engine will see of it.
    let dev = b"dev-only-session-secret-do-not-use-elsewhere".as_slice();
    let claims = SessionKeys::new([("dev", dev)]).verify(&token, Audience::Shop).expect("a session");
    assert_eq!((claims.sub, claims.sid.len()), (user.to_string(), 32));
    let mut redis = world.redis.clone();
    let key = keys::session(&world.prefix, &claims.sid);
    let record: String = redis::cmd("GET").arg(&key).query_async(&mut redis).await.unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record, json!({ "user_id": user, "audience": "shop" }));

    assert!(world.ok(Call::post("/wx/auth/logout", json!({})).shop(&token)).await.is_null());
    assert_eq!(world.call(Call::get("/wx/auth/info").shop(&token)).await.errno(), 501);
    let there: i64 = redis::cmd("EXISTS").arg(&key).query_async(&mut redis).await.unwrap();
    assert_eq!(there, 0);
    let feed: Vec<(String, Vec<String>)> = redis::cmd("XRANGE")
        .arg(keys::revocations(&world.prefix))
        .arg(&["-", "+"])
        .query_async(&mut redis)
        .await
        .unwrap();
    assert_eq!(feed.len(), 1);
    assert_eq!(feed[0].1, ["sid".to_owned(), claims.sid]);
}

#[tokio::test]
async fn using_a_session_moves_its_end() {
    let world = World::new().await;
    world.shopper("lin", "").await;
    let token = world.shop_token("lin").await;
    let mut redis = world.redis.clone();
    let keys: Vec<String> =
        redis::cmd("KEYS").arg(format!("{}:session:*", world.prefix)).query_async(&mut redis).await.unwrap();
    let [key] = keys.as_slice() else { panic!("one session: {keys:?}") };
    redis::cmd("EXPIRE").arg(key).arg(60).query_async::<()>(&mut redis).await.unwrap();
    world.ok(Call::get("/wx/auth/info").shop(&token)).await;
    let left_s: i64 = redis::cmd("TTL").arg(key).query_async(&mut redis).await.unwrap();
    assert!(left_s > 7000, "{left_s}");
}

#[tokio::test]
async fn a_session_of_one_audience_or_without_its_record_is_none() {
    let world = World::new().await;
    world.shopper("lin", "").await;
    let (shop, staff) = (world.shop_token("lin").await, world.staff_token("root").await);
    assert_eq!(world.call(Call::get("/admin/auth/info").staff(&shop)).await.errno(), 501);
    assert_eq!(world.call(Call::get("/wx/auth/info").shop(&staff)).await.errno(), 501);
    for nothing in ["", "nonsense", "a.b.c", &format!("{shop}x")] {
        assert_eq!(world.call(Call::get("/wx/auth/info").shop(nothing)).await.errno(), 501);
    }
    let mut redis = world.redis.clone();
    let keys: Vec<String> =
        redis::cmd("KEYS").arg(format!("{}:session:*", world.prefix)).query_async(&mut redis).await.unwrap();
    redis::cmd("DEL").arg(keys).query_async::<()>(&mut redis).await.unwrap();
    assert_eq!(world.call(Call::get("/wx/auth/info").shop(&shop)).await.errno(), 501);
    assert_eq!(world.call(Call::get("/admin/auth/info").staff(&staff)).await.errno(), 501);
}

#[tokio::test]
async fn ending_all_sessions_of_an_account_ends_these_and_no_others() {
    let world = World::new().await;
    let lin = world.shopper("lin", "").await;
    world.shopper("mei", "").await;
    let (first, second) = (world.shop_token("lin").await, world.shop_token("lin").await);
    let other = world.shop_token("mei").await;
    let config = crate::harness::config(&world);
    let sessions = catalog_api::session::Sessions::new(&config.session, &world.prefix);
    let redis = deadpool_redis::Config::from_url(config.redis.url.expose()).create_pool(None).unwrap();
    sessions.end_all(&redis, Audience::Shop, lin).await.unwrap();
    for token in [first, second] {
        assert_eq!(world.call(Call::get("/wx/auth/info").shop(&token)).await.errno(), 501);
    }
    assert_eq!(world.call(Call::get("/wx/auth/info").shop(&other)).await.errno(), 0);
    let mut connection = world.redis.clone();
    let ended: i64 =
        redis::cmd("XLEN").arg(keys::revocations(&world.prefix)).query_async(&mut connection).await.unwrap();
    assert_eq!(ended, 2);
}

#[tokio::test]
async fn a_log_in_that_fails_does_not_say_why() {
    let world = World::new().await;
    world.shopper("lin", "").await;
    let disabled = world.shopper("ban", "").await;
    sqlx::query("update shopper set status = 1 where id = ?")
        .bind(disabled)
        .execute(&world.db)
        .await
        .unwrap();
    let mut texts = Vec::new();
    for (name, password) in [("lin", "wrong"), ("nobody", "lin"), ("ban", "ban"), ("lin' or '1'='1", "lin")] {
        let form = json!({ "username": name, "password": password });
        let answer = world.call(Call::post("/wx/auth/login", form)).await;
        assert_eq!(answer.errno(), 700);
        texts.push(answer.text);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    for form in [json!({ "mobile": "139", "password": "x" }), json!({ "username": "lin" }), json!([])] {
        assert_eq!(world.call(Call::post("/wx/auth/login", form)).await.errno(), 401);
    }
    let empty = Call::raw(axum::http::Method::POST, "/wx/auth/login", Vec::new());
    assert_eq!(world.call(empty).await.errno(), 402);
    // Failures before it do not keep the right password out.
    assert!(!world.shop_token("lin").await.is_empty());
}
