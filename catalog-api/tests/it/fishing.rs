//! Fishing sessions and tickets.

use crate::harness::{Call, World, join_all};
use serde_json::{Value, json};

/// A day some days from now, as the clocks at the pond show it.
pub(crate) fn day(days: i64) -> String {
    let zone: catalog_api::envelope::Zone = "+08:00".parse().unwrap();
    let date = catalog_api::calendar::now(zone).date() + chrono::Duration::days(days);
    catalog_api::calendar::show_date(date)
}

fn form() -> Value {
    json!({ "name": "Morning", "place": "Willow Pond", "date": day(3), "startTime": "06:00", "endTime": "11:00",
        "ticketTypes": [
            { "name": "bank", "price": "68.50", "stock": 3, "limitPerUser": 2 },
            { "name": "boat", "price": 158, "stock": 1 },
            { "name": "guest", "price": 0, "stock": 5, "limitPerUser": 5 },
        ] })
}

struct Pond {
    world: World,
    staff: String,
    session: Value,
}

async fn pond() -> Pond {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let session = world.ok(Call::post("/admin/fishing/create", form()).staff(&staff)).await;
    Pond { world, staff, session }
}

async fn shopper(world: &World, name: &str) -> String {
    world.shopper(name, &format!("openid-{name}")).await;
    world.shop_token(name).await
}

async fn buy(world: &World, token: &str, kind: &Value, number: Value) -> crate::harness::Answer {
    let form = json!({ "ticketTypeId": kind["id"], "number": number });
    world.call(Call::post("/wx/fishing/buy", form).shop(token)).await
}

async fn pay(world: &World, sn: &Value) {
    let path = format!("/dev/pay/{}", sn.as_str().unwrap());
    assert_eq!(Call::post(&path, json!({})).send(world.private).await.unwrap().status, 200);
}

#[tokio::test]
async fn tickets_are_bought_paid_and_shown_to_their_owner() {
    let Pond { world, session, .. } = pond().await;
    let (bank, guest) = (&session["ticketTypes"][0], &session["ticketTypes"][2]);
    let (lin, wu) = (shopper(&world, "lin").await, shopper(&world, "wu").await);
    let list = world.ok(Call::get("/wx/fishing/list")).await;
    assert_eq!((&list["total"], &list["list"][0]["id"]), (&json!(1), &session["id"]));
    assert_eq!(world.ok(Call::get(&format!("/wx/fishing/list?date={}", day(4)))).await["total"], 0);

    let order = buy(&world, &lin, bank, json!("2")).await.data();
    assert_eq!(order["actualPrice"], 137);
    let detail = world.ok(Call::get(&format!("/wx/fishing/detail?id={}", session["id"]))).await;
    let row = &detail["ticketTypes"][0];
    assert_eq!((&row["stock"], &row["remaining"], &row["price"]), (&json!(3), &json!(1), &json!(68.5)));
    let my = async |token: &str| world.ok(Call::get("/wx/fishing/my").shop(token)).await;
    let tickets = my(&lin).await;
    assert_eq!((&tickets["total"], &tickets["list"][0]["state"]), (&json!(2), &json!("unpaid")));
    assert_eq!(my(&wu).await["total"], 0);
    // It is an ordinary order, and nobody else's.
    let detail = Call::get(&format!("/wx/order/detail?orderId={}", order["orderId"]));
    assert_eq!(world.ok(detail.clone().shop(&lin)).await["orderInfo"]["actualPrice"], 137);
    assert_ne!(world.call(detail.shop(&wu)).await.errno(), 0);
    pay(&world, &order["orderSn"]).await;
    let tickets = my(&lin).await;
    let one = &tickets["list"][0];
    assert_eq!((&one["state"], &one["session"]["place"]), (&json!("valid"), &json!("Willow Pond")));
    assert!(one["code"].as_str().unwrap().len() == 32 && one["code"] != tickets["list"][1]["code"]);

    // What costs nothing is paid at once.
    let free = buy(&world, &wu, guest, json!(1)).await.data();
    assert_eq!((&free["actualPrice"], &my(&wu).await["list"][0]["state"]), (&json!(0), &json!("valid")));
    world.finish().await;
}

#[tokio::test]
async fn each_refusal_has_its_number_and_leaves_the_stock_alone() {
    let Pond { world, staff, session } = pond().await;
    let (bank, boat) = (&session["ticketTypes"][0], &session["ticketTypes"][1]);
    let lin = shopper(&world, "lin").await;
    for (form, errno) in [
        (json!({ "number": 1 }), 401),
        (json!({ "ticketTypeId": bank["id"] }), 401),
        (json!({ "ticketTypeId": 999_999, "number": 1 }), 402),
        (json!({ "ticketTypeId": bank["id"], "number": 0 }), 402),
        (json!({ "ticketTypeId": bank["id"], "number": -1 }), 402),
        (json!({ "ticketTypeId": bank["id"], "number": i64::MAX }), 402),
        (json!({ "ticketTypeId": bank["id"], "number": "1.5" }), 402),
        (json!({ "ticketTypeId": bank["id"], "number": [] }), 402),
    ] {
        let answer = world.call(Call::post("/wx/fishing/buy", form.clone()).shop(&lin)).await;
        assert_eq!(answer.errno(), errno, "{form}");
    }
    let form = json!({ "ticketTypeId": bank["id"], "number": 1 });
    assert_eq!(world.call(Call::post("/wx/fishing/buy", form)).await.errno(), 501);
    assert_eq!(buy(&world, &lin, bank, json!(3)).await.errno(), 781);
    assert_eq!(buy(&world, &lin, bank, json!(4)).await.errno(), 780);
    assert_eq!(buy(&world, &lin, boat, json!(1)).await.errno(), 0);
    assert_eq!(buy(&world, &lin, boat, json!(1)).await.errno(), 780);

    let change = async |edit: Value| {
        let mut form = json!({ "id": session["id"] });
        form.as_object_mut().unwrap().extend(edit.as_object().unwrap().clone());
        world.call(Call::post("/admin/fishing/update", form).staff(&staff)).await.errno()
    };
    assert_eq!(change(json!({ "state": "off" })).await, 0);
    assert_eq!(buy(&world, &lin, bank, json!(1)).await.errno(), 782);
    assert_eq!(world.ok(Call::get("/wx/fishing/list")).await["total"], 0);
    assert_eq!(change(json!({ "state": "on", "date": day(-1) })).await, 0);
    assert_eq!(buy(&world, &lin, bank, json!(1)).await.errno(), 782);
    assert_eq!(world.ok(Call::get("/wx/fishing/list")).await["total"], 0);
    assert_eq!(world.call(Call::get("/wx/fishing/detail?id=999999")).await.errno(), 402);
    assert_eq!(
        world
            .number(
                "select cast(stock as signed) from ticket_type where id = ?",
                bank["id"].as_u64().unwrap()
            )
            .await,
        3
    );
}

#[tokio::test]
async fn of_a_hundred_calls_for_the_last_ticket_one_gets_it() {
    let Pond { world, session, .. } = pond().await;
    let boat = &session["ticketTypes"][1];
    let mut tokens = Vec::new();
    for number in 0..20 {
        tokens.push(shopper(&world, &format!("angler{number}")).await);
    }
    let calls = (0..100).map(|number| buy(&world, &tokens[number % tokens.len()], boat, json!(1)));
    let answers = join_all(calls).await;
    let mut won: Vec<_> = answers.iter().filter(|answer| answer.errno() == 0).collect();
    assert!(answers.iter().all(|answer| [0, 780].contains(&answer.errno())));
    assert_eq!(won.len(), 1);
    let order = won.remove(0).data();
    let id = boat["id"].as_u64().unwrap();
    assert_eq!(world.number("select count(*) from ticket where ticket_type_id = ?", id).await, 1);

    // A cancelled order gives the ticket back to be sold again, once.
    let owner = world
        .number("select cast(user_id as signed) from orders where id = ?", order["orderId"].as_u64().unwrap())
        .await;
    let name: String = sqlx::query_scalar("select username from shopper where id = ?")
        .bind(owner)
        .fetch_one(&world.db)
        .await
        .unwrap();
    let token = world.shop_token(&name).await;
    let cancel = Call::post("/wx/order/cancel", json!({ "orderId": order["orderId"] })).shop(&token);
    assert_eq!(world.call(cancel).await.errno(), 0);
    assert_eq!(world.number("select cast(stock as signed) from ticket_type where id = ?", id).await, 1);
    assert_eq!(world.ok(Call::get("/wx/fishing/my").shop(&token)).await["list"][0]["state"], "refunded");
    assert_eq!(buy(&world, &token, boat, json!(1)).await.errno(), 0);
}

#[tokio::test]
async fn one_shopper_never_holds_more_than_the_limit() {
    let Pond { world, session, .. } = pond().await;
    let bank = &session["ticketTypes"][0];
    let lin = shopper(&world, "lin").await;
    let answers = join_all((0..30).map(|_| buy(&world, &lin, bank, json!(1)))).await;
    assert_eq!(answers.iter().filter(|answer| answer.errno() == 0).count(), 2);
    assert!(answers.iter().all(|answer| [0, 781].contains(&answer.errno())));
}

#[tokio::test]
async fn staff_add_find_change_and_delete_sessions() {
    let Pond { world, staff, session } = pond().await;
    let post = async |what: &str, form: Value| {
        world.call(Call::post(&format!("/admin/fishing/{what}"), form).staff(&staff)).await
    };
    let list = async |query: &str| {
        world.ok(Call::get(&format!("/admin/fishing/list?{query}")).staff(&staff)).await["total"].clone()
    };
    assert_eq!(list(&format!("name=MORN&place=pond&date={}&state=on", day(3))).await, 1);
    assert_eq!((list("state=off").await, list("name=%25").await), (json!(0), json!(0)));
    for query in ["date=tomorrow", "state=maybe", "sort=name", "limit=x"] {
        let answer = world.call(Call::get(&format!("/admin/fishing/list?{query}")).staff(&staff)).await;
        assert_eq!(answer.errno(), 402, "{query}");
    }
    for (member, value, errno) in [
        ("name", json!(null), 401),
        ("name", json!("x".repeat(64)), 402),
        ("date", json!(""), 401),
        ("date", json!("2026-02-30"), 402),
        ("startTime", json!("25:00"), 402),
        ("endTime", json!("06:00"), 402),
        ("state", json!("maybe"), 402),
        ("picUrl", json!("javascript:alert(1)"), 402),
        ("ticketTypes", json!("x"), 402),
        ("ticketTypes", json!([{ "name": "x", "price": -1, "stock": 1 }]), 402),
        ("ticketTypes", json!([{ "name": "x", "price": 1, "stock": -1 }]), 402),
        ("ticketTypes", json!([{ "name": "x", "price": 1 }]), 401),
    ] {
        let mut form = form();
        form[member] = value.clone();
        assert_eq!(post("create", form).await.errno(), errno, "{member} = {value}");
    }
    assert_eq!(list("").await, 1);

    let lin = shopper(&world, "lin").await;
    let types = &session["ticketTypes"];
    buy(&world, &lin, &types[0], json!(2)).await.data();
    let with = |types: Value| json!({ "id": session["id"], "ticketTypes": types });
    // The row as it was read changes nothing.
    let same = post("update", session.clone()).await.data();
    assert_eq!(
        (&same["ticketTypes"][0]["stock"], &same["ticketTypes"][0]["remaining"]),
        (&json!(3), &json!(1))
    );
    let mut fewer = types.clone();
    fewer[0]["stock"] = json!(1);
    assert_eq!(post("update", with(fewer)).await.errno(), 685);
    let mut more = types.clone();
    more[0]["stock"] = json!(10);
    more.as_array_mut().unwrap().push(json!({ "name": "late", "price": 20, "stock": 4 }));
    let grown = post("update", with(more)).await.data();
    assert_eq!(
        (&grown["ticketTypes"][0]["remaining"], &grown["ticketTypes"][3]["name"]),
        (&json!(8), &json!("late"))
    );
    // A kind that is left out goes, unless somebody holds a ticket of it.
    assert_eq!(post("update", with(json!([types[1]]))).await.errno(), 686);
    assert_eq!(
        post("update", with(json!([types[0]]))).await.data()["ticketTypes"].as_array().unwrap().len(),
        1
    );
    assert_eq!(post("update", with(json!([{ "id": 999_999, "name": "x" }]))).await.errno(), 402);
    assert_eq!(post("update", json!({ "id": 999_999 })).await.errno(), 505);
    assert_eq!(post("update", json!({ "name": "x" })).await.errno(), 401);

    assert_eq!(post("delete", json!({ "id": session["id"] })).await.errno(), 686);
    let order: u64 = sqlx::query_scalar("select id from orders").fetch_one(&world.db).await.unwrap();
    world.ok(Call::post("/wx/order/cancel", json!({ "orderId": order })).shop(&lin)).await;
    assert_eq!(post("delete", json!({ "id": session["id"] })).await.errno(), 0);
    assert_eq!(post("delete", json!({ "id": session["id"] })).await.errno(), 0);
    assert_eq!(list("").await, 0);
    let read = Call::get(&format!("/admin/fishing/read?id={}", session["id"])).staff(&staff);
    assert_eq!(world.call(read).await.errno(), 402);
}
