//! Accounts of staff, made and changed by staff; passwords; the operation log.

use crate::harness::{Answer, Call, World};
use serde_json::{Value, json};

async fn post(world: &World, token: &str, path: &str, body: Value) -> Answer {
    world.call(Call::post(path, body).staff(token)).await
}

fn form(username: &str, role_ids: Value) -> Value {
    json!({ "username": username, "password": "six-or-more", "avatar": "/a.png", "roleIds": role_ids })
}

async fn role_of(world: &World, name: &str) -> u64 {
    sqlx::query_scalar("select id from role where name = ?")
        .bind(format!("role of {name}"))
        .fetch_one(&world.db)
        .await
        .unwrap()
}

#[tokio::test]
async fn accounts_are_added_changed_listed_and_deleted_with_their_sessions() {
    let world = World::new().await;
    let root = world.staff_token("root").await;
    let role = role_of(&world, "root").await;
    for (body, errno) in [
        (json!({}), 401),
        (form("short", json!([])), 601),
        (form("with space", json!([])), 601),
        (form("ends_in_", json!([])), 601),
        (form("x".repeat(10_240).as_str(), json!([])), 601),
        (json!({ "username": "plain_name" }), 602),
        (json!({ "username": "plain_name", "password": "12345" }), 602),
        (json!({ "username": "plain_name", "password": "x".repeat(129) }), 402),
        (form("plain_name", json!([999_999])), 402),
        (form("plain_name", json!("[1]")), 402),
        (json!({ "username": "plain_name", "password": "123456", "avatar": "javascript:x" }), 402),
    ] {
        let answer = post(&world, &root, "/admin/admin/create", body.clone()).await;
        assert_eq!(answer.errno(), errno, "{body}");
    }
    let roles = json!([role.to_string(), role, role]);
    let added = post(&world, &root, "/admin/admin/create", form("商城管理员一", roles)).await;
    let added = added.data();
    let id = added["id"].as_u64().unwrap();
    assert!(added["roleIds"].as_array().unwrap().contains(&json!(role)) && added.get("password").is_none());
    let again = post(&world, &root, "/admin/admin/create", form("商城管理员一", json!([]))).await;
    assert_eq!(again.errno(), 602);

    let list =
        world.ok(Call::get("/admin/admin/list?username=%E7%AE%A1%E7%90%86&sort=id").staff(&root)).await;
    assert_eq!((&list["total"], &list["list"][0]["id"]), (&json!(1), &json!(id)));
    let members: Vec<&String> = list["list"][0].as_object().unwrap().keys().collect();
    assert_eq!(members, ["avatar", "id", "roleIds", "username"], "and no hash");
    for path in ["read", "readmin"] {
        let read = world.ok(Call::get(&format!("/admin/admin/{path}?id={id}")).staff(&root)).await;
        assert_eq!(read["username"], "商城管理员一");
        assert!(world.ok(Call::get(&format!("/admin/admin/{path}?id=999999")).staff(&root)).await.is_null());
        assert_eq!(world.call(Call::get(&format!("/admin/admin/{path}")).staff(&root)).await.errno(), 402);
    }
    let login = json!({ "username": "商城管理员一", "password": "six-or-more" });
    let own = world.ok(Call::post("/admin/auth/login", login)).await["token"].as_str().unwrap().to_owned();

    // The posted password is demanded and ignored.
    let mut edit = form("renamed_one", json!([role]));
    edit["password"] = "another-one".into();
    assert_eq!(post(&world, &root, "/admin/admin/update", edit.clone()).await.errno(), 401);
    edit["id"] = json!(999_999);
    assert_eq!(post(&world, &root, "/admin/admin/update", edit.clone()).await.errno(), 505);
    edit["id"] = json!(id);
    edit["username"] = "root".into();
    assert_eq!(post(&world, &root, "/admin/admin/update", edit.clone()).await.errno(), 601);
    edit["username"] = "renamed_one".into();
    assert_eq!(post(&world, &root, "/admin/admin/update", edit).await.errno(), 0);
    let login = json!({ "username": "renamed_one", "password": "six-or-more" });
    assert_eq!(world.call(Call::post("/admin/auth/login", login)).await.errno(), 0);

    let me: u64 = sqlx::query_scalar("select id from admin where username = 'root'")
        .fetch_one(&world.db)
        .await
        .unwrap();
    assert_eq!(post(&world, &root, "/admin/admin/delete", json!({})).await.errno(), 401);
    assert_eq!(post(&world, &root, "/admin/admin/delete", json!({ "id": me })).await.errno(), 604);
    assert_eq!(world.call(Call::get("/admin/auth/info").staff(&own)).await.errno(), 0);
    assert_eq!(post(&world, &root, "/admin/admin/delete", json!({ "id": id })).await.errno(), 0);
    assert_eq!(post(&world, &root, "/admin/admin/delete", json!({ "id": id })).await.errno(), 0);
    assert_eq!(world.call(Call::get("/admin/auth/info").staff(&own)).await.errno(), 501);
    // The name is free again.
    assert_eq!(post(&world, &root, "/admin/admin/create", form("renamed_one", json!([]))).await.errno(), 0);

    // Each change is one row, written with the change, kind security, without a password.
    let log = world.ok(Call::get("/admin/log/list?name=ROO&limit=0&order=asc&sort=id").staff(&root)).await;
    let rows = log["list"].as_array().unwrap();
    let of = |action: &str| -> Vec<&Value> {
        rows.iter().filter(|row| row["action"] == action && row["status"] == true).collect()
    };
    assert_eq!(of("POST /admin/admin/create").len(), 2);
    let update = of("POST /admin/admin/update");
    assert_eq!((update.len(), &update[0]["type"]), (1, &json!(1)));
    assert_eq!(update[0]["changes"]["before"]["username"], "商城管理员一");
    assert_eq!(update[0]["changes"]["after"]["username"], "renamed_one");
    assert!(!log.to_string().contains("six-or-more") && !log.to_string().contains("argon2"));
    assert_eq!(
        world.ok(Call::get("/admin/log/list?name=nobody-of-that-name").staff(&root)).await["total"],
        0
    );
    for query in ["sort=actor", "order=up", "limit=10001", "page=x"] {
        let answer = world.call(Call::get(&format!("/admin/log/list?{query}")).staff(&root)).await;
        assert_eq!(answer.errno(), 402, "{query}");
    }
    world.finish().await;
}

#[tokio::test]
async fn nobody_gives_or_takes_more_than_they_have() {
    let world = World::new().await;
    world.staff("desk_one", &["admin:admin", "admin:role", "admin:goods:list"]).await;
    let (desk, root_role) = (world.staff_token("desk_one").await, role_of(&world, "root").await);
    let root: u64 = sqlx::query_scalar("select id from admin where username = 'root'")
        .fetch_one(&world.db)
        .await
        .unwrap();
    let own_role = role_of(&world, "desk_one").await;
    assert_eq!(
        post(&world, &desk, "/admin/admin/create", form("a_friend", json!([root_role]))).await.errno(),
        506
    );
    assert_eq!(post(&world, &desk, "/admin/admin/delete", json!({ "id": root })).await.errno(), 506);
    let mut edit = form("root_renamed", json!([]));
    edit["id"] = json!(root);
    assert_eq!(post(&world, &desk, "/admin/admin/update", edit).await.errno(), 506);
    let disable = json!({ "id": root_role, "name": "harmless", "enabled": false });
    assert_eq!(post(&world, &desk, "/admin/role/update", disable).await.errno(), 506);
    let friend = post(&world, &desk, "/admin/admin/create", form("a_friend", json!([own_role]))).await.data();
    let mut edit = form("a_friend", json!([root_role]));
    edit["id"] = friend["id"].clone();
    assert_eq!(post(&world, &desk, "/admin/admin/update", edit).await.errno(), 506);
    assert_eq!(post(&world, &desk, "/admin/admin/delete", json!({ "id": friend["id"] })).await.errno(), 0);
}

#[tokio::test]
async fn another_password_ends_the_other_sessions_and_keeps_this_one() {
    let world = World::new().await;
    world.staff("keeper", &["admin:log:list"]).await;
    let (this, other) = (world.staff_token("keeper").await, world.staff_token("keeper").await);
    let change = async |body: Value| post(&world, &this, "/admin/profile/password", body).await.errno();
    for (body, errno) in [
        (json!({ "newPassword": "x" }), 401),
        (json!({ "oldPassword": "keeper" }), 401),
        (json!({ "oldPassword": "keeper", "newPassword": "x".repeat(129) }), 402),
        (json!({ "oldPassword": "wrong", "newPassword": "x" }), 605),
        (json!({ "oldPassword": "keeper", "newPassword": "new", "newPassword2": "new" }), 0),
        (json!({ "oldPassword": "keeper", "newPassword": "new" }), 605),
    ] {
        assert_eq!(change(body.clone()).await, errno, "{body}");
    }
    assert_eq!(world.call(Call::get("/admin/auth/info").staff(&this)).await.errno(), 0);
    assert_eq!(world.call(Call::get("/admin/auth/info").staff(&other)).await.errno(), 501);
    let login = async |password: &str| {
        let form = json!({ "username": "keeper", "password": password });
        world.call(Call::post("/admin/auth/login", form)).await.errno()
    };
    assert_eq!((login("keeper").await, login("new").await), (605, 0));
}

#[tokio::test]
async fn outside_dev_a_demo_account_changes_its_password_before_anything_else() {
    let secret = "k3".repeat(16);
    let world = World::with(&[
        ("MALL_CATALOG__PROFILE", "production"),
        ("MALL_CATALOG__SESSION__SECRET", &secret),
        ("MALL_CATALOG__SESSION__KID", "k1"),
        ("MALL_CATALOG__PAY__PROVIDER", "none"),
        ("MALL_CATALOG__COURIER__PROVIDER", "none"),
    ])
    .await;
    world.staff("admin123", &["*"]).await;
    let token = world.staff_token("admin123").await;
    for call in
        [Call::get("/admin/log/list"), Call::get("/admin/role/options"), Call::get("/admin/profile/nnotice")]
    {
        let answer = world.call(call.staff(&token)).await;
        assert!(answer.errno() == 506 && answer.errmsg().contains("password"), "{}", answer.text);
    }
    assert_eq!(world.call(Call::get("/admin/auth/info").staff(&token)).await.errno(), 0);
    let change = async |new: &str| {
        let body = json!({ "oldPassword": "admin123", "newPassword": new });
        post(&world, &token, "/admin/profile/password", body).await.errno()
    };
    assert_eq!((change("admin123").await, change("chosen by myself").await), (602, 0));
    assert_eq!(world.call(Call::get("/admin/log/list").staff(&token)).await.errno(), 0);
    // Where there are accounts no first one is made.
    assert!(
        !world
            .command(&["first-staff", "another_first"])
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap()
            .success()
    );
}

#[tokio::test]
async fn the_first_account_of_an_installation_gets_a_password_shown_once() {
    let world = World::new().await;
    sqlx::query("delete from admin").execute(&world.db).await.unwrap();
    let made =
        world.command(&["first-staff", "first_one"]).stdout(std::process::Stdio::piped()).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let said = String::from_utf8(made.stdout).unwrap();
    let password = said.trim().rsplit(' ').next().unwrap();
    let form = json!({ "username": "first_one", "password": password });
    let token = world.ok(Call::post("/admin/auth/login", form)).await["token"].as_str().unwrap().to_owned();
    assert_eq!(world.call(Call::get("/admin/log/list").staff(&token)).await.errno(), 506);
    let body = json!({ "oldPassword": password, "newPassword": "chosen by myself" });
    assert_eq!(post(&world, &token, "/admin/profile/password", body).await.errno(), 0);
    assert_eq!(world.call(Call::get("/admin/log/list").staff(&token)).await.errno(), 0);
}

#[tokio::test]
async fn the_greetings_say_who_one_is() {
    let world = World::new().await;
    world.staff("reader", &["index:permission:read"]).await;
    let reader = world.staff_token("reader").await;
    let errno = async |path: &str, token: &str| world.call(Call::get(path).staff(token)).await.errno();
    for (path, anonymous, logged_in) in [
        ("/admin/auth/index", 0, 0),
        ("/admin/auth/401", 501, 501),
        ("/admin/auth/403", 506, 506),
        ("/admin/index/index", 0, 0),
        ("/admin/index/guest", 0, 506),
        ("/admin/index/authn", 506, 0),
        ("/admin/index/user", 506, 0),
        ("/admin/index/read", 501, 0),
    ] {
        assert_eq!((errno(path, "").await, errno(path, &reader).await), (anonymous, logged_in), "{path}");
    }
    assert_eq!(post(&world, &reader, "/admin/index/write", json!({})).await.errno(), 506);
    assert!(world.ok(Call::get("/wx/index/index")).await.is_string());
}
