//! Roles and what they may do.

use crate::harness::{Answer, Call, World};
use serde_json::{Value, json};

async fn post(world: &World, token: &str, path: &str, body: Value) -> Answer {
    world.call(Call::post(path, body).staff(token)).await
}

#[tokio::test]
async fn roles_are_added_changed_listed_and_deleted_when_nobody_holds_them() {
    let world = World::new().await;
    let root = world.staff_token("root").await;
    for (body, errno) in [
        (json!({}), 401),
        (json!({ "name": "" }), 401),
        (json!({ "name": "x".repeat(64) }), 402),
        (json!({ "name": "role of root" }), 640),
        (json!({ "name": [] }), 402),
    ] {
        assert_eq!(post(&world, &root, "/admin/role/create", body.clone()).await.errno(), errno, "{body}");
    }
    let added =
        post(&world, &root, "/admin/role/create", json!({ "name": "编辑", "desc": "edits" })).await.data();
    let id = added["id"].as_u64().unwrap();
    assert_eq!(
        (&added["name"], &added["desc"], &added["enabled"]),
        (&json!("编辑"), &json!("edits"), &json!(true))
    );
    let edit = json!({ "id": id, "name": "editors", "addTime": "x", "permissions": ["*"] });
    assert_eq!(post(&world, &root, "/admin/role/update", json!({ "id": id })).await.errno(), 401);
    assert_eq!(post(&world, &root, "/admin/role/update", json!({ "name": "x" })).await.errno(), 401);
    assert_eq!(post(&world, &root, "/admin/role/update", edit).await.errno(), 0);
    assert_eq!(
        post(&world, &root, "/admin/role/update", json!({ "id": 999_999, "name": "x" })).await.errno(),
        0
    );
    let read = world.ok(Call::get(&format!("/admin/role/read?id={id}")).staff(&root)).await;
    assert_eq!((&read["name"], &read["desc"]), (&json!("editors"), &json!("edits")));
    let list = world.ok(Call::get("/admin/role/list?name=DITO").staff(&root)).await;
    assert_eq!((&list["total"], &list["list"][0]["id"]), (&json!(1), &json!(id)));
    let options = world.ok(Call::get("/admin/role/options").staff(&root)).await;
    assert!(options["list"].as_array().unwrap().contains(&json!({ "value": id, "label": "editors" })));
    assert_eq!((&options["page"], &options["pages"]), (&json!(1), &json!(1)));

    let form = json!({ "username": "an_editor", "password": "123456", "roleIds": [id] });
    let holder = post(&world, &root, "/admin/admin/create", form).await.data()["id"].clone();
    assert_eq!(post(&world, &root, "/admin/role/delete", json!({})).await.errno(), 401);
    assert_eq!(post(&world, &root, "/admin/role/delete", json!({ "id": id })).await.errno(), 642);
    post(&world, &root, "/admin/admin/delete", json!({ "id": holder })).await.data();
    for _ in 0..2 {
        assert_eq!(post(&world, &root, "/admin/role/delete", json!({ "id": id })).await.errno(), 0);
    }
    // A deleted role's name is free.
    assert_eq!(post(&world, &root, "/admin/role/create", json!({ "name": "editors" })).await.errno(), 0);
}

#[tokio::test]
async fn permissions_come_from_the_routes_and_count_at_once() {
    let world = World::new().await;
    let root = world.staff_token("root").await;
    world.staff("granter", &["admin:role", "admin:log:list"]).await;
    world.staff("worker", &[]).await;
    let (granter, worker) = (world.staff_token("granter").await, world.staff_token("worker").await);
    let id: u64 = sqlx::query_scalar("select id from role where name = 'role of worker'")
        .fetch_one(&world.db)
        .await
        .unwrap();
    let seen = async |token: &str| {
        world.ok(Call::get(&format!("/admin/role/permissions?roleId={id}")).staff(token)).await
    };
    let all = seen(&root).await;
    assert!(all.get("curPermissions").is_none(), "absent for those who may do everything");
    assert_eq!(all["assignedPermissions"], json!([]));
    let mut ids = std::collections::BTreeSet::new();
    let (mut leaves, mut groups) = (0, 0);
    for part in all["systemPermissions"].as_array().unwrap() {
        assert!(ids.insert(part["id"].to_string()));
        for subject in part["children"].as_array().unwrap() {
            assert!(ids.insert(subject["id"].to_string()), "{}", subject["id"]);
            groups += 1;
            for leaf in subject["children"].as_array().unwrap() {
                leaves += 1;
                assert!(leaf["id"].as_str().unwrap().contains(':') && leaf["label"].is_string());
                assert!(leaf["api"].as_str().unwrap().contains(" /admin/") && leaf.get("children").is_none());
            }
        }
    }
    println!("{leaves} leaves in {groups} subjects");
    let own = seen(&granter).await;
    let own: Vec<&str> =
        own["curPermissions"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    assert!(own.contains(&"admin:role:permission:get") && own.contains(&"admin:log:list"), "{own:?}");
    assert!(!own.contains(&"admin:admin:list"));

    let grant =
        async |token: &str, body: Value| post(&world, token, "/admin/role/permissions", body).await.errno();
    let log = || Call::get("/admin/log/list").staff(&worker);
    for (body, errno) in [
        (json!({ "permissions": [] }), 401),
        (json!({ "roleId": id }), 401),
        (json!({ "roleId": id, "permissions": "admin:log:list" }), 402),
        (json!({ "roleId": 999_999, "permissions": [] }), 402),
        (json!({ "roleId": id, "permissions": ["admin:nothing:list"] }), 402),
        (json!({ "roleId": id, "permissions": ["*"] }), 402),
        (json!({ "roleId": id, "permissions": ["admin:admin:list"] }), 506),
        (json!({ "roleId": id, "permissions": ["admin:log:list", "admin:log:list"] }), 0),
    ] {
        assert_eq!(grant(&granter, body.clone()).await, errno, "{body}");
    }
    assert_eq!(world.call(log()).await.errno(), 0, "a running session has it at once");
    assert_eq!(seen(&root).await["assignedPermissions"], json!(["admin:log:list"]));
    assert_eq!(grant(&root, json!({ "roleId": id, "permissions": ["admin:admin:list"] })).await, 0);
    assert_eq!(world.call(log()).await.errno(), 506);
    // Who does not have it cannot take it away either.
    assert_eq!(grant(&granter, json!({ "roleId": id, "permissions": [] })).await, 506);
    assert_eq!(grant(&root, json!({ "roleId": id, "permissions": [] })).await, 0);
    let super_role: u64 = sqlx::query_scalar("select id from role where name = 'role of root'")
        .fetch_one(&world.db)
        .await
        .unwrap();
    assert_eq!(grant(&root, json!({ "roleId": super_role, "permissions": [] })).await, 641);
    let held =
        world.ok(Call::get(&format!("/admin/role/permissions?roleId={super_role}")).staff(&root)).await;
    assert!(held["assignedPermissions"].as_array().unwrap().len() > 30, "every leaf");
}
