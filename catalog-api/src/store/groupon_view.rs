//! What is shown beside groups: the people in them, the goods, and the orders of one person.

use super::goods::{GoodsRow, select_goods};
use sqlx::{FromRow, MySqlPool, QueryBuilder};

/// A face.
#[derive(Clone, Debug, FromRow)]
pub struct Person {
    /// The account.
    pub id: u64,
    /// Nickname.
    pub nickname: String,
    /// Picture.
    pub avatar: String,
}

/// Some accounts, as others may see them.
pub async fn people(db: &MySqlPool, ids: &[u64]) -> sqlx::Result<Vec<Person>> {
    let mut query = QueryBuilder::new("select id, nickname, avatar from shopper where id in (");
    super::push_ids(&mut query, ids);
    query.push(")");
    query.build_query_as().fetch_all(db).await
}

/// An order in a list of groups.
#[derive(Clone, Debug, FromRow)]
pub struct OrderOf {
    /// Id.
    pub id: u64,
    /// Number.
    pub order_sn: String,
    /// Paid, or to be paid.
    pub actual_minor: i64,
    /// Status.
    pub status: u16,
}

/// Some orders of a shopper.
pub async fn orders(db: &MySqlPool, owner: u64, ids: &[u64]) -> sqlx::Result<Vec<OrderOf>> {
    let mut query =
        QueryBuilder::new("select id, order_sn, actual_minor, status from orders where user_id = ");
    query.push_bind(owner).push(" and deleted = false and id in (");
    super::push_ids(&mut query, ids);
    query.push(")");
    query.build_query_as().fetch_all(db).await
}

/// Some goods that are not deleted.
pub async fn goods(db: &MySqlPool, ids: &[u64]) -> sqlx::Result<Vec<GoodsRow>> {
    let mut query = QueryBuilder::new(select_goods!("where deleted = false and id in ("));
    super::push_ids(&mut query, ids);
    query.push(")");
    query.build_query_as().fetch_all(db).await
}
