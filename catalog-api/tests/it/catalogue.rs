//! What staff write whole: brands, categories, keywords, common questions, advertisements, topics.

use crate::harness::{Call, World};
use serde_json::{Value, json};

/// A kind of row: its name in paths, what creating one needs, a member that may be left out with a value,
/// and a text that is too long for a column.
struct Kind {
    name: &'static str,
    needed: Value,
    optional: (&'static str, Value),
    long: (&'static str, usize),
}

fn kinds() -> Vec<Kind> {
    vec![
        Kind {
            name: "brand",
            needed: json!({ "name": "静水 🍵", "desc": "tea", "floorPrice": "12.50" }),
            optional: ("picUrl", json!("/wx/art/tin-1.png")),
            long: ("name", 255),
        },
        Kind {
            name: "keyword",
            needed: json!({ "keyword": "乌龙 🍃" }),
            optional: ("url", json!("/pages/search?x=1")),
            long: ("keyword", 127),
        },
        Kind {
            name: "issue",
            needed: json!({ "question": "Why? 🤔", "answer": "Because." }),
            optional: ("sortOrder", json!(3)),
            long: ("answer", 255),
        },
        Kind {
            name: "ad",
            needed: json!({ "name": "Spring", "content": "new leaves" }),
            optional: ("link", json!("1127052")),
            long: ("content", 255),
        },
        Kind {
            name: "topic",
            needed: json!({ "title": "茶", "content": "<p>hello 🍵</p>", "price": 9.9 }),
            optional: ("subtitle", json!("four minutes")),
            long: ("title", 255),
        },
        Kind {
            name: "category",
            needed: json!({ "name": "Tea", "level": "L1" }),
            optional: ("iconUrl", json!("https://cdn.example/i.png")),
            long: ("name", 63),
        },
    ]
}

fn with(body: &Value, member: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[member] = value;
    body
}

fn without(body: &Value, member: &str) -> Value {
    let mut body = body.clone();
    body.as_object_mut().unwrap().remove(member);
    body
}

#[tokio::test]
async fn rows_are_added_read_changed_and_deleted_and_the_log_says_what_changed() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let post = |path: String, body: Value| Call::post(&path, body).staff(&token);
    for Kind { name, needed, optional, long } in kinds() {
        let (create, update) = (format!("/admin/{name}/create"), format!("/admin/{name}/update"));
        // What has to be there is missed in turn, and empty text is as good as none.
        for member in needed.as_object().unwrap().keys() {
            for body in [without(&needed, member), with(&needed, member, json!(""))] {
                assert_eq!(world.call(post(create.clone(), body)).await.errno(), 401, "{name} {member}");
            }
        }
        let too_long = with(&needed, long.0, json!("字".repeat(long.1 + 1)));
        let refused = world.call(post(create.clone(), too_long)).await;
        assert_eq!(refused.errno(), 402, "{name}");
        assert!(refused.errmsg().starts_with(long.0), "{name}: {}", refused.errmsg());
        let fits = with(&needed, long.0, json!("字".repeat(long.1)));
        world.ok(post(create.clone(), fits)).await;
        // Members that are not staff's to set are not looked at.
        let mut body = with(&needed, optional.0, optional.1.clone());
        for (member, value) in [("id", json!(77_777)), ("deleted", json!(true)), ("addTime", json!("x"))] {
            body[member] = value;
        }
        let made = world.ok(post(create.clone(), body)).await;
        let id = made["id"].as_u64().unwrap();
        assert!(id != 77_777 && made["deleted"] == false, "{name}: {made}");
        assert!(made["addTime"].is_string() && made["updateTime"].is_string(), "{name}: {made}");

        if name != "topic" {
            let read = world.ok(Call::get(&format!("/admin/{name}/read?id={id}")).staff(&token)).await;
            assert_eq!(read, made, "{name}");
            let unknown = world.ok(Call::get(&format!("/admin/{name}/read?id=99999")).staff(&token)).await;
            assert_eq!(unknown, Value::Null, "{name}");
        }
        assert_eq!(world.call(Call::get(&format!("/admin/{name}/read")).staff(&token)).await.errno(), 402);

        // A change without the member that may be left out leaves it as it is.
        world.ok(post(update.clone(), with(&needed, "id", json!(id.to_string())))).await;
        if name != "issue" && name != "topic" {
            let read = world.ok(Call::get(&format!("/admin/{name}/read?id={id}")).staff(&token)).await;
            assert_eq!(read[optional.0], optional.1, "{name}");
        }
        let unknown = world.call(post(update.clone(), with(&needed, "id", json!(99_999)))).await;
        assert_eq!(unknown.errno(), 505, "{name}");
        let nameless = world.call(post(update.clone(), needed.clone())).await.errno();
        assert_eq!(nameless, if name == "ad" { 505 } else { 401 }, "{name}");

        let delete = format!("/admin/{name}/delete");
        assert_eq!(world.call(post(delete.clone(), json!({}))).await.errno(), 401, "{name}");
        for _ in 0..2 {
            // The clients post whole rows, and deleting what is gone is no mistake.
            world.ok(post(delete.clone(), made.clone())).await;
        }
        assert_eq!(world.call(post(update, with(&needed, "id", json!(id)))).await.errno(), 505, "{name}");
        let left: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "select count(*) from {name} where id = {id} and deleted = true"
        )))
        .fetch_one(&world.db)
        .await
        .unwrap();
        assert_eq!(left, 1, "{name} is kept, marked");
        let logged: Vec<String> = sqlx::query_scalar(
            "select cast(changes as char) from operation_log where actor = 'root' and succeeded = true \
             and action = ? order by id",
        )
        .bind(format!("POST {delete}"))
        .fetch_all(&world.db)
        .await
        .unwrap();
        assert_eq!(logged.len(), 2, "{name}: {logged:?}");
        assert!(logged[0].contains(&format!("\"id\":{id}")), "{name}: {logged:?}");
    }
    world.finish().await;
}

#[tokio::test]
async fn what_changed_is_logged_before_and_after_and_a_long_text_is_cut() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let topic = |title: &str| json!({ "title": title, "content": "x".repeat(5_000), "price": 1 });
    let made = world.ok(Call::post("/admin/topic/create", topic("first")).staff(&token)).await;
    let body = with(&topic("second"), "id", made["id"].clone());
    world.ok(Call::post("/admin/topic/update", body).staff(&token)).await;
    let changes: String = sqlx::query_scalar(
        "select cast(changes as char) from operation_log where action = 'POST /admin/topic/update'",
    )
    .fetch_one(&world.db)
    .await
    .unwrap();
    let changes: Value = serde_json::from_str(&changes).unwrap();
    assert_eq!(changes["before"], json!({ "title": "first" }));
    assert_eq!(changes["after"], json!({ "title": "second" }));
    let created: String = sqlx::query_scalar(
        "select cast(changes as char) from operation_log where action = 'POST /admin/topic/create'",
    )
    .fetch_one(&world.db)
    .await
    .unwrap();
    assert!(created.len() < 1_000, "{}", created.len());
}

#[tokio::test]
async fn categories_have_two_levels_and_stay_a_tree() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let create =
        async |body: Value| world.call(Call::post("/admin/category/create", body).staff(&token)).await;
    let root = create(json!({ "name": "Home", "level": "L1", "pid": 5 })).await.data();
    assert_eq!(root["pid"], 0, "the first level has no parent");
    let below = |pid: Value| json!({ "name": "Lamps", "level": "L2", "pid": pid });
    assert_eq!(create(json!({ "name": "x", "level": "L3" })).await.errno(), 402);
    assert_eq!(create(json!({ "name": "x", "level": "L2" })).await.errno(), 401);
    assert_eq!(create(below(json!(99_999))).await.errno(), 402);
    let lamps = create(below(root["id"].clone())).await.data();
    assert_eq!(create(below(lamps["id"].clone())).await.errno(), 402, "no third level");
    let update = async |body: Value| {
        world.call(Call::post("/admin/category/update", body).staff(&token)).await.errno()
    };
    let other = create(json!({ "name": "Tea", "level": "L1" })).await.data();
    let moved = json!({ "id": root["id"], "name": "Home", "level": "L2", "pid": other["id"] });
    assert_eq!(update(moved).await, 402, "what has children stays on the first level");
    let own = json!({ "id": other["id"], "name": "Tea", "level": "L2", "pid": other["id"] });
    assert_eq!(update(own).await, 402);

    let tree = world.ok(Call::get("/admin/category/list?limit=abc").staff(&token)).await;
    assert_eq!((&tree["total"], &tree["page"], &tree["pages"]), (&json!(2), &json!(1), &json!(1)));
    let node = &tree["list"][0];
    assert!(node.get("pid").is_none() && node["level"] == "L1", "{node}");
    assert_eq!(node["children"][0]["pid"], root["id"]);
    assert!(node["children"][0].get("children").is_none());
    assert_eq!(tree["list"][1]["children"], json!([]), "children are always an array");
    // The client posts a node back with its children.
    assert_eq!(update(with(node, "name", json!("House"))).await, 0);
    let first = world.ok(Call::get("/admin/category/l1").staff(&token)).await;
    assert_eq!(first["list"][0], json!({ "value": root["id"], "label": "House" }));
}

#[tokio::test]
async fn no_script_and_no_address_that_runs_is_stored() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let evil = "javascript:alert(1)";
    for (path, body, member) in [
        ("ad", json!({ "name": "x", "content": "x" }), "link"),
        ("ad", json!({ "name": "x", "content": "x" }), "url"),
        ("keyword", json!({ "keyword": "x" }), "url"),
        ("brand", json!({ "name": "x", "desc": "x", "floorPrice": 1 }), "picUrl"),
        ("category", json!({ "name": "x", "level": "L1" }), "iconUrl"),
        ("topic", json!({ "title": "x", "content": "x", "price": 1 }), "picUrl"),
    ] {
        for address in [evil, "\u{1}JaVaScript:alert(1)", "java\tscript:alert(1)", "data:text/html,x"] {
            let body = with(&body, member, json!(address));
            let answer = world.call(Call::post(&format!("/admin/{path}/create"), body).staff(&token)).await;
            assert_eq!(answer.errno(), 402, "{path} {member} {address:?}");
            assert!(answer.errmsg().starts_with(member), "{}", answer.errmsg());
        }
    }
    let page = "<p onclick=\"alert(1)\">tea</p><script>alert(1)</script><img src=x onerror=alert(1)>\
                <a href=\"javascript:alert(1)\">go</a><p style=\"text-align:center\">mid</p>";
    let body = json!({ "title": "x", "content": page, "price": 1 });
    let stored = world.ok(Call::post("/admin/topic/create", body).staff(&token)).await;
    let stored = stored["content"].as_str().unwrap();
    for gone in ["script", "onclick", "onerror", "alert"] {
        assert!(!stored.contains(gone), "{gone} in {stored}");
    }
    assert!(stored.contains("<p>tea</p>") && stored.contains("text-align"), "{stored}");
    // A page as long as an editor makes it fits into a call, a longer one is refused by name.
    let long = json!({ "title": "x", "content": "<p>茶</p>".repeat(20_000), "price": 1 });
    assert_eq!(world.call(Call::post("/admin/topic/create", long).staff(&token)).await.errno(), 0);
    let longer = json!({ "title": "x", "content": "<p>茶</p>".repeat(40_000), "price": 1 });
    let refused = world.call(Call::post("/admin/topic/create", longer).staff(&token)).await;
    assert!(refused.errno() == 402 && refused.errmsg().starts_with("content"), "{}", refused.errmsg());
}

#[tokio::test]
async fn numbers_that_are_none_are_refused_with_their_name() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let odd = [
        json!(-1),
        json!("-0.01"),
        json!(1e300),
        json!("99999999999999999999"),
        json!("abc"),
        json!([]),
        json!({}),
        json!(true),
        json!(1.234),
    ];
    for (path, body, member) in [
        ("brand", json!({ "name": "x", "desc": "x" }), "floorPrice"),
        ("topic", json!({ "title": "x", "content": "x" }), "price"),
    ] {
        for value in &odd {
            let body = with(&body, member, value.clone());
            let answer = world.call(Call::post(&format!("/admin/{path}/create"), body).staff(&token)).await;
            assert_eq!(answer.errno(), 402, "{path} {member} {value}");
        }
        let body = with(&body, member, json!(""));
        let answer = world.call(Call::post(&format!("/admin/{path}/create"), body).staff(&token)).await;
        assert_eq!(answer.errno(), 401, "{path} {member} empty");
    }
    for (path, body) in [
        ("ad", json!({ "name": "x", "content": "x", "position": 1_000 })),
        ("ad", json!({ "name": "x", "content": "x", "enabled": "maybe" })),
        ("ad", json!({ "name": "x", "content": "x", "startTime": "tomorrow" })),
        ("ad", json!({ "name": ["x"], "content": "x" })),
        ("keyword", json!({ "keyword": "x", "sortOrder": 1e18 })),
        ("topic", json!({ "title": "x", "content": "x", "price": 1, "goods": "12" })),
        ("topic", json!({ "title": "x", "content": "x", "price": 1, "goods": [-1] })),
        ("category", json!({ "name": "x", "level": "L2", "pid": 1.5e300 })),
    ] {
        let answer =
            world.call(Call::post(&format!("/admin/{path}/create"), body.clone()).staff(&token)).await;
        assert_eq!(answer.errno(), 402, "{path} {body}");
    }
    for raw in ["", "[]", "7", "{", "\"x\""] {
        let call = Call::raw(axum::http::Method::POST, "/admin/brand/create", raw.as_bytes().to_vec());
        assert_eq!(world.call(call.staff(&token)).await.errno(), 402, "{raw}");
    }
}

#[tokio::test]
async fn lists_are_narrowed_sorted_and_refuse_what_is_not_allowed() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    for (name, desc, price) in [("Alpha 100%", "first", 3), ("Beta", "second", 1), ("alphabet", "third", 2)] {
        let body = json!({ "name": name, "desc": desc, "floorPrice": price });
        world.ok(Call::post("/admin/brand/create", body).staff(&token)).await;
        let body = json!({ "title": name, "content": "x", "subtitle": desc, "price": price });
        world.ok(Call::post("/admin/topic/create", body).staff(&token)).await;
    }
    let names = async |path: &str| -> Vec<String> {
        let list = world.ok(Call::get(path).staff(&token)).await["list"].clone();
        let name = |row: &Value| row.get("name").or(row.get("title")).unwrap().as_str().unwrap().to_owned();
        list.as_array().unwrap().iter().map(name).collect()
    };
    assert_eq!(names("/admin/brand/list?sort=id&order=asc").await, ["Alpha 100%", "Beta", "alphabet"]);
    assert_eq!(names("/admin/brand/list?name=ALPHA&sort=id").await, ["alphabet", "Alpha 100%"]);
    assert_eq!(names("/admin/brand/list?name=%25").await, ["Alpha 100%"], "no wildcard of the caller's");
    assert_eq!(names("/admin/brand/list?name=_").await, Vec::<String>::new());
    assert_eq!(names("/admin/brand/list?id=2&name=").await, ["Beta"]);
    assert_eq!(names("/admin/brand/list?id=-2").await, Vec::<String>::new());
    assert_eq!(names("/admin/topic/list?sort=price&order=asc").await, ["Beta", "alphabet", "Alpha 100%"]);
    assert_eq!(names("/admin/topic/list?subtitle=second").await, ["Beta"]);
    let all = world.ok(Call::get("/admin/brand/list?limit=0").staff(&token)).await;
    assert_eq!((&all["total"], &all["page"], &all["pages"]), (&json!(3), &json!(0), &json!(0)));
    assert_eq!(all["list"].as_array().unwrap().len(), 3);
    let injection = "/admin/brand/list?sort=id%3Bdrop%20table%20brand";
    assert_eq!(world.call(Call::get(injection).staff(&token)).await.errno(), 402);
    for path in ["brand", "keyword", "issue", "ad", "topic", "goods", "history"] {
        for query in ["sort=price_minor", "order=up", "limit=10001", "page=abc", "limit=1.5"] {
            let call = Call::get(&format!("/admin/{path}/list?{query}")).staff(&token);
            assert_eq!(world.call(call).await.errno(), 402, "{path} {query}");
        }
        let call = Call::get(&format!("/admin/{path}/list?page=9&limit=20&sort=add_time&order=desc&token=x"));
        assert!(world.ok(call.staff(&token)).await["list"].is_array(), "{path}");
    }
    for path in ["/admin/brand/list?id=x", "/admin/goods/list?goodsId=x", "/admin/history/list?userId=x"] {
        assert_eq!(world.call(Call::get(path).staff(&token)).await.errno(), 402, "{path}");
    }
    let long = format!("/admin/brand/list?name={}", "x".repeat(3_000));
    assert_eq!(world.call(Call::get(&long).staff(&token)).await.errno(), 402);
}

#[tokio::test]
async fn topics_name_their_goods_in_order_and_go_several_at_a_time() {
    let world = World::new().await;
    let token = world.staff_token("root").await;
    let (a, b, c) = (world.goods("a", 1).await, world.goods("b", 1).await, world.goods("c", 1).await);
    sqlx::query("update goods set on_sale = false where id = ?").bind(b.id).execute(&world.db).await.unwrap();
    let body =
        json!({ "title": "x", "content": "x", "price": 1, "goods": [c.id, b.id, a.id.to_string(), 99_999] });
    let made = world.ok(Call::post("/admin/topic/create", body).staff(&token)).await;
    let id = made["id"].as_u64().unwrap();
    let read = world.ok(Call::get(&format!("/admin/topic/read?id={id}")).staff(&token)).await;
    assert_eq!(read["topic"]["goods"], json!([c.id, b.id, a.id, 99_999]));
    let names: Vec<&str> =
        read["goodsList"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["c", "a"]);
    let shop = world.ok(Call::get(&format!("/wx/topic/detail?id={id}"))).await;
    assert_eq!(shop["goods"], read["goodsList"]);
    assert_eq!(shop["userHasCollect"], 0);
    assert_eq!(world.call(Call::get("/admin/topic/read?id=99999").staff(&token)).await.errno(), 402);
    assert_eq!(world.call(Call::get("/wx/topic/detail?id=99999")).await.errno(), 402);

    let alone = world.ok(Call::get(&format!("/wx/topic/related?id={id}"))).await;
    assert!(alone["list"][0].get("content").is_none() && alone["total"] == 1, "{alone}");
    for title in ["y", "z"] {
        let body = json!({ "title": title, "content": "x", "price": 1 });
        world.ok(Call::post("/admin/topic/create", body).staff(&token)).await;
    }
    let related = world.ok(Call::get(&format!("/wx/topic/related?id={id}"))).await;
    assert_eq!(related["total"], 2);
    assert!(related["list"][0]["content"].is_string() && related["list"][0]["goods"] == json!([]));

    let batch = async |body: Value| {
        world.call(Call::post("/admin/topic/batch-delete", body).staff(&token)).await.errno()
    };
    assert_eq!(batch(json!({})).await, 401);
    assert_eq!(batch(json!({ "ids": [] })).await, 401);
    assert_eq!(batch(json!({ "ids": "1" })).await, 402);
    assert_eq!(batch(json!({ "ids": [id, (id + 1).to_string(), 99_999] })).await, 0);
    assert_eq!(world.ok(Call::get("/admin/topic/list").staff(&token)).await["total"], 1);
}
