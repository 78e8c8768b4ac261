//! Barbecue stands and bookings.

use crate::fishing::day;
use crate::harness::{Call, World, join_all};
use serde_json::{Value, json};

struct Place {
    world: World,
    staff: String,
    stand: Value,
}

fn form() -> Value {
    json!({ "name": "Under the oak", "capacity": "8", "price": 120, "slots": [
        { "from": "10:00", "to": "14:00" }, { "from": "14:00", "to": "18:00" } ] })
}

async fn place() -> Place {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let stand = world.ok(Call::post("/admin/bbq/create", form()).staff(&staff)).await;
    Place { world, staff, stand }
}

fn wish(stand: &Value, slot: usize, days: i64) -> Value {
    json!({ "standId": stand["id"], "slotId": stand["slots"][slot]["id"], "date": day(days) })
}

async fn book(world: &World, token: &str, wish: Value) -> crate::harness::Answer {
    world.call(Call::post("/wx/bbq/book", wish).shop(token)).await
}

async fn free(world: &World, days: i64) -> Vec<bool> {
    let stands = world.ok(Call::get(&format!("/wx/bbq/slots?date={}", day(days)))).await;
    let slots = stands[0]["slots"].as_array().unwrap();
    slots.iter().map(|slot| slot["free"].as_bool().unwrap()).collect()
}

#[tokio::test]
async fn of_a_hundred_calls_for_a_slot_one_gets_it() {
    let Place { world, stand, .. } = place().await;
    let mut tokens = Vec::new();
    for number in 0..20 {
        world.shopper(&format!("guest{number}"), "").await;
        tokens.push(world.shop_token(&format!("guest{number}")).await);
    }
    let calls = (0..100).map(|number| book(&world, &tokens[number % tokens.len()], wish(&stand, 0, 2)));
    let answers = join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.errno() == 0).count(), 1);
    assert!(answers.iter().all(|answer| [0, 785].contains(&answer.errno())));
    let orders: i64 = sqlx::query_scalar("select count(*) from orders").fetch_one(&world.db).await.unwrap();
    let bookings: i64 =
        sqlx::query_scalar("select count(*) from bbq_booking").fetch_one(&world.db).await.unwrap();
    assert_eq!((orders, bookings), (1, 1), "those who came too late left nothing");
    assert_eq!(free(&world, 2).await, [false, true]);
    assert_eq!(free(&world, 3).await, [true, true]);
    world.finish().await;
}

#[tokio::test]
async fn a_booking_is_paid_and_a_cancelled_or_lapsed_one_frees_its_slot() {
    let Place { world, staff, stand } = place().await;
    for name in ["lin", "wu"] {
        world.shopper(name, name).await;
    }
    let (lin, wu) = (world.shop_token("lin").await, world.shop_token("wu").await);
    let my = async |token: &str| world.ok(Call::get("/wx/bbq/my").shop(token)).await;

    let first = book(&world, &lin, wish(&stand, 0, 1)).await.data();
    assert_eq!(first["actualPrice"], 120);
    let booking = my(&lin).await["list"][0].clone();
    assert_eq!((&booking["stand"]["name"], &booking["state"]), (&json!("Under the oak"), &json!("unpaid")));
    assert_eq!(
        (&booking["date"], &booking["from"], &booking["to"]),
        (&json!(day(1)), &json!("10:00"), &json!("14:00"))
    );
    assert_eq!(my(&wu).await["total"], 0);
    assert_eq!(book(&world, &wu, wish(&stand, 0, 1)).await.errno(), 785);

    // Cancelled by its owner.
    let cancel =
        |token: &str| Call::post("/wx/order/cancel", json!({ "orderId": first["orderId"] })).shop(token);
    assert_ne!(world.call(cancel(&wu)).await.errno(), 0);
    assert_eq!(world.call(cancel(&lin)).await.errno(), 0);
    assert_eq!(my(&lin).await["list"][0]["state"], "ended");
    // Lapsed because nobody paid.
    let second = book(&world, &wu, wish(&stand, 0, 1)).await.data();
    sqlx::query("update orders set pay_by = date_sub(now(3), interval 1 second) where id = ?")
        .bind(second["orderId"].as_u64())
        .execute(&world.db)
        .await
        .unwrap();
    sqlx::query("update due_task set due_at = now(3)").execute(&world.db).await.unwrap();
    world.until("the slot is free", async || free(&world, 1).await == [true, true]).await;
    // Paid.
    let third = book(&world, &lin, wish(&stand, 0, 1)).await.data();
    let pay = Call::post(&format!("/dev/pay/{}", third["orderSn"].as_str().unwrap()), json!({}));
    assert_eq!(pay.send(world.private).await.unwrap().status, 200);
    assert_eq!(my(&lin).await["list"][0]["state"], "valid");
    assert_eq!(free(&world, 1).await, [false, true]);

    let list = async |query: &str| {
        world.ok(Call::get(&format!("/admin/bbq/booking/list?{query}")).staff(&staff)).await
    };
    assert_eq!(list("").await["total"], 3);
    assert_eq!(list(&format!("standId={}&date={}&state=valid", stand["id"], day(1))).await["total"], 1);
    assert_eq!(list("state=ended&sort=id&order=asc").await["list"][0]["orderId"], first["orderId"]);
    assert_eq!(list(&format!("date={}", day(2))).await["total"], 0);
    for query in ["state=x", "date=x", "standId=x", "sort=date"] {
        let answer = world.call(Call::get(&format!("/admin/bbq/booking/list?{query}")).staff(&staff)).await;
        assert_eq!(answer.errno(), 402, "{query}");
    }
    world.finish().await;
}

#[tokio::test]
async fn each_refusal_has_its_number() {
    let Place { world, staff, stand } = place().await;
    world.shopper("lin", "").await;
    let lin = world.shop_token("lin").await;
    for (member, value, errno) in [
        ("standId", json!(null), 401),
        ("standId", json!(999_999), 402),
        ("standId", json!("x"), 402),
        ("slotId", json!(null), 401),
        ("slotId", json!(999_999), 402),
        ("slotId", json!({}), 402),
        ("date", json!(null), 401),
        ("date", json!(day(-1)), 402),
        ("date", json!(day(31)), 402),
        ("date", json!("tomorrow"), 402),
    ] {
        let mut wish = wish(&stand, 0, 1);
        wish[member] = value.clone();
        assert_eq!(book(&world, &lin, wish).await.errno(), errno, "{member} = {value}");
    }
    assert_eq!(world.call(Call::post("/wx/bbq/book", wish(&stand, 0, 1))).await.errno(), 501);
    for query in [String::new(), "date=x".into(), format!("date={}", day(-1)), format!("date={}", day(31))] {
        let answer = world.call(Call::get(&format!("/wx/bbq/slots?{query}"))).await;
        assert_eq!(answer.errno(), 402, "{query}");
    }
    assert_eq!(book(&world, &lin, wish(&stand, 0, 30)).await.errno(), 0);
    let off = json!({ "id": stand["id"], "state": "off" });
    world.ok(Call::post("/admin/bbq/update", off).staff(&staff)).await;
    assert_eq!(book(&world, &lin, wish(&stand, 0, 1)).await.errno(), 786);
    assert_eq!(world.ok(Call::get(&format!("/wx/bbq/slots?date={}", day(1)))).await, json!([]));
}

#[tokio::test]
async fn staff_add_find_change_and_delete_stands() {
    let Place { world, staff, stand } = place().await;
    world.shopper("lin", "").await;
    let lin = world.shop_token("lin").await;
    let post = async |what: &str, form: Value| {
        world.call(Call::post(&format!("/admin/bbq/{what}"), form).staff(&staff)).await
    };
    for (member, value, errno) in [
        ("name", json!(null), 401),
        ("name", json!("x".repeat(64)), 402),
        ("capacity", json!(0), 402),
        ("capacity", json!(null), 401),
        ("price", json!(-1), 402),
        ("price", json!(1.234), 402),
        ("price", json!(null), 401),
        ("slots", json!({}), 402),
        ("slots", json!([{ "from": "10:00", "to": "12:00" }, { "from": "11:00", "to": "13:00" }]), 687),
        ("slots", json!([{ "from": "10:00", "to": "10:00" }]), 402),
    ] {
        let mut form = form();
        form[member] = value.clone();
        assert_eq!(post("create", form).await.errno(), errno, "{member} = {value}");
    }
    let list = async |query: &str| {
        world.ok(Call::get(&format!("/admin/bbq/list?{query}")).staff(&staff)).await["total"].clone()
    };
    assert_eq!((list("name=OAK&state=on").await, list("state=off").await), (json!(1), json!(0)));

    book(&world, &lin, wish(&stand, 0, 1)).await.data();
    let slots = &stand["slots"];
    let with = |slots: Value| json!({ "id": stand["id"], "slots": slots });
    // A booked slot can neither move nor go; the others can.
    let moved = json!([{ "id": slots[0]["id"], "from": "09:00", "to": "14:00" }, slots[1]]);
    assert_eq!(post("update", with(moved)).await.errno(), 688);
    assert_eq!(post("update", with(json!([slots[1]]))).await.errno(), 688);
    let changed = json!([slots[0], { "from": "18:00", "to": "22:00" }]);
    let after = post("update", with(changed)).await.data();
    assert_eq!((&after["slots"][1]["from"], after["slots"].as_array().unwrap().len()), (&json!("18:00"), 2));
    let unknown = json!([slots[0], { "id": 999_999, "from": "18:00", "to": "22:00" }]);
    assert_eq!(post("update", with(unknown)).await.errno(), 402);
    let after = post("update", json!({ "id": stand["id"], "price": "99.5", "capacity": 4 })).await.data();
    assert_eq!(
        (&after["price"], &after["capacity"], &after["name"]),
        (&json!(99.5), &json!(4), &stand["name"])
    );
    assert_eq!(post("update", json!({ "id": 999_999 })).await.errno(), 505);
    assert_eq!(post("update", json!({})).await.errno(), 401);

    assert_eq!(post("delete", json!({ "id": stand["id"] })).await.errno(), 688);
    let order: u64 = sqlx::query_scalar("select id from orders").fetch_one(&world.db).await.unwrap();
    world.ok(Call::post("/wx/order/cancel", json!({ "orderId": order })).shop(&lin)).await;
    assert_eq!(post("delete", json!({ "id": stand["id"] })).await.errno(), 0);
    assert_eq!(list("").await, 0);
    // The booking's owner still sees what was booked.
    assert_eq!(
        world.ok(Call::get("/wx/bbq/my").shop(&lin)).await["list"][0]["stand"]["name"],
        "Under the oak"
    );
}
