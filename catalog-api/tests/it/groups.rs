//! Group buying: offers for staff, and groups that are opened, joined, succeed and fail.

use crate::harness::{Buyer, Call, Goods, World, config, join_all, shown};
use catalog_api::error::Failure;
use catalog_api::groups::{self, Paid};
use catalog_api::state::App;
use catalog_api::store::order_state;
use serde_json::{Value, json};
use std::sync::Arc;

fn form(goods: Goods, members: u32) -> Value {
    json!({ "goodsId": goods.id.to_string(), "discount": "5", "discountMember": members.to_string(), "expireTime": shown(3_600) })
}

async fn offer(world: &World, staff: &str, goods: Goods, members: u32) -> u64 {
    let made = world.ok(Call::post("/admin/groupon/create", form(goods, members)).staff(staff)).await;
    made["id"].as_u64().unwrap()
}

/// What submitting does for a group: the order is written, its place taken.
async fn submit(
    app: &Arc<App>,
    world: &World,
    buyer: &Buyer,
    rule: u64,
    link: u64,
) -> Result<(u64, u64), i32> {
    let order = world.order_row(buyer.id, 101).await;
    let attempt = async || -> Result<u64, Failure> {
        let mut tx = app.db.begin().await?;
        let place = groups::admit(&mut tx, buyer.id, rule, link).await?;
        let group = groups::take(&mut tx, &place, buyer.id, order).await?;
        tx.commit().await?;
        Ok(group)
    };
    match catalog_api::store::retrying(attempt).await {
        Ok(group) => Ok((order, group)),
        Err(Failure::Refused(refusal)) => Err(refusal.errno),
        Err(fault) => panic!("{fault:?}"),
    }
}

/// What a payment does.
async fn pay(app: &Arc<App>, order: u64) -> Result<(), Failure> {
    catalog_api::store::retrying(|| async {
        let mut tx = app.db.begin().await?;
        let locked = order_state::lock(&mut tx, order).await?.unwrap();
        order_state::mark_paid_offline(&mut tx, &locked, 5_000).await?;
        Ok(tx.commit().await?)
    })
    .await
}

async fn status(world: &World, order: u64) -> (i64, i64) {
    let group = world.number("select cast(status as signed) from groupon where order_id = ?", order).await;
    (world.number("select cast(status as signed) from orders where id = ?", order).await, group)
}

#[tokio::test]
async fn staff_make_find_change_and_delete_offers() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let (tea, cup) = (world.goods("tea", 10).await, world.goods("cup", 10).await);
    let post = |path: &str, body: Value| Call::post(&format!("/admin/groupon/{path}"), body).staff(&staff);
    let errno = async |call: Call| world.call(call).await.errno();
    let made = world.ok(post("create", form(tea, 3))).await;
    let id = made["id"].as_u64().unwrap();
    let expected = json!({
        "id": id, "goodsId": tea.id, "goodsName": "tea", "picUrl": "", "discount": 5, "discountMember": 3,
        "expireTime": made["expireTime"], "status": 0, "addTime": made["addTime"], "updateTime": made["updateTime"],
        "deleted": false,
    });
    assert_eq!(made, expected);
    assert_eq!(errno(post("create", form(tea, 2))).await, 651, "one stands");
    let with = |goods: Goods, member: &str, value: Value| {
        let mut form = form(goods, 2);
        form[member] = value;
        form
    };
    for (body, expected) in [
        (with(cup, "goodsId", json!(null)), 401),
        (with(cup, "discount", json!("")), 401),
        (with(cup, "discountMember", json!(null)), 401),
        (with(cup, "expireTime", json!("")), 401),
        (with(cup, "goodsId", json!(999_999)), 650),
        (with(cup, "goodsId", json!(-1)), 650),
        (with(cup, "discountMember", json!(1)), 402),
        (with(cup, "discountMember", json!(1e30)), 402),
        (with(cup, "discountMember", json!([])), 402),
        (with(cup, "discount", json!(-1)), 402),
        (with(cup, "discount", json!(50.01)), 402),
        (with(cup, "discount", json!("x".repeat(10_240))), 402),
        (with(cup, "expireTime", json!(shown(-1))), 402),
        (with(cup, "expireTime", json!("soon")), 402),
        (json!([]), 402),
    ] {
        assert_eq!(errno(post("create", body.clone())).await, expected, "{body}");
    }

    let list = async |query: String| {
        world.ok(Call::get(&format!("/admin/groupon/list?{query}")).staff(&staff)).await
    };
    assert_eq!(list(String::new()).await["list"], json!([made]));
    assert_eq!(list(format!("goodsId={}", cup.id)).await["total"], 0);
    assert_eq!(list(format!("goodsId={}", tea.id)).await["total"], 1);
    assert_eq!(errno(Call::get("/admin/groupon/list?goodsId=x").staff(&staff)).await, 402);

    // The whole row is posted back, and the end moves with the offer.
    let mut row = made.clone();
    row["expireTime"] = json!(shown(7_200));
    row["discountMember"] = json!(4);
    row["status"] = json!(2);
    let changed = world.ok(post("update", row.clone())).await;
    assert_eq!((&changed["discountMember"], &changed["status"]), (&json!(4), &json!(0)));
    let due = "select count(*) from due_task t join groupon_rule r on r.id = t.subject_id and t.due_at = r.expires_at \
        where t.kind = 'groupon_expiry' and r.id = ?";
    assert_eq!(world.number(due, id).await, 1);
    let second = offer(&world, &staff, cup, 2).await;
    let changed = |member: &str, value: Value| {
        let mut row = row.clone();
        row[member] = value;
        post("update", row)
    };
    assert_eq!(errno(changed("goodsId", json!(cup.id))).await, 651);
    assert_eq!(errno(changed("goodsId", json!(999_999))).await, 402);
    assert_eq!(errno(changed("id", json!(999_999))).await, 402);
    assert_eq!(errno(changed("id", json!(null))).await, 401);
    sqlx::query("update groupon_rule set status = 1 where id = ?").bind(id).execute(&world.db).await.unwrap();
    assert_eq!(errno(changed("id", json!(id))).await, 652);
    assert_eq!(errno(post("create", form(tea, 2))).await, 0, "the old one does not stand any more");

    for _ in 0..2 {
        assert_eq!(errno(post("delete", json!({ "id": second, "goodsName": "x" }))).await, 0);
    }
    assert_eq!(errno(post("delete", json!({}))).await, 401);
    assert_eq!(list(format!("goodsId={}", cup.id)).await["total"], 0);
    world.finish().await;
}

#[tokio::test]
async fn the_shop_lists_offers_that_stand() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let (tea, cup, rod) =
        (world.goods("green tea", 9).await, world.goods("cup", 9).await, world.goods("rod", 9).await);
    for goods in [tea, cup, rod] {
        offer(&world, &staff, goods, 2).await;
    }
    sqlx::query("update goods set retail_price_minor = 5000, counter_price_minor = 6000, category_id = 7 where id = ?")
        .bind(tea.id).execute(&world.db).await.unwrap();
    sqlx::query("update goods set deleted = true where id = ?")
        .bind(cup.id)
        .execute(&world.db)
        .await
        .unwrap();
    let list = async |query: &str| world.ok(Call::get(&format!("/wx/groupon/list?{query}"))).await;
    let all = list("").await;
    assert_eq!(all["total"], 2, "without what is deleted");
    let expected = json!({
        "id": tea.id, "name": "green tea", "brief": "", "picUrl": "", "counterPrice": 60, "retailPrice": 50,
        "grouponPrice": 45, "grouponDiscount": 5, "grouponMember": 2, "expireTime": all["list"][1]["expireTime"],
    });
    assert_eq!(all["list"][1], expected);
    for (query, total) in [
        ("keyword=TEA", 1),
        ("keyword=%25", 0),
        ("categoryId=7", 1),
        ("categoryId=0", 2),
        ("categoryId=8", 0),
    ] {
        assert_eq!(list(query).await["total"], total, "{query}");
    }
    assert_eq!(world.call(Call::get("/wx/groupon/list?sort=name")).await.errno(), 402);
    sqlx::query("update groupon_rule set expires_at = date_sub(now(3), interval 1 second)")
        .execute(&world.db)
        .await
        .unwrap();
    assert_eq!(list("").await["total"], 0);
    world.finish().await;
}

#[tokio::test]
async fn a_group_is_opened_joined_and_succeeds_when_enough_have_paid() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let app = App::new(config(&world)).unwrap();
    let (tea, cup) = (world.goods("tea", 10).await, world.goods("cup", 10).await);
    let (rule, other) = (offer(&world, &staff, tea, 3).await, offer(&world, &staff, cup, 2).await);
    let buyers = world.buyers(5).await;
    let [lin, mei, bao, zoe, kai] = &buyers[..] else { panic!("five") };

    assert_eq!(submit(&app, &world, lin, 999_999, 0).await, Err(401));
    let (opened, group) = submit(&app, &world, lin, rule, 0).await.unwrap();
    assert_eq!(submit(&app, &world, mei, rule, group).await, Err(402), "its opener has not paid");
    pay(&app, opened).await.unwrap();
    assert_eq!(status(&world, opened).await, (201, 1));
    assert_eq!(submit(&app, &world, lin, rule, group).await, Err(733), "the opener");
    assert_eq!(submit(&app, &world, mei, rule, 999_999).await, Err(402));
    assert_eq!(submit(&app, &world, mei, other, group).await, Err(402), "a group of another offer");

    // What a shared link shows, of the group and of any record in it.
    let join = async |id: u64| world.ok(Call::get(&format!("/wx/groupon/join?grouponId={id}"))).await;
    assert_eq!(
        (&join(group).await["groupon"]["rulesId"], &join(group).await["goods"]["id"]),
        (&json!(rule), &json!(tea.id))
    );
    assert_eq!(world.call(Call::get("/wx/groupon/join?grouponId=999999")).await.errno(), 402);
    assert_eq!(world.call(Call::get("/wx/groupon/join")).await.errno(), 402);

    // Of many attempts of one person at once one takes the place.
    let attempts = join_all((0..10).map(|_| submit(&app, &world, mei, rule, group))).await;
    let taken: Vec<u64> =
        attempts.iter().filter_map(|attempt| attempt.ok()).map(|(order, _)| order).collect();
    assert!(
        taken.len() == 1 && attempts.iter().all(|attempt| attempt.is_ok() || *attempt == Err(733)),
        "{attempts:?}"
    );
    let (of_bao, linked) = submit(&app, &world, bao, rule, group).await.unwrap();
    assert_eq!(linked, group);
    let (of_zoe, _) = submit(&app, &world, zoe, rule, group).await.unwrap();

    // The last two places are paid at the same moment; the group knows it.
    let paid = join_all([taken[0], of_bao].map(|order| pay(&app, order))).await;
    assert!(paid.iter().all(Result::is_ok));
    for order in [opened, taken[0], of_bao] {
        assert_eq!(status(&world, order).await, (201, 2));
    }
    assert_eq!(submit(&app, &world, kai, rule, group).await, Err(732));
    // Who had submitted before it was full belongs to it.
    pay(&app, of_zoe).await.unwrap();
    assert_eq!(status(&world, of_zoe).await, (201, 2));

    let my =
        async |buyer: &Buyer, kind: u8| world.ok(buyer.get(&format!("/wx/groupon/my?showType={kind}"))).await;
    let mine = my(lin, 0).await;
    assert_eq!(mine["total"], 1);
    let first = &mine["list"][0];
    assert_eq!(
        (&first["isCreator"], &first["joinerCount"], &first["orderId"]),
        (&json!(true), &json!(4), &json!(opened))
    );
    assert_eq!((&first["groupon"]["status"], &first["rules"]["discountMember"]), (&json!(2), &json!(3)));
    assert!(
        first["creator"].is_string() && first["orderSn"].is_string() && first["goodsList"].is_array(),
        "{first}"
    );
    assert_eq!(
        (&my(lin, 1).await["total"], &my(mei, 0).await["total"], &my(mei, 1).await["total"]),
        (&json!(0), &json!(0), &json!(1))
    );
    assert_eq!(my(mei, 1).await["list"][0]["isCreator"], false);
    assert_eq!(world.call(Call::get("/wx/groupon/my")).await.errno(), 501);

    let own = my(mei, 1).await["list"][0]["id"].as_u64().unwrap();
    let path = format!("/wx/groupon/detail?grouponId={own}");
    let detail = world.ok(mei.get(&path)).await;
    assert_eq!((&detail["linkGrouponId"], &detail["groupon"]["id"]), (&json!(group), &json!(own)));
    assert_eq!(detail["joiners"].as_array().unwrap().len(), 4);
    assert_eq!(detail["joiners"][0], detail["creator"]);
    assert_eq!(
        (&detail["orderInfo"]["actualPrice"], &detail["orderInfo"]["handleOption"]["refund"]),
        (&json!(50), &json!(true))
    );
    assert!(detail["orderInfo"].get("expNo").is_none() && detail["orderGoods"].is_array());
    let strange = world.call(lin.get(&path)).await;
    let unknown = world.call(lin.get("/wx/groupon/detail?grouponId=999999")).await;
    assert_eq!((strange.errno(), strange.text), (402, unknown.text), "as if it did not exist");
    assert_eq!(world.call(Call::get(&path)).await.errno(), 501);
    assert_eq!(world.call(Call::get("/wx/groupon/detail?grouponId=x")).await.errno(), 402);
    sqlx::query("update orders set deleted = true where id = ?")
        .bind(taken[0])
        .execute(&world.db)
        .await
        .unwrap();
    assert_eq!(world.call(mei.get(&path)).await.errno(), 720);
    assert_eq!(my(mei, 1).await["total"], 0);

    let records = async |query: String| {
        world.ok(Call::get(&format!("/admin/groupon/listRecord?{query}")).staff(&staff)).await
    };
    let all = records(format!("grouponRuleId={rule}")).await;
    assert_eq!((&all["total"], &all["list"][0]["groupon"]["orderId"]), (&json!(1), &json!(opened)));
    assert_eq!(all["list"][0]["subGroupons"].as_array().unwrap().len(), 3);
    assert_eq!(
        (&all["list"][0]["rules"]["id"], &all["list"][0]["goods"]["id"]),
        (&json!(rule), &json!(tea.id))
    );
    assert_eq!(records(format!("grouponRuleId={other}")).await["total"], 0);
    sqlx::query("update goods set deleted = true where id = ?")
        .bind(tea.id)
        .execute(&world.db)
        .await
        .unwrap();
    assert!(records(String::new()).await["list"][0].get("goods").is_none());
    assert_eq!(
        world.call(Call::get("/admin/groupon/listRecord?grouponRuleId=x").staff(&staff)).await.errno(),
        402
    );
    world.finish().await;
}

#[tokio::test]
async fn an_order_that_ends_gives_its_place_up() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let app = App::new(config(&world)).unwrap();
    let tea = world.goods("tea", 10).await;
    let rule = offer(&world, &staff, tea, 2).await;
    let [lin, mei, bao]: [Buyer; 3] = world.buyers(3).await.try_into().unwrap();
    let (opened, group) = submit(&app, &world, &lin, rule, 0).await.unwrap();
    pay(&app, opened).await.unwrap();
    let (order, _) = submit(&app, &world, &mei, rule, group).await.unwrap();
    assert_eq!(world.call(mei.post("/wx/order/cancel", json!({ "orderId": order }))).await.errno(), 0);
    assert_eq!(status(&world, order).await, (102, 3));
    let (again, _) = submit(&app, &world, &mei, rule, group).await.unwrap();

    // The opener leaves: the group does not run any more, and who pays for it gets the money back.
    let mut tx = app.db.begin().await.unwrap();
    let locked = order_state::lock(&mut tx, opened).await.unwrap().unwrap();
    order_state::ask_refund(&mut tx, &locked).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(status(&world, opened).await, (202, 3));
    assert_eq!(submit(&app, &world, &bao, rule, group).await, Err(402));
    pay(&app, again).await.unwrap();
    assert_eq!(status(&world, again).await, (202, 3));
    world.finish().await;
}

#[tokio::test]
async fn an_offer_ends_at_its_time_and_what_was_paid_for_it_goes_back() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let app = App::new(config(&world)).unwrap();
    let (tea, cup) = (world.goods("tea", 10).await, world.goods("cup", 10).await);
    let (rule, withdrawn) = (offer(&world, &staff, tea, 2).await, offer(&world, &staff, cup, 2).await);
    let [lin, mei, bao]: [Buyer; 3] = world.buyers(3).await.try_into().unwrap();
    let (running, _) = submit(&app, &world, &lin, rule, 0).await.unwrap();
    let (full, group) = submit(&app, &world, &bao, rule, 0).await.unwrap();
    pay(&app, running).await.unwrap();
    pay(&app, full).await.unwrap();
    let (joined, _) = submit(&app, &world, &mei, rule, group).await.unwrap();
    pay(&app, joined).await.unwrap();
    let (unpaid, waiting) = submit(&app, &world, &mei, rule, 0).await.unwrap();
    let (of_deleted, _) = submit(&app, &world, &lin, withdrawn, 0).await.unwrap();
    pay(&app, of_deleted).await.unwrap();
    world.ok(Call::post("/admin/groupon/delete", json!({ "id": withdrawn })).staff(&staff)).await;
    assert_eq!(submit(&app, &world, &mei, withdrawn, 0).await, Err(401));

    // Staff bring the end forward; its task moves with it, and judges by the offer.
    for id in [rule, withdrawn] {
        sqlx::query("update groupon_rule set expires_at = date_add(now(3), interval 300 day) where id = ?")
            .bind(id)
            .execute(&world.db)
            .await
            .unwrap();
        sqlx::query("update due_task set due_at = now(3) where kind = 'groupon_expiry' and subject_id = ?")
            .bind(id)
            .execute(&world.db)
            .await
            .unwrap();
    }
    let moved = "select count(*) from due_task where kind = 'groupon_expiry' and subject_id = ? and due_at > date_add(now(3), interval 299 day)";
    world
        .until("a task that came early waits for the new end", async || world.number(moved, rule).await == 1)
        .await;
    assert_eq!(status(&world, running).await, (201, 1));
    for id in [rule, withdrawn] {
        sqlx::query("update groupon_rule set expires_at = now(3) where id = ?")
            .bind(id)
            .execute(&world.db)
            .await
            .unwrap();
        sqlx::query("update due_task set due_at = now(3) where kind = 'groupon_expiry' and subject_id = ?")
            .bind(id)
            .execute(&world.db)
            .await
            .unwrap();
    }
    let tasks = "select count(*) from due_task where kind = 'groupon_expiry' and subject_id <> ?";
    world.until("the offers end", async || world.number(tasks, 0).await == 0).await;
    assert_eq!(status(&world, running).await, (202, 3));
    assert_eq!(status(&world, of_deleted).await, (202, 3), "of a deleted offer as well");
    assert_eq!(status(&world, unpaid).await, (101, 3));
    assert_eq!((status(&world, full).await, status(&world, joined).await), ((201, 2), (201, 2)));
    assert_eq!(submit(&app, &world, &bao, rule, 0).await, Err(730));
    assert_eq!(submit(&app, &world, &bao, rule, waiting).await, Err(730));
    sqlx::query("update groupon_rule set status = 2 where id = ?")
        .bind(rule)
        .execute(&world.db)
        .await
        .unwrap();
    assert_eq!(submit(&app, &world, &bao, rule, 0).await, Err(731));

    // A payment that comes after the end goes back.
    pay(&app, unpaid).await.unwrap();
    assert_eq!(status(&world, unpaid).await, (202, 3));
    let mut db = app.db.acquire().await.unwrap();
    assert_eq!(groups::order_paid(&mut db, 999_999).await.unwrap(), Paid::NoGroup);
    world.finish().await;
}

#[tokio::test]
async fn submitting_opens_a_group_and_its_link_lets_another_join() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let (tea, cup) = (world.goods("tea", 10).await, world.goods("cup", 10).await);
    let rule = offer(&world, &staff, tea, 2).await;
    let [lin, mei]: [Buyer; 2] = world.buyers(2).await.try_into().unwrap();
    let submit = async |buyer: &Buyer, goods: Goods, link: Value| {
        let form = json!({
            "cartId": world.buy_now(buyer, goods, 2).await, "addressId": buyer.address, "couponId": 0,
            "userCouponId": "undefined", "message": "", "grouponRulesId": rule, "grouponLinkId": link,
        });
        world.call(buyer.post("/wx/order/submit", form)).await
    };
    let pays = async |order: u64| {
        let sn: String = sqlx::query_scalar("select order_sn from orders where id = ?")
            .bind(order)
            .fetch_one(&world.db)
            .await
            .unwrap();
        Call::post(&format!("/dev/pay/{sn}"), json!({})).send(world.private).await.unwrap();
    };
    assert_eq!(submit(&lin, cup, json!(0)).await.errno(), 402, "other goods");
    let opened = submit(&lin, tea, json!(0)).await.data();
    let (order, group) = (opened["orderId"].as_u64().unwrap(), opened["grouponLinkId"].as_u64().unwrap());
    assert_eq!(status(&world, order).await, (101, 0));
    let cost = "select actual_minor from orders where id = ?";
    assert_eq!(world.number(cost, order).await, 9_000, "five off each, and no freight from 88 on");
    pays(order).await;
    assert_eq!(status(&world, order).await, (201, 1));

    let joined = submit(&mei, tea, json!(group.to_string())).await.data();
    assert_eq!(joined["grouponLinkId"], group);
    pays(joined["orderId"].as_u64().unwrap()).await;
    for order in [order, joined["orderId"].as_u64().unwrap()] {
        assert_eq!(status(&world, order).await, (201, 2));
    }

    let page = async || world.ok(lin.get(&format!("/wx/groupon/detail?grouponId={group}"))).await;
    assert_eq!(page().await.get("expressInfo"), None);
    sqlx::query("update orders set status = 301, ship_channel = 'ZTO', ship_sn = '773' where id = ?")
        .bind(order)
        .execute(&world.db)
        .await
        .unwrap();
    assert_eq!(page().await["expressInfo"]["LogisticCode"], "773");
    world.finish().await;
}
