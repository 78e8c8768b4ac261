//! `stock_return` and `stock_change`: units on their way, each booked once.

use super::failure::Failure;
use super::rows::nonce;
use super::stock::{self, LockedStock};
use crate::settlement::{StockChange, StockReturn};
use contract::ids::{Generation, Nonce, SaleId, UserId};
use contract::ledger::{MovementState, SaleState, StockCause};
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Row as _, query};

/// Returns that are not done, those still to be booked first.
pub(super) async fn returns(
    connection: &mut MySqlConnection,
    limit: u32,
) -> Result<Vec<StockReturn>, Failure> {
    let rows = query(
        "select sale_id, nonce, user_id, units, state from stock_return where state in (?, ?)
        order by state, added_at, sale_id, nonce limit ?",
    )
    .bind(MovementState::Asked.code())
    .bind(MovementState::Booked.code())
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let read = |row: &MySqlRow| -> Result<StockReturn, Failure> {
        Ok(StockReturn {
            sale: SaleId(row.try_get("sale_id")?),
            nonce: nonce(row, "nonce")?,
            user: UserId(row.try_get("user_id")?),
            units: row.try_get("units")?,
            state: state(row)?,
        })
    };
    rows.iter().map(read).collect()
}

/// Books a return, in a transaction of the caller's: to the sale, or to the resource when the sale is
/// reconciled. The units are the row's, not the caller's.
pub(super) async fn book_return(
    connection: &mut MySqlConnection,
    sale: SaleId,
    nonce: Nonce,
) -> Result<(), Failure> {
    let locked = stock::lock(connection, sale).await?;
    let Some(units) = asked_return(connection, sale, nonce).await? else { return Ok(()) };
    let units = i64::from(units);
    if locked.state >= SaleState::Reconciled {
        stock::give_to_resource(connection, &locked, units).await?;
        stock::shift(connection, sale, (0, 0, units)).await?;
        return delete_return(connection, sale, nonce, MovementState::Asked).await;
    }
    stock::shift(connection, sale, (units, 0, 0)).await?;
    stock::log(connection, sale, StockCause::Return, nonce.0, units).await?;
    query("update stock_return set state = ? where sale_id = ? and nonce = ?")
        .bind(MovementState::Booked.code())
        .bind(sale.0)
        .bind(nonce.0.as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

async fn asked_return(
    connection: &mut MySqlConnection,
    sale: SaleId,
    nonce: Nonce,
) -> Result<Option<u32>, Failure> {
    let row =
        query("select units from stock_return where sale_id = ? and nonce = ? and state = ? for update")
            .bind(sale.0)
            .bind(nonce.0.as_slice())
            .bind(MovementState::Asked.code())
            .fetch_optional(connection)
            .await?;
    Ok(row.map(|row| row.try_get("units")).transpose()?)
}

/// Deletes a return that is in this state.
pub(super) async fn delete_return(
    connection: &mut MySqlConnection,
    sale: SaleId,
    nonce: Nonce,
    state: MovementState,
) -> Result<(), Failure> {
    query("delete from stock_return where sale_id = ? and nonce = ? and state = ?")
        .bind(sale.0)
        .bind(nonce.0.as_slice())
        .bind(state.code())
        .execute(connection)
        .await?;
    Ok(())
}

/// Changes that are not done, oldest first.
pub(super) async fn changes(connection: &mut MySqlConnection) -> Result<Vec<StockChange>, Failure> {
    let rows = query("select id, sale_id, delta, state from stock_change where state in (?, ?) order by id")
        .bind(MovementState::Asked.code())
        .bind(MovementState::Booked.code())
        .fetch_all(connection)
        .await?;
    let read = |row: &MySqlRow| -> Result<StockChange, Failure> {
        Ok(StockChange {
            id: row.try_get("id")?,
            sale: SaleId(row.try_get("sale_id")?),
            delta: row.try_get("delta")?,
            state: state(row)?,
        })
    };
    rows.iter().map(read).collect()
}

/// Books a change, in a transaction of the caller's. What is taken away reaches the resource now; what
/// is added left it when the change was asked for.
pub(super) async fn book_change(
    connection: &mut MySqlConnection,
    id: u64,
    sale: SaleId,
    answered: Option<Generation>,
) -> Result<(), Failure> {
    let locked = stock::lock(connection, sale).await?;
    if locked.is_past(answered) {
        return Ok(());
    }
    let Some(delta) = change_in(connection, id, sale, MovementState::Asked).await? else { return Ok(()) };
    if locked.state >= SaleState::Reconciled {
        return Err(Failure::Broken("a reconciled sale takes no stock change"));
    }
    stock::shift(connection, sale, (delta, delta, 0)).await?;
    if delta < 0 {
        stock::give_to_resource(connection, &locked, -delta).await?;
    }
    stock::log(connection, sale, StockCause::Change, u128::from(id).to_be_bytes(), 0).await?;
    set_change(connection, id, MovementState::Booked).await
}

/// Ends a change, in a transaction of the caller's: a booked one is done, an asked one refused.
pub(super) async fn end_change(
    connection: &mut MySqlConnection,
    id: u64,
    sale: SaleId,
    end: MovementState,
    answered: Option<Generation>,
) -> Result<(), Failure> {
    let locked: LockedStock = stock::lock(connection, sale).await?;
    if locked.is_past(answered) {
        return Ok(());
    }
    let from = match end {
        MovementState::Done => MovementState::Booked,
        MovementState::Refused => MovementState::Asked,
        MovementState::Asked | MovementState::Booked => {
            return Err(Failure::Broken("a stock change ends done or refused"));
        }
    };
    let Some(delta) = change_in(connection, id, sale, from).await? else { return Ok(()) };
    if end == MovementState::Refused && delta > 0 {
        stock::give_to_resource(connection, &locked, delta).await?;
    }
    set_change(connection, id, end).await
}

async fn change_in(
    connection: &mut MySqlConnection,
    id: u64,
    sale: SaleId,
    state: MovementState,
) -> Result<Option<i64>, Failure> {
    let row = query("select delta from stock_change where id = ? and sale_id = ? and state = ? for update")
        .bind(id)
        .bind(sale.0)
        .bind(state.code())
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| row.try_get("delta")).transpose()?)
}

async fn set_change(connection: &mut MySqlConnection, id: u64, state: MovementState) -> Result<(), Failure> {
    query("update stock_change set state = ? where id = ?")
        .bind(state.code())
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

fn state(row: &MySqlRow) -> Result<MovementState, Failure> {
    MovementState::from_code(row.try_get("state")?).ok_or(Failure::Broken("a movement in an unknown state"))
}
