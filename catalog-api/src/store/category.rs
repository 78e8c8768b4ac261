//! Categories, of two levels.

use chrono::NaiveDateTime;
use serde::Serialize;
use sqlx::{FromRow, MySqlConnection, MySqlPool, QueryBuilder};

/// The level whose categories have no parent.
pub const FIRST: u8 = 1;
/// The level goods belong to.
pub const SECOND: u8 = 2;

/// What staff write.
#[derive(Clone, Debug, PartialEq, FromRow, Serialize)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Category {
    pub name: String,
    pub keywords: String,
    pub description: String,
    pub parent_id: u64,
    pub icon_url: String,
    pub pic_url: String,
    pub level: u8,
    pub sort_order: i16,
}

impl Default for Category {
    fn default() -> Self {
        let empty = String::new;
        Self {
            name: empty(),
            keywords: empty(),
            description: empty(),
            parent_id: 0,
            icon_url: empty(),
            pic_url: empty(),
            level: FIRST,
            sort_order: 50,
        }
    }
}

/// A row of `category`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct CategoryRow {
    pub id: u64,
    #[sqlx(flatten)]
    pub category: Category,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

macro_rules! select_category {
    ($tail:literal) => {
        concat!(
            "select id, name, keywords, description, parent_id, icon_url, pic_url, level, sort_order, added_at, \
             updated_at from category ",
            $tail
        )
    };
}

/// A category.
pub async fn find(db: &MySqlPool, id: u64) -> sqlx::Result<Option<CategoryRow>> {
    sqlx::query_as(select_category!("where id = ? and deleted = false")).bind(id).fetch_optional(db).await
}

/// Those of some categories that are of the second level.
pub async fn second_of_ids(db: &MySqlPool, ids: &[u64]) -> sqlx::Result<Vec<CategoryRow>> {
    let mut query = QueryBuilder::new(select_category!("where level = 2 and deleted = false and id in ("));
    super::push_ids(&mut query, ids);
    query.push(") order by id limit 10000").build_query_as().fetch_all(db).await
}

/// A category, locked.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<Category>> {
    let row: Option<CategoryRow> =
        sqlx::query_as(select_category!("where id = ? and deleted = false for update"))
            .bind(id)
            .fetch_optional(db)
            .await?;
    Ok(row.map(|row| row.category))
}

/// All categories of a level, in the order they were added.
pub async fn of_level(db: &MySqlPool, level: u8) -> sqlx::Result<Vec<CategoryRow>> {
    sqlx::query_as(select_category!("where level = ? and deleted = false order by id limit 10000"))
        .bind(level)
        .fetch_all(db)
        .await
}

/// The children of a category, in the order they were added.
pub async fn children(db: &MySqlPool, parent: u64) -> sqlx::Result<Vec<CategoryRow>> {
    sqlx::query_as(select_category!("where parent_id = ? and deleted = false order by id limit 10000"))
        .bind(parent)
        .fetch_all(db)
        .await
}

/// The level of a category.
pub async fn level(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<u8>> {
    sqlx::query_scalar("select level from category where id = ? and deleted = false")
        .bind(id)
        .fetch_optional(db)
        .await
}

/// Whether a category has children.
pub async fn has_children(db: &mut MySqlConnection, id: u64) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists(select 1 from category where parent_id = ? and deleted = false)")
        .bind(id)
        .fetch_one(db)
        .await
}

/// Adds a category.
pub async fn insert(db: &mut MySqlConnection, category: &Category) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "insert into category (name, keywords, description, parent_id, icon_url, pic_url, level, sort_order) \
         values (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&category.name)
    .bind(&category.keywords)
    .bind(&category.description)
    .bind(category.parent_id)
    .bind(&category.icon_url)
    .bind(&category.pic_url)
    .bind(category.level)
    .bind(category.sort_order)
    .execute(db)
    .await?;
    Ok(done.last_insert_id())
}

/// Writes a category.
pub async fn update(db: &mut MySqlConnection, id: u64, category: &Category) -> sqlx::Result<()> {
    sqlx::query(
        "update category set name = ?, keywords = ?, description = ?, parent_id = ?, icon_url = ?, pic_url = ?, \
         level = ?, sort_order = ?, updated_at = now(3) where id = ?",
    )
    .bind(&category.name)
    .bind(&category.keywords)
    .bind(&category.description)
    .bind(category.parent_id)
    .bind(&category.icon_url)
    .bind(&category.pic_url)
    .bind(category.level)
    .bind(category.sort_order)
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a category away; its children and goods stay.
pub async fn delete(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("update category set deleted = true where id = ?").bind(id).execute(db).await?;
    Ok(())
}
