//! Orders of the last two years, the newest last, one or two lines each, in every state an order can be in
//! that long after it was placed; with payments, refunds, after-sales and reviews. Some shoppers and some
//! goods have many of them.

use super::{Span, goods, insert, people, spans, state, tell};
use crate::state::App;
use anyhow::{Context, ensure};
use sqlx::MySqlConnection;

/// Minutes over which the orders of a run are spread.
const MINUTES: u64 = 2 * 365 * 24 * 60;
const DAY: u64 = 24 * 60;

/// Fills up to so many.
pub(super) async fn fill(app: &App, wanted: u64) -> anyhow::Result<()> {
    let (rows, highest) = state(
        &app.db,
        "select count(*) from orders",
        "select max(order_sn) from orders where order_sn like 'VO%'",
    )
    .await
    .context("orders")?;
    if rows >= wanted {
        return Ok(());
    }
    let mut db = app.db.acquire().await?;
    let (goods, people) = (goods::highest(&mut db).await?, people::highest(&mut db).await?);
    drop(db);
    ensure!(goods > 0, "--orders: orders are of goods; give --goods as well");
    ensure!(people > 0, "--orders: orders are somebody's; give --users as well");
    let expressions = expressions(goods, people, highest + wanted - rows, wanted - rows);
    let mut done = rows;
    for span in spans(rows, highest, wanted) {
        let mut tx = app.db.begin().await?;
        done += batch(&mut tx, span, &expressions).await.context("orders")?;
        tx.commit().await?;
        tell("orders", done, wanted);
    }
    Ok(())
}

/// What follows from an order's number, in turn, the later ones using the earlier.
fn expressions(goods: u64, people: u64, last: u64, orders: u64) -> Vec<(&'static str, String)> {
    let age = format!("(({last} - n) * {MINUTES} div {orders})");
    // A number from 0 to below 1, and its square, which is small more often than not.
    let part = "(n * 2654435761 % 1000003 / 1000003)";
    let other = "(n * 40503 % 1000033 / 1000033)";
    let days = |days: u64| days * DAY;
    vec![
        // In the column's character set, so that its index finds it.
        ("order_sn", "convert(concat('VO', lpad(n, 9, '0')) using ascii)".to_owned()),
        ("buyer", format!("concat('shopper', lpad(1 + floor({part} * {part} * {people}), 7, '0'))")),
        ("first", format!("concat('VG', lpad(1 + floor({other} * {other} * {goods}), 7, '0'))")),
        ("second", format!("concat('VG', lpad(1 + n * 31 % {goods}, 7, '0'))")),
        ("has_two", "(n % 4 = 0)".to_owned()),
        ("units", "(1 + n % 3)".to_owned()),
        (
            "status",
            format!(
                "case when n * 31 % 100 < 8 then 102 when n * 31 % 100 < 14 then 103 when n * 31 % 100 < 17 then 203 \
                 when n % 10 = 3 and {age} < {} then 101 when {age} < {} then 201 when {age} < {} then 301 \
                 when n % 3 = 0 then 402 else 401 end",
                days(25),
                days(2),
                days(6)
            ),
        ),
        // Within the time for reviews, with some to spare.
        ("reviewable", format!("{age} < {}", days(9))),
        ("reviewed", format!("n % 5 = 0 and {age} > {}", days(12))),
        ("disputed", format!("n % 50 = 1 and {age} > {}", days(12))),
        ("added", format!("date_sub(now(3), interval {age} minute)")),
    ]
}

async fn batch(db: &mut MySqlConnection, span: Span, expressions: &[(&str, String)]) -> anyhow::Result<u64> {
    let added = insert(db, ORDERS, span, expressions).await?;
    for text in [LINES, PAYMENTS, REFUNDS, AFTERSALES, REVIEWS] {
        insert(db, text, span, expressions).await?;
    }
    // Their changes lie in the past, where the figures have been already: they look again from the start.
    sqlx::query(
        "update stat_mark set followed_to = '1970-01-01 00:00:01' where subject in ('order', 'goods', 'state')",
    )
    .execute(db)
    .await?;
    Ok(added)
}

/// The inner table decides, the outer one writes down what follows from it.
const ORDERS: &str = "insert into orders (user_id, order_sn, status, aftersale_status, consignee, mobile, address, \
    goods_minor, freight_minor, order_minor, actual_minor, pay_by, pay_id, paid_at, ship_sn, ship_channel, \
    shipped_at, refund_minor, refund_type, refunded_at, confirmed_at, comments, ended_at, added_at, updated_at) \
    select buyer, order_sn, status, if(disputed, 4, 0), consignee, mobile, address, goods, freight, goods + freight, \
    goods + freight, date_add(added, interval 30 day), if(paid, concat('volume-', n), null), \
    if(paid, date_add(added, interval 5 minute), null), if(shipped, concat('YT', lpad(n, 12, '0')), null), \
    if(shipped, 'YTO', null), if(shipped, date_add(added, interval 1 day), null), \
    if(status = 203, goods + freight, null), if(status = 203, 'local', null), \
    if(status = 203, date_add(added, interval 2 day), null), if(received, date_add(added, interval 4 day), null), \
    if(received and reviewable, 1 + has_two, 0), if(status in (102, 103), date_add(added, interval 30 minute), null), \
    added, least(now(3), date_add(added, interval 4 day)) from (\
    select n, s.id as buyer, {order_sn} as order_sn, {added} as added, {status} as status, {has_two} as has_two, \
    {status} in (201, 203, 301, 401, 402) as paid, {status} in (301, 401, 402) as shipped, \
    {status} in (401, 402) as received, {reviewable} as reviewable, {disputed} and {status} in (401, 402) as disputed, \
    a.name as consignee, a.tel as mobile, concat(a.province, a.city, a.county, ' ', a.detail) as address, \
    f.retail_price_minor * {units} + if({has_two}, t.retail_price_minor, 0) as goods, \
    if(f.retail_price_minor * {units} < 8800, 800, 0) as freight \
    from {numbers} join shopper s on s.username = {buyer} join address a on a.user_id = s.id and a.is_default \
    join goods f on f.goods_sn = {first} join goods t on t.goods_sn = {second}) decided order by n";

const LINES: &str = "insert into order_goods (order_id, goods_id, goods_name, goods_sn, sku_id, quantity, \
    price_minor, specifications, pic_url, comment_id, added_at, updated_at) \
    select o.id, g.id, g.name, g.goods_sn, k.id, if(line = 0, {units}, 1), k.price_minor, k.specifications, \
    g.pic_url, if(o.comments > 0 or o.status not in (401, 402), 0, -1), o.added_at, o.updated_at \
    from {numbers} join orders o on o.order_sn = {order_sn} \
    cross join (select 0 as line union all select 1) line_numbers \
    join goods g on g.goods_sn = if(line = 0, {first}, {second}) \
    join sku k on k.goods_id = g.id and k.price_minor = g.retail_price_minor \
    where line = 0 or {has_two} order by o.id, line";

const PAYMENTS: &str = "insert into payment (order_id, provider, transaction_id, amount_minor, outcome, paid_at, \
    added_at) select o.id, 'local', o.pay_id, o.actual_minor, 0, o.paid_at, o.paid_at \
    from {numbers} join orders o on o.order_sn = {order_sn} where o.pay_id is not null order by o.id";

const REFUNDS: &str = "insert into refund (order_id, payment_id, amount_minor, reason, state, attempts, \
    provider_refund_id, purpose, added_at) select o.id, p.id, o.actual_minor, 'refund', 1, 1, \
    concat('local-', p.id), 1, o.refunded_at from {numbers} join orders o on o.order_sn = {order_sn} \
    join payment p on p.order_id = o.id where o.status = 203 order by o.id";

const AFTERSALES: &str = "insert into aftersale (aftersale_sn, order_id, user_id, kind, reason, amount_minor, \
    pictures, status, handled_at, added_at) select concat('VA', lpad(n, 9, '0')), o.id, o.user_id, 1, \
    'not as described', o.goods_minor, '[]', 4, date_add(o.added_at, interval 8 day), \
    date_add(o.added_at, interval 6 day) from {numbers} join orders o on o.order_sn = {order_sn} \
    where o.aftersale_status = 4 order by o.id";

const REVIEWS: &str = "insert into comment (kind, value_id, user_id, content, star, pic_urls, reply, replied_at, \
    added_at) select 0, g.id, o.user_id, elt(1 + n % 4, 'Just as shown.', 'Came quickly, well packed.', \
    'Smaller than I thought.', 'I would buy it again.'), 3 + n % 3, '[]', if(n % 35 = 0, 'Thank you!', ''), \
    if(n % 35 = 0, date_add(o.confirmed_at, interval 3 day), null), date_add(o.confirmed_at, interval 2 day) \
    from {numbers} join orders o on o.order_sn = {order_sn} join goods g on g.goods_sn = {first} \
    where {reviewed} and o.status in (401, 402) order by o.id";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_braces_stands_for_something() {
        let expressions = expressions(100, 50, 1_000, 1_000);
        for text in [ORDERS, LINES, PAYMENTS, REFUNDS, AFTERSALES, REVIEWS] {
            let mut filled = text.replace("{numbers}", "numbers");
            for (name, with) in &expressions {
                filled = filled.replace(&format!("{{{name}}}"), with);
            }
            assert!(!filled.contains('{'), "{filled}");
        }
    }
}
