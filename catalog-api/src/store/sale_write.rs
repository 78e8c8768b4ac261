//! Statements that change sales. The terms and the state belong to staff; `free` is touched only while
//! no desk was ever built.

use super::resource::Resource;
use chrono::NaiveDateTime;
use contract::ledger::{MovementState, SaleState, StockCause};
use sqlx::MySqlConnection;

/// Terms that staff set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Terms {
    pub name: String,
    pub pic_url: String,
    pub price_minor: i64,
    pub starts_at: NaiveDateTime,
    pub ends_at: NaiveDateTime,
    pub pay_within_s: u32,
    pub per_order_max: u32,
    pub per_user_max: u32,
    pub cooldown_s: u32,
    pub token_multiplier: u32,
    pub min_user_level: u8,
}

/// Adds an armed sale. Its units have left the resource in the same transaction.
pub async fn insert_armed(
    db: &mut MySqlConnection,
    resource: Resource,
    terms: &Terms,
    units: i64,
) -> sqlx::Result<u64> {
    let (goods, sku, coupon, ticket) = match resource {
        Resource::Sku { goods, sku } => (Some(goods), Some(sku), None, None),
        Resource::Coupon(coupon) => (None, None, Some(coupon), None),
        Resource::Ticket(ticket) => (None, None, None, Some(ticket)),
    };
    let done = sqlx::query(
        "insert into flash_sale (kind, goods_id, sku_id, coupon_id, ticket_type_id, name, pic_url, \
         price_minor, starts_at, ends_at, pay_within_s, per_order_max, per_user_max, cooldown_s, \
         token_multiplier, min_user_level, state, put_on_sale, free) \
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(resource.kind().code())
    .bind(goods)
    .bind(sku)
    .bind(coupon)
    .bind(ticket)
    .bind(&terms.name)
    .bind(&terms.pic_url)
    .bind(terms.price_minor)
    .bind(terms.starts_at)
    .bind(terms.ends_at)
    .bind(terms.pay_within_s)
    .bind(terms.per_order_max)
    .bind(terms.per_user_max)
    .bind(terms.cooldown_s)
    .bind(terms.token_multiplier)
    .bind(terms.min_user_level)
    .bind(SaleState::Armed.code())
    .bind(units)
    .bind(units)
    .execute(db)
    .await?;
    Ok(done.last_insert_id())
}

/// Replaces the terms of one version by the next one; false when it is not that version any more.
pub async fn set_terms(db: &mut MySqlConnection, id: u64, version: u32, terms: &Terms) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update flash_sale set name = ?, pic_url = ?, price_minor = ?, starts_at = ?, ends_at = ?, \
         pay_within_s = ?, per_order_max = ?, per_user_max = ?, cooldown_s = ?, token_multiplier = ?, \
         min_user_level = ?, version = version + 1 where id = ? and version = ?",
    )
    .bind(&terms.name)
    .bind(&terms.pic_url)
    .bind(terms.price_minor)
    .bind(terms.starts_at)
    .bind(terms.ends_at)
    .bind(terms.pay_within_s)
    .bind(terms.per_order_max)
    .bind(terms.per_user_max)
    .bind(terms.cooldown_s)
    .bind(terms.token_multiplier)
    .bind(terms.min_user_level)
    .bind(id)
    .bind(version)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Moves the beginning of the window to now, if it lies ahead and the sale can still open.
pub async fn start_now(db: &mut MySqlConnection, id: u64) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update flash_sale set starts_at = now(3), version = version + 1 \
         where id = ? and state in (1, 2, 3) and starts_at > now(3) and ends_at > now(3)",
    )
    .bind(id)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Closes a sale that is armed, open or recovering; false when it is in no such state.
pub async fn close_by_staff(db: &mut MySqlConnection, id: u64) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update flash_sale set state = ?, closed_by_staff = true, version = version + 1 \
         where id = ? and state in (1, 2, 3)",
    )
    .bind(SaleState::Closing.code())
    .bind(id)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Asks the engine for a change of a sale's units.
pub async fn ask_stock_change(
    db: &mut MySqlConnection,
    sale: u64,
    delta: i64,
    asked_by: &str,
) -> sqlx::Result<()> {
    sqlx::query("insert into stock_change (sale_id, delta, state, asked_by) values (?, ?, ?, ?)")
        .bind(sale)
        .bind(delta)
        .bind(MovementState::Asked.code())
        .bind(asked_by)
        .execute(db)
        .await?;
    Ok(())
}

/// Units that changes asked for and not yet booked will take away.
pub async fn asked_decreases(db: &mut MySqlConnection, sale: u64) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "select cast(coalesce(-sum(delta), 0) as signed) from stock_change \
         where sale_id = ? and state = 0 and delta < 0",
    )
    .bind(sale)
    .fetch_one(db)
    .await
}

/// Locks the changes that were asked for and not booked, and says how many units the increases among
/// them have taken out of the resource.
pub async fn lock_asked_changes(db: &mut MySqlConnection, sale: u64) -> sqlx::Result<i64> {
    let deltas: Vec<i64> =
        sqlx::query_scalar("select delta from stock_change where sale_id = ? and state = 0 for update")
            .bind(sale)
            .fetch_all(db)
            .await?;
    Ok(deltas.into_iter().filter(|delta| *delta > 0).sum())
}

/// Refuses the changes that were asked for and not booked.
pub async fn refuse_asked_changes(db: &mut MySqlConnection, sale: u64) -> sqlx::Result<()> {
    sqlx::query("update stock_change set state = ? where sale_id = ? and state = 0")
        .bind(MovementState::Refused.code())
        .bind(sale)
        .execute(db)
        .await?;
    Ok(())
}

/// Ends a sale whose desk was never built: nothing stays free, so that a desk built against all
/// expectation has nothing to sell.
pub async fn delete_unbuilt(db: &mut MySqlConnection, id: u64) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update flash_sale set deleted = true, state = ?, given_back = given_back + free, free = 0, \
         version = version + 1 where id = ? and generation = 0 and state in (0, 1)",
    )
    .bind(SaleState::Archived.code())
    .bind(id)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes down that the free units of a sale went back to its resource.
pub async fn log_unsold(db: &mut MySqlConnection, sale: u64, units: i64) -> sqlx::Result<()> {
    sqlx::query("insert into stock_log (sale_id, cause, cause_id, delta) values (?, ?, ?, ?)")
        .bind(sale)
        .bind(StockCause::Unsold.code())
        .bind([0_u8; 16].as_slice())
        .bind(-units)
        .execute(db)
        .await?;
    Ok(())
}

/// Deletes a sale that is over and has given its units back.
pub async fn delete_reconciled(db: &mut MySqlConnection, id: u64) -> sqlx::Result<bool> {
    let done = sqlx::query("update flash_sale set deleted = true where id = ? and state in (6, 7)")
        .bind(id)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// State of a sale.
pub async fn state(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<u8>> {
    sqlx::query_scalar("select state from flash_sale where id = ?").bind(id).fetch_optional(db).await
}
