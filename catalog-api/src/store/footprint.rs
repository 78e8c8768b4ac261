//! Which goods a shopper has looked at; one row per look.

use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use sqlx::{FromRow, MySql, MySqlPool, QueryBuilder};

/// A row of `footprint`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct FootprintRow {
    pub id: u64,
    pub user_id: u64,
    pub goods_id: u64,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// A look with what was looked at.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migrations")]
pub struct LookRow {
    pub id: u64,
    pub goods_id: u64,
    pub name: String,
    pub brief: String,
    pub pic_url: String,
    pub retail_price_minor: i64,
    pub added_at: NaiveDateTime,
}

/// What staff narrow the list by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// The owner.
    pub user_id: Option<u64>,
    /// The goods.
    pub goods_id: Option<u64>,
}

/// Remembers a look.
pub async fn insert(db: &MySqlPool, user: u64, goods: u64) -> sqlx::Result<()> {
    sqlx::query("insert into footprint (user_id, goods_id) values (?, ?)")
        .bind(user)
        .bind(goods)
        .execute(db)
        .await?;
    Ok(())
}

/// Forgets a look of its owner; false when there is none.
pub async fn delete(db: &MySqlPool, id: u64, owner: u64) -> sqlx::Result<bool> {
    let done =
        sqlx::query("update footprint set deleted = true where id = ? and user_id = ? and deleted = false")
            .bind(id)
            .bind(owner)
            .execute(db)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// How many looks a shopper has at goods that are still there.
pub async fn count_own(db: &MySqlPool, user: u64) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "select count(*) from footprint f join goods g on g.id = f.goods_id and g.deleted = false \
         where f.user_id = ? and f.deleted = false",
    )
    .bind(user)
    .fetch_one(db)
    .await
}

/// Some of a shopper's looks, newest first.
pub async fn list_own(db: &MySqlPool, user: u64, rows: Rows) -> sqlx::Result<Vec<LookRow>> {
    sqlx::query_as(
        "select f.id as id, f.goods_id, g.name, g.brief, g.pic_url, g.retail_price_minor, \
         f.added_at as added_at \
         from footprint f join goods g on g.id = f.goods_id and g.deleted = false \
         where f.user_id = ? and f.deleted = false order by f.added_at desc, f.id desc limit ? offset ?",
    )
    .bind(user)
    .bind(rows.count)
    .bind(rows.offset)
    .fetch_all(db)
    .await
}

fn narrowed(select: &'static str, filter: Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where deleted = false");
    if let Some(user) = filter.user_id {
        query.push(" and user_id = ").push_bind(user);
    }
    if let Some(goods) = filter.goods_id {
        query.push(" and goods_id = ").push_bind(goods);
    }
    query
}

/// How many looks match.
pub async fn count(db: &MySqlPool, filter: Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from footprint ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of the looks that match.
pub async fn list(
    db: &MySqlPool,
    filter: Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<FootprintRow>> {
    let mut query = narrowed("select id, user_id, goods_id, added_at, updated_at from footprint ", filter);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}
