//! How far an import has come, and that there is only one at a time.

use sqlx::{FromRow, MySqlConnection, MySqlPool, QueryBuilder};

/// A row of `import_progress`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct ProgressRow {
    pub source_table: String,
    pub source: String,
    pub last_id: u64,
    pub read_rows: u64,
    pub copied_rows: u64,
    pub left_out_rows: u64,
    pub not_kept_rows: u64,
    pub finished: bool,
}

/// What a batch adds to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Step {
    pub from_id: u64,
    pub last_id: u64,
    pub read_rows: u64,
    pub copied_rows: u64,
    pub left_out_rows: u64,
    pub not_kept_rows: u64,
}

/// All tables of the import that was begun here; none, when there was none.
pub async fn all(db: &MySqlPool) -> sqlx::Result<Vec<ProgressRow>> {
    sqlx::query_as(
        "select source_table, source, last_id, read_rows, copied_rows, left_out_rows, not_kept_rows, \
         finished_at is not null as finished from import_progress",
    )
    .fetch_all(db)
    .await
}

/// An import from this source begins.
pub async fn begin(db: &mut MySqlConnection, source: &str, tables: &[&'static str]) -> sqlx::Result<()> {
    let mut query = QueryBuilder::new("insert into import_progress (source_table, source) ");
    query.push_values(tables, |mut row, table| {
        row.push_bind(*table).push_bind(source);
    });
    query.build().execute(db).await?;
    Ok(())
}

/// A batch is in; false when somebody else moved the table.
pub async fn step(db: &mut MySqlConnection, table: &str, step: Step) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update import_progress set last_id = ?, read_rows = read_rows + ?, copied_rows = copied_rows + ?, \
         left_out_rows = left_out_rows + ?, not_kept_rows = not_kept_rows + ? \
         where source_table = ? and last_id = ? and finished_at is null",
    )
    .bind(step.last_id)
    .bind(step.read_rows)
    .bind(step.copied_rows)
    .bind(step.left_out_rows)
    .bind(step.not_kept_rows)
    .bind(table)
    .bind(step.from_id)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The table is in.
pub async fn finish(db: &mut MySqlConnection, table: &str) -> sqlx::Result<()> {
    sqlx::query("update import_progress set finished_at = now(3) where source_table = ?")
        .bind(table)
        .execute(db)
        .await?;
    Ok(())
}

/// Keeps other imports into this database out, as long as this connection lives.
pub async fn claim(db: &mut MySqlConnection) -> sqlx::Result<bool> {
    let had: Option<i64> = sqlx::query_scalar("select get_lock(left(concat('import:', database()), 64), 0)")
        .fetch_one(db)
        .await?;
    Ok(had == Some(1))
}
