//! Figures per day.

use crate::calendar::show_date;
use crate::envelope::{Answer, Envelope, Money, Reply};
use crate::state::App;
use crate::stats;
use crate::store::stat::{self, Subject};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A table: the names of its columns in order, and a row per day.
#[derive(Debug, Serialize, ToSchema)]
pub struct Table<T> {
    columns: Vec<&'static str>,
    rows: Vec<T>,
}

/// New shoppers of a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserDay {
    day: String,
    users: i64,
}

/// Received orders of a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderDay {
    day: String,
    orders: i64,
    customers: i64,
    amount: Money,
    /// The amount per customer.
    pcr: Money,
}

/// Lines of a day's orders.
#[derive(Debug, Serialize, ToSchema)]
pub struct GoodsDay {
    day: String,
    orders: i64,
    products: i64,
    amount: Money,
}

/// New shoppers by day.
#[utoipa::path(get, path = "/admin/stat/user", tag = "staff: figures",
    responses((status = 200, body = Envelope<Table<UserDay>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn user(State(app): State<Arc<App>>) -> Answer<Table<UserDay>> {
    stats::refresh(&app, Subject::User).await?;
    let days = stat::users(&app.db).await?.into_iter();
    let rows = days.map(|day| UserDay { day: show_date(day.day), users: day.users }).collect();
    Ok(Reply::data(Table { columns: vec!["day", "users"], rows }))
}

/// Received orders by day.
#[utoipa::path(get, path = "/admin/stat/order", tag = "staff: figures",
    responses((status = 200, body = Envelope<Table<OrderDay>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn order(State(app): State<Arc<App>>) -> Answer<Table<OrderDay>> {
    stats::refresh(&app, Subject::Order).await?;
    let days = stat::orders(&app.db).await?.into_iter();
    let rows = days.map(|day| OrderDay {
        day: show_date(day.day),
        orders: day.orders,
        customers: day.customers,
        amount: Money(day.amount_minor),
        pcr: Money(per_customer(day.amount_minor, day.customers)),
    });
    let columns = vec!["day", "orders", "customers", "amount", "pcr"];
    Ok(Reply::data(Table { columns, rows: rows.collect() }))
}

/// To the nearest cent, half a cent up.
fn per_customer(amount_minor: i64, customers: i64) -> i64 {
    let customers = customers.max(1);
    amount_minor.saturating_mul(2).saturating_add(customers) / (2 * customers)
}

/// Lines of orders by day.
#[utoipa::path(get, path = "/admin/stat/goods", tag = "staff: figures",
    responses((status = 200, body = Envelope<Table<GoodsDay>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn goods(State(app): State<Arc<App>>) -> Answer<Table<GoodsDay>> {
    stats::refresh(&app, Subject::Goods).await?;
    let days = stat::goods(&app.db).await?.into_iter();
    let rows = days.map(|day| GoodsDay {
        day: show_date(day.day),
        orders: day.orders,
        products: day.products,
        amount: Money(day.amount_minor),
    });
    Ok(Reply::data(Table { columns: vec!["day", "orders", "products", "amount"], rows: rows.collect() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_amount_per_customer_is_rounded_to_the_cent() {
        assert_eq!(per_customer(1_000, 3), 333);
        assert_eq!(per_customer(2_000, 3), 667);
        assert_eq!((per_customer(5, 2), per_customer(0, 0)), (3, 0));
    }
}
