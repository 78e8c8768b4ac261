//! The rows that settlement writes, as ready text: nothing is looked up, decided or checked. What is left
//! is the database.

use crate::installation::BUYERS;
use anyhow::Result;
use contract::ids::{Nonce, OrderSn, SaleId};
use sqlx::{AssertSqlSafe, MySqlConnection};

/// Ids of mall orders that nobody else gets: so many are left to each call, since the database goes on
/// counting behind the largest one it has seen.
const IDS: u64 = 1 << 40;

/// The statements of a step each, ready to be sent.
pub(crate) struct Ready(Vec<[String; 5]>);

/// Texts of so many steps, beginning with this order.
pub(crate) fn statements(sale: u64, first: usize, steps: usize, orders: usize, records: usize) -> Ready {
    let first_id = IDS * (1 + (first / (steps * orders * records)) as u64);
    let step = |step: usize| {
        let begin = first + step * orders * records;
        let numbers = begin..begin + orders * records;
        let rows = |row: &dyn Fn(u64) -> String| {
            numbers.clone().map(|number| row(number as u64)).collect::<Vec<_>>().join(",")
        };
        [
            format!(
                "insert into orders (id, user_id, order_sn, kind, sale_id, status, consignee, mobile, address, message, \
                 goods_minor, order_minor, actual_minor, pay_by, paid_at) values {}",
                rows(&|n| format!(
                    "({},{},'{}',0,{sale},101,'A. Buyer','13800000000','Province City County 1 Street','',990,990,990,\
                     '2030-01-01 00:00:00.000',null)",
                    first_id + n,
                    n % BUYERS + 1,
                    OrderSn { sale: SaleId(sale), nonce: nonce(n) }
                ))
            ),
            format!(
                "insert into order_goods (order_id, goods_id, goods_name, goods_sn, sku_id, quantity, price_minor, \
                 specifications, pic_url) values {}",
                rows(&|n| format!("({},1,'Goods','G1',1,1,990,'[\"standard\"]','')", first_id + n))
            ),
            format!(
                "insert into due_task (kind, subject_id, due_at) values {}",
                rows(&|n| format!("('order_unpaid',{},'2030-01-01 00:00:00.000')", first_id + n))
            ),
            format!(
                "insert into flash_order (sale_id, nonce, user_id, units, price_minor, state, generation, order_id, \
                 body_hash, sequence, added_at) values {}",
                rows(&|n| format!(
                    "({sale},x'{}',{},1,990,0,1,{},x'0102030405060708',1,'2030-01-01 00:00:00.000')",
                    hex(n),
                    n % BUYERS + 1,
                    first_id + n
                ))
            ),
            format!(
                "insert into stock_log (sale_id, cause, cause_id, delta) values {}",
                (0..records)
                    .map(|record| format!(
                        "({sale},0,x'{}',-{orders})",
                        hex((begin + record * orders) as u64)
                    ))
                    .collect::<Vec<_>>()
                    .join(",")
            ),
        ]
    };
    Ready((0..steps).map(step).collect())
}

/// Sends them, a transaction a step.
pub(crate) async fn insert(connection: &mut MySqlConnection, ready: &Ready) -> Result<()> {
    for step in &ready.0 {
        sqlx::raw_sql("start transaction").execute(&mut *connection).await?;
        for sql in step {
            sqlx::raw_sql(AssertSqlSafe(sql.as_str())).execute(&mut *connection).await?;
        }
        sqlx::raw_sql("commit").execute(&mut *connection).await?;
    }
    Ok(())
}

fn nonce(number: u64) -> Nonce {
    let mut bytes = [2; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Nonce(bytes)
}

fn hex(number: u64) -> String {
    nonce(number).0.iter().map(|byte| format!("{byte:02x}")).collect()
}
