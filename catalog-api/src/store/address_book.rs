//! Addresses one at a time, always with their owner, and all of them as staff see them.

use super::address::AddressRow;
use super::{in_order_of, push_where_id_in};
use crate::extract::listing::{Listing, Rows};
use sqlx::{MySql, MySqlConnection, MySqlPool, QueryBuilder};

const SELECT: &str = "select id, user_id, name, province, city, county, detail, area_code, postal_code, tel, \
     is_default, added_at, updated_at from address ";

/// What an address says.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Fields {
    pub name: String,
    pub province: String,
    pub city: String,
    pub county: String,
    pub detail: String,
    pub area_code: String,
    pub postal_code: Option<String>,
    pub tel: String,
    pub is_default: bool,
}

/// An own address.
pub async fn find(db: &MySqlPool, owner: u64, id: u64) -> sqlx::Result<Option<AddressRow>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("where deleted = false and user_id = ").push_bind(owner).push(" and id = ").push_bind(id);
    query.build_query_as().fetch_optional(db).await
}

/// Locks the owner, so that two changes of one address book follow each other; false when there is none.
pub async fn lock_owner(db: &mut MySqlConnection, owner: u64) -> sqlx::Result<bool> {
    let locked: Option<u64> =
        sqlx::query_scalar("select id from shopper where id = ? and deleted = false for update")
            .bind(owner)
            .fetch_optional(db)
            .await?;
    Ok(locked.is_some())
}

/// Whether an own address is there.
pub async fn is_own(db: &mut MySqlConnection, owner: u64, id: u64) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists(select 1 from address where id = ? and user_id = ? and deleted = false)",
    )
    .bind(id)
    .bind(owner)
    .fetch_one(db)
    .await
}

/// No own address is the default any more.
pub async fn clear_default(db: &mut MySqlConnection, owner: u64) -> sqlx::Result<()> {
    sqlx::query(
        "update address set is_default = false where user_id = ? and is_default = true and deleted = false",
    )
    .bind(owner)
    .execute(db)
    .await?;
    Ok(())
}

/// Adds an address.
pub async fn insert(db: &mut MySqlConnection, owner: u64, fields: &Fields) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "insert into address (user_id, name, province, city, county, detail, area_code, postal_code, tel, \
         is_default) values (?, ?, ?, ?, ?, ?, ?, coalesce(?, ''), ?, ?)",
    )
    .bind(owner)
    .bind(&fields.name)
    .bind(&fields.province)
    .bind(&fields.city)
    .bind(&fields.county)
    .bind(&fields.detail)
    .bind(&fields.area_code)
    .bind(&fields.postal_code)
    .bind(&fields.tel)
    .bind(fields.is_default)
    .execute(db)
    .await?;
    Ok(done.last_insert_id())
}

/// Changes an own address; false when there is none.
pub async fn update(db: &mut MySqlConnection, owner: u64, id: u64, fields: &Fields) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update address set name = ?, province = ?, city = ?, county = ?, detail = ?, area_code = ?, \
         postal_code = coalesce(?, postal_code), tel = ?, is_default = ? \
         where id = ? and user_id = ? and deleted = false",
    )
    .bind(&fields.name)
    .bind(&fields.province)
    .bind(&fields.city)
    .bind(&fields.county)
    .bind(&fields.detail)
    .bind(&fields.area_code)
    .bind(&fields.postal_code)
    .bind(&fields.tel)
    .bind(fields.is_default)
    .bind(id)
    .bind(owner)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes an own address; false when there is none.
pub async fn delete(db: &MySqlPool, owner: u64, id: u64) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update address set deleted = true, is_default = false \
         where id = ? and user_id = ? and deleted = false",
    )
    .bind(id)
    .bind(owner)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What a list of all addresses may be narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Whose.
    pub user_id: Option<u64>,
    /// Contained in the recipient's name, letter case ignored.
    pub name: Option<String>,
}

/// The index to be used, where the server would take a worse one. A name may have the text anywhere, so that
/// all rows are looked at, in the smallest index that has what is asked for; without a filter, rows in the
/// order of their ids are those of the table.
fn index(filter: &Filter, column: &str) -> &'static str {
    match (filter.name.is_some(), column) {
        _ if filter.user_id.is_some() => "",
        (true, _) => "force index (address_names) ",
        (false, "id") => "force index (primary) ",
        (false, _) => "",
    }
}

fn among_all(select: &'static str, filter: &Filter, column: &str) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push(index(filter, column));
    query.push("where deleted = false");
    if let Some(user_id) = filter.user_id {
        query.push(" and user_id = ").push_bind(user_id);
    }
    if let Some(name) = &filter.name {
        query.push(" and name like ").push_bind(super::anywhere(name)).push(" escape '!'");
    }
    query
}

/// How many addresses match.
pub async fn count(db: &MySqlPool, filter: &Filter) -> sqlx::Result<i64> {
    among_all("select count(*) from address ", filter, "").build_query_scalar().fetch_one(db).await
}

/// Some of the addresses that match.
pub async fn list(
    db: &MySqlPool,
    filter: &Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<AddressRow>> {
    let mut query = among_all("select id from address ", filter, listing.column);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    let ids: Vec<u64> = query.build_query_scalar().fetch_all(db).await?;
    let mut query = QueryBuilder::new(SELECT);
    push_where_id_in(&mut query, "id", &ids);
    Ok(in_order_of(&ids, query.build_query_as().fetch_all(db).await?, |row: &AddressRow| row.id))
}
