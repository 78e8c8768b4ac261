//! Payments the provider told us of, and money that goes back.

use crate::provider::pay::Notice;
use sqlx::{FromRow, MySqlConnection};

/// Outcome of a payment: applied to its order.
pub const APPLIED: u8 = 0;
/// Outcome of a payment: too late or wrong, and refunded.
pub const UNWANTED: u8 = 1;

/// Whether a payment was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// Now, under this id.
    First(u64),
    /// Before: this transaction is known.
    Again,
}

/// Writes a payment down, once per transaction of the provider.
pub async fn note(
    db: &mut MySqlConnection,
    order: u64,
    provider: &str,
    notice: &Notice,
    outcome: u8,
) -> sqlx::Result<Noted> {
    let inserted = sqlx::query(
        "insert into payment (order_id, provider, transaction_id, amount_minor, outcome, paid_at) \
         values (?, ?, ?, ?, ?, ?)",
    )
    .bind(order)
    .bind(provider)
    .bind(&notice.transaction_id)
    .bind(notice.amount_minor)
    .bind(outcome)
    .bind(notice.paid_at)
    .execute(db)
    .await;
    match inserted {
        Ok(done) => Ok(Noted::First(done.last_insert_id())),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(Noted::Again),
        Err(error) => Err(error),
    }
}

/// Order and amount of a payment that is known.
pub async fn known(
    db: &mut MySqlConnection,
    provider: &str,
    transaction_id: &str,
) -> sqlx::Result<Option<(u64, i64)>> {
    sqlx::query_as("select order_id, amount_minor from payment where provider = ? and transaction_id = ?")
        .bind(provider)
        .bind(transaction_id)
        .fetch_optional(db)
        .await
}

/// Asks for a refund of a payment; the unique key on the payment keeps it to one.
pub async fn ask_refund(
    db: &mut MySqlConnection,
    order: u64,
    payment: u64,
    amount_minor: i64,
    reason: &str,
) -> sqlx::Result<()> {
    sqlx::query("insert into refund (order_id, payment_id, amount_minor, reason) values (?, ?, ?, ?)")
        .bind(order)
        .bind(payment)
        .bind(amount_minor)
        .bind(reason)
        .execute(db)
        .await?;
    Ok(())
}

/// A refund that has not been confirmed.
#[derive(Debug, FromRow)]
pub struct OpenRefund {
    /// Id.
    pub id: u64,
    /// The payment.
    pub payment_id: u64,
    /// The provider's id of the payment.
    pub transaction_id: String,
    /// How much.
    pub amount_minor: i64,
    /// Tries so far.
    pub attempts: u32,
}

/// Claims one refund to be sent, past what others have claimed; after a failed try it rests, at most
/// ten minutes.
pub async fn claim_refund(db: &mut MySqlConnection, provider: &str) -> sqlx::Result<Option<OpenRefund>> {
    sqlx::query_as(
        "select r.id, r.payment_id, p.transaction_id, r.amount_minor, r.attempts \
         from refund r join payment p on p.id = r.payment_id \
         where r.state = 0 and p.provider = ? and (r.attempts = 0 or \
         r.updated_at <= date_sub(now(3), interval least(600, pow(2, least(r.attempts, 10))) second)) \
         order by r.id limit 1 for update skip locked",
    )
    .bind(provider)
    .fetch_optional(db)
    .await
}

/// The provider confirmed a refund.
pub async fn refund_done(db: &mut MySqlConnection, id: u64, provider_id: &str) -> sqlx::Result<()> {
    sqlx::query("update refund set state = 1, provider_refund_id = ?, attempts = attempts + 1 where id = ?")
        .bind(provider_id)
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// The provider did not confirm a refund.
pub async fn refund_failed(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("update refund set attempts = attempts + 1 where id = ?").bind(id).execute(db).await?;
    Ok(())
}
