//! The administrative division.

use sqlx::{FromRow, MySqlConnection, MySqlPool};

/// Provinces.
pub const PROVINCE: u8 = 1;
/// Cities.
pub const CITY: u8 = 2;

/// A row of `region`.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct RegionRow {
    /// The administrative code.
    pub id: u32,
    /// The code of what it lies in; 0 for provinces.
    pub pid: u32,
    /// Name.
    pub name: String,
    /// 1 province, 2 city, 3 county.
    pub kind: u8,
}

/// What lies directly in a region, or the provinces for 0.
pub async fn children(db: &MySqlPool, parent: u64) -> sqlx::Result<Vec<RegionRow>> {
    sqlx::query_as("select id, pid, name, kind from region where pid = ? order by id")
        .bind(parent)
        .fetch_all(db)
        .await
}

/// All of them, parents before their children.
pub async fn all(db: &MySqlPool) -> sqlx::Result<Vec<RegionRow>> {
    sqlx::query_as("select id, pid, name, kind from region order by kind, id").fetch_all(db).await
}

/// How many there are.
pub async fn count(db: &mut MySqlConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from region").fetch_one(db).await
}

/// Takes all of them away.
pub async fn clear(db: &mut MySqlConnection) -> sqlx::Result<()> {
    sqlx::query("delete from region").execute(db).await?;
    Ok(())
}

/// Adds some in one statement.
pub async fn insert(db: &mut MySqlConnection, regions: &[RegionRow]) -> sqlx::Result<()> {
    let mut query = sqlx::QueryBuilder::new("insert into region (id, pid, name, kind) ");
    query.push_values(regions, |mut row, region| {
        row.push_bind(region.id).push_bind(region.pid).push_bind(&region.name).push_bind(region.kind);
    });
    query.build().execute(db).await?;
    Ok(())
}
