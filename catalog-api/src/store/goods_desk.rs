//! Goods as staff list them: on sale or not, whole rows.

use super::goods::{GoodsRow, select_goods};
use super::{in_order_of, push_where_id_in};
use crate::extract::listing::{Listing, Rows};
use sqlx::{MySql, MySqlPool, QueryBuilder};

/// What a list may be narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// These.
    pub id: Option<u64>,
    /// The goods number.
    pub goods_sn: Option<String>,
    /// Contained in the name.
    pub name: Option<String>,
}

/// The index to be used, where the server would take a worse one. A name may have the text anywhere, so that
/// all rows are looked at, in the smallest index that has what is asked for; without a filter, rows in the
/// order of their ids are those of the table.
fn index(filter: &Filter, column: &str) -> &'static str {
    match (filter.name.is_some(), column) {
        _ if filter.id.is_some() || filter.goods_sn.is_some() => "",
        (true, _) => "force index (goods_search) ",
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
    if let Some(id) = filter.id {
        query.push(" and id = ").push_bind(id);
    }
    if let Some(goods_sn) = &filter.goods_sn {
        query.push(" and goods_sn = ").push_bind(goods_sn.clone());
    }
    if let Some(name) = &filter.name {
        query.push(" and name like ").push_bind(super::anywhere(name)).push(" escape '!'");
    }
}

/// How many goods match.
pub async fn count(db: &MySqlPool, filter: &Filter) -> sqlx::Result<i64> {
    among_all("select count(*) from goods ", filter, "").build_query_scalar().fetch_one(db).await
}

/// Some of the goods that match.
pub async fn list(
    db: &MySqlPool,
    filter: &Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<GoodsRow>> {
    let mut query = among_all("select id from goods ", filter, listing.column);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    let ids: Vec<u64> = query.build_query_scalar().fetch_all(db).await?;
    let mut query = QueryBuilder::new(select_goods!(""));
    push_where_id_in(&mut query, "id", &ids);
    Ok(in_order_of(&ids, query.build_query_as().fetch_all(db).await?, |goods: &GoodsRow| goods.id))
}

/// The goods that match and come after an id, in the order of ids.
pub async fn after(db: &MySqlPool, filter: &Filter, id: u64, limit: u32) -> sqlx::Result<Vec<GoodsRow>> {
    let mut query = narrowed(select_goods!(""), filter);
    query.push(" and id > ").push_bind(id).push(" order by id limit ").push_bind(limit);
    query.build_query_as().fetch_all(db).await
}
