//! The mall's own rows of settled orders, as shoppers, staff and catalog-api find them.

use super::bench::{
    Bench as _, STOCK, batch, logged, nonce, order, order_by, orders, sale, sale_of, sn, tally,
};
use super::mariadb::MariaDbBench;
use contract::ids::AddressId;
use contract::ledger::SaleKind;
use contract::record::{Order, Record};
use engine::handoff::Logged;
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Row as _, query};

async fn row(bench: &MariaDbBench, sql: &str) -> MySqlRow {
    query(AssertSqlSafe(sql.to_owned())).fetch_one(&bench.pool).await.unwrap()
}

async fn texts(bench: &MariaDbBench, sql: &str) -> Vec<String> {
    let rows = query(AssertSqlSafe(sql.to_owned())).fetch_all(&bench.pool).await.unwrap();
    rows.iter().map(|row| row.try_get(0).unwrap()).collect()
}

fn priced(offset: i64, sale: u64, price_minor: i64, orders: Vec<Order>) -> Logged {
    let mut batch = batch(sale, 1, orders);
    batch.price_minor = price_minor;
    logged(offset, Record::Orders(batch))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goods_become_an_unpaid_order_with_its_line_and_a_time_to_pay() {
    let bench = MariaDbBench::new().await;
    bench.add_sale(&sale(1, 10)).await;
    bench.settle(&[orders(0, 1, vec![order(5, 2)])]).await;
    let sn = sn(1, 5).to_string();

    let order = row(
        &bench,
        "select o.user_id, o.order_sn, o.kind, o.sale_id, o.status, o.message, o.goods_minor, o.freight_minor,
            o.order_minor, o.actual_minor, o.paid_at is null as unpaid, f.order_id = o.id as linked,
            timestampdiff(second, o.added_at, o.pay_by) as pay_within, t.due_at = o.pay_by as due
        from orders o join flash_order f on f.order_id = o.id
        join due_task t on t.subject_id = o.id and t.kind = 'order_unpaid'",
    )
    .await;
    assert_eq!(order.get::<u64, _>("user_id"), 1005);
    assert_eq!(order.get::<String, _>("order_sn"), sn);
    assert_eq!((order.get::<u8, _>("kind"), order.get::<Option<u64>, _>("sale_id")), (0, Some(1)));
    assert_eq!((order.get::<u16, _>("status"), order.get::<i64, _>("freight_minor")), (101, 0));
    assert_eq!(order.get::<String, _>("message"), "note 5 ✓");
    for amount in ["goods_minor", "order_minor", "actual_minor"] {
        assert_eq!(order.get::<i64, _>(amount), 1980, "{amount}");
    }
    for is in ["unpaid", "linked", "due"] {
        assert!(order.get::<bool, _>(is), "{is}");
    }
    assert!((895..=900).contains(&order.get::<i64, _>("pay_within")));

    let line = row(
        &bench,
        "select goods_id, goods_name, goods_sn, sku_id, quantity, price_minor,
            cast(specifications as char) as specifications, pic_url from order_goods",
    )
    .await;
    assert_eq!((line.get::<u64, _>("goods_id"), line.get::<u64, _>("sku_id")), (1, 1));
    assert_eq!(line.get::<String, _>("goods_name"), "goods 1");
    assert_eq!(line.get::<String, _>("goods_sn"), "G-1");
    assert_eq!(line.get::<String, _>("specifications"), "[\"red\"]");
    assert_eq!(line.get::<String, _>("pic_url"), "/goods.png");
    assert_eq!((line.get::<i32, _>("quantity"), line.get::<i64, _>("price_minor")), (2, 990));
    assert_eq!(bench.resource(contract::ids::SaleId(1)).await, STOCK);
    bench.assert_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_go_to_the_named_address_the_default_one_or_the_newest() {
    let bench = MariaDbBench::new().await;
    bench.add_sale(&sale(1, 20)).await;
    for (id, user, is_default, deleted) in [
        (1, 1, true, false),
        (2, 1, false, false),
        (3, 1, false, true),
        (4, 2, false, false),
        (5, 2, false, false),
        (6, 2, false, true),
        (7, 3, true, true),
    ] {
        bench
            .run(&format!(
                "insert into address (id, user_id, name, province, city, county, detail, tel, is_default, deleted)
                values ({id}, {user}, 'name {id}', 'P', 'C', 'D', 'street {id}', '+{id}', {is_default}, {deleted})"
            ))
            .await;
    }
    // Buyer, address named, address meant.
    let cases = [
        (1, 2, Some(2)),
        (1, 0, Some(1)),
        (1, 3, Some(1)),
        (1, 4, Some(1)),
        (2, 0, Some(5)),
        (2, 6, Some(5)),
        (2, 4, Some(4)),
        (3, 7, None),
        (4, 99, None),
    ];
    let wanted = (0..)
        .zip(cases)
        .map(|(n, (user, named, _))| Order { address: AddressId(named), ..order_by(user, n, 1) })
        .collect();
    assert_eq!(bench.settle(&[orders(0, 1, wanted)]).await, tally(9, 0, 0, 0));
    for (n, (user, named, meant)) in (0..).zip(cases) {
        let got = row(
            &bench,
            &format!("select consignee, mobile, address from orders where order_sn = '{}'", sn(1, n)),
        )
        .await;
        let got: [String; 3] = ["consignee", "mobile", "address"].map(|column| got.get(column));
        let wanted = match meant {
            Some(id) => [format!("name {id}"), format!("+{id}"), format!("PCD street {id}")],
            None => [String::new(), String::new(), String::new()],
        };
        assert_eq!(got, wanted, "buyer {user} named {named}");
    }
    bench.assert_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_costs_nothing_is_paid_at_once() {
    let bench = MariaDbBench::new().await;
    bench.add_sale(&sale(1, 10)).await;
    bench.settle(&[priced(0, 1, 0, vec![order(1, 2)])]).await;
    let order = row(&bench, "select status, paid_at is not null as paid, actual_minor from orders").await;
    assert_eq!((order.get::<u16, _>("status"), order.get::<i64, _>("actual_minor")), (201, 0));
    assert!(order.get::<bool, _>("paid"));
    assert_eq!(bench.number("select count(*) from due_task where kind = 'order_unpaid'").await, 0);
    assert_eq!(bench.number("select state from flash_order").await, 1);
    bench.assert_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_a_unit_is_valid_once_there_is_nothing_to_pay() {
    let bench = MariaDbBench::new().await;
    bench.add_sale(&sale_of(SaleKind::Ticket, 1, 10)).await;
    bench.settle(&[priced(0, 1, 500, vec![order(1, 2)]), priced(1, 1, 0, vec![order(2, 3)])]).await;
    let tickets = "select concat(t.user_id, ' ', t.ticket_type_id, ' ', t.unit, ' ', t.status, ' ', o.kind)
        from ticket t join orders o on o.id = t.order_id order by t.user_id, t.unit";
    assert_eq!(
        texts(&bench, tickets).await,
        ["1001 1 1 0 2", "1001 1 2 0 2", "1002 1 1 1 2", "1002 1 2 1 2", "1002 1 3 1 2"]
    );
    let codes = "select count(distinct code) from ticket where code regexp '^[0-9a-f]{32}$'";
    assert_eq!(bench.number(codes).await, 5);
    assert_eq!(
        texts(&bench, "select concat(goods_id, ' ', goods_name, ' ', pic_url) from order_goods").await,
        ["0 session 1 stand /session.png", "0 session 1 stand /session.png"]
    );
    assert_eq!(bench.number("select count(*) from due_task where kind = 'order_unpaid'").await, 1);
    bench.assert_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_free_coupon_is_granted_and_a_priced_one_ordered() {
    let bench = MariaDbBench::new().await;
    for id in [1, 2] {
        bench.add_sale(&sale_of(SaleKind::Coupon, id, 10)).await;
    }
    bench
        .run("update coupon set time_kind = 1, starts_at = '2030-01-01', ends_at = '2030-02-01' where id = 2")
        .await;
    bench
        .settle(&[
            priced(0, 1, 0, vec![order(1, 2)]),
            priced(1, 2, 0, vec![order(2, 1)]),
            priced(2, 1, 700, vec![order(3, 1)]),
        ])
        .await;
    let granted = "select concat(user_id, ' ', coupon_id, ' ', status, ' ', flash_sn, ' ', flash_unit, ' ',
            timestampdiff(day, starts_at, ends_at), ' ', timestampdiff(year, now(), starts_at) > 0)
        from coupon_user order by id";
    let first = sn(1, 1);
    assert_eq!(
        texts(&bench, granted).await[..2],
        [format!("1001 1 0 {first} 1 10 0"), format!("1001 1 0 {first} 2 10 0")]
    );
    let window = "select concat(flash_sn, ' ', starts_at, ' ', ends_at) from coupon_user where coupon_id = 2";
    assert_eq!(
        texts(&bench, window).await,
        [format!("{} 2030-01-01 00:00:00.000 2030-02-01 00:00:00.000", sn(2, 2))]
    );
    let ordered =
        "select concat(o.user_id, ' ', o.kind, ' ', o.status, ' ', g.goods_name, ' ', g.price_minor)
        from orders o join order_goods g on g.order_id = o.id";
    assert_eq!(texts(&bench, ordered).await, ["1003 1 101 coupon 1 700"]);

    // A granted coupon that vanishes shows in the books.
    bench.assert_books().await;
    bench.run("delete from coupon_user where coupon_id = 2").await;
    assert_eq!(bench.books(contract::ids::SaleId(2)).await.rows_missing, 1);
    bench.run("delete from orders").await;
    assert_eq!(bench.books(contract::ids::SaleId(1)).await.rows_missing, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_record_logs_its_units_under_its_first_order() {
    let bench = MariaDbBench::new().await;
    bench.add_sale(&sale(1, 20)).await;
    bench.settle(&[orders(0, 1, vec![order(1, 1)])]).await;
    bench
        .settle(&[orders(1, 1, vec![order(1, 1), order(2, 2), order(3, 1)]), orders(2, 1, vec![order(4, 1)])])
        .await;
    let hex = |n| nonce(n).0.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let log = "select concat(cause, ' ', lower(hex(cause_id)), ' ', delta) from stock_log order by id";
    assert_eq!(
        texts(&bench, log).await,
        [format!("0 {} -1", hex(1)), format!("0 {} -3", hex(2)), format!("0 {} -1", hex(4))]
    );
    bench.assert_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_says_what_was_promised_and_why_it_failed() {
    let bench = MariaDbBench::new().await;
    bench.add_sale(&sale(1, 10)).await;
    bench.bury(&[orders(3, 1, vec![order(1, 1), order(2, 5)])]).await;
    let letter = row(
        &bench,
        "select sale_id, nonce, user_id, units, reason, partition_id, log_offset, topic_identity, bytes, resolved
        from dead_letter",
    )
    .await;
    assert_eq!((letter.get::<u64, _>("sale_id"), letter.get::<u64, _>("user_id")), (1, 1002));
    assert_eq!(letter.get::<Vec<u8>, _>("nonce"), nonce(2).0);
    assert_eq!((letter.get::<u32, _>("units"), letter.get::<bool, _>("resolved")), (5, false));
    assert_eq!(letter.get::<String, _>("reason"), "over the buyer's limit");
    assert_eq!((letter.get::<u32, _>("partition_id"), letter.get::<i64, _>("log_offset")), (0, 3));
    assert_eq!(letter.get::<String, _>("topic_identity"), super::bench::LOG);
    let record = Record::decode(&letter.get::<Vec<u8>, _>("bytes")).unwrap();
    assert_eq!(record, Record::Orders(batch(1, 1, vec![order(2, 5)])));
    bench.assert_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_another_buyer_settled_is_buried() {
    let bench = MariaDbBench::new().await;
    bench.add_sale(&sale(1, 10)).await;
    bench.settle(&[orders(0, 1, vec![order_by(1, 1, 1)])]).await;
    let records = [orders(1, 1, vec![order_by(2, 1, 1)])];
    super::bench::nothing_happened(bench.try_settle(&records, false).await);
    assert_eq!(bench.bury(&records).await, tally(0, 0, 0, 1));
    assert_eq!(texts(&bench, "select reason from dead_letter").await, ["token of another buyer"]);
    bench.assert_books().await;
}
