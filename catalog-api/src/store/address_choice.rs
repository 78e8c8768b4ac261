//! The address a check-out shows.

use super::address::AddressRow;
use sqlx::MySqlPool;

/// An address of a shopper, or the shopper's default one when that is none of the shopper's.
pub async fn chosen_or_default(db: &MySqlPool, user: u64, id: u64) -> sqlx::Result<Option<AddressRow>> {
    sqlx::query_as(
        "select id, user_id, name, province, city, county, detail, area_code, postal_code, tel, is_default, \
         added_at, updated_at from address where user_id = ? and deleted = false \
         and (id = ? or is_default = true) order by id = ? desc, id desc limit 1",
    )
    .bind(user)
    .bind(id)
    .bind(id)
    .fetch_optional(db)
    .await
}
