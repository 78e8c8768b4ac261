//! Changing coupons. The number given out rises by a guarded update only.

use super::coupon::BY_CODE;
use chrono::NaiveDateTime;
use sqlx::MySqlConnection;

/// Takes claims out of what a coupon may still give; false when there are not that many.
pub async fn take_claims(db: &mut MySqlConnection, id: u64, count: u32) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update coupon set claimed = claimed + ? where id = ? and deleted = false \
         and (total = 0 or claimed + ? <= total)",
    )
    .bind(count)
    .bind(id)
    .bind(count)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The terms of a coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Terms {
    pub name: String,
    pub description: String,
    pub tag: String,
    pub total: i32,
    pub discount_minor: i64,
    pub min_minor: i64,
    pub per_user_limit: i16,
    pub kind: u8,
    pub status: u8,
    pub goods_scope: u8,
    /// Categories or goods.
    pub goods_scope_ids: Vec<u64>,
    pub time_kind: u8,
    pub days: u16,
    pub starts_at: Option<NaiveDateTime>,
    pub ends_at: Option<NaiveDateTime>,
}

/// Writes a coupon. Nothing when its code is another coupon's.
pub async fn insert(
    db: &mut MySqlConnection,
    terms: &Terms,
    code: Option<&str>,
    stock: i32,
) -> sqlx::Result<Option<u64>> {
    let inserted = sqlx::query(
        "insert into coupon (name, description, tag, total, discount_minor, min_minor, per_user_limit, kind, \
         status, goods_scope, goods_scope_ids, time_kind, days, starts_at, ends_at, stock, code) \
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&terms.name)
    .bind(&terms.description)
    .bind(&terms.tag)
    .bind(terms.total)
    .bind(terms.discount_minor)
    .bind(terms.min_minor)
    .bind(terms.per_user_limit)
    .bind(terms.kind)
    .bind(terms.status)
    .bind(terms.goods_scope)
    .bind(serde_json::json!(terms.goods_scope_ids).to_string())
    .bind(terms.time_kind)
    .bind(terms.days)
    .bind(terms.starts_at)
    .bind(terms.ends_at)
    .bind(stock)
    .bind(code)
    .execute(db)
    .await;
    unless_taken(inserted.map(|done| done.last_insert_id()))
}

/// Rewrites a coupon that is locked. Nothing when its code is another coupon's.
pub async fn update(
    db: &mut MySqlConnection,
    id: u64,
    terms: &Terms,
    code: Option<&str>,
    stock: i32,
) -> sqlx::Result<Option<u64>> {
    let updated = sqlx::query(
        "update coupon set name = ?, description = ?, tag = ?, total = ?, discount_minor = ?, min_minor = ?, \
         per_user_limit = ?, kind = ?, status = ?, goods_scope = ?, goods_scope_ids = ?, time_kind = ?, \
         days = ?, starts_at = ?, ends_at = ?, stock = ?, code = ?, updated_at = now(3) where id = ?",
    )
    .bind(&terms.name)
    .bind(&terms.description)
    .bind(&terms.tag)
    .bind(terms.total)
    .bind(terms.discount_minor)
    .bind(terms.min_minor)
    .bind(terms.per_user_limit)
    .bind(terms.kind)
    .bind(terms.status)
    .bind(terms.goods_scope)
    .bind(serde_json::json!(terms.goods_scope_ids).to_string())
    .bind(terms.time_kind)
    .bind(terms.days)
    .bind(terms.starts_at)
    .bind(terms.ends_at)
    .bind(stock)
    .bind(code)
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

/// Deletes a coupon; what was claimed stays, and cannot be used any more. False when there is none.
pub async fn delete(db: &mut MySqlConnection, id: u64) -> sqlx::Result<bool> {
    let done = sqlx::query("update coupon set deleted = true where id = ? and deleted = false")
        .bind(id)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether coupons of a kind have a code.
pub fn has_code(kind: u8) -> bool {
    kind == BY_CODE
}

/// Marks some coupons whose window is over, and some claims; whether there may be more.
pub async fn expire(db: &mut MySqlConnection, limit: u32) -> sqlx::Result<bool> {
    let coupons = sqlx::query(
        "update coupon set status = 1 where status = 0 and time_kind = 1 and ends_at < now(3) \
         and deleted = false limit ?",
    )
    .bind(limit)
    .execute(&mut *db)
    .await?;
    let claims =
        sqlx::query("update coupon_user set status = 2 where status = 0 and ends_at < now(3) limit ?")
            .bind(limit)
            .execute(db)
            .await?;
    Ok(coupons.rows_affected().max(claims.rows_affected()) == u64::from(limit))
}
