//! Returns, stock changes and the end of a sale, over the maps.

use super::tables::Tables;
use crate::settlement::plan::balanced;
use crate::settlement::{Sale, StockChange, StockReturn};
use contract::ids::{Generation, SaleId};
use contract::ledger::{MovementState, SaleState, StockCause};

const NO_SALE: &str = "the sale is not in the ledger";
const TOO_FEW: &str = "fewer units are free than are to be taken";

/// Books a return once.
pub(super) fn book_return(tables: &mut Tables, row: &StockReturn) -> Result<(), &'static str> {
    let state = sale(tables, row.sale)?.state;
    let key = (row.sale, row.nonce);
    let Some((_, asked)) = tables.returns.get_mut(&key).filter(|(_, row)| row.state == MovementState::Asked)
    else {
        return Ok(());
    };
    let units = asked.units;
    if state >= SaleState::Reconciled {
        tables.returns.remove(&key);
        *tables.resource(row.sale) += i64::from(units);
        given_back(tables, row.sale, i64::from(units));
        return Ok(());
    }
    asked.state = MovementState::Booked;
    sale(tables, row.sale)?.free += u64::from(units);
    tables.log(row.sale, StockCause::Return, row.nonce.0, i64::from(units));
    Ok(())
}

/// Books a change once.
pub(super) fn book_change(
    tables: &mut Tables,
    row: &StockChange,
    answered: Option<Generation>,
) -> Result<(), &'static str> {
    let sold = sale(tables, row.sale)?.clone();
    if answered.is_some_and(|generation| generation != sold.generation) {
        return Ok(());
    }
    let Some(delta) = change_in(tables, row, MovementState::Asked) else { return Ok(()) };
    if sold.state >= SaleState::Reconciled {
        return Err("a reconciled sale takes no stock change");
    }
    let free = sold.free.checked_add_signed(delta).ok_or(TOO_FEW)?;
    let put_on_sale = sold.put_on_sale.checked_add_signed(delta).ok_or(TOO_FEW)?;
    let sold = sale(tables, row.sale)?;
    (sold.free, sold.put_on_sale) = (free, put_on_sale);
    if delta < 0 {
        *tables.resource(row.sale) -= delta;
    }
    tables.log(row.sale, StockCause::Change, u128::from(row.id).to_be_bytes(), 0);
    set_change(tables, row.id, MovementState::Booked);
    Ok(())
}

/// Ends a change: a booked one is done, an asked one refused.
pub(super) fn end_change(
    tables: &mut Tables,
    row: &StockChange,
    end: MovementState,
    answered: Option<Generation>,
) -> Result<(), &'static str> {
    let generation = sale(tables, row.sale)?.generation;
    if answered.is_some_and(|answered| answered != generation) {
        return Ok(());
    }
    let from = match end {
        MovementState::Done => MovementState::Booked,
        MovementState::Refused => MovementState::Asked,
        MovementState::Asked | MovementState::Booked => return Err("a stock change ends done or refused"),
    };
    let Some(delta) = change_in(tables, row, from) else { return Ok(()) };
    if end == MovementState::Refused && delta > 0 {
        *tables.resource(row.sale) += delta;
    }
    set_change(tables, row.id, end);
    Ok(())
}

/// Reconciles a drained sale, if everything is at rest and the books balance.
pub(super) fn reconcile(tables: &mut Tables, id: SaleId) -> Result<bool, &'static str> {
    let state = sale(tables, id)?.state;
    let open = |state| matches!(state, MovementState::Asked | MovementState::Booked);
    let underway = tables.returns.values().any(|(_, row)| row.sale == id && open(row.state))
        || tables.changes.values().any(|row| row.sale == id && open(row.state));
    let books = tables.books(id).ok_or(NO_SALE)?;
    if state != SaleState::Drained || underway || !balanced(&books) {
        return Ok(false);
    }
    let unsold = books.free;
    *tables.resource(id) += unsold;
    given_back(tables, id, unsold);
    tables.log(id, StockCause::Unsold, [0; 16], -unsold);
    let row = tables.sales.get_mut(&id).ok_or(NO_SALE)?;
    row.sale.free = 0;
    row.sale.state = SaleState::Reconciled;
    row.report = Some(books);
    Ok(true)
}

fn sale(tables: &mut Tables, id: SaleId) -> Result<&mut Sale, &'static str> {
    tables.sales.get_mut(&id).map(|row| &mut row.sale).ok_or(NO_SALE)
}

fn given_back(tables: &mut Tables, id: SaleId, units: i64) {
    if let Some(row) = tables.sales.get_mut(&id) {
        row.given_back += units;
    }
}

fn change_in(tables: &Tables, row: &StockChange, state: MovementState) -> Option<i64> {
    let stored = tables.changes.get(&row.id)?;
    (stored.sale == row.sale && stored.state == state).then_some(stored.delta)
}

fn set_change(tables: &mut Tables, id: u64, state: MovementState) {
    if let Some(row) = tables.changes.get_mut(&id) {
        row.state = state;
    }
}
