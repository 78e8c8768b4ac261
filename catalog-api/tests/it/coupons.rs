//! Coupons: for staff, and claimed, redeemed, given and used.

use crate::harness::{Buyer, Call, World, config, join_all, shown};
use catalog_api::state::App;
use catalog_api::store::coupon_user;
use serde_json::{Value, json};

fn form(more: Value) -> Value {
    let mut form = json!({
        "name": "off", "desc": "for all", "tag": "all", "total": "0", "discount": "5", "min": "50", "limit": "1",
        "type": "0", "status": 0, "goodsType": 0, "goodsValue": [], "timeType": 0, "days": "10",
        "startTime": null, "endTime": null,
    });
    form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    form
}

async fn make(world: &World, staff: &str, more: Value) -> Value {
    world.ok(Call::post("/admin/coupon/create", form(more)).staff(staff)).await
}

async fn id_of(world: &World, staff: &str, more: Value) -> u64 {
    make(world, staff, more).await["id"].as_u64().unwrap()
}

#[tokio::test]
async fn staff_make_find_change_and_delete_coupons() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let made =
        make(&world, &staff, json!({ "goodsType": 2, "goodsValue": ["7", 8], "id": 99, "claimed": 5 })).await;
    let id = made["id"].as_u64().unwrap();
    let expected = json!({
        "id": id, "name": "off", "desc": "for all", "tag": "all", "total": 0, "claimed": 0, "stock": 0, "discount": 5,
        "min": 50, "limit": 1, "type": 0, "status": 0, "goodsType": 2, "goodsValue": [7, 8], "timeType": 0,
        "days": 10, "addTime": made["addTime"], "updateTime": made["updateTime"], "deleted": false,
    });
    assert_eq!(made, expected);
    let read =
        async |id: u64| world.ok(Call::get(&format!("/admin/coupon/read?id={id}")).staff(&staff)).await;
    assert_eq!(read(id).await, made);
    assert_eq!(read(999_999).await, Value::Null);

    let coded = make(&world, &staff, json!({ "name": "代码 100%_!", "type": 2, "code": "MINE" })).await;
    let code = coded["code"].as_str().unwrap().to_owned();
    assert!(code.len() == 8 && code != "MINE");
    let find = async |query: &str| {
        let page = world.ok(Call::get(&format!("/admin/coupon/list?{query}")).staff(&staff)).await;
        page["list"].as_array().unwrap().iter().map(|row| row["id"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let coded_id = coded["id"].as_u64().unwrap();
    assert_eq!(find("").await, [coded_id, id]);
    assert_eq!(find("sort=id&order=asc&limit=0").await, [id, coded_id]);
    for (query, found) in [
        ("name=OFF&type=&status=", vec![id]),
        ("name=100%25_", vec![coded_id]),
        ("name=%25x", vec![]),
        ("type=2", vec![coded_id]),
        ("status=0&type=0", vec![id]),
        ("status=2", vec![]),
        ("type=-7", vec![]),
    ] {
        assert_eq!(find(query).await, found, "{query}");
    }
    for query in ["type=x", "status=1.5", "sort=name", "order=up", "limit=10001", "page=x"] {
        let answer = world.call(Call::get(&format!("/admin/coupon/list?{query}")).staff(&staff)).await;
        assert_eq!(answer.errno(), 402, "{query}");
    }

    // A row is posted back with more than it had; what is not sent stays.
    let edit = json!({ "id": id, "name": "off 2", "min": 60.5, "daysType": 1, "stock": 900, "claimed": 7, "deleted": true });
    let edited = world.ok(Call::post("/admin/coupon/update", edit).staff(&staff)).await;
    assert_eq!(
        (&edited["name"], &edited["min"], &edited["discount"]),
        (&json!("off 2"), &json!(60.5), &json!(5))
    );
    assert_eq!(
        (&edited["goodsValue"], &edited["stock"], &edited["claimed"]),
        (&json!([7, 8]), &json!(0), &json!(0))
    );
    let posted = Call::post("/admin/coupon/update", read(coded_id).await).staff(&staff);
    assert_eq!(world.ok(posted).await["code"], code, "a code stays");
    for (edit, errno) in [
        (json!({ "id": 999_999, "name": "x" }), 505),
        (json!({ "name": "x" }), 401),
        (json!({ "id": id }), 401),
        (json!({ "id": id, "name": "x".repeat(64) }), 402),
        (json!({ "id": id, "name": "x", "desc": "x".repeat(10_240) }), 402),
        (json!({ "id": id, "name": "x", "type": 3 }), 402),
        (json!({ "id": id, "name": "x", "discount": "1e3" }), 402),
    ] {
        assert_eq!(
            world.call(Call::post("/admin/coupon/update", edit.clone()).staff(&staff)).await.errno(),
            errno,
            "{edit}"
        );
    }
    for (change, errno) in [
        (json!({ "name": null }), 401),
        (json!({ "type": null }), 401),
        (json!({ "name": [] }), 402),
        (json!({ "total": 2_147_483_648_u64 }), 402),
        (json!({ "limit": -1 }), 402),
        (json!({ "goodsType": 3 }), 402),
        (json!({ "min": {} }), 402),
        (json!({ "timeType": 1 }), 401),
        (json!({ "timeType": 1, "startTime": shown(60), "endTime": shown(0) }), 402),
        (json!({ "startTime": "soon" }), 402),
    ] {
        let answer = world.call(Call::post("/admin/coupon/create", form(change.clone())).staff(&staff)).await;
        assert_eq!(answer.errno(), errno, "{change}");
    }

    // What is sold in flash sales has a stock, which follows its total.
    let sold = make(&world, &staff, json!({ "type": 3, "total": 10 })).await;
    assert_eq!(sold["stock"], 10);
    let total = |total: i64| {
        Call::post("/admin/coupon/update", json!({ "id": sold["id"], "name": "s", "total": total }))
            .staff(&staff)
    };
    assert_eq!(world.ok(total(4)).await["stock"], 4);
    sqlx::query("update coupon set stock = 1 where id = ?")
        .bind(sold["id"].as_u64())
        .execute(&world.db)
        .await
        .unwrap();
    assert_eq!(world.call(total(2)).await.errno(), 402, "three are held by a sale");

    for _ in 0..2 {
        assert_eq!(
            world.ok(Call::post("/admin/coupon/delete", edited.clone()).staff(&staff)).await,
            Value::Null
        );
    }
    assert_eq!(world.call(Call::post("/admin/coupon/delete", json!({})).staff(&staff)).await.errno(), 401);
    assert_eq!(read(id).await, Value::Null);
    let changes: String = sqlx::query_scalar(
        "select cast(changes as char) from operation_log where action = 'POST /admin/coupon/update' and succeeded = true \
         order by id limit 1",
    )
    .fetch_one(&world.db)
    .await
    .unwrap();
    let changes: Value = serde_json::from_str(&changes).unwrap();
    assert_eq!((&changes["before"]["name"], &changes["after"]["name"]), (&json!("off"), &json!("off 2")));
    world.finish().await;
}

#[tokio::test]
async fn a_coupon_is_claimed_once_and_refused_in_the_order_of_the_contract() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let [lin, mei]: [Buyer; 2] = world.buyers(2).await.try_into().unwrap();
    let one = id_of(&world, &staff, json!({ "total": 2 })).await;
    let receive = |buyer: &Buyer, body: Value| buyer.post("/wx/coupon/receive", body);
    let errno = async |call: Call| world.call(call).await.errno();
    assert_eq!(errno(Call::raw(axum::http::Method::POST, "/wx/coupon/receive", Vec::new())).await, 402);
    assert_eq!(errno(Call::post("/wx/coupon/receive", json!({ "couponId": one }))).await, 501);
    assert_eq!(errno(receive(&lin, json!({}))).await, 401);
    for nothing in [json!(null), json!(0), json!(-1), json!([]), json!("x"), json!(1e30), json!(999_999)] {
        assert_eq!(errno(receive(&lin, json!({ "couponId": nothing }))).await, 402, "{nothing}");
    }
    assert_eq!(errno(receive(&lin, json!({ "couponId": one.to_string() }))).await, 0);
    assert_eq!(errno(receive(&lin, json!({ "couponId": one }))).await, 740, "one for each");
    assert_eq!(errno(receive(&mei, json!({ "couponId": one }))).await, 0);
    assert_eq!(errno(receive(&mei, json!({ "couponId": one }))).await, 740, "none left");
    for (more, expected) in [
        (json!({ "type": 1 }), 741),
        (json!({ "type": 2 }), 741),
        (json!({ "type": 3 }), 741),
        (json!({ "status": 2 }), 740),
        (json!({ "status": 1 }), 741),
        (json!({ "timeType": 1, "startTime": shown(-60), "endTime": shown(-1) }), 741),
        (json!({ "limit": 0 }), 0),
        (json!({ "timeType": 1, "startTime": shown(-60), "endTime": shown(600) }), 0),
    ] {
        let id = id_of(&world, &staff, more.clone()).await;
        assert_eq!(errno(receive(&lin, json!({ "couponId": id }))).await, expected, "{more}");
    }

    // The shop's list, and the own ones.
    let list = world.ok(Call::get("/wx/coupon/list?limit=2")).await;
    assert_eq!(list["total"], 4, "claimable and in force");
    let brief = &list["list"][0];
    for member in ["id", "discount", "min", "days"] {
        assert!(brief[member].is_number(), "{member}: {brief}");
    }
    assert!(brief.get("total").is_none() && brief["name"].is_string() && brief["startTime"].is_string());
    assert_eq!(errno(Call::get("/wx/coupon/list?sort=name")).await, 402);
    let mine = async |query: &str| world.ok(lin.get(&format!("/wx/coupon/mylist?{query}"))).await;
    assert_eq!(mine("").await["total"], 3);
    assert_eq!(mine("status=0&limit=1").await["pages"], 3);
    assert_eq!((&mine("status=1").await["total"], &mine("status=2").await["list"]), (&json!(0), &json!([])));
    let held = &mine("sort=id&order=asc").await["list"][0];
    let days = |vo: &Value| {
        let at = |member: &str| {
            chrono::NaiveDateTime::parse_from_str(vo[member].as_str().unwrap(), "%Y-%m-%d %H:%M:%S").unwrap()
        };
        (at("endTime") - at("startTime")).num_days()
    };
    assert_eq!((&held["cid"], &held["available"], days(held)), (&json!(one), &json!(false), 10));
    assert_eq!(errno(Call::get("/wx/coupon/mylist")).await, 501);
    assert_eq!(errno(Call::get("/wx/coupon/mylist?status=x")).await, 402);
    let users = async |query: String| {
        world.ok(Call::get(&format!("/admin/coupon/listuser?{query}")).staff(&staff)).await
    };
    let holders = users(format!("couponId={one}")).await;
    assert_eq!(holders["total"], 2);
    let member = &holders["list"][0];
    assert!(member["userId"].is_u64() && member["addTime"].is_string() && member["status"] == 0, "{member}");
    assert_eq!(users(format!("userId={}&couponId={one}&status=0", mei.id)).await["total"], 1);
    assert_eq!(users("status=1".into()).await["total"], 0);
    world.finish().await;
}

#[tokio::test]
async fn a_code_redeems_its_coupon_and_nothing_else() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let [lin, mei]: [Buyer; 2] = world.buyers(2).await.try_into().unwrap();
    let coupon = make(&world, &staff, json!({ "type": 2, "total": 1 })).await;
    let code = coupon["code"].as_str().unwrap();
    let exchange = |buyer: &Buyer, code: Value| buyer.post("/wx/coupon/exchange", json!({ "code": code }));
    let errno = async |call: Call| world.call(call).await.errno();
    assert_eq!(errno(Call::post("/wx/coupon/exchange", json!({ "code": code }))).await, 501);
    for nothing in [json!(null), json!(""), json!([])] {
        assert_eq!(errno(exchange(&lin, nothing.clone())).await, 401, "{nothing}");
    }
    for wrong in [json!("NOSUCH00"), json!("x".repeat(10_240)), json!("%"), json!("🍵"), json!(7)] {
        assert_eq!(errno(exchange(&lin, wrong.clone())).await, 742, "{wrong}");
    }
    assert_eq!(errno(exchange(&lin, json!(code))).await, 0);
    assert_eq!(errno(exchange(&lin, json!(code))).await, 740);
    assert_eq!(errno(exchange(&mei, json!(code))).await, 740);
    for (status, expected) in [(2, 742), (1, 742)] {
        sqlx::query("update coupon set status = ? where id = ?")
            .bind(status)
            .bind(coupon["id"].as_u64())
            .execute(&world.db)
            .await
            .unwrap();
        assert_eq!(errno(exchange(&mei, json!(code))).await, expected);
    }
    let late = make(
        &world,
        &staff,
        json!({ "type": 2, "timeType": 1, "startTime": shown(-60), "endTime": shown(-1) }),
    )
    .await;
    assert_eq!(errno(exchange(&lin, late["code"].clone())).await, 741);
    world.finish().await;
}

#[tokio::test]
async fn a_hundred_simultaneous_claims_stay_within_both_limits() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let buyers = world.buyers(100).await;
    let (few, each) = (
        id_of(&world, &staff, json!({ "total": 10 })).await,
        id_of(&world, &staff, json!({ "limit": 3 })).await,
    );
    let receive = async |buyer: &Buyer, id: u64| {
        world.call(buyer.post("/wx/coupon/receive", json!({ "couponId": id }))).await.errno()
    };
    let answers = join_all(buyers.iter().map(|buyer| receive(buyer, few))).await;
    assert_eq!(answers.iter().filter(|errno| **errno == 0).count(), 10, "{answers:?}");
    assert!(answers.iter().all(|errno| [0, 740].contains(errno)), "{answers:?}");
    let answers = join_all((0..100).map(|_| receive(&buyers[0], each))).await;
    assert_eq!(answers.iter().filter(|errno| **errno == 0).count(), 3, "{answers:?}");
    assert!(answers.iter().all(|errno| [0, 740].contains(errno)), "{answers:?}");
    let claims = "select count(*) from coupon_user where coupon_id = ?";
    assert_eq!((world.number(claims, few).await, world.number(claims, each).await), (10, 3));
    let counted = "select cast(claimed as signed) from coupon where id = ?";
    assert_eq!((world.number(counted, few).await, world.number(counted, each).await), (10, 3));
    world.finish().await;
}

#[tokio::test]
async fn of_a_hundred_simultaneous_uses_of_a_coupon_one_wins() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let app = App::new(config(&world)).unwrap();
    let [lin, mei]: [Buyer; 2] = world.buyers(2).await.try_into().unwrap();
    let id = id_of(&world, &staff, json!({})).await;
    world.ok(lin.post("/wx/coupon/receive", json!({ "couponId": id }))).await;
    let claim = world.ok(lin.get("/wx/coupon/mylist")).await["list"][0]["id"].as_u64().unwrap();
    let uses = async |user: u64, order: u64| {
        let mut tx = app.db.begin().await.unwrap();
        let won = coupon_user::use_for_order(&mut tx, claim, user, order).await.unwrap();
        tx.commit().await.unwrap();
        won
    };
    assert!(!uses(mei.id, 1).await, "a claim of somebody else");
    let winners = join_all((1..=100).map(|order| uses(lin.id, order))).await;
    assert_eq!(winners.iter().filter(|won| **won).count(), 1);
    let used = world.ok(lin.get("/wx/coupon/mylist?status=1")).await;
    assert_eq!(used["total"], 1);
    let order = winners.iter().position(|won| *won).unwrap() as i64 + 1;
    assert_eq!(
        world.number("select cast(order_id as signed) from coupon_user where id = ?", claim).await,
        order
    );
    world.finish().await;
}

#[tokio::test]
async fn a_new_account_gets_what_is_given_at_registration() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let mut given = Vec::new();
    for (more, count) in [
        (json!({ "type": 1, "limit": 2 }), 2),
        (json!({ "type": 1, "limit": 0 }), 0),
        (json!({ "type": 1, "status": 2 }), 0),
        (json!({ "type": 1, "limit": 3, "total": 4 }), 3),
        (json!({ "type": 0 }), 0),
        (json!({ "type": 1, "timeType": 1, "startTime": shown(-60), "endTime": shown(-1) }), 0),
    ] {
        given.push((id_of(&world, &staff, more).await, count));
    }
    let [lin, mei]: [Buyer; 2] = world.buyers(2).await.try_into().unwrap();
    let grant = async |user: u64| {
        let mut tx = world.db.begin().await.unwrap();
        catalog_api::coupons::grant_registration_coupons(&mut tx, user).await.unwrap();
        tx.commit().await.unwrap();
    };
    let held = async |user: u64, coupon: u64| {
        let held: i64 =
            sqlx::query_scalar("select count(*) from coupon_user where user_id = ? and coupon_id = ?")
                .bind(user)
                .bind(coupon)
                .fetch_one(&world.db)
                .await
                .unwrap();
        held
    };
    grant(lin.id).await;
    grant(lin.id).await;
    for (coupon, count) in &given {
        assert_eq!(held(lin.id, *coupon).await, *count, "once only");
    }
    grant(mei.id).await;
    assert_eq!((held(mei.id, given[0].0).await, held(mei.id, given[3].0).await), (2, 1), "what is left");
    world.finish().await;
}

#[tokio::test]
async fn coupons_and_claims_whose_time_is_over_are_marked() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let [lin]: [Buyer; 1] = world.buyers(1).await.try_into().unwrap();
    let window = json!({ "timeType": 1, "startTime": shown(-60), "endTime": shown(600), "limit": 2 });
    let (over, on) = (id_of(&world, &staff, window.clone()).await, id_of(&world, &staff, window).await);
    for coupon in [over, on] {
        world.ok(lin.post("/wx/coupon/receive", json!({ "couponId": coupon }))).await;
    }
    for change in [
        "update coupon set ends_at = date_sub(now(3), interval 1 second) where id = ?",
        "update coupon_user set ends_at = date_sub(now(3), interval 1 second) where coupon_id = ?",
    ] {
        sqlx::query(change).bind(over).execute(&world.db).await.unwrap();
    }
    sqlx::query("update due_task set due_at = now(3) where kind = 'coupon_expiry'")
        .execute(&world.db)
        .await
        .unwrap();
    let status = "select cast(status as signed) from coupon where id = ?";
    world.until("the coupon is marked", async || world.number(status, over).await == 1).await;
    let claim = "select cast(status as signed) from coupon_user where coupon_id = ?";
    world.until("the claim is marked", async || world.number(claim, over).await == 2).await;
    assert_eq!((world.number(status, on).await, world.number(claim, on).await), (0, 0));
    assert_eq!(world.ok(lin.get("/wx/coupon/mylist?status=2")).await["list"][0]["cid"], over);
    let waits = "select count(*) from due_task where kind = 'coupon_expiry' and attempts = 0 and due_at > now(3) and id > ?";
    world.until("it comes again later", async || world.number(waits, 0).await == 1).await;
    world.finish().await;
}
