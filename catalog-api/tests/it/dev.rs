//! What a developer's machine has besides.

use crate::harness::{Call, World, binary, config, stores};
use serde_json::{Value, json};
use std::collections::HashSet;

async fn sessions(world: &World, count: Value) -> Vec<Value> {
    let call = Call::post("/dev/sessions", json!({ "count": count }));
    let answer = call.send(world.private).await.unwrap();
    assert_eq!(answer.headers["content-type"], "application/x-ndjson", "{}", answer.text);
    answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn load_buyers_are_made_once_and_their_sessions_hold() {
    let world = World::new().await;
    let first = sessions(&world, json!(1500)).await;
    assert_eq!(first.len(), 1500);
    let users: HashSet<u64> = first.iter().map(|line| line["user_id"].as_u64().unwrap()).collect();
    let addresses: HashSet<u64> = first.iter().map(|line| line["address_id"].as_u64().unwrap()).collect();
    assert_eq!((users.len(), addresses.len(), addresses.contains(&0)), (1500, 1500, false));
    let own = "select count(*) from address a join shopper s on s.id = a.user_id where a.is_default = true \
        and s.username like 'load-%' and a.id > ?";
    assert_eq!(world.number(own, 0).await, 1500);
    for line in [&first[0], &first[1499]] {
        let token = line["token"].as_str().unwrap();
        let book = world.ok(Call::get("/wx/address/list").shop(token)).await;
        let address = &book["list"][0];
        assert_eq!((&address["id"], &address["isDefault"]), (&line["address_id"], &json!(true)));
        assert_eq!((&book["total"], &book["page"], &book["pages"]), (&json!(1), &json!(1), &json!(1)));
        assert!(world.ok(Call::get("/wx/auth/info").shop(token)).await["nickName"].is_string());
    }
    let again = sessions(&world, json!(2)).await;
    assert_eq!(again[1]["user_id"], first[1]["user_id"]);
    assert_eq!(again[1]["address_id"], first[1]["address_id"]);
    assert_ne!(again[1]["token"], first[1]["token"]);
    for count in [json!(0), json!(10_001), json!("many")] {
        let answer =
            Call::post("/dev/sessions", json!({ "count": count })).send(world.private).await.unwrap();
        assert_eq!(answer.errno(), 402);
    }
}

#[tokio::test]
async fn the_local_provider_calls_back_over_http() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let goods = world.goods("tea", 10).await;
    let sale = world.sale(&staff, world.sale_form(goods, 10)).await["id"].as_u64().unwrap();
    let lin = world.shopper("lin", "").await;
    let order = world.buys(sale, lin, 1, 600).await;
    let pay = async |path: String| {
        let answer = Call::post(&path, json!({})).send(world.private).await.unwrap();
        serde_json::from_str::<Value>(&answer.text).unwrap()
    };
    let wrong = pay(format!("/dev/pay/{}?fee=1", order.sn)).await;
    assert_eq!((&wrong["status"], &wrong["answer"]["code"]), (&json!(200), &json!("SUCCESS")));
    assert_eq!(world.order_status(&order).await, 101);
    let right = pay(format!("/dev/pay/{}", order.sn)).await;
    assert_eq!((&right["amount_minor"], &right["answer"]["code"]), (&json!(990), &json!("SUCCESS")));
    assert_eq!(world.order_status(&order).await, 201);
    pay(format!("/dev/pay/{}", order.sn)).await;
    assert_eq!(world.number("select count(*) from payment where order_id = ?", order.id).await, 2);
    assert_eq!(pay("/dev/pay/unknown".into()).await["error"], "no such order");
    world.finish().await;
}

#[tokio::test]
async fn seeding_again_changes_nothing_and_fresh_sales_are_fresh() {
    let world = World::new().await;
    let seed = |arguments: &[&str]| {
        let output = binary()
            .env("DATABASE_URL", &world.database_url)
            .env("REDIS_URL", stores().redis_url())
            .env("MALL_CATALOG__REDIS__PREFIX", &world.prefix)
            .arg("seed")
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let counts = async || -> Vec<(String, i64)> {
        sqlx::query_as(
            "select 'shopper' as name, count(*) from shopper union all select 'address', count(*) from address \
             union all select 'admin', count(*) from admin union all select 'goods', count(*) from goods \
             union all select 'sku', cast(sum(stock) as signed) from sku \
             union all select 'ticket_type', count(*) from ticket_type \
             union all select 'coupon', cast(sum(stock) as signed) from coupon \
             union all select 'orders', cast(sum(status) as signed) from orders \
             union all select 'flash_sale', count(*) from flash_sale",
        )
        .fetch_all(&world.db)
        .await
        .unwrap()
    };
    let printed = seed(&[]);
    let first = counts().await;
    let orders = first.iter().find(|(name, _)| name == "orders").unwrap().1;
    assert_eq!(orders, 101 + 201 + 301 + 401 + 401, "one order for each state there is something to see of");
    assert_eq!(seed(&[]), printed);
    assert_eq!(counts().await, first);
    let lines: Vec<(&str, u64)> = printed
        .lines()
        .map(|line| line.split_once('=').map(|(key, value)| (key, value.parse().unwrap())).unwrap())
        .collect();
    let keys: Vec<&str> = lines.iter().map(|(key, _)| *key).collect();
    assert_eq!(
        keys,
        [
            "DEMO_SALE_ID",
            "DEMO_UPCOMING_SALE_ID",
            "DEMO_COUPON_SALE_ID",
            "DEMO_GOODS_ID",
            "DEMO_PRODUCT_ID",
            "DEMO_COUPON_ID"
        ]
    );
    let staff = world.staff_token("admin123").await;
    let sale = world.ok(Call::get(&format!("/admin/seckill/read?id={}", lines[0].1)).staff(&staff)).await;
    assert_eq!(
        (&sale["price"], &sale["stock"], &sale["payWithinSeconds"]),
        (&json!(9.9), &json!(100), &json!(600))
    );
    assert_eq!((&sale["goodsId"], &sale["productId"]), (&json!(lines[3].1), &json!(lines[4].1)));
    for name in ["user123", "buyer01", "buyer20"] {
        assert!(!world.shop_token(name).await.is_empty());
    }
    let fresh = seed(&["--fresh-sales"]);
    assert_ne!(fresh, printed);
    let mut unchanged = counts().await;
    unchanged.last_mut().unwrap().1 -= 3;
    assert_eq!(unchanged, first, "fresh sales bring their own units");
    assert!(config(&world).is_dev());
    world.finish().await;
}
