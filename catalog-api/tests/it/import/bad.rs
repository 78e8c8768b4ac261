//! Rows that cannot come along, or not whole: each is named with its reason, the others come.

use super::shop::Litemall;
use super::{counts, done, import, unused};

/// What is wrong, and the line that says so. Rows beyond number 900 are not the shop's own.
const WRONG: &[(&str, &str)] = &[
    (
        "insert into litemall_goods (id, name, gallery, detail) values (901, 'broken', '[\"/a.png\"', '')",
        "litemall_goods 901: left out: gallery: `[\"/a.png\"` is no JSON array of text",
    ),
    (
        "insert into litemall_goods_product (id, goods_id, specifications) values (901, 901, '[]')",
        "litemall_goods_product 901: left out: goods_id: goods `901` does not come along or is not there",
    ),
    (
        "insert into litemall_goods (id, name, counter_price) values (902, 'owes', -1)",
        "litemall_goods 902: left out: counter_price: `-1.00` is no amount we store",
    ),
    (
        "insert into litemall_goods (id, name) values (903, 'goods 1')",
        "litemall_goods 903: left out: name: `goods 1` stands in an earlier row",
    ),
    (
        "insert into litemall_order select 901, user_id, order_sn, order_status, aftersale_status, consignee, mobile, \
         address, message, goods_price, freight_price, coupon_price, integral_price, groupon_price, order_price, \
         actual_price, null, pay_time, ship_sn, ship_channel, ship_time, refund_amount, refund_type, refund_content, \
         refund_time, confirm_time, comments, end_time, add_time, update_time, 0 from litemall_order where id = 8",
        "litemall_order 901: left out: order_sn: `2024010100000008` stands in an earlier row",
    ),
    (
        "insert into litemall_order_goods (id, order_id, number, specifications) values (901, 901, 1, '[]')",
        "litemall_order_goods 901: left out: order_id: order `901` does not come along or is not there",
    ),
    (
        "update litemall_order set order_status = 777 where id = 9",
        "litemall_order 9: left out: order_status: 777 is no state of an order here",
    ),
    (
        "update litemall_order set order_sn = '长城' where id = 10",
        "litemall_order 10: left out: order_sn: U+957F does not fit our column, whose characters are ascii",
    ),
    (
        "update litemall_order set pay_time = '0000-00-00 00:00:00', end_time = '2024-02-00 00:00:00' where id = 12",
        "litemall_order 12: comes with a loss: pay_time: `0000-00-00 00:00:00` is no time; \
         end_time: `2024-02-00 00:00:00` is no time",
    ),
    (
        "update litemall_order set pay_id = '420007' where id = 13",
        "litemall_order 13: comes with a loss: pay_id: `420007` stands in an earlier row",
    ),
    (
        "update litemall_order set add_time = '0000-00-00 00:00:00' where id = 14",
        "litemall_order 14: comes with a loss: add_time: `0000-00-00 00:00:00` is no time",
    ),
    (
        "update litemall_user set mobile = '13900000001' where id = 3",
        "litemall_user 3: comes with a loss: mobile: `13900000001` stands in an earlier row",
    ),
    (
        "update litemall_user set gender = 9, birthday = '0000-00-00' where id = 4",
        "litemall_user 4: comes with a loss: gender: `9` became 0; birthday: `0000-00-00` is no day",
    ),
    (
        "update litemall_user set status = 7 where id = 5",
        "litemall_user 5: left out: status: `7` is not known here (0 to 2)",
    ),
    (
        "update litemall_user set password = 'in the clear' where id = 6",
        "litemall_user 6: comes with a loss: password: is no bcrypt hash, so that it has to be set anew",
    ),
    ("update litemall_address set name = '茶' where id = 1", ""),
    (
        "update litemall_address set name = '😀 tea' where id = 2",
        "litemall_address 2: left out: name: U+1F600 does not fit our column, whose characters are utf8mb3",
    ),
    (
        "update litemall_category set level = 'L3' where id = 9",
        "litemall_category 9: left out: level: `L3` is not known here (L1 or L2)",
    ),
    (
        "update litemall_brand set name = repeat('b', 300) where id = 6",
        "litemall_brand 6: left out: name: is longer than the 255 our column holds",
    ),
    (
        "insert into litemall_permission (id, role_id, permission) values (901, 2, 'admin:nothing:read')",
        "litemall_permission 901: left out: permission: `admin:nothing:read` allows nothing here",
    ),
    (
        "insert into litemall_permission (id, role_id, permission) values (902, 2, 'admin:brand:list')",
        "litemall_permission 902: left out: role_id, permission: `2, admin:brand:list` stands in an earlier row",
    ),
    (
        "insert into litemall_system (id, key_name, key_value) values (901, 'my_key', '1')",
        "litemall_system 901: left out: key_name: `my_key` is no setting here",
    ),
    (
        "insert into litemall_system (id, key_name, key_value) values (902, 'litemall_order_comment', 'soon')",
        "litemall_system 902: left out: key_value: `soon` is no value of litemall_order_comment here",
    ),
    (
        "insert into litemall_region (id, name, code) values (901, 'Atlantis', 999999)",
        "litemall_region 901: left out: code: 999999 `Atlantis` is not in our division",
    ),
    (
        "insert into litemall_coupon (id, name, type) values (901, 'odd', 5)",
        "litemall_coupon 901: left out: type: `5` is not known here (0 to 2)",
    ),
    (
        "insert into litemall_coupon_user (id, user_id, coupon_id) values (901, 1, 901)",
        "litemall_coupon_user 901: left out: coupon_id: coupon `901` does not come along or is not there",
    ),
    (
        "insert into litemall_coupon (id, name, code, goods_value) values (902, 'again', 'abcd', 'x')",
        "litemall_coupon 902: left out: goods_value: `x` is no JSON array of ids",
    ),
    (
        "insert into litemall_groupon_rules (id, goods_id, goods_name, discount, discount_member) \
         values (901, 3, 'endless', 1, 2)",
        "litemall_groupon_rules 901: left out: expire_time: `nothing` is no time",
    ),
    (
        "insert into litemall_groupon_rules (id, goods_id, goods_name, discount, discount_member, expire_time) \
         values (902, 3, 'too much', 1000000000000000000000, 2, '2099-01-01 00:00:00')",
        "litemall_groupon_rules 902: left out: discount: `1000000000000000000000` is no amount we store",
    ),
    (
        "insert into litemall_aftersale (id, aftersale_sn, order_id, user_id, status) values (901, 'X', 1, 1, 0)",
        "litemall_aftersale 901: left out: status: `0` is not known here (1 to 5)",
    ),
    (
        "insert into litemall_comment (id, value_id, type) values (901, 1, 2)",
        "litemall_comment 901: left out: type: `2` is not known here (0 to 1)",
    ),
    (
        "insert into litemall_footprint (id, user_id, goods_id) values (901, 99999, 1)",
        "litemall_footprint 901: left out: user_id: user `99999` does not come along or is not there",
    ),
    (
        "insert into litemall_notice_admin (id, notice_id, admin_id) values (901, 1, 77)",
        "litemall_notice_admin 901: left out: admin_id: admin `77` does not come along or is not there",
    ),
];

#[tokio::test]
async fn what_cannot_come_is_named_with_its_reason_and_the_rest_comes() {
    let world = unused().await;
    let old = Litemall::with(90).await;
    // Their server may allow what ours would not.
    old.run("alter table litemall_brand modify name varchar(500) not null").await;
    sqlx::raw_sql("alter table address modify name varchar(63) character set utf8mb3 not null")
        .execute(&world.db)
        .await
        .unwrap();
    for (statement, _) in WRONG {
        old.run(&format!("set session sql_mode = ''; {statement}")).await;
    }
    let (checked, _) = done(&mut import(&world, &old, &["--check"]));
    for (_, line) in WRONG.iter().filter(|(_, line)| !line.is_empty()) {
        assert!(checked.lines().any(|said| said == *line), "{line}\nis not in\n{checked}");
    }

    let (summary, _) = done(&mut import(&world, &old, &[]));
    assert_eq!(counts(&summary, "order"), [91, 88, 0, 3, 0, 3], "{summary}");
    assert_eq!(counts(&summary, "address")[3], 2, "one text, and one of a shopper who stays");
    let count =
        async |sql: &'static str| -> i64 { sqlx::query_scalar(sql).fetch_one(&world.db).await.unwrap() };
    assert_eq!(count("select count(*) from orders").await, 88);
    assert_eq!(count("select count(*) from order_goods where order_id in (9, 10, 901)").await, 0);
    assert_eq!(
        count("select count(*) from orders where id = 12 and paid_at is null and ended_at is null").await,
        1
    );
    assert_eq!(count("select count(*) from orders where id = 14 and added_at = updated_at").await, 1);
    let next = "select cast(auto_increment as signed) from information_schema.tables \
        where table_schema = database() and table_name = 'orders'";
    assert_eq!(count(next).await, 902, "the number of an order that stayed is no other order's");
    // Its number is another order's; its money can go back by hand.
    let by_hand = "select count(*) from orders o join payment p on p.order_id = o.id and p.provider = 'offline' \
        where o.id = 13 and o.pay_id is null and p.transaction_id = o.order_sn";
    assert_eq!(count(by_hand).await, 1);
    assert_eq!(count("select count(*) from shopper where id in (3, 4, 6) and mobile in ('', '13900000004', '13900000006')").await, 3);
    assert_eq!(count("select count(*) from shopper where id = 5").await, 0);
    assert_eq!(count("select count(*) from address where name = '茶'").await, 1);
}

#[tokio::test]
async fn what_only_our_database_can_tell_is_told_and_many_are_counted() {
    let world = unused().await;
    let old = Litemall::with(20).await;
    // Two offers that are on for the same goods: a rule of ours that theirs does not know.
    old.run(
        "insert into litemall_groupon_rules (id, goods_id, goods_name, discount, discount_member, expire_time) \
         values (901, 2, 'goods 2', 1, 2, '2099-01-01 00:00:00')",
    )
    .await;
    old.run("insert into litemall_footprint (user_id, goods_id) select 88888, 1 from numbers limit 30").await;
    let (said, _) = done(&mut import(&world, &old, &[]));
    let refused = said.lines().find(|line| line.starts_with("litemall_groupon_rules 901: refused: "));
    assert!(refused.is_some_and(|line| line.contains("groupon_rule_on")), "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("litemall_footprint ")).count(), 20 + 1, "{said}");
    assert!(said.contains("litemall_footprint: and "), "{said}");
    assert_eq!(counts(&said, "groupon_rules"), [3, 2, 0, 1, 0, 0]);
    let read = counts(&said, "footprint");
    assert_eq!((read[1], read[3]), (20, 30));
}
