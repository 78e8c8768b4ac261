//! Changing offers of group buying. That one offer stands per goods is a unique key.

use chrono::NaiveDateTime;
use sqlx::{FromRow, MySqlConnection};

/// Goods for which an offer is made.
#[derive(Clone, Debug, FromRow)]
pub struct ForGoods {
    /// Name, copied into the offer.
    pub name: String,
    /// Picture, copied into the offer.
    pub pic_url: String,
    /// The cheapest SKU; nothing when there is none.
    pub lowest_minor: Option<i64>,
}

/// Goods that are not deleted.
pub async fn goods(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<ForGoods>> {
    sqlx::query_as(
        "select g.name, g.pic_url, (select min(s.price_minor) from sku s where s.goods_id = g.id \
         and s.deleted = false) as lowest_minor from goods g where g.id = ? and g.deleted = false",
    )
    .bind(id)
    .fetch_optional(db)
    .await
}

/// What an offer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Terms {
    pub goods_id: u64,
    pub discount_minor: i64,
    pub members: u32,
    pub expires_at: NaiveDateTime,
}

/// Writes an offer; nothing when one stands for the goods.
pub async fn insert(db: &mut MySqlConnection, terms: &Terms, goods: &ForGoods) -> sqlx::Result<Option<u64>> {
    let inserted = sqlx::query(
        "insert into groupon_rule (goods_id, goods_name, pic_url, discount_minor, members, expires_at) \
         values (?, ?, ?, ?, ?, ?)",
    )
    .bind(terms.goods_id)
    .bind(&goods.name)
    .bind(&goods.pic_url)
    .bind(terms.discount_minor)
    .bind(terms.members)
    .bind(terms.expires_at)
    .execute(db)
    .await;
    unless_taken(inserted.map(|done| done.last_insert_id()))
}

/// Rewrites an offer that stands and is locked; nothing when another one stands for its new goods.
pub async fn update(
    db: &mut MySqlConnection,
    id: u64,
    terms: &Terms,
    goods: &ForGoods,
) -> sqlx::Result<Option<u64>> {
    let updated = sqlx::query(
        "update groupon_rule set goods_id = ?, goods_name = ?, pic_url = ?, discount_minor = ?, members = ?, \
         expires_at = ?, updated_at = now(3) where id = ?",
    )
    .bind(terms.goods_id)
    .bind(&goods.name)
    .bind(&goods.pic_url)
    .bind(terms.discount_minor)
    .bind(terms.members)
    .bind(terms.expires_at)
    .bind(id)
    .execute(db)
    .await;
    unless_taken(updated.map(|_| id))
}

fn unless_taken(written: sqlx::Result<u64>) -> sqlx::Result<Option<u64>> {
    match written {
        Ok(id) => Ok(Some(id)),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Deletes an offer; its groups run until its time is over. False when there is none.
pub async fn delete(db: &mut MySqlConnection, id: u64) -> sqlx::Result<bool> {
    let done = sqlx::query("update groupon_rule set deleted = true where id = ? and deleted = false")
        .bind(id)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The time of an offer is over, whether it is deleted or not.
pub async fn expire(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("update groupon_rule set status = 1 where id = ? and status = 0")
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// The offer's end is due at its time; asking again moves it.
pub async fn ask_expiry(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query(
        "insert into due_task (kind, subject_id, due_at) \
         select 'groupon_expiry', id, expires_at from groupon_rule where id = ? \
         on duplicate key update due_at = values(due_at)",
    )
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// Whether a time is still to come, by the database's clock.
pub async fn is_ahead(db: &mut MySqlConnection, at: NaiveDateTime) -> sqlx::Result<bool> {
    sqlx::query_scalar("select ? > now(3)").bind(at).fetch_one(db).await
}
