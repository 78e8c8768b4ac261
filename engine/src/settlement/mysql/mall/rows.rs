//! One function per table.

use super::address::Recipient;
use super::subject::Subject;
use crate::settlement::mysql::failure::Failure;
use crate::settlement::mysql::purchases::Purchase;
use crate::settlement::mysql::rows::{ROWS_MAX, bind_list, insert, list};
use contract::ledger::{SaleKind, order_status};
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _, query};
use std::collections::HashMap;
use std::ops::Range;

/// Coupons that cost nothing, one per unit, theirs at once.
pub(super) async fn insert_coupons(
    connection: &mut MySqlConnection,
    granted: &[(&Purchase<'_>, &Subject)],
) -> Result<(), Failure> {
    let units: Vec<_> = granted
        .iter()
        .flat_map(|(purchase, subject)| {
            (1..=purchase.order.quantity).map(move |unit| (purchase, subject, unit))
        })
        .collect();
    insert(
        connection,
        "insert into coupon_user (user_id, coupon_id, starts_at, ends_at, flash_sn, flash_unit)",
        "(?,?,?,?,?,?)",
        &units,
        |statement, (purchase, subject, unit)| {
            statement
                .bind(purchase.order.user.0)
                .bind(subject.coupon_id)
                .bind(subject.valid.0)
                .bind(subject.valid.1)
                .bind(purchase.sn.as_str())
                .bind(*unit)
        },
    )
    .await
    .map(drop)
}

/// The mall's orders: unpaid, or paid when there is nothing to pay. Answers with where their ids ought
/// to be.
pub(super) async fn insert_orders(
    connection: &mut MySqlConnection,
    orders: &[(&Purchase<'_>, &Recipient)],
) -> Result<Range<u64>, Failure> {
    insert(
        connection,
        "insert into orders (user_id, order_sn, kind, sale_id, status, consignee, mobile, address,
            message, goods_minor, order_minor, actual_minor, pay_by, paid_at)",
        "(?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        orders,
        |statement, (purchase, to)| {
            let free = purchase.free_of_charge();
            statement
                .bind(purchase.order.user.0)
                .bind(purchase.sn.as_str())
                .bind(purchase.kind.code())
                .bind(purchase.batch.sale.0)
                .bind(if free { order_status::PAID } else { order_status::UNPAID })
                .bind(to.name.as_str())
                .bind(to.tel.as_str())
                .bind(to.text.as_str())
                .bind(purchase.order.message.as_str())
                .bind(purchase.total_minor)
                .bind(purchase.total_minor)
                .bind(purchase.total_minor)
                .bind(purchase.pay_by)
                .bind(free.then_some(purchase.now))
        },
    )
    .await
}

/// Ids of the mall's orders by number. They are read from where they ought to be, which is a third of the
/// work of finding them by number; a server that counts ids otherwise is asked by number after all.
pub(super) async fn order_ids(
    connection: &mut MySqlConnection,
    purchases: &[&Purchase<'_>],
    guess: Range<u64>,
) -> Result<HashMap<String, u64>, Failure> {
    let mut ids = HashMap::with_capacity(purchases.len());
    let statement = query("select id, order_sn from orders where id >= ? and id < ?");
    for row in statement.bind(guess.start).bind(guess.end).fetch_all(&mut *connection).await? {
        ids.insert(row.try_get("order_sn")?, row.try_get("id")?);
    }
    let missing: Vec<_> = purchases.iter().filter(|it| !ids.contains_key(it.sn.as_str())).collect();
    for missing in missing.chunks(ROWS_MAX) {
        let sql = format!("select id, order_sn from orders where order_sn in ({})", list(missing.len()));
        let statement =
            bind_list(query(AssertSqlSafe(sql)), missing, |s, purchase| s.bind(purchase.sn.as_str()));
        for row in statement.fetch_all(&mut *connection).await? {
            ids.insert(row.try_get("order_sn")?, row.try_get("id")?);
        }
    }
    Ok(ids)
}

/// One line an order.
pub(super) async fn insert_lines(
    connection: &mut MySqlConnection,
    lines: &[(u64, &Purchase<'_>, &Subject)],
) -> Result<(), Failure> {
    insert(
        connection,
        "insert into order_goods (order_id, goods_id, goods_name, goods_sn, sku_id, quantity, price_minor,
            specifications, pic_url)",
        "(?,?,?,?,?,?,?,?,?)",
        lines,
        |statement, (order_id, purchase, subject)| {
            statement
                .bind(*order_id)
                .bind(subject.goods_id)
                .bind(subject.name.as_str())
                .bind(subject.sn.as_str())
                .bind(subject.sku_id)
                .bind(i32::from(purchase.order.quantity))
                .bind(purchase.batch.price_minor)
                .bind(subject.specifications.as_str())
                .bind(subject.pic_url.as_str())
        },
    )
    .await
    .map(drop)
}

/// One ticket a unit, valid once paid, with a code nobody can guess.
pub(super) async fn insert_tickets(
    connection: &mut MySqlConnection,
    lines: &[(u64, &Purchase<'_>, &Subject)],
) -> Result<(), Failure> {
    let mut tickets = Vec::new();
    for (order_id, purchase, subject) in lines.iter().filter(|(_, it, _)| it.kind == SaleKind::Ticket) {
        for unit in 1..=purchase.order.quantity {
            tickets.push((*order_id, *purchase, *subject, unit, ticket_code()?));
        }
    }
    insert(
        connection,
        "insert into ticket (user_id, order_id, ticket_type_id, unit, status, code)",
        "(?,?,?,?,?,?)",
        &tickets,
        |statement, (order_id, purchase, subject, unit, code)| {
            statement
                .bind(purchase.order.user.0)
                .bind(*order_id)
                .bind(subject.ticket_type_id)
                .bind(*unit)
                .bind(u8::from(purchase.free_of_charge()))
                .bind(code.as_str())
        },
    )
    .await
    .map(drop)
}

fn ticket_code() -> Result<String, Failure> {
    let mut code = [0; 16];
    getrandom::fill(&mut code)?;
    Ok(code.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// When unpaid orders lapse.
pub(super) async fn insert_due(
    connection: &mut MySqlConnection,
    lines: &[(u64, &Purchase<'_>, &Subject)],
) -> Result<(), Failure> {
    let unpaid: Vec<_> = lines.iter().filter(|(_, purchase, _)| !purchase.free_of_charge()).collect();
    insert(
        connection,
        "insert into due_task (kind, subject_id, due_at)",
        "('order_unpaid',?,?)",
        &unpaid,
        |statement, (order_id, purchase, _)| statement.bind(*order_id).bind(purchase.pay_by),
    )
    .await
    .map(drop)
}
