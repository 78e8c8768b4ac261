//! Texts that were promised in a transaction and are sent after it. The row is the memory, the claim is
//! a row lock, as with `due_task`.

use crate::provider::sms::Message;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, MySqlConnection, MySqlPool};

/// What has become of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// On its way.
    Queued,
    /// The provider took it.
    Sent,
    /// Given up.
    Failed,
}

impl State {
    /// The state of a number in the table.
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::Queued, Self::Sent, Self::Failed].get(usize::from(code)).copied()
    }
}

/// Promises a text about something, in the transaction that makes it true.
pub async fn promise(
    db: &mut MySqlConnection,
    message: &Message,
    subject_kind: &str,
    subject_id: u64,
) -> sqlx::Result<()> {
    let parameters = serde_json::to_string(&message.parameters).expect("pairs of text are JSON");
    sqlx::query(
        "insert into sms_outbox (mobile, template, parameters, subject_kind, subject_id, due_at) \
         values (?, ?, ?, ?, ?, now(3))",
    )
    .bind(&message.mobile)
    .bind(message.template.name())
    .bind(parameters)
    .bind(subject_kind)
    .bind(subject_id)
    .execute(db)
    .await?;
    Ok(())
}

/// A text that is due.
#[derive(Debug, FromRow)]
pub struct Due {
    /// Id.
    pub id: u64,
    /// To whom.
    pub mobile: String,
    /// Name of the template.
    pub template: String,
    /// Name and value of each parameter, as JSON.
    pub parameters: String,
    /// Earlier tries that failed.
    pub attempts: u32,
}

/// Claims one text that is due, past what others have claimed.
pub async fn claim(db: &mut MySqlConnection) -> sqlx::Result<Option<Due>> {
    sqlx::query_as(
        "select id, mobile, template, cast(parameters as char) as parameters, attempts from sms_outbox \
         where state = 0 and due_at <= now(3) order by due_at limit 1 for update skip locked",
    )
    .fetch_optional(db)
    .await
}

/// The provider took it.
pub async fn sent(db: &mut MySqlConnection, id: u64, provider_id: &str) -> sqlx::Result<()> {
    sqlx::query("update sms_outbox set state = 1, provider_id = left(?, 63), last_error = '' where id = ?")
        .bind(provider_id)
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// It is tried again later.
pub async fn postponed(db: &mut MySqlConnection, id: u64, seconds: u32, failure: &str) -> sqlx::Result<()> {
    sqlx::query(
        "update sms_outbox set attempts = attempts + 1, due_at = date_add(now(3), interval ? second), \
         last_error = left(?, 255) where id = ?",
    )
    .bind(seconds)
    .bind(failure)
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// It is not tried again.
pub async fn given_up(db: &mut MySqlConnection, id: u64, failure: &str) -> sqlx::Result<()> {
    sqlx::query(
        "update sms_outbox set state = 2, attempts = attempts + 1, last_error = left(?, 255) where id = ?",
    )
    .bind(failure)
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// What has become of the texts about some subjects of a kind, the newest text of each.
pub async fn states(db: &MySqlPool, subject_kind: &str, subject_ids: &[u64]) -> sqlx::Result<Vec<(u64, u8)>> {
    if subject_ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = sqlx::QueryBuilder::new(
        "select o.subject_id, o.state from sms_outbox o join (select max(id) as id from sms_outbox \
         where subject_kind = ",
    );
    query.push_bind(subject_kind).push(" and subject_id in (");
    let mut ids = query.separated(", ");
    for id in subject_ids {
        ids.push_bind(id);
    }
    query.push(") group by subject_id) newest on newest.id = o.id");
    query.build_query_as().fetch_all(db).await
}
