//! A buyer's look at an order.

use super::failure::Failure;
use super::sales::unix_ms;
use crate::settlement::{Look, SettledOrder};
use contract::ids::{OrderSn, UserId};
use contract::ledger::{FlashOrderState, SaleState};
use sqlx::mysql::MySqlConnection;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{Row as _, query};

/// The order, if it is this buyer's, and its sale, in one statement and so of one moment.
pub(super) async fn find(
    connection: &mut MySqlConnection,
    sn: OrderSn,
    user: UserId,
) -> Result<Look, Failure> {
    let row = query(
        "select s.state as sale_state, f.state, f.order_id, m.pay_by, f.units, f.price_minor
        from flash_sale s
        left join flash_order f on f.sale_id = s.id and f.nonce = ? and f.user_id = ?
        left join orders m on m.id = f.order_id
        where s.id = ?",
    )
    .bind(sn.nonce.0.as_slice())
    .bind(user.0)
    .bind(sn.sale.0)
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(Look::default()) };
    let sale = SaleState::from_code(row.try_get("sale_state")?);
    let sale = Some(sale.ok_or(Failure::Broken("a sale in an unknown state"))?);
    let Some(state) = row.try_get("state")? else { return Ok(Look { order: None, sale }) };
    let order = SettledOrder {
        state: FlashOrderState::from_code(state).ok_or(Failure::Broken("an order in an unknown state"))?,
        order_id: row.try_get("order_id")?,
        pay_by_ms: row.try_get::<Option<DateTime<Utc>>, _>("pay_by")?.map(unix_ms),
        units: row.try_get("units")?,
        price_minor: row.try_get("price_minor")?,
    };
    Ok(Look { order: Some(order), sale })
}
