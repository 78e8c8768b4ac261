//! What settlement reads: the locked sales, the tokens known already, and whole records buried before.

use super::failure::Failure;
use super::rows::{ROWS_MAX, bind_list, list, nonce, units};
use super::sales;
use crate::settlement::plan::{Facts, SaleFacts, Wanted};
use contract::ids::{Generation, Nonce, SaleId, UserId};
use contract::ledger::FlashOrderState;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Row as _, query};
use std::collections::BTreeMap;

/// What writing the mall's rows of a sale needs beyond the facts.
#[derive(Clone, Copy, Debug)]
pub(super) struct LockedSale {
    /// The ledger's clock.
    pub(super) now: DateTime<Utc>,
    /// Seconds to pay.
    pub(super) pay_within_s: u32,
    /// SKU, coupon or ticket type.
    pub(super) sku_id: u64,
    /// Coupon.
    pub(super) coupon_id: u64,
    /// Ticket type.
    pub(super) ticket_type_id: u64,
    /// Whether it has dead letters; most sales have none, and nobody needs to search them then.
    letters: bool,
}

/// Locks the sales of a step, in order of their ids.
pub(super) async fn lock_sales(
    connection: &mut MySqlConnection,
    ids: &[SaleId],
    facts: &mut Facts,
) -> Result<BTreeMap<SaleId, LockedSale>, Failure> {
    let mut locked = BTreeMap::new();
    for ids in ids.chunks(ROWS_MAX) {
        let sql = format!(
            "select id, kind, state, settled_generation, free, per_user_max, pay_within_s, sku_id,
                coupon_id, ticket_type_id, now(3) as now,
                exists(select 1 from dead_letter d where d.sale_id = flash_sale.id) as letters
            from flash_sale where id in ({}) order by id for update",
            list(ids.len())
        );
        let statement = bind_list(query(AssertSqlSafe(sql)), ids, |statement, id| statement.bind(id.0));
        for row in statement.fetch_all(&mut *connection).await? {
            let id = SaleId(row.try_get("id")?);
            facts.sales.insert(id, sale_facts(&row)?);
            locked.insert(id, locked_sale(&row)?);
        }
    }
    Ok(locked)
}

fn sale_facts(row: &MySqlRow) -> Result<SaleFacts, Failure> {
    Ok(SaleFacts {
        kind: sales::kind(row)?,
        state: sales::state(row)?,
        settled_generation: Generation(row.try_get("settled_generation")?),
        free: units(row, "free")?,
        per_user_max: row.try_get("per_user_max")?,
        active: Default::default(),
    })
}

fn locked_sale(row: &MySqlRow) -> Result<LockedSale, Failure> {
    let id = |column: &str| row.try_get::<Option<u64>, _>(column).map(Option::unwrap_or_default);
    Ok(LockedSale {
        now: row.try_get("now")?,
        pay_within_s: row.try_get("pay_within_s")?,
        sku_id: id("sku_id")?,
        coupon_id: id("coupon_id")?,
        ticket_type_id: id("ticket_type_id")?,
        letters: row.try_get("letters")?,
    })
}

/// Finds what the ledger knows about the buyers and tokens of a step. `thorough` also looks for tokens
/// under other buyers; without it such a token makes the insert fail, and the step is tried again.
pub(super) async fn find_tokens(
    connection: &mut MySqlConnection,
    wanted: &Wanted,
    locked: &BTreeMap<SaleId, LockedSale>,
    thorough: bool,
    facts: &mut Facts,
) -> Result<(), Failure> {
    for (&sale, tokens) in &wanted.sales {
        let letters = locked.get(&sale).is_none_or(|sale| sale.letters);
        for tokens in tokens.chunks(ROWS_MAX) {
            for row in orders_of_buyers(connection, sale, tokens).await? {
                note_order(sale, &row, facts)?;
            }
            if thorough {
                for row in orders_of_tokens(connection, sale, tokens).await? {
                    note_order(sale, &row, facts)?;
                }
            }
            if letters {
                for row in letters_of_tokens(connection, sale, tokens).await? {
                    facts.tokens.insert((sale, nonce(&row, "nonce")?), None);
                }
            }
        }
    }
    Ok(())
}

async fn orders_of_buyers(
    connection: &mut MySqlConnection,
    sale: SaleId,
    tokens: &[(UserId, Nonce)],
) -> Result<Vec<MySqlRow>, Failure> {
    let sql = format!(
        "select nonce, user_id, units, state from flash_order where sale_id = ? and user_id in ({})",
        list(tokens.len())
    );
    let statement = query(AssertSqlSafe(sql)).bind(sale.0);
    let statement = bind_list(statement, tokens, |statement, (user, _)| statement.bind(user.0));
    Ok(statement.fetch_all(connection).await?)
}

async fn orders_of_tokens(
    connection: &mut MySqlConnection,
    sale: SaleId,
    tokens: &[(UserId, Nonce)],
) -> Result<Vec<MySqlRow>, Failure> {
    let sql = format!(
        "select nonce, user_id, units, state from flash_order where sale_id = ? and nonce in ({})",
        list(tokens.len())
    );
    let statement = query(AssertSqlSafe(sql)).bind(sale.0);
    let statement = bind_list(statement, tokens, |statement, (_, nonce)| statement.bind(nonce.0.as_slice()));
    Ok(statement.fetch_all(connection).await?)
}

async fn letters_of_tokens(
    connection: &mut MySqlConnection,
    sale: SaleId,
    tokens: &[(UserId, Nonce)],
) -> Result<Vec<MySqlRow>, Failure> {
    let sql =
        format!("select nonce from dead_letter where sale_id = ? and nonce in ({})", list(tokens.len()));
    let statement = query(AssertSqlSafe(sql)).bind(sale.0);
    let statement = bind_list(statement, tokens, |statement, (_, nonce)| statement.bind(nonce.0.as_slice()));
    Ok(statement.fetch_all(connection).await?)
}

fn note_order(sale: SaleId, row: &MySqlRow, facts: &mut Facts) -> Result<(), Failure> {
    let key = (sale, nonce(row, "nonce")?);
    let user = UserId(row.try_get("user_id")?);
    // A buyer's orders come again with every list the buyer stands in, and count once.
    if facts.tokens.contains_key(&key) {
        return Ok(());
    }
    facts.tokens.insert(key, Some(user));
    let state: u8 = row.try_get("state")?;
    if state != FlashOrderState::Lapsed.code()
        && let Some(sale) = facts.sales.get_mut(&sale)
    {
        *sale.active.entry(user).or_default() += u64::from(row.try_get::<u32, _>("units")?);
    }
    Ok(())
}

/// Finds which whole records stand in a dead letter.
pub(super) async fn find_buried(
    connection: &mut MySqlConnection,
    partition: u32,
    log: &str,
    offsets: &[i64],
    facts: &mut Facts,
) -> Result<(), Failure> {
    for offsets in offsets.chunks(ROWS_MAX) {
        let sql = format!(
            "select log_offset from dead_letter
            where topic_identity = ? and partition_id = ? and nonce is null and log_offset in ({})",
            list(offsets.len())
        );
        let statement = query(AssertSqlSafe(sql)).bind(log).bind(partition);
        let statement = bind_list(statement, offsets, |statement, offset| statement.bind(*offset));
        for row in statement.fetch_all(&mut *connection).await? {
            facts.buried.insert(row.try_get("log_offset")?);
        }
    }
    Ok(())
}

/// Which of these tokens have an order or a dead letter.
pub(super) async fn known(
    connection: &mut MySqlConnection,
    sale: SaleId,
    nonces: &[Nonce],
) -> Result<Vec<Nonce>, Failure> {
    let mut known = Vec::new();
    for nonces in nonces.chunks(ROWS_MAX) {
        let places = list(nonces.len());
        let sql = format!(
            "select nonce from flash_order where sale_id = ? and nonce in ({places})
            union all
            select nonce from dead_letter where sale_id = ? and nonce in ({places})"
        );
        let bind = |statement| bind_list(statement, nonces, |s, nonce| s.bind(nonce.0.as_slice()));
        let statement = bind(query(AssertSqlSafe(sql)).bind(sale.0)).bind(sale.0);
        for row in bind(statement).fetch_all(&mut *connection).await? {
            known.push(nonce(&row, "nonce")?);
        }
    }
    Ok(known)
}
