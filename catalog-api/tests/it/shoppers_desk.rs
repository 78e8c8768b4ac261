//! Shoppers and their addresses, as staff see and change them.

use crate::harness::{Answer, Call, World};
use serde_json::{Value, json};

async fn post(world: &World, token: &str, path: &str, body: Value) -> Answer {
    world.call(Call::post(path, body).staff(token)).await
}

#[tokio::test]
async fn staff_find_change_and_ban_shoppers_and_see_no_secret() {
    let world = World::new().await;
    let root = world.staff_token("root").await;
    let lin = world.shopper("lin", "openid-of-lin").await;
    world.shopper("mei_%", "").await;
    sqlx::query("update shopper set mobile = concat('1390000000', id)").execute(&world.db).await.unwrap();
    let mobile: String = sqlx::query_scalar("select mobile from shopper where id = ?")
        .bind(lin)
        .fetch_one(&world.db)
        .await
        .unwrap();
    let list =
        async |query: &str| world.call(Call::get(&format!("/admin/user/list?{query}")).staff(&root)).await;
    for (query, total) in [
        ("", 2),
        ("username=LI", 1),
        ("username=_%25", 1),
        ("username=%25", 1),
        (&*format!("mobile={mobile}"), 1),
        ("mobile=139", 0),
        ("username=&mobile=", 2),
        ("username=%27%20or%201%3D1%20--%20", 0),
    ] {
        assert_eq!(list(query).await.data()["total"], total, "{query}");
    }
    for query in
        ["sort=username", "order=1", "limit=x", "export=xls", &format!("username={}", "x".repeat(64))]
    {
        assert_eq!(list(query).await.errno(), 402, "{query}");
    }
    let detail = world.ok(Call::get(&format!("/admin/user/detail?id={lin}")).staff(&root)).await;
    let members: Vec<&str> = detail.as_object().unwrap().keys().map(String::as_str).collect();
    let shown = [
        "addTime",
        "avatar",
        "deleted",
        "gender",
        "id",
        "lastLoginIp",
        "mobile",
        "nickname",
        "status",
        "updateTime",
        "userLevel",
        "username",
    ];
    assert_eq!(members, shown);
    assert!(world.ok(Call::get("/admin/user/detail?id=999999").staff(&root)).await.is_null());

    let session = world.shop_token("lin").await;
    let mut row = detail;
    for (member, value) in [
        ("nickname", json!("小林 🌲")),
        ("password", json!("x")),
        ("weixinOpenid", json!("y")),
        ("username", json!("root")),
        ("deleted", json!(true)),
        ("gender", json!("1")),
    ] {
        row[member] = value;
    }
    assert_eq!(post(&world, &root, "/admin/user/update", row).await.data(), json!(1));
    assert_eq!(world.call(Call::get("/wx/auth/info").shop(&session)).await.errno(), 0);
    let kept = "select count(*) from shopper where id = ? and username = 'lin' and weixin_openid = 'openid-of-lin' \
        and gender = 1 and deleted = false";
    assert_eq!(world.number(kept, lin).await, 1);
    for (body, errno) in [
        (json!({}), 401),
        (json!({ "id": lin, "userLevel": 3 }), 402),
        (json!({ "id": lin, "status": -1 }), 402),
        (json!({ "id": lin, "gender": "x" }), 402),
        (json!({ "id": lin, "mobile": "12" }), 402),
        (json!({ "id": lin, "nickname": "x".repeat(64) }), 402),
        (json!({ "id": lin, "mobile": format!("1390000000{}", lin + 1) }), 705),
    ] {
        assert_eq!(post(&world, &root, "/admin/user/update", body.clone()).await.errno(), errno, "{body}");
    }
    assert_eq!(post(&world, &root, "/admin/user/update", json!({ "id": 999_999 })).await.data(), json!(0));

    // A ban ends the session and keeps the shopper out; so does another level, once.
    assert_eq!(
        post(&world, &root, "/admin/user/update", json!({ "id": lin, "status": 1 })).await.data(),
        json!(1)
    );
    assert_eq!(world.call(Call::get("/wx/auth/info").shop(&session)).await.errno(), 501);
    let form = json!({ "username": "lin", "password": "lin" });
    assert_eq!(world.call(Call::post("/wx/auth/login", form)).await.errno(), 700);
    post(&world, &root, "/admin/user/update", json!({ "id": lin, "status": 0 })).await.data();
    let session = world.shop_token("lin").await;
    post(&world, &root, "/admin/user/update", json!({ "id": lin, "userLevel": 2 })).await.data();
    assert_eq!(world.call(Call::get("/wx/auth/info").shop(&session)).await.errno(), 501);
    world.finish().await;
}

#[tokio::test]
async fn a_deleted_shopper_leaves_nothing_personal_and_unfinished_orders_forbid_it() {
    let world = World::new().await;
    let root = world.staff_token("root").await;
    let lin = world.shopper("lin", "openid-of-lin").await;
    sqlx::query("update shopper set mobile = '13900000001', avatar = '/a.png' where id = ?")
        .bind(lin)
        .execute(&world.db)
        .await
        .unwrap();
    let token = world.shop_token("lin").await;
    let address = json!({
        "name": "林", "tel": "13900000001", "province": "a", "city": "b", "county": "c", "areaCode": "330106",
        "addressDetail": "18 Lake Road", "isDefault": true,
    });
    world.ok(Call::post("/wx/address/save", address).shop(&token)).await;
    let delete = async |id: u64| post(&world, &root, "/admin/user/delete", json!({ "id": id })).await.errno();
    assert_eq!(post(&world, &root, "/admin/user/delete", json!({})).await.errno(), 401);
    for status in [101, 201, 202, 301] {
        sqlx::query("delete from orders").execute(&world.db).await.unwrap();
        sqlx::query(
            "insert into orders (user_id, order_sn, status, consignee, mobile, address, goods_minor, order_minor, \
             actual_minor, pay_by) values (?, 'sn', ?, '', '', '', 1, 1, 1, now(3))",
        )
        .bind(lin)
        .bind(status)
        .execute(&world.db)
        .await
        .unwrap();
        assert_eq!(delete(lin).await, 689, "{status}");
    }
    sqlx::query("update orders set status = 401").execute(&world.db).await.unwrap();
    assert_eq!((delete(lin).await, delete(lin).await, delete(999_999).await), (0, 0, 0));
    assert_eq!(world.call(Call::get("/wx/auth/info").shop(&token)).await.errno(), 501);
    let left: String = sqlx::query_scalar(
        "select concat(username, password_hash, nickname, mobile, avatar, weixin_openid, last_login_ip, \
         (select group_concat(name, tel, detail) from address where user_id = shopper.id)) from shopper where id = ?",
    )
    .bind(lin)
    .fetch_one(&world.db)
    .await
    .unwrap();
    assert!(left.starts_with(&format!("deleted-{lin}-")) && left.len() < 60, "{left}");
    assert_eq!(world.ok(Call::get("/admin/user/list").staff(&root)).await["total"], 0);
    // Number and WeChat account are free for somebody new.
    let code = json!({ "code": "openid-of-lin", "userInfo": {} });
    assert_eq!(world.call(Call::post("/wx/auth/login_by_weixin", code)).await.errno(), 0);
}

#[tokio::test]
async fn the_file_of_shoppers_is_whole_and_holds_no_formula() {
    let world = World::new().await;
    let root = world.staff_token("root").await;
    sqlx::query(
        "insert into shopper (username, nickname) \
         select concat('user', lpad(seq, 5, '0')), if(seq = 7, '=cmd|calc', 'plain \"n\"') from seq_1_to_1203",
    )
    .execute(&world.db)
    .await
    .unwrap();
    let answer = world.call(Call::get("/admin/user/list?export=csv&username=user").staff(&root)).await;
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
    let lines: Vec<&str> = answer.text.trim_end().split("\r\n").collect();
    assert_eq!(lines.len(), 1204);
    assert!(lines[7].contains("\"'=cmd|calc\"") && lines[8].contains("\"plain \"\"n\"\"\""), "{}", lines[7]);
    let few = world.call(Call::get("/admin/user/list?export=csv&username=user0120").staff(&root)).await;
    assert_eq!(few.text.trim_end().split("\r\n").count(), 5);
    assert_eq!(world.call(Call::get("/admin/user/list?export=csv")).await.errno(), 501);
    let log = world.ok(Call::get("/admin/log/list?name=root").staff(&root)).await;
    assert!(log.to_string().contains("GET /admin/user/list"), "a file that was taken is written down");
}

#[tokio::test]
async fn addresses_of_everybody_are_listed_by_owner_and_name() {
    let world = World::new().await;
    let root = world.staff_token("root").await;
    let (lin, mei) = (world.shopper("lin", "").await, world.shopper("mei", "").await);
    for (user, name) in [(lin, "Lin Home"), (lin, "Lin Work"), (mei, "Mei Home")] {
        sqlx::query(
            "insert into address (user_id, name, province, city, county) values (?, ?, 'a', 'b', 'c')",
        )
        .bind(user)
        .bind(name)
        .execute(&world.db)
        .await
        .unwrap();
    }
    let list =
        async |query: &str| world.call(Call::get(&format!("/admin/address/list?{query}")).staff(&root)).await;
    for (query, total) in [
        ("", 3),
        ("name=home", 2),
        (&*format!("userId={lin}"), 2),
        (&*format!("userId={mei}&name=work"), 0),
        ("userId=-1", 0),
        ("userId=&name=", 3),
    ] {
        assert_eq!(list(query).await.data()["total"], total, "{query}");
    }
    assert_eq!(list("userId=lin").await.errno(), 402);
    assert_eq!(list("sort=name").await.errno(), 402);
}
