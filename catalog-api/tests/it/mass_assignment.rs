//! Members that are nobody's to set: a row is posted back with everything in it that the contract does not
//! let the caller change turned into something else, columns that no shape shows included. The row in the
//! store is what it was.

use crate::clients::{Client, demo_shop};
use crate::harness::{Call, World, shown};
use serde_json::{Map, Value, json};
use sqlx::{AssertSqlSafe, Row};
use std::collections::BTreeMap;

/// A kind of row that can be posted back.
struct Kind {
    /// Where a row is read: the first of the list.
    list: &'static str,
    update: &'static str,
    table: &'static str,
    /// What the contract lets the caller set; posted as it was read.
    settable: &'static [&'static str],
}

const STAFF: &[Kind] = &[
    Kind {
        list: "user/list?username=user123",
        update: "user/update",
        table: "shopper",
        settable: &["nickname", "mobile", "gender", "userLevel", "status"],
    },
    Kind {
        list: "brand/list",
        update: "brand/update",
        table: "brand",
        settable: &["name", "desc", "picUrl", "sortOrder", "floorPrice"],
    },
    Kind {
        list: "category/list",
        update: "category/update",
        table: "category",
        settable: &["name", "keywords", "desc", "iconUrl", "picUrl", "level", "sortOrder", "pid"],
    },
    Kind {
        list: "keyword/list",
        update: "keyword/update",
        table: "keyword",
        settable: &["keyword", "url", "isHot", "isDefault", "sortOrder"],
    },
    Kind { list: "issue/list", update: "issue/update", table: "issue", settable: &["question", "answer"] },
    Kind {
        list: "ad/list",
        update: "ad/update",
        table: "ad",
        settable: &["name", "content", "position", "link", "url", "startTime", "endTime", "enabled"],
    },
    Kind {
        list: "topic/list",
        update: "topic/update",
        table: "topic",
        settable: &["title", "content", "price", "subtitle", "readCount", "picUrl", "sortOrder", "goods"],
    },
    Kind {
        list: "coupon/list",
        update: "coupon/update",
        table: "coupon",
        settable: &[
            "name",
            "desc",
            "tag",
            "total",
            "discount",
            "min",
            "limit",
            "type",
            "status",
            "goodsType",
            "goodsValue",
            "timeType",
            "days",
            "startTime",
            "endTime",
            "stock",
        ],
    },
    Kind {
        list: "groupon/list",
        update: "groupon/update",
        table: "groupon_rule",
        settable: &["goodsId", "discount", "discountMember", "expireTime"],
    },
    Kind {
        list: "admin/list?username=promotion123",
        update: "admin/update",
        table: "admin",
        settable: &["username", "avatar", "roleIds"],
    },
    Kind {
        list: "role/list?name=promotion",
        update: "role/update",
        table: "role",
        settable: &["name", "desc", "enabled"],
    },
    Kind { list: "storage/list", update: "storage/update", table: "storage", settable: &["name"] },
    Kind { list: "notice/list", update: "notice/update", table: "notice", settable: &["title", "content"] },
    Kind {
        list: "seckill/list?kind=goods",
        update: "seckill/update",
        table: "flash_sale",
        settable: &[
            "version",
            "name",
            "picUrl",
            "startTime",
            "endTime",
            "price",
            "stockDelta",
            "limitPerOrder",
            "limitPerUser",
            "cooldownSeconds",
            "tokenMultiplier",
            "minUserLevel",
            "payWithinMinutes",
            "payWithinSeconds",
        ],
    },
    Kind {
        list: "fishing/list",
        update: "fishing/update",
        table: "fishing_session",
        settable: &["name", "place", "picUrl", "date", "startTime", "endTime", "state", "ticketTypes"],
    },
    Kind {
        list: "bbq/list",
        update: "bbq/update",
        table: "bbq_stand",
        settable: &["name", "picUrl", "capacity", "price", "state", "slots"],
    },
    Kind { list: "qa/list", update: "qa/answer", table: "goods_question", settable: &["answer"] },
];

/// Columns that a change moves by itself, whatever it was.
const MOVED: &[&str] = &["updated_at", "version", "answered_at"];

#[tokio::test]
async fn what_staff_may_not_set_stays_as_it_was() {
    let world = demo_shop().await;
    let mut client = Client::admin(&world);
    client.token = world.staff_token("root").await;
    client.upload("storage/create", "cup.png", true).await;
    client.post("notice/create", json!({ "title": "Closed", "content": "<p>dear all</p>" })).await;
    let mut turned = 0;
    for kind in STAFF {
        let row = client.get(kind.list).await["list"][0].clone();
        let id = row["id"].as_u64().unwrap();
        if kind.table == "goods_question" {
            // Answering is what it does; the second answer is the same as the first.
            client
                .post(kind.update, json!({ "id": id, "answer": row["answer"].as_str().unwrap_or("yes") }))
                .await;
        }
        let before = stored(&world, kind.table, id).await;
        let form = turned_over(&row, &before, kind.settable);
        turned += form.len() - kind.settable.len().min(form.len());
        let mut form = Value::from(form);
        if kind.table == "admin" {
            // The stock form sends one, and it is not looked at.
            form["password"] = json!("another-password");
        }
        if kind.table == "goods_question" {
            form["answer"] = json!(before["answer"].as_deref().unwrap_or("yes"));
        }
        client.post(kind.update, form).await;
        let after = stored(&world, kind.table, id).await;
        assert_eq!(still(&after), still(&before), "{}", kind.update);
    }
    let goods = goods_are_turned_over(&world, &mut client).await;
    println!("{} kinds of rows, {} members turned over", STAFF.len() + 1, turned + goods);
    assert!(turned > 150, "{turned}");
    world.finish().await;
}

/// Goods and what belongs to them, which are posted together.
async fn goods_are_turned_over(world: &World, client: &mut Client<'_>) -> usize {
    let row = client.get("goods/list?goodsSn=TEA-001").await["list"][0].clone();
    let page = client.get(&format!("goods/detail?id={}", row["id"])).await;
    let goods = row["id"].as_u64().unwrap();
    let other = client.get("goods/list?goodsSn=CUP-001").await["list"][0]["id"].clone();
    let settable = [
        "version",
        "updateTime",
        "goodsSn",
        "name",
        "categoryId",
        "brandId",
        "gallery",
        "keywords",
        "brief",
        "isOnSale",
        "sortOrder",
        "picUrl",
        "isNew",
        "isHot",
        "unit",
        "counterPrice",
        "detail",
    ];
    let before = stored(world, "goods", goods).await;
    let mut form = page.clone();
    let turned = turned_over(&page["goods"], &before, &settable);
    let mut count = turned.len();
    form["goods"] = turned.into();
    let parts = [
        ("products", "sku", ["specifications", "price", "number", "numberAsRead", "url"].as_slice()),
        ("specifications", "goods_specification", ["specification", "value", "picUrl"].as_slice()),
        ("attributes", "goods_attribute", ["attribute", "value", "deleted"].as_slice()),
    ];
    let mut rows = Vec::new();
    for (member, table, settable) in parts {
        let id = page[member][0]["id"].as_u64().unwrap();
        let stored = stored(world, table, id).await;
        let mut part = turned_over(&page[member][0], &stored, settable);
        count += part.len();
        part.insert("goodsId".into(), other.clone());
        part.insert("updateTime".into(), json!(""));
        form[member][0] = part.into();
        rows.push((table, id, stored));
    }
    client.post("goods/update", form).await;
    assert_eq!(still(&stored(world, "goods", goods).await), still(&before));
    for (table, id, before) in rows {
        assert_eq!(still(&stored(world, table, id).await), still(&before), "{table}");
    }
    count
}

#[tokio::test]
async fn a_new_row_of_staff_is_new_whatever_was_posted() {
    let world = demo_shop().await;
    let mut client = Client::admin(&world);
    client.token = world.staff_token("root").await;
    let goods = client.get("goods/list?limit=1&sort=id").await["list"][0]["id"].clone();
    let category = client.get("category/list").await["list"][0]["id"].clone();
    let (sold, sku) = {
        let found = client.get("goods/list?goodsSn=LAMP-001").await["list"][0]["id"].clone();
        let page = client.get(&format!("goods/detail?id={found}")).await;
        (found, page["products"][0]["id"].clone())
    };
    for (path, table, form) in [
        ("brand/create", "brand", json!({ "name": "a", "desc": "b", "floorPrice": 1 })),
        ("category/create", "category", json!({ "name": "a", "level": "L2", "pid": category })),
        ("keyword/create", "keyword", json!({ "keyword": "a" })),
        ("issue/create", "issue", json!({ "question": "a", "answer": "b" })),
        ("ad/create", "ad", json!({ "name": "a", "content": "b" })),
        ("coupon/create", "coupon", json!({ "name": "a", "type": 0, "days": 3 })),
        (
            "groupon/create",
            "groupon_rule",
            json!({ "goodsId": goods, "discount": 1, "discountMember": 2, "expireTime": shown(86_400) }),
        ),
        ("admin/create", "admin", json!({ "username": "newkeeper", "password": "newkeeper", "roleIds": [] })),
        ("role/create", "role", json!({ "name": "a" })),
        ("notice/create", "notice", json!({ "title": "a" })),
        (
            "seckill/create",
            "flash_sale",
            json!({ "name": "a", "goodsId": sold, "productId": sku, "price": 1, "stock": 5,
                "startTime": shown(60), "endTime": shown(3_600) }),
        ),
        ("bbq/create", "bbq_stand", json!({ "name": "a", "capacity": 4, "price": 1, "slots": [] })),
    ] {
        let columns = columns(&world, table).await;
        let plain = client.try_post(path, form.clone()).await;
        assert_eq!(plain.errno(), 0, "{path}: {}", plain.text);
        let first = plain.data()["id"].as_u64().unwrap();
        let expected = stored(&world, table, first).await;
        take_away(&world, table, first).await;

        // Everything the row has, and nothing of it is the caller's to say.
        let mut strange: Map<String, Value> = columns
            .iter()
            .map(|column| camel(column))
            .filter(|name| form.get(name).is_none() && !set_at_birth(table).contains(&name.as_str()))
            .map(|name| (name, json!(7)))
            .collect();
        for (name, value) in
            [("id", json!(first + 4_000)), ("deleted", json!(true)), ("addTime", json!(shown(-9)))]
        {
            strange.insert(name.into(), value);
        }
        for name in ["updateTime", "state", "adminId", "permissions", "password_hash", "sold", "paid", "code"]
        {
            if !set_at_birth(table).contains(&name) {
                strange.insert(name.into(), json!(7));
            }
        }
        for (name, value) in form.as_object().unwrap() {
            strange.insert(name.clone(), value.clone());
        }
        let made = client.post(path, strange.into()).await["id"].as_u64().unwrap();
        assert_ne!(made, first + 4_000, "{path}");
        let after = stored(&world, table, made).await;
        assert_eq!(fresh(&after), fresh(&expected), "{path}");
    }
    world.finish().await;
}

/// Members a new row may have beside those the test sends: they are the caller's.
fn set_at_birth(table: &str) -> &'static [&'static str] {
    match table {
        "brand" | "category" | "keyword" => {
            &["sortOrder", "isHot", "isDefault", "url", "picUrl", "iconUrl", "keywords"]
        }
        "ad" => &["position", "link", "url", "enabled"],
        "coupon" => &["tag", "total", "stock", "status", "days", "description"],
        "admin" => &["avatar"],
        "notice" => &["content"],
        "flash_sale" => &["kind", "picUrl", "cooldownSeconds", "tokenMultiplier", "minUserLevel"],
        "bbq_stand" => &["picUrl", "state"],
        _ => &[],
    }
}

#[tokio::test]
async fn a_shopper_sets_nothing_of_somebody_else_or_of_the_shop() {
    let world = demo_shop().await;
    let (lin, mei) = (world.person("lin").await, world.person("mei").await);
    let post = async |path: &str, body: Value| world.ok(Call::post(path, body).shop(&lin.token)).await;
    let goods = world.goods("net", 5).await;

    let path = format!("/wx/address/detail?id={}", lin.address);
    let row = world.ok(Call::get(&path).shop(&lin.token)).await;
    let before = stored(&world, "address", lin.address).await;
    let settable =
        ["name", "tel", "province", "city", "county", "areaCode", "postalCode", "addressDetail", "isDefault"];
    let mut form = turned_over(&row, &before, &settable);
    form.insert("userId".into(), json!(mei.id));
    post("/wx/address/save", form.into()).await;
    assert_eq!(still(&stored(&world, "address", lin.address).await), still(&before));

    let order = world.ordinary(lin.id, goods, 1, 401).await;
    let form = json!({ "orderId": order.id, "type": 0, "amount": 1, "reason": "r", "userId": mei.id, "id": 9_999,
        "status": 3, "aftersaleSn": "mine", "handleTime": shown(-9), "addTime": shown(-9), "deleted": true });
    post("/wx/aftersale/submit", form).await;
    let rows = world.ok(Call::get("/wx/aftersale/list?status=1").shop(&lin.token)).await;
    let made = &rows["list"][0]["aftersale"];
    assert_eq!((&made["userId"], &made["status"]), (&json!(lin.id), &json!(1)));
    assert!(
        made["id"] != 9_999 && made["aftersaleSn"] != "mine" && made.get("handleTime").is_none(),
        "{made}"
    );

    let topic = world.ok(Call::get("/wx/topic/list")).await["list"][0]["id"].clone();
    let form = json!({ "type": 1, "valueId": topic, "content": "c", "star": 5, "userId": mei.id, "id": 9_999,
        "adminContent": "thanks", "addTime": shown(-9), "deleted": true });
    let made = post("/wx/comment/post", form).await;
    assert_eq!(made["userId"], lin.id);
    assert!(made["id"] != 9_999 && made.get("adminContent").is_none_or(|text| text == ""), "{made}");

    let form = json!({ "content": "c", "feedType": "t", "mobile": "13700000000", "userId": mei.id,
        "username": "mei", "status": 7, "id": 9_999, "replyContent": "yes", "deleted": true });
    post("/wx/feedback/submit", form).await;
    let (user, name): (u64, String) =
        sqlx::query_as("select user_id, username from feedback order by id desc limit 1")
            .fetch_one(&world.db)
            .await
            .unwrap();
    assert_eq!((user, name.as_str()), (lin.id, "lin"));

    let before = stored(&world, "shopper", lin.id).await;
    let form = json!({ "nickname": "lin", "userLevel": 2, "status": 2, "mobile": "13700000000", "username": "mei",
        "password": "another", "weixinOpenid": "x", "id": mei.id, "userId": mei.id, "deleted": true });
    post("/wx/auth/profile", form).await;
    assert_eq!(still(&stored(&world, "shopper", lin.id).await), still(&before));

    let asked = json!({ "goodsId": goods.id, "question": "q", "answer": "a", "userId": mei.id, "nickname": "mei",
        "hidden": true, "answeredTime": shown(-9), "id": 9_999 });
    let made = post("/wx/qa/ask", asked).await;
    assert_eq!(made["userId"], lin.id);
    assert!(made["id"] != 9_999 && made["hidden"] == false && made.get("answeredTime").is_none(), "{made}");
    world.finish().await;
}

type Stored = BTreeMap<String, Option<String>>;

async fn columns(world: &World, table: &str) -> Vec<String> {
    sqlx::query_scalar(
        "select column_name from information_schema.columns where table_schema = database() and table_name = ?",
    )
    .bind(table)
    .fetch_all(&world.db)
    .await
    .unwrap()
}

/// A row as it is in the store, each column as text. Names come from the test and from the schema.
async fn stored(world: &World, table: &str, id: u64) -> Stored {
    let columns = columns(world, table).await;
    assert!(columns.len() > 3, "{table}");
    let list: Vec<String> =
        columns.iter().map(|name| format!("convert(cast(`{name}` as char) using utf8mb4)")).collect();
    let sql = format!("select {} from {table} where id = {id}", list.join(", "));
    let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(&world.db).await.unwrap();
    let value = |at: usize| row.try_get::<Option<String>, _>(at).unwrap();
    columns.iter().enumerate().map(|(at, name)| (name.clone(), value(at))).collect()
}

async fn take_away(world: &World, table: &str, id: u64) {
    if table == "flash_sale" {
        // Its units go back to where they were taken from.
        let back = "update sku set stock = stock + 5 where id = (select sku_id from flash_sale where id = ?)";
        sqlx::query(back).bind(id).execute(&world.db).await.unwrap();
    }
    if table == "notice" {
        sqlx::query("delete from notice_admin where notice_id = ?")
            .bind(id)
            .execute(&world.db)
            .await
            .unwrap();
    }
    let sql = format!("delete from {table} where id = {id}");
    sqlx::query(AssertSqlSafe(sql)).execute(&world.db).await.unwrap();
}

/// What must not have moved.
fn still(row: &Stored) -> Stored {
    row.iter()
        .filter(|(name, _)| !MOVED.contains(&name.as_str()))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}

/// What two new rows that were made alike have in common.
fn fresh(row: &Stored) -> Stored {
    let own = ["id", "added_at", "updated_at", "password_hash"];
    row.iter()
        .filter(|(name, _)| !own.contains(&name.as_str()))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}

/// A row to post: what may be set as it is, all the rest of it something else, and every column of the table
/// besides, under the name it would have.
fn turned_over(row: &Value, stored: &Stored, settable: &[&str]) -> Map<String, Value> {
    let mut form = Map::new();
    for (column, value) in stored {
        let other = match value.as_deref().map(str::parse::<i64>) {
            Some(Ok(number)) => json!(number + 7),
            Some(Err(_)) | None => json!("something else"),
        };
        form.insert(camel(column), other);
    }
    for (name, value) in row.as_object().unwrap() {
        let other = match value {
            Value::Bool(flag) => json!(!flag),
            Value::Number(_) => json!(7_654),
            Value::Array(_) => json!([7]),
            Value::String(text) if text.len() == 19 && text.as_bytes()[4] == b'-' => json!(shown(-99_999)),
            Value::Null | Value::String(_) | Value::Object(_) => json!("something else"),
        };
        form.insert(name.clone(), other);
    }
    // Under the schema's own names a row may be set as well.
    form.retain(|name, _| row.get(name).is_some() || !settable.contains(&name.as_str()));
    for name in settable {
        match row.get(*name) {
            Some(value) => form.insert((*name).to_owned(), value.clone()),
            None => form.remove(*name),
        };
    }
    form.insert("id".into(), row["id"].clone());
    form
}

fn camel(column: &str) -> String {
    let mut words = column.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (head, tail) = word.split_at(1);
        name + &head.to_uppercase() + tail
    })
}
