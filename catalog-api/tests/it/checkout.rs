//! What an order would cost, before it is one.

use crate::harness::{Buyer, Call, World, shown};
use serde_json::{Value, json};

async fn grant(world: &World, buyer: &Buyer, coupon: u64) -> u64 {
    sqlx::query("insert into coupon_user (user_id, coupon_id) values (?, ?)")
        .bind(buyer.id)
        .bind(coupon)
        .execute(&world.db)
        .await
        .unwrap()
        .last_insert_id()
}

async fn coupon(world: &World, staff: &str, discount: i64, min: i64, more: Value) -> u64 {
    let mut form = json!({ "name": "off", "type": 0, "discount": discount, "min": min, "days": 10 });
    form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.ok(Call::post("/admin/coupon/create", form).staff(staff)).await["id"].as_u64().unwrap()
}

#[tokio::test]
async fn a_check_out_answers_every_id_and_every_amount() {
    let world = World::new().await;
    let tea = world.goods("tea", 10).await;
    let [lin]: [Buyer; 1] = world.buyers(1).await.try_into().unwrap();
    let page = async |query: &str| world.ok(lin.get(&format!("/wx/cart/checkout{query}"))).await;

    let empty = page("").await;
    assert_eq!(empty["checkedGoodsList"], json!([]));
    assert_eq!(
        (&empty["goodsTotalPrice"], &empty["freightPrice"], &empty["actualPrice"]),
        (&json!(0), &json!(8), &json!(8))
    );

    let row = world.buy_now(&lin, tea, 1).await;
    let whole = page(&format!("?cartId={row}&addressId=0&couponId=&userCouponId=&grouponRulesId=0")).await;
    let amounts = json!({
        "addressId": lin.address, "cartId": row, "couponId": -1, "userCouponId": -1, "grouponRulesId": 0,
        "grouponPrice": 0, "availableCouponLength": 0, "goodsTotalPrice": 50, "freightPrice": 8,
        "couponPrice": 0, "orderTotalPrice": 58, "actualPrice": 58,
        "checkedAddress": whole["checkedAddress"], "checkedGoodsList": whole["checkedGoodsList"],
    });
    assert_eq!(whole, amounts);
    let address = &whole["checkedAddress"];
    assert_eq!((&address["id"], &address["isDefault"]), (&json!(lin.address), &json!(true)));
    for member in ["name", "tel", "province", "city", "county", "addressDetail", "areaCode"] {
        assert!(address[member].is_string(), "{member}");
    }
    let line = &whole["checkedGoodsList"][0];
    assert_eq!(
        (&line["id"], &line["number"], &line["price"], &line["specifications"]),
        (&json!(row), &json!(1), &json!(50), &json!(["one"]))
    );

    // Absent ids are answered as 0, because the clients keep what they get.
    let bare = page("").await;
    assert_eq!((&bare["cartId"], &bare["grouponRulesId"]), (&json!(0), &json!(0)));
    // Free of freight from 88 on, as long as nobody sets it otherwise.
    world.buy_now(&lin, tea, 2).await;
    assert_eq!(page("").await["actualPrice"], 100);
    sqlx::query(
        "insert into setting (name, value) values ('litemall_express_freight_min', '100.01'), \
        ('litemall_express_freight_value', '6.5')",
    )
    .execute(&world.db)
    .await
    .unwrap();
    world.until("the setting counts", async || page("").await["actualPrice"] == json!(106.5)).await;

    // An unchecked row is bought when it is named, and only then.
    world.ok(lin.post("/wx/cart/checked", json!({ "productIds": [tea.sku], "isChecked": 0 }))).await;
    assert_eq!(page("").await["checkedGoodsList"], json!([]));
    assert_eq!(page(&format!("?cartId={row}")).await["goodsTotalPrice"], 100);

    // Addresses: an own one, else the default one, else none.
    sqlx::query("insert into address (user_id, name, province, city, county, is_default) select ?, 'b', '', '', '', false \
        union all select 0, 'strange', '', '', '', true").bind(lin.id).execute(&world.db).await.unwrap();
    let ids: Vec<u64> =
        sqlx::query_scalar("select id from address where name in ('b', 'strange') order by name")
            .fetch_all(&world.db)
            .await
            .unwrap();
    assert_eq!(page(&format!("?addressId={}", ids[0])).await["addressId"], ids[0]);
    assert_eq!(page(&format!("?addressId={}", ids[1])).await["addressId"], lin.address, "of somebody else");
    sqlx::query("update address set is_default = false where user_id = ?")
        .bind(lin.id)
        .execute(&world.db)
        .await
        .unwrap();
    let nowhere = page("").await;
    assert_eq!((&nowhere["addressId"], &nowhere["checkedAddress"]), (&json!(0), &json!({ "id": 0 })));

    for (query, errno) in [
        ("?cartId=999999", 402),
        ("?cartId=-1", 402),
        ("?cartId=x", 402),
        ("?addressId=1.5", 402),
        ("?couponId=[]", 402),
        ("?grouponRulesId=99999999999999999999", 402),
        ("?cartId=undefined&couponId=null", 0),
    ] {
        assert_eq!(world.call(lin.get(&format!("/wx/cart/checkout{query}"))).await.errno(), errno, "{query}");
    }
    assert_eq!(world.call(Call::get("/wx/cart/checkout?cartId=x")).await.errno(), 402, "before the log-in");
    assert_eq!(world.call(Call::get("/wx/cart/checkout")).await.errno(), 501);
    world.finish().await;
}

#[tokio::test]
async fn the_coupon_is_the_one_asked_for_or_the_best_that_is_good() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let (tea, cup) = (world.goods("tea", 10).await, world.goods("cup", 10).await);
    let [lin, mei]: [Buyer; 2] = world.buyers(2).await.try_into().unwrap();
    world.buy_now(&lin, tea, 2).await;
    let five = coupon(&world, &staff, 5, 100, json!({})).await;
    let nine = coupon(&world, &staff, 9, 101, json!({})).await;
    let seven = coupon(&world, &staff, 7, 50, json!({ "goodsType": 2, "goodsValue": [tea.id] })).await;
    let eight = coupon(&world, &staff, 8, 50, json!({ "goodsType": 2, "goodsValue": [cup.id] })).await;
    let six = coupon(&world, &staff, 6, 0, json!({ "goodsType": 1, "goodsValue": [tea.id + 9_000] })).await;
    let mut claims = Vec::new();
    for id in [five, nine, seven, eight, six] {
        claims.push(grant(&world, &lin, id).await);
    }
    let strange = grant(&world, &mei, five).await;
    let page = async |query: String| {
        let page = world.ok(lin.get(&format!("/wx/cart/checkout?{query}"))).await;
        let number = |member: &str| page[member].as_f64().unwrap();
        assert_eq!(
            number("orderTotalPrice"),
            number("goodsTotalPrice") + number("freightPrice") - number("couponPrice")
        );
        (
            page["couponId"].as_i64().unwrap(),
            page["userCouponId"].as_i64().unwrap(),
            page["couponPrice"].as_i64().unwrap(),
        )
    };
    let (five_id, seven_id) = (five.cast_signed(), seven.cast_signed());
    let (of_five, of_seven) = (claims[0].cast_signed(), claims[2].cast_signed());
    assert_eq!(page("couponId=-1".into()).await, (-1, -1, 0));
    assert_eq!(page("couponId=0".into()).await, (seven_id, of_seven, 7), "the largest that is good");
    assert_eq!(page(format!("couponId={five}&userCouponId={of_five}")).await, (five_id, of_five, 5));
    assert_eq!(page(format!("couponId={five}")).await, (five_id, of_five, 5), "the newest claim of it");
    assert_eq!(
        page(format!("couponId={five}&userCouponId={strange}")).await,
        (five_id, of_five, 5),
        "not the other's claim"
    );
    assert_eq!(
        page(format!("couponId={nine}&userCouponId={}", claims[1])).await,
        (seven_id, of_seven, 7),
        "below its minimum"
    );
    assert_eq!(page("couponId=999999".into()).await, (seven_id, of_seven, 7));

    let list = world.ok(lin.get("/wx/coupon/selectlist?cartId=0&grouponRulesId=0")).await;
    let available = |id: u64| {
        let found = list["list"].as_array().unwrap().iter().find(|vo| vo["cid"] == id).unwrap();
        found["available"].as_bool().unwrap()
    };
    assert_eq!([five, nine, seven, eight, six].map(available), [true, false, true, false, false]);
    assert_eq!((&list["total"], &list["pages"], &list["page"]), (&json!(5), &json!(1), &json!(1)));
    assert_eq!(list["list"][0]["id"], claims[4], "newest first");
    assert_eq!(world.ok(lin.get("/wx/cart/checkout")).await["availableCouponLength"], 2);

    // What is over, used, withdrawn or deleted is good for nothing.
    for (change, id) in [
        ("update coupon_user set ends_at = date_sub(now(3), interval 1 second) where id = ?", claims[2]),
        ("update coupon set status = 2 where id = ?", five),
    ] {
        sqlx::query(change).bind(id).execute(&world.db).await.unwrap();
    }
    assert_eq!(page("couponId=0".into()).await, (0, 0, 0));
    sqlx::query("update coupon set status = 0 where id = ?").bind(five).execute(&world.db).await.unwrap();
    assert_eq!(page("couponId=0".into()).await.0, five_id);
    for change in [
        "update coupon_user set status = 1 where id = ?",
        "update coupon_user set status = 0, starts_at = date_add(now(3), interval 1 hour) where id = ?",
    ] {
        sqlx::query(change).bind(claims[0]).execute(&world.db).await.unwrap();
        assert_eq!(page("couponId=0".into()).await, (0, 0, 0), "{change}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_group_takes_its_discount_off_each_unit_before_freight_and_coupon_look() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let (tea, cup) = (world.goods("tea", 10).await, world.goods("cup", 10).await);
    let [lin]: [Buyer; 1] = world.buyers(1).await.try_into().unwrap();
    world.buy_now(&lin, tea, 2).await;
    let form = json!({ "goodsId": tea.id, "discount": 6.5, "discountMember": 2, "expireTime": shown(3_600) });
    let rule =
        world.ok(Call::post("/admin/groupon/create", form).staff(&staff)).await["id"].as_u64().unwrap();
    let least = coupon(&world, &staff, 5, 90, json!({})).await;
    grant(&world, &lin, least).await;
    let page = async |query: String| world.ok(lin.get(&format!("/wx/cart/checkout?{query}"))).await;

    let plain = page("couponId=0".into()).await;
    assert_eq!(
        (&plain["goodsTotalPrice"], &plain["couponPrice"], &plain["actualPrice"]),
        (&json!(100), &json!(5), &json!(95))
    );
    let grouped = page(format!("couponId=0&grouponRulesId={rule}")).await;
    assert_eq!((&grouped["goodsTotalPrice"], &grouped["grouponPrice"]), (&json!(87), &json!(6.5)));
    assert_eq!(
        (&grouped["freightPrice"], &grouped["couponPrice"], &grouped["actualPrice"]),
        (&json!(8), &json!(0), &json!(95))
    );
    assert_eq!(grouped["grouponRulesId"], rule);
    world.buy_now(&lin, cup, 1).await;
    assert_eq!(
        page(format!("grouponRulesId={rule}")).await["goodsTotalPrice"],
        137,
        "the other goods cost what they cost"
    );
    let unknown = page("grouponRulesId=999999".into()).await;
    assert_eq!((&unknown["grouponRulesId"], &unknown["grouponPrice"]), (&json!(999_999), &json!(0)));
    world.finish().await;
}
