//! What shoppers see of the catalogue.

use crate::harness::{Call, World};
use serde_json::{Value, json};

/// Categories, a brand, and goods in them; ids by name.
struct Shop {
    tea: u64,
    green: u64,
    empty: u64,
    brand: u64,
    token: String,
}

impl Shop {
    async fn open(world: &World) -> Self {
        let token = world.staff_token("root").await;
        let add = async |path: &str, body: Value| {
            let made = world.ok(Call::post(&format!("/admin/{path}/create"), body).staff(&token)).await;
            made["id"].as_u64().unwrap()
        };
        let tea = add("category", json!({ "name": "Tea", "level": "L1", "iconUrl": "/i.png" })).await;
        let other = add("category", json!({ "name": "Home", "level": "L1" })).await;
        let recommended = add("category", json!({ "name": "推荐", "level": "L1" })).await;
        let below = async |name: &str, pid: u64| {
            add("category", json!({ "name": name, "level": "L2", "pid": pid })).await
        };
        let green = below("Green", tea).await;
        below("Black", tea).await;
        let empty = below("Lamps", other).await;
        below("All", recommended).await;
        let brand = add("brand", json!({ "name": "Still Water", "desc": "x", "floorPrice": 9.9 })).await;
        Self { tea, green, empty, brand, token }
    }

    async fn goods(&self, world: &World, name: &str, price: i64, change: Value) -> u64 {
        let mut body = json!({
            "goods": { "name": name, "goodsSn": name, "categoryId": self.green, "keywords": "绿茶,fresh" },
            "specifications": [
                { "specification": "weight", "value": "100 g" },
                { "specification": "tin", "value": "red" },
                { "specification": "weight", "value": "250 g" }
            ],
            "products": [{ "specifications": ["100 g", "red"], "price": price, "number": 5 }],
            "attributes": [{ "attribute": "origin", "value": "杭州" }]
        });
        for (member, value) in change.as_object().unwrap() {
            body["goods"][member] = value.clone();
        }
        world.ok(Call::post("/admin/goods/create", body).staff(&self.token)).await;
        sqlx::query_scalar("select id from goods where name = ?")
            .bind(name)
            .fetch_one(&world.db)
            .await
            .unwrap()
    }
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_home_page_looks_like_a_shop_and_follows_its_settings() {
    let world = World::new().await;
    let shop = Shop::open(&world).await;
    for (number, change) in [
        json!({ "isNew": true }),
        json!({ "isHot": true }),
        json!({}),
        json!({ "isOnSale": false, "isNew": true }),
    ]
    .into_iter()
    .enumerate()
    {
        shop.goods(&world, &format!("tea {number}"), 10, change).await;
    }
    let post = |path: &str, body: Value| Call::post(path, body).staff(&shop.token);
    for (name, enabled, position) in [("shown", true, 1), ("off", false, 1), ("elsewhere", true, 2)] {
        let body = json!({ "name": name, "content": "x", "url": "/b.png", "link": "1", "enabled": enabled,
            "position": position });
        world.ok(post("/admin/ad/create", body)).await;
    }
    world.ok(post("/admin/topic/create", json!({ "title": "t", "content": "x", "price": 1 }))).await;
    world.coupon(0, 10).await;
    world.coupon(2, 10).await;
    let home = world.ok(Call::get("/wx/home/index")).await;
    assert_eq!(names(&home["banner"]), ["shown"]);
    assert_eq!(names(&home["channel"]), ["Tea", "Home", "推荐"]);
    assert_eq!(home["channel"][0], json!({ "id": shop.tea, "name": "Tea", "iconUrl": "/i.png" }));
    assert_eq!(names(&home["newGoodsList"]), ["tea 0"]);
    assert_eq!(names(&home["hotGoodsList"]), ["tea 1"]);
    assert_eq!(names(&home["brandList"]), ["Still Water"]);
    assert_eq!(home["brandList"][0]["floorPrice"], json!(9.9));
    assert_eq!(home["topicList"][0]["readCount"], "1k");
    assert_eq!(home["couponList"].as_array().unwrap().len(), 1, "only what anybody can claim");
    assert_eq!(home["grouponList"], json!([]));
    assert_eq!(names(&home["floorGoodsList"]), ["Tea", "Home"], "the recommended ones have no floor");
    assert_eq!(names(&home["floorGoodsList"][0]["goodsList"]), ["tea 2", "tea 1", "tea 0"]);
    assert_eq!(home["floorGoodsList"][1]["goodsList"], json!([]));

    // A shopper who has claimed a coupon does not see it again, others do.
    let lin = world.shopper("lin", "").await;
    let token = world.shop_token("lin").await;
    sqlx::query("insert into coupon_user (user_id, coupon_id, status) select ?, id, 2 from coupon")
        .bind(lin)
        .execute(&world.db)
        .await
        .unwrap();
    assert_eq!(world.ok(Call::get("/wx/home/index").shop(&token)).await["couponList"], json!([]));
    let stranger = world.ok(Call::get("/wx/home/index").shop("no session at all")).await;
    assert_eq!(stranger["couponList"].as_array().unwrap().len(), 1);

    let about = world.ok(Call::get("/wx/home/about")).await;
    for member in ["name", "address", "phone", "qq", "longitude", "latitude"] {
        assert!(about[member].is_string(), "{about}");
    }
    assert_eq!(world.call(Call::get("/wx/home/cache")).await.errno(), 402);
    assert_eq!(world.call(Call::get("/wx/home/cache?key=x")).await.errno(), -1);
    assert!(world.ok(Call::get("/wx/home/cache?key=litemall_cache")).await.is_string());
    assert!(world.ok(Call::get("/wx/index/index")).await.is_string());
}

#[tokio::test]
async fn categories_lead_from_one_level_to_the_other() {
    let world = World::new().await;
    let shop = Shop::open(&world).await;
    let index = world.ok(Call::get("/wx/catalog/index")).await;
    assert_eq!(names(&index["categoryList"]), ["Tea", "Home", "推荐"]);
    assert_eq!(
        (&index["currentCategory"]["id"], &index["currentCategory"]["level"]),
        (&json!(shop.tea), &json!("L1"))
    );
    assert_eq!(names(&index["currentSubCategory"]), ["Green", "Black"]);
    let unknown = world.ok(Call::get("/wx/catalog/index?id=9999")).await;
    assert!(unknown.get("currentCategory").is_none() && unknown.get("currentSubCategory").is_none());
    let all = world.ok(Call::get("/wx/catalog/all")).await;
    assert_eq!(names(&all["allList"][shop.tea.to_string()]), ["Green", "Black"]);
    assert_eq!(all["allList"].as_object().unwrap().len(), 3);
    assert_eq!(names(&all["currentSubCategory"]), ["Green", "Black"]);
    let current = world.ok(Call::get(&format!("/wx/catalog/current?id={}", shop.tea))).await;
    assert_eq!(names(&current["currentSubCategory"]), ["Green", "Black"]);
    assert_eq!(names(&world.ok(Call::get("/wx/catalog/getfirstcategory")).await).len(), 3);
    let second = world.ok(Call::get(&format!("/wx/catalog/getsecondcategory?id={}", shop.tea))).await;
    assert_eq!((names(&second), &second[0]["pid"]), (vec!["Green", "Black"], &json!(shop.tea)));
    assert_eq!(world.ok(Call::get("/wx/catalog/getsecondcategory?id=0")).await, json!([]));

    let family = world.ok(Call::get(&format!("/wx/goods/category?id={}", shop.green))).await;
    assert_eq!(family["currentCategory"]["name"], "Green");
    assert_eq!(family["parentCategory"]["name"], "Tea");
    assert_eq!(names(&family["brotherCategory"]), ["Green", "Black"]);
    let root = world.ok(Call::get(&format!("/wx/goods/category?id={}", shop.tea))).await;
    assert_eq!(
        (&root["currentCategory"]["name"], &root["parentCategory"]["name"]),
        (&json!("Green"), &json!("Tea"))
    );
    for path in [
        "catalog/current?id=9999",
        "catalog/current",
        "catalog/current?id=x",
        "catalog/getsecondcategory",
        "goods/category?id=9999",
        "goods/category?id=-1",
        "catalog/index?id=1.5",
    ] {
        assert_eq!(world.call(Call::get(&format!("/wx/{path}"))).await.errno(), 402, "{path}");
    }
}

#[tokio::test]
async fn goods_are_listed_by_what_is_asked_for() {
    let world = World::new().await;
    let shop = Shop::open(&world).await;
    shop.goods(&world, "Longjing 100%", 30, json!({ "isNew": true, "brandId": shop.brand })).await;
    shop.goods(&world, "Anji", 20, json!({ "isHot": true })).await;
    shop.goods(&world, "lamp", 10, json!({ "categoryId": shop.empty, "keywords": "light" })).await;
    shop.goods(&world, "hidden", 5, json!({ "isOnSale": false })).await;
    let list = async |query: &str| world.ok(Call::get(&format!("/wx/goods/list?{query}"))).await;
    let all = list("").await;
    assert_eq!(names(&all["list"]), ["lamp", "Anji", "Longjing 100%"], "newest first");
    assert_eq!(
        (&all["total"], &all["page"], &all["limit"], &all["pages"]),
        (&json!(3), &json!(1), &json!(10), &json!(1))
    );
    assert_eq!(names(&all["filterCategoryList"]), ["Green", "Lamps"]);
    let members: Vec<&String> = all["list"][0].as_object().unwrap().keys().collect();
    let brief = ["brief", "counterPrice", "id", "isHot", "isNew", "name", "picUrl", "retailPrice"];
    assert_eq!(members, brief);
    let by_category = list(&format!("categoryId={}&isHot=&page=1", shop.green)).await;
    assert_eq!(names(&by_category["list"]), ["Anji", "Longjing 100%"]);
    assert_eq!(names(&by_category["filterCategoryList"]), ["Green", "Lamps"], "whichever is asked for");
    assert_eq!(
        names(&list("categoryId=0&keyword=%E7%BB%BF%E8%8C%B6").await["list"]).len(),
        2,
        "keywords count"
    );
    assert_eq!(names(&list("keyword=LONG").await["list"]), ["Longjing 100%"]);
    assert_eq!(names(&list("keyword=%25").await["list"]), ["Longjing 100%"], "no wildcard of the caller's");
    assert_eq!(list("keyword=_").await["total"], 0);
    assert_eq!(names(&list(&format!("brandId={}", shop.brand)).await["list"]), ["Longjing 100%"]);
    assert_eq!(names(&list("isNew=true").await["list"]), ["Longjing 100%"]);
    assert_eq!(names(&list("isHot=1").await["list"]), ["Anji"]);
    assert_eq!(names(&list("sort=retail_price&order=asc").await["list"]), ["lamp", "Anji", "Longjing 100%"]);
    assert_eq!(names(&list("sort=name&order=desc").await["list"]), ["Longjing 100%", "lamp", "Anji"]);
    let past = list("page=7&limit=2").await;
    assert_eq!((names(&past["list"]), &past["page"]), (vec!["Longjing 100%"], &json!(2)));
    let none = list("limit=-1").await;
    assert_eq!((&none["list"], &none["total"], &none["limit"]), (&json!([]), &json!(3), &json!(-1)));
    for query in ["sort=id", "order=x", "isNew=perhaps", "categoryId=x", "limit=10001", "page=5.0"] {
        for path in ["goods/list", "search/result"] {
            let answer = world.call(Call::get(&format!("/wx/{path}?{query}"))).await;
            assert_eq!(answer.errno(), 402, "{path} {query}");
        }
    }
    let long = format!("/wx/goods/list?keyword={}", "x".repeat(3_500));
    assert_eq!(world.call(Call::get(&long)).await.errno(), 402);
    assert_eq!(world.ok(Call::get("/wx/goods/count")).await, 3);
    let same = world.ok(Call::get("/wx/search/result?keyword=LONG")).await;
    assert_eq!(same, list("keyword=LONG").await);
}

#[tokio::test]
async fn the_page_of_goods_holds_all_that_belongs_to_them() {
    let world = World::new().await;
    let shop = Shop::open(&world).await;
    let id =
        shop.goods(&world, "Longjing", 30, json!({ "brandId": shop.brand, "gallery": ["/a.png"] })).await;
    let plain = shop.goods(&world, "Anji", 20, json!({ "isOnSale": false })).await;
    for number in 0..5 {
        let body = json!({ "question": format!("q{number}"), "answer": "a" });
        world.ok(Call::post("/admin/issue/create", body).staff(&shop.token)).await;
    }
    let lin = world.shopper("lin", "").await;
    world.shopper("wei", "").await;
    let (lins, weis) = (world.shop_token("lin").await, world.shop_token("wei").await);
    for (kind, value, text) in
        [(0, id, "first"), (0, id, "second 🍵"), (0, id, "third"), (1, id, "of a topic")]
    {
        sqlx::query(
            "insert into comment (kind, value_id, user_id, content, star, pic_urls, reply) \
             values (?, ?, ?, ?, 5, '[\"/p.png\"]', 'thanks')",
        )
        .bind(kind)
        .bind(value)
        .bind(lin)
        .bind(text)
        .execute(&world.db)
        .await
        .unwrap();
    }
    sqlx::query("insert into collect (user_id, kind, value_id) values (?, 0, ?)")
        .bind(lin)
        .bind(id)
        .execute(&world.db)
        .await
        .unwrap();
    let page =
        async |token: &str| world.ok(Call::get(&format!("/wx/goods/detail?id={id}")).shop(token)).await;
    let stranger = page("").await;
    assert_eq!(stranger["info"]["gallery"], json!(["/a.png"]));
    assert_eq!(stranger["userHasCollect"], 0);
    assert_eq!(stranger["issue"].as_array().unwrap().len(), 4);
    assert_eq!(stranger["comment"]["count"], 3);
    let newest = &stranger["comment"]["data"][0];
    assert_eq!(
        (&newest["content"], &newest["nickname"], &newest["adminContent"], &newest["picList"]),
        (&json!("third"), &json!("lin"), &json!("thanks"), &json!(["/p.png"]))
    );
    assert_eq!(stranger["comment"]["data"].as_array().unwrap().len(), 2);
    let specifications = &stranger["specificationList"];
    assert_eq!(names(specifications), ["weight", "tin"]);
    assert_eq!(specifications[0]["valueList"][1]["value"], "250 g");
    assert_eq!(stranger["productList"][0]["specifications"], json!(["100 g", "red"]));
    assert_eq!(stranger["attribute"][0]["value"], "杭州");
    assert_eq!(stranger["brand"]["name"], "Still Water");
    assert_eq!((&stranger["groupon"], &stranger["share"]), (&json!([]), &json!(false)));
    assert!(stranger.get("shareImage").is_none());
    assert_eq!(page(&lins).await["userHasCollect"], 1);
    assert_eq!(page(&weis).await["userHasCollect"], 0, "somebody else's favourite");
    let looks: Vec<u64> =
        sqlx::query_scalar("select user_id from footprint order by id").fetch_all(&world.db).await.unwrap();
    assert_eq!(looks.len(), 2, "a shopper's look is written down, a stranger's is not");
    assert_eq!(looks[0], lin);

    // Stock is as it is now, whatever is kept.
    sqlx::query("update sku set stock = 3 where goods_id = ?").bind(id).execute(&world.db).await.unwrap();
    assert_eq!(page("").await["productList"][0]["number"], 3);
    let off = world.ok(Call::get(&format!("/wx/goods/detail?id={plain}"))).await;
    assert_eq!((&off["brand"], &off["info"]["isOnSale"]), (&json!({}), &json!(false)));
    assert_eq!(off["comment"], json!({ "count": 0, "data": [] }));
    let related = world.ok(Call::get(&format!("/wx/goods/related?id={plain}"))).await;
    assert_eq!((names(&related["list"]), &related["limit"]), (vec!["Longjing"], &json!(6)));
    for path in ["detail?id=9999", "detail", "detail?id=x", "detail?id=-1", "related?id=9999", "related"] {
        assert_eq!(world.call(Call::get(&format!("/wx/goods/{path}"))).await.errno(), 402, "{path}");
    }
}

#[tokio::test]
async fn what_a_shopper_searched_for_is_that_shoppers_alone() {
    let world = World::new().await;
    let shop = Shop::open(&world).await;
    for (word, is_hot, is_default) in
        [("tea", true, true), ("teapot", true, false), ("lamp", false, false), ("tea", false, false)]
    {
        let body = json!({ "keyword": word, "isHot": is_hot, "isDefault": is_default });
        world.ok(Call::post("/admin/keyword/create", body).staff(&shop.token)).await;
    }
    world.shopper("lin", "").await;
    world.shopper("wei", "").await;
    let (lin, wei) = (world.shop_token("lin").await, world.shop_token("wei").await);
    let search = async |token: &str, word: &str| {
        world.ok(Call::get(&format!("/wx/goods/list?keyword={word}")).shop(token)).await;
    };
    for (token, word) in
        [(&lin, "tea"), (&lin, "cup"), (&lin, "tea"), (&wei, "rod"), (&String::new(), "nobody")]
    {
        search(token, word).await;
    }
    world.ok(Call::get("/wx/search/result?keyword=%20%20").shop(&lin)).await;
    let index = async |token: &str| world.ok(Call::get("/wx/search/index").shop(token)).await;
    let lins = index(&lin).await;
    assert_eq!(lins["historyKeywordList"], json!([{ "keyword": "tea" }, { "keyword": "cup" }]));
    assert_eq!(lins["defaultKeyword"]["keyword"], "tea");
    assert_eq!(lins["hotKeywordList"].as_array().unwrap().len(), 2);
    assert_eq!(index(&wei).await["historyKeywordList"], json!([{ "keyword": "rod" }]));
    assert_eq!(index("").await["historyKeywordList"], json!([]));
    let history = Call::get("/admin/history/list?keyword=T&sort=id&order=asc").staff(&shop.token);
    let history = world.ok(history).await;
    assert_eq!(history["total"], 2);
    assert_eq!((&history["list"][0]["keyword"], &history["list"][0]["from"]), (&json!("tea"), &json!("wx")));

    let clear =
        |token: &str| Call::raw(axum::http::Method::POST, "/wx/search/clearhistory", Vec::new()).shop(token);
    assert_eq!(world.call(clear("")).await.errno(), 501);
    world.ok(clear(&lin)).await;
    assert_eq!(index(&lin).await["historyKeywordList"], json!([]));
    assert_eq!(index(&wei).await["historyKeywordList"], json!([{ "keyword": "rod" }]), "wei's stays");

    assert_eq!(world.ok(Call::get("/wx/search/helper?keyword=TEA")).await, json!(["tea", "teapot"]));
    assert_eq!(world.ok(Call::get("/wx/search/helper?keyword=TEA&limit=1&page=2")).await, json!(["teapot"]));
    for path in ["/wx/search/helper", "/wx/search/helper?keyword="] {
        assert_eq!(world.call(Call::get(path)).await.errno(), 402, "{path}");
    }
    let long = "字".repeat(128);
    let query: String = long.bytes().map(|byte| format!("%{byte:02X}")).collect();
    assert_eq!(world.call(Call::get(&format!("/wx/search/helper?keyword={query}"))).await.errno(), 402);
}

#[tokio::test]
async fn brands_topics_and_questions_are_shown_to_everybody() {
    let world = World::new().await;
    let shop = Shop::open(&world).await;
    let brands = world.ok(Call::get("/wx/brand/list?page=1&limit=10")).await;
    let members: Vec<&String> = brands["list"][0].as_object().unwrap().keys().collect();
    assert_eq!(members, ["desc", "floorPrice", "id", "name", "picUrl"]);
    let brand = world.ok(Call::get(&format!("/wx/brand/detail?id={}", shop.brand))).await;
    assert_eq!((&brand["name"], &brand["deleted"]), (&json!("Still Water"), &json!(false)));
    for path in
        ["brand/detail?id=9999", "brand/detail", "topic/detail", "topic/related", "brand/list?sort=name"]
    {
        assert_eq!(world.call(Call::get(&format!("/wx/{path}"))).await.errno(), 402, "{path}");
    }
    for number in 0..12 {
        let body = json!({ "question": format!("question {number}"), "answer": "a" });
        world.ok(Call::post("/admin/issue/create", body).staff(&shop.token)).await;
    }
    let issues = async |query: &str| world.ok(Call::get(&format!("/wx/issue/list?{query}"))).await;
    assert_eq!(issues("").await["list"].as_array().unwrap().len(), 10);
    assert_eq!(issues("size=3").await["list"].as_array().unwrap().len(), 3);
    assert_eq!(issues("limit=4").await["limit"], 4);
    assert_eq!(issues("question=QUESTION%201&size=20").await["total"], 3);
    assert_eq!(world.call(Call::get("/wx/issue/list?size=10001")).await.errno(), 402);
    assert_eq!(world.ok(Call::get("/wx/topic/list")).await["list"], json!([]));
}
