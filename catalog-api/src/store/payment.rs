//! Payments the provider told us of, and money that goes back.

use crate::provider::pay::Notice;
use sqlx::{FromRow, MySqlConnection};

/// Outcome of a payment: applied to its order.
pub const APPLIED: u8 = 0;
/// Outcome of a payment: too late or wrong, and refunded.
pub const UNWANTED: u8 = 1;

/// Provider of payments staff confirmed by hand; nobody can be asked to send them back.
pub const OFFLINE: &str = "offline";

/// Why money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It was not wanted.
    Unwanted,
    /// The order is refunded.
    Order,
    /// An after-sale is refunded.
    Aftersale,
}

impl Purpose {
    fn code(self) -> u8 {
        match self {
            Self::Unwanted => 0,
            Self::Order => 1,
            Self::Aftersale => 2,
        }
    }

    fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Order,
            2 => Self::Aftersale,
            _ => Self::Unwanted,
        }
    }
}

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

/// A payment that paid an order.
#[derive(Debug, FromRow)]
pub struct Paid {
    /// Id.
    pub id: u64,
    /// Who took it.
    pub provider: String,
    /// How much.
    pub amount_minor: i64,
}

/// The payment that paid an order, if money did.
pub async fn applied(db: &mut MySqlConnection, order: u64) -> sqlx::Result<Option<Paid>> {
    sqlx::query_as("select id, provider, amount_minor from payment where order_id = ? and outcome = 0")
        .bind(order)
        .fetch_optional(db)
        .await
}

/// A refund to be.
#[derive(Clone, Copy, Debug)]
pub struct NewRefund<'a> {
    /// The order.
    pub order: u64,
    /// The payment.
    pub payment: u64,
    /// How much.
    pub amount_minor: i64,
    /// Text for people.
    pub reason: &'a str,
    /// Why.
    pub purpose: Purpose,
    /// The after-sale, if it is for one.
    pub aftersale: Option<u64>,
}

/// Asks for a refund of a payment; the unique key on the payment keeps it to one.
pub async fn ask_refund(db: &mut MySqlConnection, refund: NewRefund<'_>) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "insert into refund (order_id, payment_id, amount_minor, reason, purpose, aftersale_id) \
         values (?, ?, ?, ?, ?, ?)",
    )
    .bind(refund.order)
    .bind(refund.payment)
    .bind(refund.amount_minor)
    .bind(refund.reason)
    .bind(refund.purpose.code())
    .bind(refund.aftersale)
    .execute(db)
    .await?;
    Ok(done.last_insert_id())
}

/// The refund of a payment. A plain read: its row may be locked for a call to the provider, whose end
/// the caller must not wait for while it holds the order.
pub async fn refund_of(db: &mut MySqlConnection, payment: u64) -> sqlx::Result<Option<u64>> {
    sqlx::query_scalar("select id from refund where payment_id = ?").bind(payment).fetch_optional(db).await
}

/// A refund with its payment.
#[derive(Debug, FromRow)]
pub struct OpenRefund {
    /// Id.
    pub id: u64,
    /// The order.
    pub order_id: u64,
    /// The payment.
    pub payment_id: u64,
    /// The provider's id of the payment.
    pub transaction_id: String,
    /// How much was paid.
    pub paid_minor: i64,
    /// How much goes back.
    pub amount_minor: i64,
    /// 1 when it is done.
    pub state: u8,
    /// Tries so far.
    pub attempts: u32,
    /// The after-sale, if it is for one.
    pub aftersale_id: Option<u64>,
    /// As [`Purpose`] writes it.
    purpose: u8,
}

impl OpenRefund {
    /// Why it goes back.
    pub fn purpose(&self) -> Purpose {
        Purpose::from_code(self.purpose)
    }
}

macro_rules! select_refund {
    ($tail:literal) => {
        concat!(
            "select r.id, r.order_id, r.payment_id, p.transaction_id, p.amount_minor as paid_minor, \
             r.amount_minor, r.state, r.attempts, r.aftersale_id, r.purpose \
             from refund r join payment p on p.id = r.payment_id where p.provider = ? and ",
            $tail
        )
    };
}

/// Claims one refund to be sent, past what others have claimed; after a failed try it rests, at most
/// ten minutes.
pub async fn claim_refund(db: &mut MySqlConnection, provider: &str) -> sqlx::Result<Option<OpenRefund>> {
    sqlx::query_as(select_refund!(
        "r.state = 0 and (r.attempts = 0 or \
         r.updated_at <= date_sub(now(3), interval least(600, pow(2, least(r.attempts, 10))) second)) \
         order by r.id limit 1 for update skip locked"
    ))
    .bind(provider)
    .fetch_optional(db)
    .await
}

/// Claims this refund, waiting for whoever is sending it.
pub async fn claim_this_refund(
    db: &mut MySqlConnection,
    provider: &str,
    id: u64,
) -> sqlx::Result<Option<OpenRefund>> {
    sqlx::query_as(select_refund!("r.id = ? for update")).bind(provider).bind(id).fetch_optional(db).await
}

/// The money is back.
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
