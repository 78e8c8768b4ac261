//! What staff set while the mall runs.

use crate::harness::{Call, World, config, join_all};
use catalog_api::settings::Settings;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[tokio::test]
async fn each_group_shows_its_keys_and_changes_count_at_once_everywhere() {
    let world = World::new().await;
    let root = world.staff_token("root").await;
    let get = async |group: &str| world.ok(Call::get(&format!("/admin/config/{group}")).staff(&root)).await;
    let set = async |group: &str, body: Value| {
        world.call(Call::post(&format!("/admin/config/{group}"), body).staff(&root)).await
    };
    assert_eq!(
        get("express").await,
        json!({ "litemall_express_freight_min": "88", "litemall_express_freight_value": "8" })
    );
    assert_eq!(get("mall").await.as_object().unwrap().len(), 6);
    assert_eq!(get("order").await["litemall_order_unpaid"], "30");
    let wx = get("wx").await;
    assert_eq!((wx.as_object().unwrap().len(), &wx["litemall_wx_share"]), (7, &json!("false")));

    // As another instance sees them.
    let another = Settings::default();
    assert_eq!(another.read(&world.db).await.unwrap().freight().0, 800);
    // Numbers and booleans are text, null is left out, keys of any group are taken.
    let body = json!({
        "litemall_wx_share": true, "litemall_express_freight_value": 12.5, "litemall_wx_index_new": null,
        "litemall_order_unpaid": "45", "litemall_mall_name": "秒杀 🌲",
    });
    assert!(set("wx", body).await.data().is_null());
    let since = Instant::now();
    assert_eq!(get("wx").await["litemall_wx_share"], "true");
    assert_eq!(get("express").await["litemall_express_freight_value"], "12.5");
    assert_eq!(get("mall").await["litemall_mall_name"], "秒杀 🌲");
    while another.read(&world.db).await.unwrap().freight().0 != 1250 {
        assert!(since.elapsed() < Duration::from_secs(1), "the other instance follows within a second");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(another.read(&world.db).await.unwrap().order_unpaid_minutes(), 45);

    // All or nothing, and the member is named.
    for (body, member) in [
        (json!({ "litemall_unknown": "1" }), "litemall_unknown"),
        (json!({ "litemall_wx_index_hot": "7", "litemall_order_unpaid": "0" }), "litemall_order_unpaid"),
        (json!({ "litemall_express_freight_min": "-1" }), "litemall_express_freight_min"),
        (json!({ "litemall_mall_name": "长".repeat(64) }), "litemall_mall_name"),
        (json!({ "litemall_mall_name": "x".repeat(10_240) }), "litemall_mall_name"),
        (json!({ "litemall_wx_index_hot": { "a": 1 } }), "litemall_wx_index_hot"),
        (json!({ "litemall_mall_longitude": "1e99" }), "litemall_mall_longitude"),
        (json!([]), "body"),
        (json!("x"), "body"),
    ] {
        let answer = set("mall", body.clone()).await;
        assert!(answer.errno() == 402 && answer.errmsg().contains(member), "{body}: {}", answer.text);
    }
    assert_eq!(get("wx").await["litemall_wx_index_hot"], "6");

    // The log says what a change was from and to, and of keys that did not change nothing.
    let log = world.ok(Call::get("/admin/log/list?limit=0").staff(&root)).await;
    let change =
        log["list"].as_array().unwrap().iter().find(|row| row["changes"]["after"].is_object()).unwrap();
    assert_eq!(change["changes"]["before"]["litemall_order_unpaid"], "30");
    assert_eq!(change["changes"]["after"]["litemall_order_unpaid"], "45");
    world.finish().await;
}

#[tokio::test]
async fn changes_at_the_same_time_wait_for_each_other() {
    let world = World::new().await;
    let root = world.staff_token("root").await;
    let changes = (1..=20).map(|number| {
        let (first, second) = if number % 2 == 0 { ("hot", "new") } else { ("new", "hot") };
        let number = number.to_string();
        let body = json!({
            (format!("litemall_wx_index_{first}")): number, (format!("litemall_wx_index_{second}")): number,
        });
        world.call(Call::post("/admin/config/wx", body).staff(&root))
    });
    assert!(join_all(changes).await.iter().all(|answer| answer.errno() == 0));
    let values = Settings::default().read(&world.db).await.unwrap();
    assert_eq!(values.home_new_goods(), values.home_hot_goods());
    let many =
        join_all((0..50).map(|_| async { Settings::default().read(&world.db).await.unwrap().freight().0 }));
    assert!(many.await.iter().all(|freight| *freight == 800));
    assert!(config(&world).is_dev());
}
