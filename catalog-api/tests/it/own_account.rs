//! A shopper's personal centre and address book.

use crate::harness::{Call, World, join_all};
use serde_json::{Value, json};

fn address(is_default: Value) -> Value {
    json!({
        "id": 0, "name": "林 🌲", "tel": "13900000001", "province": "浙江省", "city": "杭州市",
        "county": "西湖区", "areaCode": "330106", "addressDetail": "18 Lake Road", "isDefault": is_default,
        "country": "", "userId": 999_999, "deleted": true, "addTime": "2020-01-01 00:00:00",
    })
}

#[tokio::test]
async fn the_address_book_keeps_one_default_and_refuses_in_the_contract_s_order() {
    let world = World::new().await;
    world.shopper("lin", "").await;
    let token = world.shop_token("lin").await;
    let save = async |body: Value| world.call(Call::post("/wx/address/save", body).shop(&token)).await;
    // What is missing, and what is no mobile number, is 401 with its name.
    for member in ["name", "tel", "province", "city", "county", "areaCode", "addressDetail", "isDefault"] {
        let mut body = address(json!(true));
        body.as_object_mut().unwrap().remove(member);
        let answer = save(body).await;
        assert!(answer.errno() == 401 && answer.errmsg().contains(member), "{}", answer.text);
    }
    for (member, value, errno) in [
        ("tel", json!("139"), 401),
        ("tel", json!("1".repeat(21)), 402),
        ("areaCode", json!("990106"), 402),
        ("areaCode", json!("33010"), 402),
        ("isDefault", json!("maybe"), 402),
        ("name", json!("长".repeat(64)), 402),
        ("name", json!("x".repeat(10_240)), 402),
        ("name", json!([]), 402),
        ("id", json!("first"), 402),
        ("id", json!(999_999), 402),
        ("id", json!(-1), 402),
        ("id", json!(i64::MAX), 402),
        ("id", json!(1e300), 402),
        ("id", json!([1]), 402),
    ] {
        let mut body = address(json!(true));
        body[member] = value.clone();
        let answer = save(body).await;
        assert!(answer.errno() == errno, "{member} {value}: {}", answer.text);
    }
    // Input is looked at before the log-in.
    let mut wrong = address(json!(true));
    wrong["id"] = json!("x");
    assert_eq!(world.call(Call::post("/wx/address/save", wrong)).await.errno(), 402);
    assert_eq!(world.call(Call::post("/wx/address/save", address(json!(true)))).await.errno(), 501);

    let first = save(address(json!(true))).await.data().as_u64().unwrap();
    let second = save(address(json!("true"))).await.data().as_u64().unwrap();
    let third = save(address(json!(0))).await.data().as_u64().unwrap();
    let list = world.ok(Call::get("/wx/address/list").shop(&token)).await;
    let defaults = |list: &Value| -> Vec<(u64, bool)> {
        let rows = list["list"].as_array().unwrap().iter();
        rows.map(|row| (row["id"].as_u64().unwrap(), row["isDefault"].as_bool().unwrap())).collect()
    };
    assert_eq!(defaults(&list), [(first, false), (second, true), (third, false)]);
    assert_eq!((&list["total"], &list["list"][0]["name"]), (&json!(3), &json!("林 🌲")));
    let detail = world.ok(Call::get(&format!("/wx/address/detail?id={first}")).shop(&token)).await;
    assert_eq!((&detail["areaCode"], &detail["deleted"]), (&json!("330106"), &json!(false)));
    assert_ne!(detail["userId"], 999_999);
    assert!(!detail["addTime"].as_str().unwrap().starts_with("2020"));

    // A row that is posted back whole is changed.
    let mut row = detail;
    row["city"] = "宁波市".into();
    row["isDefault"] = json!(1);
    row["postalCode"] = "315000".into();
    assert_eq!(save(row).await.data(), json!(first));
    let list = world.ok(Call::get("/wx/address/list").shop(&token)).await;
    assert_eq!(defaults(&list), [(first, true), (second, false), (third, false)]);
    assert_eq!(
        (&list["list"][0]["city"], &list["list"][0]["postalCode"]),
        (&json!("宁波市"), &json!("315000"))
    );

    // Ten new defaults at once, and still one.
    let saves = join_all((0..10).map(|_| save(address(json!(true))))).await;
    assert!(saves.iter().all(|answer| answer.errno() == 0));
    let count = "select count(*) from address where is_default = true and deleted = false and id > ?";
    assert_eq!(world.number(count, 0).await, 1);

    for (body, errno) in [(json!({}), 401), (json!({ "id": "x" }), 402), (json!({ "id": 0 }), 402)] {
        let answer = world.call(Call::post("/wx/address/delete", body).shop(&token)).await;
        assert_eq!(answer.errno(), errno);
    }
    let delete = || Call::post("/wx/address/delete", json!({ "id": second, "name": "x" })).shop(&token);
    assert_eq!(world.call(delete()).await.errno(), 0);
    assert_eq!(world.call(delete()).await.errno(), 402);
    for query in ["", "?id=", "?id=x", "?id=-1", "?id=1.5", &format!("?id={second}")] {
        let answer = world.call(Call::get(&format!("/wx/address/detail{query}")).shop(&token)).await;
        assert_eq!(answer.errno(), 402, "{query}");
    }
}

#[tokio::test]
async fn an_address_is_its_owner_s_and_nobody_else_s() {
    let world = World::new().await;
    world.shopper("lin", "").await;
    world.shopper("mei", "").await;
    let (lin, mei) = (world.shop_token("lin").await, world.shop_token("mei").await);
    let id = world.ok(Call::post("/wx/address/save", address(json!(true))).shop(&lin)).await;
    let mut row = address(json!(true));
    row["id"] = id.clone();
    let calls = [
        Call::get(&format!("/wx/address/detail?id={id}")),
        Call::post("/wx/address/save", row),
        Call::post("/wx/address/delete", json!({ "id": id })),
    ];
    for call in &calls {
        assert_eq!(world.call(call.clone()).await.errno(), 501, "{call:?}");
        // As if it were not there.
        let other = world.call(call.clone().shop(&mei)).await;
        assert_eq!((other.errno(), other.errmsg()), (402, "id is not acceptable".into()), "{call:?}");
    }
    for call in calls {
        assert_eq!(world.call(call.shop(&lin)).await.errno(), 0);
    }
    assert_eq!(world.ok(Call::get("/wx/address/list").shop(&mei)).await["total"], 0);
}

#[tokio::test]
async fn the_personal_centre_counts_own_orders_and_the_profile_changes() {
    let world = World::new().await;
    let lin = world.shopper("lin", "").await;
    let mei = world.shopper("mei", "").await;
    let token = world.shop_token("lin").await;
    let mut number = 0;
    for (user, status, comments) in [
        (lin, 101, 0),
        (lin, 101, 0),
        (lin, 201, 0),
        (lin, 301, 0),
        (lin, 401, 2),
        (lin, 402, 1),
        (lin, 402, -1),
        (lin, 102, 0),
        (mei, 101, 0),
        (mei, 401, 5),
    ] {
        number += 1;
        sqlx::query(
            "insert into orders (user_id, order_sn, status, consignee, mobile, address, goods_minor, order_minor, \
             actual_minor, pay_by, comments) values (?, ?, ?, '', '', '', 1, 1, 1, now(3) + interval 1 day, ?)",
        )
        .bind(user)
        .bind(format!("sn{number}"))
        .bind(status)
        .bind(comments)
        .execute(&world.db)
        .await
        .unwrap();
    }
    let index = world.ok(Call::get("/wx/user/index").shop(&token)).await;
    assert_eq!(index, json!({ "order": { "unpaid": 2, "unship": 1, "unrecv": 1, "uncomment": 3 } }));
    let levels = world.ok(Call::get("/wx/user/levels")).await;
    assert_eq!(levels.as_array().unwrap().len(), 3);

    let edit =
        async |body: Value| world.call(Call::post("/wx/auth/profile", body).shop(&token)).await.errno();
    for (body, errno) in [
        (json!({ "gender": 3 }), 402),
        (json!({ "gender": -1 }), 402),
        (json!({ "nickname": "x".repeat(64) }), 402),
        (json!({ "avatar": "javascript:alert(1)" }), 402),
        (json!({ "nickname": "", "gender": null, "avatar": "" }), 0),
        (json!({ "nickname": "小林 🌲", "gender": "1", "userLevel": 2, "mobile": "1", "status": 2 }), 0),
    ] {
        assert_eq!(edit(body.clone()).await, errno, "{body}");
    }
    let info = world.ok(Call::get("/wx/auth/info").shop(&token)).await;
    assert_eq!(info, json!({ "nickName": "小林 🌲", "avatar": "", "gender": 1, "mobile": "" }));
    let changed = "select count(*) from shopper where id = ? and level = 0 and status = 0 and mobile = ''";
    assert_eq!(world.number(changed, lin).await, 1);
}
