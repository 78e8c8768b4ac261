//! What our tables need beside the rows themselves, once a table is in.

use sqlx::{AssertSqlSafe, MySqlConnection};

/// How many claims of each coupon there are; ours counts them as they are given out.
pub async fn count_claims(db: &mut MySqlConnection) -> sqlx::Result<()> {
    sqlx::query(
        "update coupon c set c.claimed = (select count(*) from coupon_user u \
         where u.coupon_id = c.id and u.deleted = false), c.updated_at = c.updated_at where c.kind <= 2",
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Offers that are on end by a task.
pub async fn ask_expiries(db: &mut MySqlConnection) -> sqlx::Result<()> {
    sqlx::query(
        "insert into due_task (kind, subject_id, due_at) \
         select 'groupon_expiry', id, expires_at from groupon_rule where status = 0 and deleted = false \
         on duplicate key update due_at = values(due_at)",
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The figures per day are counted anew: the rows that came are older than what was counted.
pub async fn recount(db: &mut MySqlConnection) -> sqlx::Result<()> {
    sqlx::query("update stat_mark set followed_to = '1970-01-01 00:00:01'").execute(db).await?;
    Ok(())
}

/// New rows are numbered behind this id: the number of a row that stayed is nobody else's.
pub async fn number_behind(db: &mut MySqlConnection, table: &'static str, id: u64) -> sqlx::Result<()> {
    // A constant and a number; a statement of this kind takes no parameters.
    let behind = AssertSqlSafe(format!("alter table {table} auto_increment = {}", id.saturating_add(1)));
    sqlx::raw_sql(behind).execute(db).await?;
    Ok(())
}
