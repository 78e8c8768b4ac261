//! The shop a developer finds: full, and with pictures of its own.

use crate::harness::{Call, World, binary, stores};
use serde_json::Value;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[tokio::test]
async fn the_demo_shop_is_full_and_its_pictures_are_its_own() {
    let world = World::new().await;
    let since = Instant::now();
    let mut command = binary();
    command.arg("seed").env("DATABASE_URL", &world.database_url).env("REDIS_URL", stores().redis_url());
    command.env("MALL_CATALOG__REDIS__PREFIX", &world.prefix).stdout(Stdio::null());
    assert!(command.status().unwrap().success());
    println!("seeding took {:?}", since.elapsed());
    let count =
        async |sql: &'static str| -> i64 { sqlx::query_scalar(sql).fetch_one(&world.db).await.unwrap() };
    assert!(count("select count(*) from category where level = 1").await >= 9);
    assert!(count("select count(*) from category where level = 2").await >= 60);
    assert!(count("select count(*) from brand").await >= 40);
    assert!(count("select count(*) from goods where on_sale").await >= 240);
    let bare = "select count(*) from goods g where not exists (select 1 from sku s where s.goods_id = g.id) \
        or not exists (select 1 from goods_specification s where s.goods_id = g.id) \
        or not exists (select 1 from goods_attribute a where a.goods_id = g.id) \
        or g.category_id = 0 or g.brand_id = 0 or g.pic_url = '' or g.detail = ''";
    assert_eq!(count(bare).await, 0, "all goods have all that belongs to them");
    let strange = "select count(*) from sku s join goods g on g.id = s.goods_id \
        where s.price_minor < g.retail_price_minor";
    assert_eq!(count(strange).await, 0, "the retail price is the lowest");

    let home = world.ok(Call::get("/wx/home/index")).await;
    for (list, least) in [
        ("banner", 3),
        ("channel", 9),
        ("newGoodsList", 6),
        ("hotGoodsList", 6),
        ("brandList", 4),
        ("topicList", 4),
        ("floorGoodsList", 4),
    ] {
        assert!(home[list].as_array().unwrap().len() >= least, "{list}: {}", home[list]);
    }
    assert!(home["floorGoodsList"][0]["goodsList"].as_array().unwrap().len() >= 4);
    let search = world.ok(Call::get("/wx/search/index")).await;
    let word = search["defaultKeyword"]["keyword"].as_str().unwrap();
    let query: String = word.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let found = world.ok(Call::get(&format!("/wx/goods/list?keyword={query}"))).await;
    assert!(found["total"].as_i64().unwrap() >= 20, "the word in the search field finds goods");

    let mut pictures = Vec::new();
    collect_pictures(&home, &mut pictures);
    let goods = home["hotGoodsList"][0]["id"].as_u64().unwrap();
    collect_pictures(&world.ok(Call::get(&format!("/wx/goods/detail?id={goods}"))).await, &mut pictures);
    assert!(pictures.len() > 40, "{pictures:?}");
    pictures.sort();
    pictures.dedup();
    for picture in pictures {
        assert!(picture.starts_with("/wx/art/"), "no outside address: {picture}");
        // The clients put thumbnail words behind an address.
        let answer = world.call(Call::get(&format!("{picture}?x-oss-process=image/resize"))).await;
        assert_eq!((answer.status, answer.headers["content-type"].to_str().unwrap()), (200, "image/png"));
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    }
    for nothing in ["/wx/art/cup-1.svg", "/wx/art/nothing-1.png", "/wx/art/cup-99999.png"] {
        assert_eq!(world.call(Call::get(nothing)).await.status, 404, "{nothing}");
    }
    assert!(since.elapsed() < Duration::from_secs(120));
}

fn collect_pictures(value: &Value, pictures: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if ["picUrl", "iconUrl", "url"].contains(&name.as_str()) => {
                        pictures.extend(Some(text.clone()).filter(|text| !text.is_empty()));
                    }
                    Value::Array(texts) if name == "gallery" => {
                        pictures.extend(texts.iter().filter_map(|text| text.as_str().map(str::to_owned)));
                    }
                    other => collect_pictures(other, pictures),
                }
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| collect_pictures(element, pictures)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
