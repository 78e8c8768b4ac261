//! Staff log in: failures, captcha, what the front end is told.

use crate::harness::{Answer, Call, World};
use serde_json::{Value, json};

async fn try_in(world: &World, name: &str, password: &str, code: Value) -> Answer {
    let form = json!({ "username": name, "password": password, "code": code });
    world.call(Call::post("/admin/auth/login", form)).await
}

fn shows_an_image(answer: &Answer) -> bool {
    answer.envelope()["data"].as_str().is_some_and(|data| data.starts_with("data:image/"))
}

#[tokio::test]
async fn a_code_is_asked_for_only_after_three_failures_and_is_good_once() {
    let world = World::new().await;
    for _ in 0..3 {
        let answer = try_in(&world, "root", "wrong", "".into()).await;
        assert_eq!(answer.errno(), 605);
        assert!(shows_an_image(&answer));
    }
    // The right password without the code is still refused.
    let answer = try_in(&world, "root", "root", "".into()).await;
    assert_eq!(answer.errno(), 607);
    assert!(shows_an_image(&answer));
    let answer = try_in(&world, "root", "root", "nope".into()).await;
    assert_eq!(answer.errno(), 606);
    assert!(shows_an_image(&answer));
    // Somebody else's account is asked for nothing.
    world.staff("other", &["*"]).await;
    assert_eq!(try_in(&world, "other", "other", Value::Null).await.errno(), 0);

    assert_eq!(try_in(&world, "root", "wrong", "TEST".into()).await.errno(), 605);
    assert_eq!(try_in(&world, "root", "root", "test".into()).await.errno(), 0);
    // The failures are forgotten.
    assert_eq!(try_in(&world, "root", "root", "".into()).await.errno(), 0);
}

#[tokio::test]
async fn a_solved_code_does_not_work_twice_nor_after_its_time() {
    let world =
        World::with(&[("MALL_CATALOG__CAPTCHA__ALWAYS", "true"), ("MALL_CATALOG__CAPTCHA__LIFE_S", "4")])
            .await;
    assert_eq!(try_in(&world, "root", "root", "".into()).await.errno(), 607);
    assert_eq!(try_in(&world, "root", "root", "test".into()).await.errno(), 0);
    // No image was made since.
    assert_eq!(try_in(&world, "root", "root", "test".into()).await.errno(), 606);
    let image = world.ok(Call::get("/admin/auth/kaptcha")).await;
    assert!(image.as_str().unwrap().starts_with("data:image/"));
    world
        .until("the image is out of date", async || {
            let mut redis = world.redis.clone();
            let pattern = format!("{}:captcha:*", world.prefix);
            let keys: Vec<String> = redis::cmd("KEYS").arg(pattern).query_async(&mut redis).await.unwrap();
            keys.is_empty()
        })
        .await;
    assert_eq!(try_in(&world, "root", "root", "test".into()).await.errno(), 606);
}

#[tokio::test]
async fn an_unknown_account_answers_like_a_wrong_password() {
    let world = World::new().await;
    let (unknown, wrong) =
        (try_in(&world, "nobody", "x", "".into()).await, try_in(&world, "root", "x", "".into()).await);
    assert_eq!((unknown.errno(), unknown.errmsg()), (wrong.errno(), wrong.errmsg()));
    assert_eq!(unknown.errno(), 605);
    assert_eq!(try_in(&world, "", "x", "".into()).await.errno(), 401);
    assert_eq!(try_in(&world, "root", "", "".into()).await.errno(), 401);
}

#[tokio::test]
async fn the_front_end_is_told_what_an_account_may_do_and_log_out_ends_it() {
    let world = World::new().await;
    world.staff("reader", &["admin:seckill:list", "admin:coupon-seckill:*"]).await;
    world.staff("nothing", &[]).await;
    let root = world.staff_token("root").await;
    let info = world.ok(Call::get("/admin/auth/info?token=ignored").staff(&root)).await;
    assert_eq!(info["perms"], json!(["*"]));
    assert_eq!((&info["name"], &info["roles"]), (&json!("root"), &json!(["role of root"])));
    let reader = world.staff_token("reader").await;
    let perms = world.ok(Call::get("/admin/auth/info").staff(&reader)).await["perms"].take();
    let perms = perms.as_array().unwrap();
    assert!(perms.contains(&json!("GET /admin/seckill/list")));
    assert!(perms.contains(&json!("POST /admin/coupon-seckill/force-start")));
    assert_eq!(perms.len(), 9, "{perms:?}");
    let nothing = world.staff_token("nothing").await;
    let perms = world.ok(Call::get("/admin/auth/info").staff(&nothing)).await["perms"].take();
    assert!(!perms.as_array().unwrap().is_empty());

    assert_eq!(world.call(Call::post("/admin/auth/logout", json!({})).staff(&root)).await.errno(), 0);
    assert_eq!(world.call(Call::get("/admin/auth/info").staff(&root)).await.errno(), 501);
    // An account that is gone is gone at once.
    sqlx::query("update admin set deleted = true where username = 'reader'")
        .execute(&world.db)
        .await
        .unwrap();
    assert_eq!(world.call(Call::get("/admin/auth/info").staff(&reader)).await.errno(), 501);
}

#[tokio::test]
async fn log_ins_and_log_outs_are_written_down_without_a_secret() {
    let world = World::new().await;
    try_in(&world, "root", "a-secret-password", "".into()).await;
    let token = world.staff_token("root").await;
    world.ok(Call::post("/admin/auth/logout", json!({})).staff(&token)).await;
    let rows: Vec<(String, u8, String, bool, String, String)> = sqlx::query_as(
        "select actor, kind, action, succeeded, result, coalesce(cast(changes as char), '') from operation_log \
         order by id",
    )
    .fetch_all(&world.db)
    .await
    .unwrap();
    let seen: Vec<_> = rows.iter().map(|row| (row.0.as_str(), row.1, row.2.as_str(), row.3)).collect();
    assert_eq!(
        seen,
        [
            ("anonymous", 1, "POST /admin/auth/login", false),
            ("root", 1, "POST /admin/auth/login", true),
            ("root", 1, "POST /admin/auth/logout", true),
        ]
    );
    assert!(rows[0].4.starts_with("605 "));
    assert!(!format!("{rows:?}").contains("secret"));
}
