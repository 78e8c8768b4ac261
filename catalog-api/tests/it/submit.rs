//! From the cart to an order: amounts, lines, stock, coupon, cart, all of it or nothing.

use crate::harness::{Answer, Bought, Call, Goods, Person, World, join_all};
use serde_json::{Value, json};

struct Shop {
    world: World,
    lin: Person,
    tea: Goods,
}

async fn shop() -> Shop {
    let world = World::new().await;
    let tea = world.goods("tea", 20).await;
    let lin = world.person("lin").await;
    Shop { world, lin, tea }
}

async fn submit(world: &World, person: &Person, form: Value) -> Answer {
    world.call(Call::post("/wx/order/submit", form).shop(&person.token)).await
}

fn with(mut form: Value, member: &str, value: Value) -> Value {
    form[member] = value;
    form
}

/// What there is of a shopper: (orders, rows in the cart, events about carts).
async fn rows(world: &World, owner: u64) -> (i64, i64, i64) {
    let count = async |query| world.number(query, owner).await;
    (
        count("select count(*) from orders where user_id = ?").await,
        count("select count(*) from cart where user_id = ?").await,
        count("select count(*) from cart_event where user_id = ?").await,
    )
}

#[tokio::test]
async fn the_checked_cart_becomes_an_order_with_its_lines_and_nothing_is_left_behind() {
    let Shop { world, lin, tea } = shop().await;
    let cup = world.goods("cup", 20).await;
    world.in_cart(lin.id, tea, 2).await;
    world.in_cart(lin.id, cup, 1).await;
    let kept = world.in_cart(lin.id, world.goods("lamp", 5).await, 1).await;
    sqlx::query("update cart set checked = false where id = ?").bind(kept).execute(&world.db).await.unwrap();
    let data = submit(&world, &lin, lin.order_form()).await.data();
    assert_eq!((&data["payed"], &data["grouponLinkId"]), (&json!(false), &json!(0)));
    let id = data["orderId"].as_u64().unwrap();

    let path = format!("/wx/order/detail?orderId={id}");
    let detail = world.ok(Call::get(&path).shop(&lin.token)).await;
    let info = &detail["orderInfo"];
    assert_eq!(
        (&info["goodsPrice"], &info["freightPrice"], &info["actualPrice"]),
        (&json!(150), &json!(0), &json!(150))
    );
    assert_eq!(info["address"], "ZhejiangHangzhouXihu 18 Lake Road");
    assert_eq!((&info["consignee"], &info["message"]), (&json!("lin"), &json!("soon")));
    let number = info["orderSn"].as_str().unwrap();
    assert!(number.len() == 18 && number.bytes().all(|byte| byte.is_ascii_digit()), "{number}");
    assert_eq!(detail["orderGoods"].as_array().unwrap().len(), 2);
    assert_eq!(detail["orderGoods"][0]["specifications"], json!(["one"]));
    assert_eq!((world.sku_stock(tea).await, world.sku_stock(cup).await), (18, 19));
    assert_eq!(rows(&world, lin.id).await, (1, 1, 1), "the row that was not checked stays");
    let lapse = "select count(*) from due_task where kind = 'order_unpaid' and subject_id = ? \
        and due_at between date_add(now(3), interval 29 minute) and date_add(now(3), interval 31 minute)";
    assert_eq!(world.number(lapse, id).await, 1);
    assert_eq!(submit(&world, &lin, lin.order_form()).await.errno(), 402, "the cart is empty now");
    world.finish().await;
}

#[tokio::test]
async fn failures_come_in_the_order_of_the_reference_and_leave_nothing() {
    let Shop { world, lin, tea } = shop().await;
    let mei = world.person("mei").await;
    let form = lin.order_form();
    let anonymous = Call::post("/wx/order/submit", form.clone());
    assert_eq!(world.call(anonymous).await.errno(), 501);
    let empty = Call::raw(axum::http::Method::POST, "/wx/order/submit", Vec::new());
    assert_eq!(world.call(empty).await.errno(), 402, "402 before 501");
    for (member, value, errno) in [
        ("grouponRulesId", json!(999_999), 401),
        ("addressId", json!(mei.address), 401),
        ("addressId", json!(0), 401),
        ("addressId", json!("undefined"), 401),
        ("cartId", json!(999_999), 402),
        ("cartId", json!(-1), 402),
        ("message", json!("x".repeat(513)), 402),
    ] {
        let answer = submit(&world, &lin, with(form.clone(), member, value.clone())).await;
        assert_eq!(answer.errno(), errno, "{member} {value}: {}", answer.text);
    }
    for member in ["cartId", "addressId", "couponId"] {
        let mut form = form.clone();
        form.as_object_mut().unwrap().remove(member);
        let answer = submit(&world, &lin, form).await;
        assert_eq!((answer.errno(), answer.errmsg().contains(member)), (401, true), "{}", answer.text);
    }
    assert_eq!(submit(&world, &lin, form.clone()).await.errno(), 402, "nothing in the cart");
    let others = world.in_cart(mei.id, tea, 1).await;
    assert_eq!(submit(&world, &lin, with(form.clone(), "cartId", json!(others))).await.errno(), 402);

    world.in_cart(lin.id, tea, 1).await;
    assert_eq!(submit(&world, &lin, with(form.clone(), "couponId", json!(999))).await.errno(), 402);
    let (coupon, claim) = world.claimed(mei.id, 500).await;
    let foreign = with(with(form.clone(), "couponId", json!(coupon)), "userCouponId", json!(claim));
    assert_eq!(submit(&world, &lin, foreign).await.errno(), 402, "somebody else's coupon");
    sqlx::query("update goods set on_sale = false where id = ?")
        .bind(tea.id)
        .execute(&world.db)
        .await
        .unwrap();
    assert_eq!(submit(&world, &lin, form.clone()).await.errno(), 710);
    sqlx::query("update goods set on_sale = true where id = ?")
        .bind(tea.id)
        .execute(&world.db)
        .await
        .unwrap();
    sqlx::query("update sku set stock = 0 where id = ?").bind(tea.sku).execute(&world.db).await.unwrap();
    assert_eq!(submit(&world, &lin, form).await.errno(), 711);
    assert_eq!(rows(&world, lin.id).await, (0, 1, 0), "rolled back as a whole");
    assert_eq!(
        world.number("select count(*) from due_task where kind = 'order_unpaid' and subject_id > ?", 0).await,
        0
    );
    world.finish().await;
}

#[tokio::test]
async fn ids_that_are_no_numbers_are_read_as_the_mobile_client_sends_them() {
    let Shop { world, lin, tea } = shop().await;
    for nothing in [json!(null), json!("undefined"), json!(""), json!("0")] {
        world.in_cart(lin.id, tea, 1).await;
        let mut form = with(lin.order_form(), "cartId", nothing.clone());
        for member in ["couponId", "userCouponId", "grouponRulesId", "grouponLinkId"] {
            form[member] = nothing.clone();
        }
        form["addressId"] = json!(lin.address.to_string());
        form["message"] = json!(null);
        assert_eq!(submit(&world, &lin, form).await.errno(), 0, "{nothing}");
    }
    let message = "四 🐟 \u{1F9E7}";
    world.in_cart(lin.id, tea, 1).await;
    let order = world.submit(&lin, with(lin.order_form(), "message", json!(message))).await;
    let path = format!("/wx/order/detail?orderId={}", order.id);
    assert_eq!(world.ok(Call::get(&path).shop(&lin.token)).await["orderInfo"]["message"], message);
    world.finish().await;
}

#[tokio::test]
async fn a_coupon_pays_once_and_comes_back_with_a_cancelled_order() {
    let Shop { world, lin, tea } = shop().await;
    let (coupon, claim) = world.claimed(lin.id, 500).await;
    let form = with(with(lin.order_form(), "couponId", json!(coupon)), "userCouponId", json!(claim));
    world.in_cart(lin.id, tea, 1).await;
    let order = world.submit(&lin, form.clone()).await;
    let paid = "select actual_minor from orders where id = ?";
    assert_eq!(world.number(paid, order.id).await, 5_000 + 800 - 500, "goods, freight, coupon");
    world.in_cart(lin.id, tea, 1).await;
    assert_eq!(submit(&world, &lin, form.clone()).await.errno(), 402, "it was used");
    let cancel = Call::post("/wx/order/cancel", json!({ "orderId": order.id })).shop(&lin.token);
    assert_eq!(world.call(cancel).await.errno(), 0);
    assert_eq!(submit(&world, &lin, form).await.errno(), 0, "and came back");
    assert_eq!(world.sku_stock(tea).await, 19);
    world.finish().await;
}

#[tokio::test]
async fn an_order_that_costs_nothing_is_paid_at_once() {
    let Shop { world, lin, tea } = shop().await;
    let (coupon, claim) = world.claimed(lin.id, 1_000_000).await;
    world.in_cart(lin.id, tea, 1).await;
    let form = with(with(lin.order_form(), "couponId", json!(coupon)), "userCouponId", json!(claim));
    let data = submit(&world, &lin, form).await.data();
    assert_eq!(data["payed"], true);
    let order = Bought { id: data["orderId"].as_u64().unwrap(), sn: String::new() };
    assert_eq!(world.order_status(&order).await, 201);
    let untouched = "select count(*) from orders where id = ? and paid_at is null and pay_id is null and actual_minor = 0";
    assert_eq!(world.number(untouched, order.id).await, 1);
    assert_eq!(
        world
            .number("select count(*) from due_task where subject_id = ? and kind like 'order%'", order.id)
            .await,
        0
    );
    // Its money goes back without a provider, because there is none.
    let refund = Call::post("/wx/order/refund", json!({ "orderId": order.id })).shop(&lin.token);
    assert_eq!(world.call(refund).await.errno(), 0);
    let staff = world.staff_token("root").await;
    let back =
        Call::post("/admin/order/refund", json!({ "orderId": order.id, "refundMoney": 0 })).staff(&staff);
    assert_eq!(world.call(back).await.errno(), 0);
    assert_eq!(world.order_status(&order).await, 203);
    assert_eq!(world.number("select count(*) from refund where order_id = ?", order.id).await, 0);
    assert_eq!(world.sku_stock(tea).await, 20);
    world.finish().await;
}

#[tokio::test]
async fn a_submit_that_is_repeated_with_its_key_is_one_order() {
    let Shop { world, lin, tea } = shop().await;
    let keyed = |form: &Value, key: &str| {
        Call::post("/wx/order/submit", form.clone()).shop(&lin.token).header("Idempotency-Key", key)
    };
    world.in_cart(lin.id, tea, 1).await;
    let form = lin.order_form();
    let mut orders = Vec::new();
    for answer in join_all((0..20).map(|_| world.call(keyed(&form, "k-1")))).await {
        orders.push(answer.data()["orderId"].as_u64().unwrap());
    }
    orders.dedup();
    assert_eq!((orders.len(), rows(&world, lin.id).await), (1, (1, 0, 1)));
    assert_eq!(world.sku_stock(tea).await, 19);
    let other = with(form.clone(), "message", json!("another"));
    assert_eq!(world.call(keyed(&other, "k-1")).await.errno(), 402, "the key belongs to another order");
    assert_eq!(world.call(keyed(&form, "k-2")).await.errno(), 402, "another key, and an empty cart");
    world.in_cart(lin.id, tea, 1).await;
    assert_eq!(world.call(keyed(&form, "k-2")).await.errno(), 0, "what failed is not remembered");
    for key in ["", " ", "a b", &"x".repeat(64), "é"] {
        assert_eq!(world.call(keyed(&form, key)).await.errno(), 402, "{key}");
    }
    // A key is its owner's.
    let mei = world.person("mei").await;
    world.in_cart(mei.id, tea, 1).await;
    let hers =
        Call::post("/wx/order/submit", mei.order_form()).shop(&mei.token).header("Idempotency-Key", "k-1");
    let hers = world.call(hers).await.data()["orderId"].as_u64().unwrap();
    assert_ne!(hers, orders[0]);
    world.finish().await;
}

#[tokio::test]
async fn one_row_of_the_cart_can_be_ordered_whether_it_is_checked_or_not() {
    let Shop { world, lin, tea } = shop().await;
    let row = world.in_cart(lin.id, tea, 3).await;
    let other = world.in_cart(lin.id, world.goods("cup", 5).await, 1).await;
    sqlx::query("update cart set checked = false where id = ?").bind(row).execute(&world.db).await.unwrap();
    let order = world.submit(&lin, with(lin.order_form(), "cartId", json!(row))).await;
    let quantity = "select cast(sum(quantity) as signed) from order_goods where order_id = ?";
    assert_eq!(world.number(quantity, order.id).await, 3);
    assert_eq!(world.number("select count(*) from cart where id = ?", other).await, 1);
    assert_eq!(world.number("select count(*) from cart where id = ?", row).await, 0);
    world.finish().await;
}
