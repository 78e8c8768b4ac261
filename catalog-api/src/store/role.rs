//! Roles and what they may do.

use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// A row of `role`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct RoleRow {
    pub id: u64,
    pub name: String,
    pub description: String,
    pub enabled: bool,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

const SELECT: &str = "select id, name, description, enabled, added_at, updated_at from role ";

fn named(select: &'static str, name: Option<&str>) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where deleted = false");
    if let Some(name) = name {
        query.push(" and name like ").push_bind(super::anywhere(name)).push(" escape '!'");
    }
    query
}

/// How many roles have a name with this in it.
pub async fn count(db: &MySqlPool, name: Option<&str>) -> sqlx::Result<i64> {
    named("select count(*) from role ", name).build_query_scalar().fetch_one(db).await
}

/// Some of them.
pub async fn list(
    db: &MySqlPool,
    name: Option<&str>,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<RoleRow>> {
    let mut query = named(SELECT, name);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

/// Number and name of every role.
pub async fn all_names(db: &MySqlPool) -> sqlx::Result<Vec<(u64, String)>> {
    sqlx::query_as("select id, name from role where deleted = false order by id").fetch_all(db).await
}

/// One role.
pub async fn find(db: &MySqlPool, id: u64) -> sqlx::Result<Option<RoleRow>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("where deleted = false and id = ").push_bind(id);
    query.build_query_as().fetch_optional(db).await
}

/// One role, locked against other changes.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<RoleRow>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push("where deleted = false and id = ").push_bind(id).push(" for update");
    query.build_query_as().fetch_optional(db).await
}

/// Changes a role; what is absent stays.
pub async fn edit(
    db: &mut MySqlConnection,
    id: u64,
    name: &str,
    description: Option<&str>,
    enabled: Option<bool>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update role set name = ?, description = coalesce(?, description), enabled = coalesce(?, enabled) \
         where id = ? and deleted = false",
    )
    .bind(name)
    .bind(description)
    .bind(enabled)
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes a role.
pub async fn delete(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("update role set deleted = true where id = ? and deleted = false")
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// Whether an account has a role.
pub async fn is_held(db: &mut MySqlConnection, id: u64) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists(select 1 from admin where deleted = false and json_contains(role_ids, cast(? as char)))",
    )
    .bind(id)
    .fetch_one(db)
    .await
}

/// What a role may do.
pub async fn permissions(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("select permission from role_permission where role_id = ? order by permission")
        .bind(id)
        .fetch_all(db)
        .await
}

/// What some roles may do, whether they are enabled or not.
pub async fn permissions_of(db: &mut MySqlConnection, ids: &[u64]) -> sqlx::Result<Vec<String>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::new("select distinct permission from role_permission where role_id in (");
    separated(&mut query, ids);
    query.push(")").build_query_scalar().fetch_all(db).await
}

/// How many of some roles there are, locked against being deleted.
pub async fn lock_these(db: &mut MySqlConnection, ids: &[u64]) -> sqlx::Result<usize> {
    if ids.is_empty() {
        return Ok(0);
    }
    let mut query = QueryBuilder::new("select id from role where deleted = false and id in (");
    separated(&mut query, ids);
    let found: Vec<u64> = query.push(") order by id for update").build_query_scalar().fetch_all(db).await?;
    Ok(found.len())
}

fn separated(query: &mut QueryBuilder<MySql>, ids: &[u64]) {
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(*id);
    }
}

/// A role may do nothing any more.
pub async fn revoke_all(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("delete from role_permission where role_id = ?").bind(id).execute(db).await?;
    Ok(())
}

/// Gives a role permissions it does not have.
pub async fn grant_all(db: &mut MySqlConnection, id: u64, permissions: &[String]) -> sqlx::Result<()> {
    if permissions.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::new("insert into role_permission (role_id, permission) ");
    query.push_values(permissions, |mut row, permission| {
        row.push_bind(id).push_bind(permission);
    });
    query.build().execute(db).await?;
    Ok(())
}
