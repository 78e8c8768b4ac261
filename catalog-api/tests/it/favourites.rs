//! Favourites and footprints: what their owner sees, and what staff see of them.

use crate::harness::{Call, World, join_all};
use serde_json::{Value, json};

async fn topic(world: &World, title: &str) -> u64 {
    sqlx::query("insert into topic (title, subtitle, content, price_minor, goods_ids) values (?, 'sub', '', 990, '[]')")
        .bind(title)
        .execute(&world.db)
        .await
        .unwrap()
        .last_insert_id()
}

#[tokio::test]
async fn a_favourite_is_added_and_removed_by_the_same_call() {
    let world = World::new().await;
    let goods = world.goods("cup", 1).await.id;
    let topic = topic(&world, "spring").await;
    world.shopper("lin", "").await;
    world.shopper("wu", "").await;
    let (lin, wu) = (world.shop_token("lin").await, world.shop_token("wu").await);
    let toggle = async |token: &str, kind: Value, value: Value| {
        let form = json!({ "type": kind, "valueId": value });
        world.call(Call::post("/wx/collect/addordelete", form).shop(token)).await.errno()
    };
    let list = async |token: &str, kind: u8| {
        world.ok(Call::get(&format!("/wx/collect/list?type={kind}&page=1&limit=10")).shop(token)).await
    };
    // The clients send numbers as text, too.
    assert_eq!(toggle(&lin, json!("0"), json!(goods.to_string())).await, 0);
    assert_eq!(toggle(&lin, json!(1), json!(topic)).await, 0);
    assert_eq!(toggle(&wu, json!(0), json!(goods)).await, 0);
    let goods_list = list(&lin, 0).await;
    let one = &goods_list["list"][0];
    assert_eq!(
        (&goods_list["total"], &one["valueId"], &one["name"]),
        (&json!(1), &json!(goods), &json!("cup"))
    );
    assert!(one["retailPrice"].is_number() && one.get("title").is_none(), "{one}");
    let one = list(&lin, 1).await["list"][0].clone();
    assert_eq!(
        (&one["title"], &one["subtitle"], &one["price"]),
        (&json!("spring"), &json!("sub"), &json!(9.9))
    );

    // The second call removes, and only what is the caller's.
    assert_eq!(toggle(&lin, json!(0), json!(goods)).await, 0);
    assert_eq!(list(&lin, 0).await["total"], 0);
    assert_eq!(list(&wu, 0).await["total"], 1);
    // What is gone is left out, and can still be removed.
    sqlx::query("update goods set deleted = true").execute(&world.db).await.unwrap();
    assert_eq!(list(&wu, 0).await, json!({ "list": [], "total": 0, "page": 0, "limit": 10, "pages": 0 }));
    assert_eq!(toggle(&wu, json!(0), json!(goods)).await, 0);
    assert_eq!(toggle(&wu, json!(0), json!(goods)).await, 402);

    for (form, errno) in [
        (json!({ "valueId": 1 }), 401),
        (json!({ "type": 0 }), 401),
        (json!({ "type": 2, "valueId": 1 }), 402),
        (json!({ "type": 0, "valueId": 999_999 }), 402),
        (json!({ "type": 0, "valueId": null }), 402),
        (json!({ "type": 0, "valueId": -4 }), 402),
    ] {
        let answer = world.call(Call::post("/wx/collect/addordelete", form.clone()).shop(&lin)).await;
        assert_eq!(answer.errno(), errno, "{form}");
    }
    assert_eq!(world.call(Call::get("/wx/collect/list").shop(&lin)).await.errno(), 402);
    assert_eq!(world.call(Call::get("/wx/collect/list?type=0")).await.errno(), 501);
}

#[tokio::test]
async fn calls_at_the_same_time_leave_at_most_one_favourite() {
    let world = World::new().await;
    let goods = world.goods("cup", 1).await.id;
    world.shopper("lin", "").await;
    let token = world.shop_token("lin").await;
    let form = json!({ "type": 0, "valueId": goods });
    let calls = (0..40).map(|_| world.call(Call::post("/wx/collect/addordelete", form.clone()).shop(&token)));
    for answer in join_all(calls).await {
        assert_eq!(answer.errno(), 0, "{}", answer.text);
    }
    let live =
        world.number("select count(*) from collect where deleted = false and value_id = ?", goods).await;
    assert!(live <= 1, "{live}");
}

#[tokio::test]
async fn looks_are_listed_newest_first_and_forgotten_by_their_owner_only() {
    use catalog_api::store::footprint;
    let world = World::new().await;
    let (cup, tea) = (world.goods("cup", 1).await.id, world.goods("tea", 1).await.id);
    let lin = world.shopper("lin", "").await;
    let wu = world.shopper("wu", "").await;
    let (lin_token, wu_token) = (world.shop_token("lin").await, world.shop_token("wu").await);
    for (who, what) in [(lin, cup), (lin, tea), (lin, cup), (wu, cup)] {
        footprint::insert(&world.db, who, what).await.unwrap();
    }
    let list = async || world.ok(Call::get("/wx/footprint/list?page=1&limit=10").shop(&lin_token)).await;
    let looks = list().await;
    assert_eq!((&looks["total"], &looks["pages"]), (&json!(3), &json!(1)));
    let newest = &looks["list"][0];
    assert_eq!((&newest["goodsId"], &newest["name"]), (&json!(cup), &json!("cup")));
    assert_eq!(newest["addTime"].as_str().unwrap().len(), 19);

    let delete = async |token: Option<&str>, body: Value| {
        let call = Call::post("/wx/footprint/delete", body);
        world
            .call(match token {
                Some(token) => call.shop(token),
                None => call,
            })
            .await
            .errno()
    };
    let id = newest["id"].clone();
    assert_eq!(delete(None, json!({ "id": id })).await, 501);
    assert_eq!(delete(Some(&wu_token), json!({ "id": id })).await, 402);
    assert_eq!(delete(Some(&lin_token), json!({})).await, 401);
    assert_eq!(delete(Some(&lin_token), json!({ "id": 999_999 })).await, 402);
    assert_eq!(delete(Some(&lin_token), json!({ "id": id })).await, 0);
    assert_eq!(delete(Some(&lin_token), json!({ "id": id })).await, 402);
    assert_eq!(list().await["total"], 2);
    // Goods that are gone are left out.
    sqlx::query("update goods set deleted = true where id = ?").bind(tea).execute(&world.db).await.unwrap();
    assert_eq!(list().await["total"], 1);
    assert_eq!(world.call(Call::get("/wx/footprint/list")).await.errno(), 501);
    assert_eq!(world.call(Call::get("/wx/footprint/list?limit=x")).await.errno(), 402);
}

#[tokio::test]
async fn staff_search_favourites_and_footprints() {
    use catalog_api::store::{collect, footprint};
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let mut db = world.db.acquire().await.unwrap();
    for (who, what) in [(11, 1), (11, 2), (12, 1)] {
        collect::add(&mut db, who, 0, what).await.unwrap();
        footprint::insert(&world.db, who, what).await.unwrap();
    }
    for (path, value) in [("collect", "valueId"), ("footprint", "goodsId")] {
        let list = async |query: &str| {
            world.ok(Call::get(&format!("/admin/{path}/list?{query}")).staff(&staff)).await
        };
        assert_eq!(list("userId=11").await["total"], 2, "{path}");
        assert_eq!(list(&format!("{value}=1&userId=")).await["total"], 2, "{path}");
        assert_eq!(list(&format!("{value}=1&userId=12")).await["list"][0]["userId"], 12, "{path}");
        assert_eq!(list("sort=id&order=asc&limit=0").await["list"][2]["userId"], 12, "{path}");
        for query in [format!("{value}=abc"), "userId=1.5".into(), "sort=userId".into(), "order=1".into()] {
            let answer = world.call(Call::get(&format!("/admin/{path}/list?{query}")).staff(&staff)).await;
            assert_eq!(answer.errno(), 402, "{path} {query}");
        }
    }
}
