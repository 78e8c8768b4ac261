//! A shop of any size, for measuring: so many goods, shoppers and orders, with what belongs to them.
//!
//! Every row follows from its number, so that two runs make the same shop. The numbers of a kind go on
//! where the highest one in the table ends, until the table has as many rows as were asked for: running it
//! again adds nothing, and a larger number adds the difference. Rows are made by the database itself,
//! ten thousand of a kind in a transaction, so that neither side holds more than that, and a run that was
//! interrupted goes on with the next batch.

mod goods;
mod orders;
mod people;

use crate::config::Config;
use crate::state::App;
use anyhow::{Context, ensure};
use sqlx::{AssertSqlSafe, MySqlConnection, MySqlPool};
use std::io::Write;

/// Rows of a kind in one transaction: what four digits can count to.
const BATCH: u64 = 10_000;
/// Rows of a kind at most: what the digits in their names can tell apart.
pub const ROWS_MAX: u64 = 9_999_999;

/// How many rows there are to be in the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Goods, each with two SKUs.
    pub goods: u64,
    /// Accounts of shoppers.
    pub users: u64,
    /// Orders.
    pub orders: u64,
}

/// Fills up, and tells the progress on standard error.
pub async fn run(config: Config, amounts: Amounts) -> anyhow::Result<()> {
    ensure!(config.is_dev(), "seed: rows for measuring are made in the dev profile only");
    let app = App::new(config)?;
    goods::fill(&app, amounts.goods).await?;
    people::fill(&app, amounts.users).await?;
    orders::fill(&app, amounts.orders).await?;
    for (name, what, count) in [
        ("GOODS", "goods", "select count(*) from goods"),
        ("USERS", "shoppers", "select count(*) from shopper"),
        ("ORDERS", "orders", "select count(*) from orders"),
    ] {
        let rows: i64 = sqlx::query_scalar(count).fetch_one(&app.db).await.context(what)?;
        println!("{name}={rows}");
    }
    Ok(())
}

/// Numbers of one batch: from the first to before the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    first: u64,
    end: u64,
}

/// The batches that bring a table of `rows`, whose highest number is `highest`, to `wanted` rows.
fn spans(rows: u64, highest: u64, wanted: u64) -> impl Iterator<Item = Span> {
    let (first, end) = (highest + 1, highest + 1 + wanted.saturating_sub(rows));
    (first..end).step_by(BATCH as usize).map(move |first| Span { first, end: end.min(first + BATCH) })
}

/// How many rows a table has, and the highest number in the names of ours.
async fn state(db: &MySqlPool, rows: &'static str, last: &'static str) -> sqlx::Result<(u64, u64)> {
    let rows: i64 = sqlx::query_scalar(rows).fetch_one(db).await?;
    let last: Option<String> = sqlx::query_scalar(last).fetch_one(db).await?;
    let digits = last.map(|name| name.trim_start_matches(|c: char| !c.is_ascii_digit()).to_owned());
    Ok((u64::try_from(rows).unwrap_or(0), digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)))
}

const DIGITS: &str = "(select 0 as d union all select 1 union all select 2 union all select 3 union all select 4 \
     union all select 5 union all select 6 union all select 7 union all select 8 union all select 9)";

/// One statement for a batch. In its text `{numbers}` is a table with the batch's numbers as `n`, and each
/// other name in braces stands for an expression of the list; they are made of constants and ids.
async fn insert(
    db: &mut MySqlConnection,
    text: &str,
    span: Span,
    expressions: &[(&str, String)],
) -> anyhow::Result<u64> {
    let numbers = format!(
        "(select cast(? as signed) + a.d + 10 * b.d + 100 * c.d + 1000 * e.d as n \
         from {DIGITS} a, {DIGITS} b, {DIGITS} c, {DIGITS} e having n < cast(? as signed)) numbers"
    );
    let filled = expressions.iter().fold(text.replace("{numbers}", &numbers), |text, (name, with)| {
        text.replace(&format!("{{{name}}}"), with)
    });
    let done = sqlx::query(AssertSqlSafe(filled)).bind(span.first).bind(span.end).execute(db).await?;
    Ok(done.rows_affected())
}

/// One of some words or ids, chosen by a number.
fn one_of<T: ToString>(all: &[T], number: &str) -> String {
    let list: String = all.iter().map(|one| format!(", '{}'", one.to_string().replace('\'', "''"))).collect();
    format!("elt(1 + {number} % {}{list})", all.len())
}

/// Tells how far a kind is; once a batch, which is a line every few seconds.
fn tell(kind: &str, done: u64, wanted: u64) {
    // Nobody may be listening.
    let _ = writeln!(std::io::stderr(), "… {kind}: {done} of {wanted}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_fill_up_and_never_double() {
        let all = |rows, highest, wanted| spans(rows, highest, wanted).collect::<Vec<_>>();
        assert_eq!(all(0, 0, 3), [Span { first: 1, end: 4 }]);
        assert_eq!(
            all(245, 0, 20_245),
            [Span { first: 1, end: 10_001 }, Span { first: 10_001, end: 20_001 }]
        );
        assert_eq!(all(20_245, 20_000, 20_250), [Span { first: 20_001, end: 20_006 }]);
        assert!(all(20_245, 20_000, 20_245).is_empty() && all(20_245, 20_000, 7).is_empty());
    }

    #[test]
    fn a_choice_is_sql_whatever_the_words_are() {
        assert_eq!(one_of(&["a", "it's"], "n"), "elt(1 + n % 2, 'a', 'it''s')");
    }
}
