//! Accounts of shoppers as staff see and change them. No statement here reads a hash, an openid or a
//! session key.

use super::{in_order_of, push_where_id_in};
use crate::extract::listing::{Listing, Rows};
use chrono::{NaiveDate, NaiveDateTime};
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// A row of `shopper`, as far as staff see it.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct ShopperRow {
    pub id: u64,
    pub username: String,
    pub gender: u8,
    pub birthday: Option<NaiveDate>,
    pub last_login_at: Option<NaiveDateTime>,
    pub last_login_ip: String,
    pub level: u8,
    pub nickname: String,
    pub mobile: String,
    pub avatar: String,
    pub status: u8,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

const SELECT: &str = "select id, username, gender, birthday, last_login_at, last_login_ip, level, nickname, \
     mobile, avatar, status, added_at, updated_at from shopper ";

/// What a list of shoppers may be narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Contained in the name, letter case ignored.
    pub username: Option<String>,
    /// The mobile number.
    pub mobile: Option<String>,
}

/// The index to be used, where the server would take a worse one. A username may have the text anywhere, so that
/// all rows are looked at, in the smallest index that has what is asked for; without a filter, rows in the
/// order of their ids are those of the table.
fn index(filter: &Filter, column: &str) -> &'static str {
    match (filter.username.is_some(), column) {
        _ if filter.mobile.is_some() => "",
        (true, _) => "force index (shopper_names) ",
        (false, "id") => "force index (primary) ",
        (false, _) => "",
    }
}

fn among_all(select: &'static str, filter: &Filter, column: &str) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push(index(filter, column));
    narrow(&mut query, filter);
    query
}

fn narrowed(select: &'static str, filter: &Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    narrow(&mut query, filter);
    query
}

fn narrow(query: &mut QueryBuilder<MySql>, filter: &Filter) {
    query.push("where deleted = false");
    if let Some(username) = &filter.username {
        query.push(" and username like ").push_bind(super::anywhere(username)).push(" escape '!'");
    }
    if let Some(mobile) = &filter.mobile {
        query.push(" and mobile = ").push_bind(mobile.clone());
    }
}

/// How many shoppers match.
pub async fn count(db: &MySqlPool, filter: &Filter) -> sqlx::Result<i64> {
    among_all("select count(*) from shopper ", filter, "").build_query_scalar().fetch_one(db).await
}

/// Some of the shoppers that match.
pub async fn list(
    db: &MySqlPool,
    filter: &Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<ShopperRow>> {
    let mut query = among_all("select id from shopper ", filter, listing.column);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    let ids: Vec<u64> = query.build_query_scalar().fetch_all(db).await?;
    let mut query = QueryBuilder::new(SELECT);
    push_where_id_in(&mut query, "id", &ids);
    Ok(in_order_of(&ids, query.build_query_as().fetch_all(db).await?, |shopper: &ShopperRow| shopper.id))
}

/// The next shoppers that match, by id.
pub async fn after(db: &MySqlPool, filter: &Filter, id: u64, limit: u32) -> sqlx::Result<Vec<ShopperRow>> {
    let mut query = narrowed(SELECT, filter);
    query.push(" and id > ").push_bind(id).push(" order by id limit ").push_bind(limit);
    query.build_query_as().fetch_all(db).await
}

/// One shopper.
pub async fn find(db: &MySqlPool, id: u64) -> sqlx::Result<Option<ShopperRow>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("where deleted = false and id = ").push_bind(id);
    query.build_query_as().fetch_optional(db).await
}

/// One shopper, locked against other changes.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<ShopperRow>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("where deleted = false and id = ").push_bind(id).push(" for update");
    query.build_query_as().fetch_optional(db).await
}

/// What staff may change; nothing leaves a member as it is.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Edit {
    pub nickname: Option<String>,
    pub mobile: Option<String>,
    pub gender: Option<u8>,
    pub level: Option<u8>,
    pub status: Option<u8>,
}

/// Changes a shopper; how many rows that were.
pub async fn edit(db: &mut MySqlConnection, id: u64, edit: &Edit) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "update shopper set nickname = coalesce(?, nickname), mobile = coalesce(?, mobile), \
         gender = coalesce(?, gender), level = coalesce(?, level), status = coalesce(?, status) \
         where id = ? and deleted = false",
    )
    .bind(&edit.nickname)
    .bind(&edit.mobile)
    .bind(edit.gender)
    .bind(edit.level)
    .bind(edit.status)
    .bind(id)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Whether a shopper has orders that are not at their end: unpaid, paid, being refunded, shipped.
pub async fn has_unfinished_orders(db: &mut MySqlConnection, id: u64) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists(select 1 from orders where user_id = ? and status in (101, 201, 202, 301) \
         and deleted = false)",
    )
    .bind(id)
    .fetch_one(db)
    .await
}

/// Deletes a shopper and what the row says of the person. The new name can be nobody's.
pub async fn forget(db: &mut MySqlConnection, id: u64, new_name: &str) -> sqlx::Result<()> {
    sqlx::query(
        "update shopper set username = ?, password_hash = '', nickname = '', mobile = '', avatar = '', \
         weixin_openid = '', weixin_session_key = '', gender = 0, birthday = null, last_login_ip = '', \
         status = 2, deleted = true where id = ?",
    )
    .bind(new_name)
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes the addresses of a shopper and what they say.
pub async fn forget_addresses(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query(
        "update address set name = '', tel = '', detail = '', postal_code = '', is_default = false, \
         deleted = true where user_id = ?",
    )
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes name and number of a shopper out of the feedback that was given.
pub async fn forget_feedback(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("update feedback set username = '', mobile = '' where user_id = ?")
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// Deletes what a shopper searched for.
pub async fn forget_searches(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("delete from search_history where user_id = ?").bind(id).execute(db).await?;
    Ok(())
}

/// Deletes what a shopper looked at.
pub async fn forget_footprints(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("delete from footprint where user_id = ?").bind(id).execute(db).await?;
    Ok(())
}

/// Own orders by state: how many, and how many of their goods are still to be reviewed.
pub async fn order_counts(db: &MySqlPool, id: u64) -> sqlx::Result<Vec<(u16, i64, i64)>> {
    sqlx::query_as(
        "select status, count(*), cast(coalesce(sum(greatest(comments, 0)), 0) as signed) from orders \
         where user_id = ? and status in (101, 201, 301, 401, 402) and deleted = false group by status",
    )
    .bind(id)
    .fetch_all(db)
    .await
}
