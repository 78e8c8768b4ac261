//! Payments the provider was asked to take. A request is known to it by order and amount.

use sqlx::{FromRow, MySqlConnection};

/// Writes down that the provider is asked; asking again for the same amount is the same request.
pub async fn open(db: &mut MySqlConnection, order: u64, amount_minor: i64) -> sqlx::Result<()> {
    sqlx::query(
        "insert into payment_request (order_id, amount_minor) values (?, ?) \
         on duplicate key update closed = false",
    )
    .bind(order)
    .bind(amount_minor)
    .execute(db)
    .await?;
    Ok(())
}

/// A request that is not wanted any more.
#[derive(Clone, Debug, FromRow)]
pub struct Unwanted {
    /// Id.
    pub id: u64,
    /// The order.
    pub order_id: u64,
    /// Its number.
    pub order_sn: String,
    /// For how much.
    pub amount_minor: i64,
}

/// Open requests of an order that is not unpaid, or costs something else now.
pub async fn unwanted(db: &mut MySqlConnection, order: u64) -> sqlx::Result<Vec<Unwanted>> {
    sqlx::query_as(
        "select r.id, r.order_id, o.order_sn, r.amount_minor from payment_request r \
         join orders o on o.id = r.order_id where r.order_id = ? and r.closed = false \
         and (o.status <> 101 or o.actual_minor <> r.amount_minor) order by r.id",
    )
    .bind(order)
    .fetch_all(db)
    .await
}

/// The provider will not take it any more.
pub async fn closed(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("update payment_request set closed = true where id = ?").bind(id).execute(db).await?;
    Ok(())
}
