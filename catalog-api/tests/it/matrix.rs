//! Every route against every kind of caller, generated from the registry, so that a new route is in it
//! without anybody thinking of it.

use crate::harness::{Call, World, config};
use catalog_api::permission::{Entry, Need};
use catalog_api::router;
use catalog_api::session::Account;
use catalog_api::state::App;
use catalog_api::store::admin;
use contract::session::Audience;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A call of a route with enough in it to pass decoding.
fn call(entry: &Entry) -> Call {
    match entry.method.as_str() {
        "GET" => Call::get(&format!(
            "{}?id=999999&orderId=999999&ogid=999999&status=1&grouponId=999999&type=0&valueId=999999&showType=0",
            entry.path
        )),
        _ => Call::post(&entry.path, json!({ "id": 999_999, "orderId": 999_999, "version": 1 })),
    }
}

/// Routes whose answer is no envelope, and those that answer as their name says, whoever calls.
fn speaks_otherwise(entry: &Entry) -> bool {
    let heads = ["/wx/storage/fetch", "/wx/storage/download", "/wx/msg/config", "/wx/order/pay-notify"];
    let named = ["/admin/auth/401", "/admin/auth/403"].contains(&entry.path.as_str());
    named || entry.path.starts_with("/admin/index/") || heads.iter().any(|head| entry.path.starts_with(head))
}

/// Callers of every route: nobody, a shopper, staff without the permission, staff with it and nothing
/// else, staff who may do everything.
const CALLERS: usize = 5;

#[tokio::test]
async fn who_may_call_what() {
    let world = World::new().await;
    let app = App::new(config(&world)).unwrap();
    let registry = router::public(&app).registry;
    world.shopper("lin", "").await;
    world.staff("nobody", &["nothing:of:use"]).await;
    let permissions: BTreeSet<&str> = registry
        .0
        .iter()
        .filter_map(|entry| match entry.need {
            Need::Permission(permission) => Some(permission),
            Need::Open | Need::Login => None,
        })
        .collect();
    let shop = world.shop_token("lin").await;
    let (without, root) = (world.staff_token("nobody").await, world.staff_token("root").await);
    let with = staff_with_each(&world, &app, &permissions).await;

    let mut operations = 0;
    for entry in registry.0.iter().filter(|entry| !speaks_otherwise(entry)) {
        let staff = entry.path.starts_with("/admin/");
        assert!(staff || entry.path.starts_with("/wx/"), "{}", entry.path);
        let api = entry.api();
        let errno = async |call: Call| world.call(call).await.errno();
        // These two end their caller's session and are looked at elsewhere.
        if entry.path.ends_with("/logout") {
            assert_eq!(errno(call(entry)).await, 501, "{api}");
            continue;
        }
        operations += 1;
        let let_in = |errno: i64| ![501, 506].contains(&errno);
        match entry.need {
            Need::Open => {
                assert!(let_in(errno(call(entry)).await), "{api} anonymous");
            }
            Need::Login if !staff => {
                assert_eq!(errno(call(entry)).await, 501, "{api} anonymous");
                assert_eq!(errno(call(entry).shop(&without)).await, 501, "{api} staff as shopper");
                assert!(let_in(errno(call(entry).shop(&shop)).await), "{api} shopper");
            }
            Need::Login => {
                assert_eq!(errno(call(entry)).await, 501, "{api} anonymous");
                assert_eq!(errno(call(entry).staff(&shop)).await, 501, "{api} shopper as staff");
                assert!(let_in(errno(call(entry).staff(&without)).await), "{api} staff");
                assert!(let_in(errno(call(entry).staff(&root)).await), "{api} staff who may do everything");
            }
            Need::Permission(permission) => {
                assert!(staff && entry.menu.is_some(), "{api} stands in the permission tree");
                assert_eq!(errno(call(entry)).await, 501, "{api} anonymous");
                assert_eq!(errno(call(entry).staff(&shop)).await, 501, "{api} shopper as staff");
                assert_eq!(errno(call(entry).staff(&without)).await, 506, "{api} staff without");
                let own = errno(call(entry).staff(&with[permission])).await;
                assert!(let_in(own), "{api} staff with: {own}");
                assert!(let_in(errno(call(entry).staff(&root)).await), "{api} staff who may do everything");
            }
        }
    }
    let guarded = registry.0.iter().filter(|entry| !speaks_otherwise(entry));
    let guarded = guarded.filter(|entry| matches!(entry.need, Need::Permission(_))).count();
    let refused: i64 = sqlx::query_scalar(
        "select count(*) from operation_log where actor = 'nobody' and result like '506%'",
    )
    .fetch_one(&world.db)
    .await
    .unwrap();
    assert_eq!(refused, guarded as i64, "every refusal of known staff is written down");
    println!(
        "{operations} operations x {CALLERS} callers: {} pairs; {} permissions",
        operations * CALLERS,
        permissions.len()
    );
}

/// A session of a member of staff with one permission, for each of them.
async fn staff_with_each<'a>(
    world: &World,
    app: &App,
    permissions: &BTreeSet<&'a str>,
) -> BTreeMap<&'a str, String> {
    let mut accounts = Vec::new();
    let mut db = world.db.acquire().await.unwrap();
    for permission in permissions {
        let role = admin::insert_role(&mut db, permission, "").await.unwrap();
        admin::grant(&mut db, role, permission).await.unwrap();
        // Nobody logs in with it: the session is opened as log-in opens it.
        let user = admin::insert(&mut db, permission, "", &format!("[{role}]")).await.unwrap();
        accounts.push(Account { audience: Audience::Staff, user, level: 0 });
    }
    let tokens = app.sessions.open(&app.redis, &accounts).await.unwrap();
    permissions.iter().copied().zip(tokens).collect()
}

#[tokio::test]
async fn a_permission_that_is_taken_away_counts_at_once() {
    let world = World::new().await;
    world.staff("reader", &["admin:seckill:list"]).await;
    let token = world.staff_token("reader").await;
    let list = || Call::get("/admin/seckill/list").staff(&token);
    assert_eq!(world.call(list()).await.errno(), 0);
    sqlx::query("delete from role_permission where permission = 'admin:seckill:list'")
        .execute(&world.db)
        .await
        .unwrap();
    assert_eq!(world.call(list()).await.errno(), 506);
    sqlx::query("insert into role_permission (role_id, permission) select id, '*' from role where name like '%reader'")
        .execute(&world.db)
        .await
        .unwrap();
    assert_eq!(world.call(list()).await.errno(), 0);
    sqlx::query("update role set enabled = false where name like '%reader'")
        .execute(&world.db)
        .await
        .unwrap();
    assert_eq!(world.call(list()).await.errno(), 506);
}

#[tokio::test]
async fn no_other_spelling_of_a_path_passes_a_gate() {
    let world = World::new().await;
    for path in [
        "/admin/seckill/list/",
        "//admin/seckill/list",
        "/ADMIN/seckill/list",
        "/admin/./seckill/list",
        "/admin/%73eckill/list%2e",
        "/wx/../admin/seckill/list",
        "/admin/seckill",
        "/metrics",
        "/readyz",
        "/dev/sessions",
    ] {
        let answer = world.call(Call::get(path)).await;
        let refused = answer.status == 404 || answer.errno() == 501;
        assert!(refused, "{path}: {} {}", answer.status, answer.text);
    }
    let delete = Call::raw(axum::http::Method::DELETE, "/admin/seckill/list", Vec::new());
    assert_eq!(world.call(delete).await.errno(), 503);
    let overridden = Call::post("/admin/seckill/list", json!({})).header("x-http-method-override", "GET");
    assert_eq!(world.call(overridden).await.errno(), 503);
}

/// The path of a route as the description writes it.
fn template(entry: &Entry) -> String {
    entry.path.replace("{*", "{")
}

#[tokio::test]
async fn the_api_description_is_the_router() {
    let world = World::new().await;
    let registry = router::public(&App::new(config(&world)).unwrap()).registry;
    let answer = world.call(Call::get("/openapi.json")).await;
    let description: Value = serde_json::from_str(&answer.text).unwrap();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut described = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            described.insert(format!("{} {path}", method.to_uppercase()));
            assert!(operation["responses"]["200"]["content"].is_object(), "{path} describes its answer");
            let entry = registry.0.iter().find(|entry| template(entry) == *path);
            let open = entry.unwrap().need == Need::Open;
            assert_eq!(operation["security"].is_array(), !open, "{method} {path} says what it needs");
        }
    }
    let routed = registry.0.iter().map(|entry| format!("{} {}", entry.method, template(entry)));
    assert_eq!(described, routed.collect::<BTreeSet<String>>());
    // Every schema that is referred to is there.
    let known = description["components"]["schemas"].as_object().unwrap();
    for reference in answer.text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(known.contains_key(name), "{name}");
    }
    let page = world.call(Call::get("/docs")).await;
    assert!(page.text.contains("/docs/scalar.js") && !page.text.contains("://"), "nothing from outside");
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("connect-src 'self'"));
    let script = world.call(Call::get("/docs/scalar.js")).await;
    assert!(script.status == 200 && script.text.len() > 1_000_000);
}

#[tokio::test]
async fn another_origin_is_let_in_by_the_list_only() {
    let world = World::with(&[("MALL_CATALOG__CORS__ALLOWED_ORIGINS", "[\"https://shop.example\"]")]).await;
    let preflight = |origin: &str| {
        Call::raw(axum::http::Method::OPTIONS, "/admin/seckill/list", Vec::new())
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "x-litemall-admin-token")
    };
    let answer = world.call(preflight("https://shop.example")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["access-control-allow-origin"], "https://shop.example");
    assert_eq!(answer.headers["access-control-allow-credentials"], "true");
    assert_eq!(answer.headers["access-control-allow-headers"], "x-litemall-admin-token");
    for origin in ["null", "https://shop.example.evil", "http://shop.example", "https://evil-shop.example"] {
        let answer = world.call(preflight(origin)).await;
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{origin}");
        let plain = world.call(Call::get("/admin/auth/info").header("origin", origin)).await;
        assert!(!plain.headers.contains_key("access-control-allow-origin"), "{origin}");
    }
}
