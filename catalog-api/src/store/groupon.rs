//! Who takes part in which group. The opener's row is the group; it is locked whenever the number of
//! its members matters.

use super::groupon_rule::RuleRow;
use chrono::NaiveDateTime;
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// The order is not paid yet.
pub const UNPAID: u8 = 0;
/// Paid, and others are waited for.
pub const RUNNING: u8 = 1;
/// Enough people have paid.
pub const SUCCEEDED: u8 = 2;
/// Its order ended, or the offer did.
pub const FAILED: u8 = 3;

/// A row of `groupon`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct GroupRow {
    pub id: u64,
    pub order_id: u64,
    pub groupon_id: u64,
    pub rule_id: u64,
    pub user_id: u64,
    pub share_url: String,
    pub creator_user_id: u64,
    pub creator_user_at: Option<NaiveDateTime>,
    pub status: u8,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl GroupRow {
    /// The opener's row.
    pub fn group(&self) -> u64 {
        if self.groupon_id == 0 { self.id } else { self.groupon_id }
    }
}

macro_rules! select_group {
    ($tail:literal) => {
        concat!(
            "select id, order_id, groupon_id, rule_id, user_id, share_url, creator_user_id, creator_user_at, \
             status, added_at, updated_at from groupon ",
            $tail
        )
    };
}

/// Any record.
pub async fn find(db: &MySqlPool, id: u64) -> sqlx::Result<Option<GroupRow>> {
    sqlx::query_as(select_group!("where id = ? and deleted = false")).bind(id).fetch_optional(db).await
}

/// A record of a shopper.
pub async fn find_own(db: &MySqlPool, id: u64, owner: u64) -> sqlx::Result<Option<GroupRow>> {
    sqlx::query_as(select_group!("where id = ? and user_id = ? and deleted = false"))
        .bind(id)
        .bind(owner)
        .fetch_optional(db)
        .await
}

/// A record, locked.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<GroupRow>> {
    sqlx::query_as(select_group!("where id = ? and deleted = false for update"))
        .bind(id)
        .fetch_optional(db)
        .await
}

/// The record of an order; it is changed only by who has locked the order.
pub async fn of_order(db: &mut MySqlConnection, order: u64) -> sqlx::Result<Option<GroupRow>> {
    sqlx::query_as(select_group!("where order_id = ? and deleted = false"))
        .bind(order)
        .fetch_optional(db)
        .await
}

/// Participants of a group who have paid, the opener not counted, as of now: a plain read would see the
/// group as it was when the transaction first read anything, before the opener was locked.
pub async fn paid_participants(db: &mut MySqlConnection, group: u64) -> sqlx::Result<u32> {
    let count: i64 = sqlx::query_scalar(
        "select count(*) from groupon where groupon_id = ? and status in (1, 2) and deleted = false \
         lock in share mode",
    )
    .bind(group)
    .fetch_one(db)
    .await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Whether somebody holds a place in a group, paid or not.
pub async fn holds_a_place(db: &mut MySqlConnection, group: u64, user: u64) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists(select 1 from groupon where place_in = ? and user_id = ?)")
        .bind(group)
        .bind(user)
        .fetch_one(db)
        .await
}

/// Writes the record of a new order: an opener's, or a participant's of a locked group. Nothing when its
/// user holds a place in that group already.
pub async fn insert(
    db: &mut MySqlConnection,
    rule: &RuleRow,
    group: Option<&GroupRow>,
    user: u64,
    order: u64,
) -> sqlx::Result<Option<u64>> {
    let inserted = sqlx::query(
        "insert into groupon (order_id, groupon_id, rule_id, user_id, share_url, creator_user_id, \
         creator_user_at) values (?, ?, ?, ?, ?, ?, if(?, now(3), null))",
    )
    .bind(order)
    .bind(group.map_or(0, |group| group.id))
    .bind(rule.id)
    .bind(user)
    .bind(group.map_or("", |group| &group.share_url))
    .bind(group.map_or(user, |group| group.creator_user_id))
    .bind(group.is_none())
    .execute(db)
    .await;
    match inserted {
        Ok(done) => Ok(Some(done.last_insert_id())),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(None),
        Err(error) => Err(error),
    }
}

/// A record moves from one state to another; false when it is not in the first.
pub async fn advance(db: &mut MySqlConnection, id: u64, from: u8, to: u8) -> sqlx::Result<bool> {
    let done = sqlx::query("update groupon set status = ? where id = ? and status = ?")
        .bind(to)
        .bind(id)
        .bind(from)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// A group and everybody in it who has paid have succeeded.
pub async fn succeed(db: &mut MySqlConnection, group: u64) -> sqlx::Result<()> {
    sqlx::query(
        "update groupon set status = 2 where (id = ? or groupon_id = ?) and status = 1 and deleted = false",
    )
    .bind(group)
    .bind(group)
    .execute(db)
    .await?;
    Ok(())
}

/// The record of an order that ended has failed, whatever it was.
pub async fn fail_of_order(db: &mut MySqlConnection, order: u64) -> sqlx::Result<()> {
    sqlx::query("update groupon set status = 3 where order_id = ? and status in (0, 1, 2)")
        .bind(order)
        .execute(db)
        .await?;
    Ok(())
}

/// Records of an offer that wait for payment or for people.
pub async fn waiting_of_rule(db: &mut MySqlConnection, rule: u64, limit: u32) -> sqlx::Result<Vec<GroupRow>> {
    sqlx::query_as(select_group!(
        "where rule_id = ? and status in (0, 1) and deleted = false order by id limit ?"
    ))
    .bind(rule)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// A shopper's records that were paid once: opened ones, or joined ones; newest first.
pub async fn of_user(db: &MySqlPool, user: u64, opened: bool) -> sqlx::Result<Vec<GroupRow>> {
    let statement = if opened {
        select_group!(
            "where user_id = ? and groupon_id = 0 and status <> 0 and deleted = false \
             order by added_at desc, id desc limit 10000"
        )
    } else {
        select_group!(
            "where user_id = ? and groupon_id <> 0 and status <> 0 and deleted = false \
             order by added_at desc, id desc limit 10000"
        )
    };
    sqlx::query_as(statement).bind(user).fetch_all(db).await
}

/// Paid participants of some groups.
pub async fn participants(db: &MySqlPool, groups: &[u64]) -> sqlx::Result<Vec<GroupRow>> {
    let mut query =
        QueryBuilder::new(select_group!("where status in (1, 2) and deleted = false and groupon_id in ("));
    // Never an empty list; no group has this id.
    query.push_bind(u64::MAX);
    for group in groups {
        query.push(", ").push_bind(*group);
    }
    query.push(") order by id");
    query.build_query_as().fetch_all(db).await
}

fn openers(select: &'static str, rule: Option<u64>) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push("where groupon_id = 0 and status <> 0 and deleted = false");
    if let Some(rule) = rule {
        query.push(" and rule_id = ").push_bind(rule);
    }
    query
}

/// How many groups there are, of one offer or of all.
pub async fn count_openers(db: &MySqlPool, rule: Option<u64>) -> sqlx::Result<i64> {
    openers("select count(*) from groupon ", rule).build_query_scalar().fetch_one(db).await
}

/// Some of the groups, newest first.
pub async fn list_openers(
    db: &MySqlPool,
    rule: Option<u64>,
    rows: crate::extract::listing::Rows,
) -> sqlx::Result<Vec<GroupRow>> {
    let mut query = openers(select_group!(""), rule);
    query.push(" order by id desc limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}
