//! SQL, one function per statement, named for its meaning. Transactions begin and end in the spines
//! (`orders`, `payments`, `sales`, `timers`, `texts`), where they can be seen; the one exception is
//! [`order_state`], which is the state machine of orders.
//!
//! Deliberately absent: any statement that moves `flash_sale.free` of a sale the engine may serve, and
//! any key of a sale's desk.

pub mod ad;
pub mod address;
pub mod address_book;
pub mod address_choice;
pub mod admin;
pub mod admin_desk;
pub mod aftersale;
pub mod bare_hash;
pub mod bbq;
pub mod books;
pub mod brand;
pub mod cart;
pub mod cart_write;
pub mod category;
pub mod collect;
pub mod comment;
pub mod coupon;
pub mod coupon_user;
pub mod coupon_write;
pub mod due_task;
pub mod feedback;
pub mod fishing;
pub mod footprint;
pub mod goods;
pub mod goods_desk;
pub mod goods_part;
pub mod goods_write;
pub mod groupon;
pub mod groupon_rule;
pub mod groupon_rule_write;
pub mod groupon_view;
pub mod import;
pub mod issue;
pub mod keyword;
pub mod letter_box;
pub mod litemall;
pub mod notice;
pub mod operation_log;
pub mod order;
pub mod order_desk;
pub mod order_page;
pub mod order_request;
pub mod order_state;
pub mod order_write;
pub mod payment;
pub mod payment_request;
pub mod poster;
pub mod question;
pub mod region;
pub mod replica_mark;
pub mod resource;
pub mod role;
pub mod sale;
pub mod sale_write;
pub mod search_history;
pub mod setting;
pub mod shopper;
pub mod shopper_account;
pub mod shopper_desk;
pub mod sms_outbox;
pub mod stat;
pub mod storage;
pub mod topic;

use crate::error::Failure;
use sqlx::mysql::MySqlDatabaseError;
use sqlx::{MySql, QueryBuilder};
use std::collections::HashMap;

/// The server's number of an error.
pub fn error_number(error: &sqlx::Error) -> Option<u16> {
    let error = error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>()?;
    Some(error.number())
}

/// Whether an error is a second row for this unique key.
pub fn violates(error: &sqlx::Error, key: &str) -> bool {
    // The server says which key in its text only; MySQL writes the table before it.
    let Some(error) = error.as_database_error().filter(|error| error.is_unique_violation()) else {
        return false;
    };
    error.message().ends_with(&format!("{key}'"))
}

/// Times a transaction is begun before its lost lock is a fault.
const TRIES: usize = 5;

/// Repeats a transaction that the database gave up for another one.
pub async fn retrying<T, W, F>(mut work: W) -> Result<T, Failure>
where
    W: FnMut() -> F,
    F: Future<Output = Result<T, Failure>>,
{
    for _ in 1..TRIES {
        match work().await {
            Err(failure) if failure.lost_a_lock() => {}
            other => return other,
        }
    }
    work().await
}

/// Adds ids to a list in brackets, and one that no row has, so that it is never empty, which is no SQL. That
/// one is bound like the others: written into the text it would have a sign, which the ids have not, and for
/// a list of both MariaDB uses no index, but reads the whole table.
fn push_ids(query: &mut QueryBuilder<MySql>, ids: &[u64]) {
    query.push_bind(0_u64);
    for id in ids {
        query.push(", ").push_bind(*id);
    }
}

/// A condition that a row has one of these ids.
fn push_where_id_in(query: &mut QueryBuilder<MySql>, column: &'static str, ids: &[u64]) {
    query.push(" where ").push(column).push(" in (");
    push_ids(query, ids);
    query.push(")");
}

/// Rows of these ids in the order of the ids: a page is found in an index, then its rows are read.
fn in_order_of<T>(ids: &[u64], mut rows: Vec<T>, id: impl Fn(&T) -> u64) -> Vec<T> {
    let places: HashMap<u64, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    rows.sort_by_key(|row| places.get(&id(row)).copied());
    rows
}

/// A pattern for `like … escape '!'` that finds a text anywhere.
pub fn anywhere(text: &str) -> String {
    let escaped = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_where_their_ids_do() {
        assert_eq!(in_order_of(&[7, 2, 5], vec![2, 5, 7], |row| *row), [7, 2, 5]);
        assert!(in_order_of(&[], Vec::<u64>::new(), |row| *row).is_empty());
    }

    #[test]
    fn a_pattern_has_no_wildcards_of_the_caller() {
        assert_eq!(anywhere("50%_off!"), "%50!%!_off!!%");
    }
}
