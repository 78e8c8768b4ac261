//! Which orders stand on a page of the list of staff, found in indexes alone: the rows of a page far behind
//! are not read to be passed over.
//!
//! Each state is a list of its own in the order that is asked for; several states are merged from the
//! beginnings of theirs, which have to reach as far as the page.

use super::order_desk::Filter;
use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use sqlx::{MySql, MySqlPool, QueryBuilder};

/// A place in a list by time.
type Place = (u64, NaiveDateTime);

/// Ids of a page, in its order.
pub async fn ids(db: &MySqlPool, filter: &Filter, listing: Listing, rows: Rows) -> sqlx::Result<Vec<u64>> {
    if rows.count == 0 {
        return Ok(Vec::new());
    }
    let order = match (listing.column, listing.descending) {
        ("id", true) => "id desc",
        ("id", false) => "id asc",
        (_, true) => "added_at desc, id desc",
        (_, false) => "added_at asc, id asc",
    };
    if listing.column == "id" {
        return page(filter, "id", order, rows).build_query_scalar().fetch_all(db).await;
    }
    let mut places: Vec<Place> =
        page(filter, "id, added_at", order, rows).build_query_as().fetch_all(db).await?;
    if !listing.descending {
        places = falling_ids(db, filter, &places, rows).await?;
    }
    Ok(places.into_iter().map(|(id, _)| id).collect())
}

fn page(filter: &Filter, columns: &'static str, order: &'static str, rows: Rows) -> QueryBuilder<MySql> {
    let mut states = filter.statuses.clone();
    states.sort_unstable();
    states.dedup();
    let mut query = QueryBuilder::new("select ");
    query.push(columns).push(" from ");
    match states.as_slice() {
        [] => beginning(&mut query, filter, None, order),
        [state] => beginning(&mut query, filter, Some(*state), order),
        _ => {
            query.push("(");
            for (at, state) in states.iter().enumerate() {
                query.push(if at == 0 { "(select " } else { " union all (select " });
                query.push(columns).push(" from ");
                beginning(&mut query, filter, Some(*state), order);
                query.push(" limit ").push_bind(rows.offset + rows.count).push(")");
            }
            query.push(") merged order by ").push(order);
        }
    }
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query
}

fn beginning(query: &mut QueryBuilder<MySql>, filter: &Filter, state: Option<i64>, order: &'static str) {
    // The server would rather sort all of an index that is shorter than the table.
    let by_id = order.starts_with("id ") && filter.start.is_none() && filter.end.is_none();
    query.push(match state {
        Some(_) if by_id => "orders force index (orders_by_state)",
        None if by_id => "orders force index (primary)",
        Some(_) | None => "orders",
    });
    query.push(" where deleted = false");
    if let Some(state) = state {
        query.push(" and status = ").push_bind(state);
    }
    within(query, filter);
    query.push(" order by ").push(order);
}

fn within(query: &mut QueryBuilder<MySql>, filter: &Filter) {
    if let Some(start) = filter.start {
        query.push(" and added_at >= ").push_bind(start);
    }
    if let Some(end) = filter.end {
        query.push(" and added_at < ").push_bind(end);
    }
}

/// The page again where ids fall among rows of the same time. No index is in that order, but only the times
/// of the page have to be sorted, with what stands before the page at its first time.
async fn falling_ids(
    db: &MySqlPool,
    filter: &Filter,
    places: &[Place],
    rows: Rows,
) -> sqlx::Result<Vec<Place>> {
    let (Some((first_id, first)), Some((_, last))) = (places.first(), places.last()) else {
        return Ok(Vec::new());
    };
    let of_states = |query: &mut QueryBuilder<MySql>| {
        query.push(" from orders where deleted = false");
        if !filter.statuses.is_empty() {
            query.push(" and status in (");
            let mut states = query.separated(", ");
            for state in &filter.statuses {
                states.push_bind(*state);
            }
            query.push(")");
        }
    };
    let mut before = QueryBuilder::<MySql>::new("select count(*)");
    of_states(&mut before);
    before.push(" and added_at = ").push_bind(*first).push(" and id < ").push_bind(*first_id);
    let before: i64 = before.build_query_scalar().fetch_one(db).await?;
    let mut query = QueryBuilder::<MySql>::new("select id, added_at");
    of_states(&mut query);
    query.push(" and added_at >= ").push_bind(*first).push(" and added_at <= ").push_bind(*last);
    query
        .push(" order by added_at asc, id desc limit ")
        .push_bind(rows.count)
        .push(" offset ")
        .push_bind(before);
    query.build_query_as().fetch_all(db).await
}
