//! The list of orders of staff says how many there are as if it had counted them, and its pages have what
//! sorting all of them gives, whatever is rolled up and whatever has changed since.

use crate::harness::{Call, World};
use serde_json::Value;
use sqlx::AssertSqlSafe;

/// Filters as they are sent, and the same as a condition; times are eight hours ahead of the table's.
const FILTERS: [(&str, &str); 9] = [
    ("", "true"),
    ("orderStatusArray=402", "status = 402"),
    ("orderStatusArray=201,301,104", "status in (201, 301, 104)"),
    ("orderStatusArray=999", "status = 999"),
    ("start=2020-03-02%2000:00:00", "added_at >= '2020-03-01 16:00:00'"),
    ("end=2020-03-05%2000:00:01", "added_at < '2020-03-04 16:00:01'"),
    (
        "start=2020-03-02%2013:00:00&end=2020-03-05%2007:30:00",
        "added_at >= '2020-03-02 05:00:00' and added_at < '2020-03-04 23:30:00'",
    ),
    (
        "start=2020-03-03%2001:00:00&end=2020-03-03%2002:00:00&orderStatusArray=401,402",
        "added_at >= '2020-03-02 17:00:00' and added_at < '2020-03-02 18:00:00' and status in (401, 402)",
    ),
    ("nickname=buyer&orderStatusArray=301", "status = 301"),
];
const ORDERS: [(&str, &str); 4] = [
    ("sort=add_time&order=desc", "added_at desc, id desc"),
    ("sort=add_time&order=asc", "added_at asc, id desc"),
    ("sort=id&order=desc", "id desc"),
    ("sort=id&order=asc", "id asc"),
];

async fn agree(world: &World, staff: &str) {
    for (query, condition) in FILTERS {
        for (sort, order) in ORDERS {
            let all: Vec<u64> = sqlx::query_scalar(AssertSqlSafe(format!(
                "select id from orders where deleted = false and {condition} order by {order}"
            )))
            .fetch_all(&world.db)
            .await
            .unwrap();
            // The first pages, one in the middle, the last.
            let last = all.len().div_ceil(7).max(1);
            for page in [1, 2.min(last), all.len() / 14 + 1, last] {
                let target = format!("/admin/order/list?limit=7&page={page}&{sort}&{query}");
                let found = world.ok(Call::get(&target).staff(staff)).await;
                assert_eq!(found["total"], all.len(), "{target}");
                let ids: Vec<u64> = found["list"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|order| order["id"].as_u64().unwrap())
                    .collect();
                let expected: Vec<u64> = all.iter().copied().skip((page - 1) * 7).take(7).collect();
                assert_eq!(ids, expected, "{target}");
            }
        }
    }
}

#[tokio::test]
async fn totals_and_pages_are_those_of_every_order() {
    let world = World::new().await;
    world.shopper("buyer", "").await;
    let staff = world.staff_token("root").await;
    let run = async |statement: &'static str| {
        sqlx::raw_sql(statement).execute(&world.db).await.unwrap();
    };
    agree(&world, &staff).await;
    // Seven days, many orders of the same moment.
    run("insert into orders (user_id, order_sn, status, consignee, mobile, address, goods_minor, order_minor, \
         actual_minor, pay_by, shipped_at, added_at, updated_at) select 1, concat('sn', seq), \
         elt(1 + seq % 4, 401, 402, 301, 201), 'to', '', '', 1, 1, 1, '2020-03-01', now(3), \
         date_add('2020-02-27 15:30:00', interval (seq * 37 % 400) * 25 minute), '2020-03-09' from seq_1_to_900")
    .await;
    // They are said to have changed long ago, so that the figures are told to look again.
    run("update stat_mark set followed_to = '1970-01-01 00:00:01', refreshed_at = '1970-01-01' \
         where subject = 'state'")
    .await;
    agree(&world, &staff).await;
    let rolled_up = async || {
        let day: Option<i64> =
            sqlx::query_scalar("select cast(sum(s401 + s402 + s301 + s201) as signed) from stat_state_day")
                .fetch_one(&world.db)
                .await
                .unwrap();
        day == Some(900)
    };
    for _ in 0..2_400 {
        if rolled_up().await {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert!(rolled_up().await, "the background counts the days");
    agree(&world, &staff).await;
    // The figures are used: a wrong one is seen.
    let total =
        async || -> Value { world.ok(Call::get("/admin/order/list").staff(&staff)).await["total"].clone() };
    run("update stat_state_day set s401 = s401 + 1000 where day = '2020-03-01'").await;
    assert_eq!(total().await, 1_900);
    run("update stat_state_day set s401 = s401 - 1000 where day = '2020-03-01'").await;
    // What changes afterwards is counted anew: other states, deleted ones, new ones, in days of before.
    run("update orders set status = 402 where id % 5 = 0 and status = 301").await;
    agree(&world, &staff).await;
    run("update orders set deleted = true where id % 7 = 0").await;
    run("insert into orders (user_id, order_sn, status, consignee, mobile, address, goods_minor, order_minor, \
         actual_minor, pay_by, added_at) select 1, concat('new', seq), 104, 'to', '', '', 1, 1, 1, '2020-03-01', \
         if(seq % 2, '2020-03-02 17:30:00', now(3)) from seq_1_to_20")
    .await;
    agree(&world, &staff).await;
    world.finish().await;
}
