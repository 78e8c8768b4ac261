//! A buyer's look at an order.

use super::failure::Failure;
use super::sales::unix_ms;
use crate::settlement::SettledOrder;
use contract::ids::{OrderSn, UserId};
use contract::ledger::FlashOrderState;
use sqlx::mysql::MySqlConnection;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{Row as _, query};

/// The order, if it is this buyer's.
pub(super) async fn find(
    connection: &mut MySqlConnection,
    sn: OrderSn,
    user: UserId,
) -> Result<Option<SettledOrder>, Failure> {
    let row = query(
        "select f.state, f.order_id, m.pay_by, f.units, f.price_minor
        from flash_order f left join orders m on m.id = f.order_id
        where f.sale_id = ? and f.nonce = ? and f.user_id = ?",
    )
    .bind(sn.sale.0)
    .bind(sn.nonce.0.as_slice())
    .bind(user.0)
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(SettledOrder {
        state: FlashOrderState::from_code(row.try_get("state")?)
            .ok_or(Failure::Broken("an order in an unknown state"))?,
        order_id: row.try_get("order_id")?,
        pay_by_ms: row.try_get::<Option<DateTime<Utc>>, _>("pay_by")?.map(unix_ms),
        units: row.try_get("units")?,
        price_minor: row.try_get("price_minor")?,
    }))
}
