//! Units on their way: returns, stock changes, and what is left in the end.

use super::bench::{Bench, STOCK, nothing_happened, order, orders, sale, sn};
use contract::ids::{Generation, SaleId};
use contract::ledger::{MovementState, SaleState};
use engine::settlement::{Ledger as _, StockChange, StockReturn};

const SALE: SaleId = SaleId(1);

async fn the_return(bench: &impl Bench) -> StockReturn {
    let rows = bench.ledger().returns(10).await.unwrap();
    assert_eq!(rows.len(), 1);
    rows[0].clone()
}

async fn the_change(bench: &impl Bench) -> StockChange {
    let rows = bench.ledger().changes().await.unwrap();
    assert_eq!(rows.len(), 1);
    rows[0].clone()
}

pub(super) async fn a_return_is_booked_once(bench: &impl Bench) {
    bench.add_sale(&sale(1, 10)).await;
    bench.settle(&[orders(0, 1, vec![order(1, 2), order(2, 1)])]).await;
    bench.lapse(sn(1, 1)).await;
    let row = the_return(bench).await;
    assert_eq!((row.sale, row.nonce, row.units, row.state), (SALE, sn(1, 1).nonce, 2, MovementState::Asked));
    bench.assert_books().await;
    let books = bench.books(SALE).await;
    assert_eq!((books.free, books.unpaid, books.returning, books.booked_back), (7, 1, 2, 0));

    // Nothing is forgotten before it is booked.
    bench.ledger().forget_return(&row).await.unwrap();
    for _ in 0..3 {
        bench.ledger().book_return(&row).await.unwrap();
        let books = bench.books(SALE).await;
        assert_eq!((books.free, books.returning, books.booked_back), (9, 0, 2));
    }
    assert_eq!(the_return(bench).await.state, MovementState::Booked);
    for _ in 0..2 {
        bench.ledger().forget_return(&row).await.unwrap();
        assert_eq!(bench.ledger().returns(10).await.unwrap(), []);
    }
    bench.ledger().book_return(&row).await.unwrap();
    assert_eq!(bench.books(SALE).await.free, 9);
    assert_eq!(bench.resource(SALE).await, STOCK);
}

pub(super) async fn a_return_after_reconciling_goes_to_the_resource(bench: &impl Bench) {
    bench.add_sale(&sale(1, 10)).await;
    bench.settle(&[orders(0, 1, vec![order(1, 2), order(2, 1)])]).await;
    bench.pay(sn(1, 2)).await;
    drain(bench).await;
    assert!(bench.ledger().reconcile(SALE).await.unwrap());
    assert_eq!(bench.resource(SALE).await, STOCK + 7);

    bench.lapse(sn(1, 1)).await;
    let row = the_return(bench).await;
    for _ in 0..3 {
        bench.ledger().book_return(&row).await.unwrap();
    }
    assert_eq!(bench.resource(SALE).await, STOCK + 9);
    assert_eq!(bench.ledger().returns(10).await.unwrap(), []);
    let books = bench.books(SALE).await;
    assert_eq!((books.free, books.given_back, books.paid, books.unpaid), (0, 9, 1, 0));
}

pub(super) async fn an_increase_is_booked_once_and_can_be_refused(bench: &impl Bench) {
    bench.add_sale(&sale(1, 10)).await;
    let id = bench.ask_change(SALE, 5).await;
    assert_eq!(bench.resource(SALE).await, STOCK - 5);
    let row = the_change(bench).await;
    assert_eq!(row, StockChange { id, sale: SALE, delta: 5, state: MovementState::Asked });
    // It is not done before it is booked, and not refused after.
    bench.ledger().end_change(&row, MovementState::Done, None).await.unwrap();
    assert_eq!(the_change(bench).await.state, MovementState::Asked);
    for _ in 0..3 {
        bench.ledger().book_change(&row, None).await.unwrap();
        let books = bench.books(SALE).await;
        assert_eq!((books.put_on_sale, books.free, books.moved), (15, 15, 0));
    }
    bench.ledger().end_change(&row, MovementState::Refused, None).await.unwrap();
    assert_eq!(the_change(bench).await.state, MovementState::Booked);
    nothing_happened(bench.ledger().end_change(&row, MovementState::Asked, None).await);
    bench.ledger().end_change(&row, MovementState::Done, None).await.unwrap();
    assert_eq!(bench.ledger().changes().await.unwrap(), []);

    bench.ask_change(SALE, 3).await;
    let row = the_change(bench).await;
    for _ in 0..2 {
        bench.ledger().end_change(&row, MovementState::Refused, None).await.unwrap();
    }
    bench.ledger().book_change(&row, None).await.unwrap();
    assert_eq!(bench.books(SALE).await.put_on_sale, 15);
    assert_eq!(bench.resource(SALE).await, STOCK - 5);
}

pub(super) async fn a_decrease_reaches_the_resource_once_and_never_takes_what_is_not_free(
    bench: &impl Bench,
) {
    bench.add_sale(&sale(1, 10)).await;
    bench.settle(&[orders(0, 1, vec![order(1, 2), order(2, 2)])]).await;
    bench.ask_change(SALE, -4).await;
    let row = the_change(bench).await;
    // What a desk answered that is gone is no reason any more.
    let (gone, now) = (Some(Generation(0)), Some(Generation(1)));
    bench.ledger().book_change(&row, gone).await.unwrap();
    bench.ledger().end_change(&row, MovementState::Refused, gone).await.unwrap();
    assert_eq!(the_change(bench).await, row);
    assert_eq!((bench.books(SALE).await.free, bench.resource(SALE).await), (6, STOCK));
    for _ in 0..3 {
        bench.ledger().book_change(&row, now).await.unwrap();
    }
    bench.ledger().end_change(&row, MovementState::Done, None).await.unwrap();
    let books = bench.books(SALE).await;
    assert_eq!((books.put_on_sale, books.free, books.moved), (6, 2, -4));
    assert_eq!(bench.resource(SALE).await, STOCK + 4);

    bench.ask_change(SALE, -3).await;
    let row = the_change(bench).await;
    nothing_happened(bench.ledger().book_change(&row, None).await);
    assert_eq!((bench.books(SALE).await.free, bench.resource(SALE).await), (2, STOCK + 4));
    bench.ledger().end_change(&row, MovementState::Refused, None).await.unwrap();
    assert_eq!(bench.ledger().changes().await.unwrap(), []);
    assert_eq!((bench.books(SALE).await.free, bench.resource(SALE).await), (2, STOCK + 4));
}

pub(super) async fn reconciling_gives_the_unsold_units_back_once_everything_rests(bench: &impl Bench) {
    bench.add_sale(&sale(1, 10)).await;
    bench.settle(&[orders(0, 1, vec![order(1, 2), order(2, 1)])]).await;
    bench.pay(sn(1, 2)).await;
    assert!(!bench.ledger().reconcile(SALE).await.unwrap(), "still open");
    drain(bench).await;

    bench.lapse(sn(1, 1)).await;
    let row = the_return(bench).await;
    assert!(!bench.ledger().reconcile(SALE).await.unwrap(), "a return is asked");
    bench.ledger().book_return(&row).await.unwrap();
    assert!(!bench.ledger().reconcile(SALE).await.unwrap(), "a return is booked");
    bench.ledger().forget_return(&row).await.unwrap();

    bench.ask_change(SALE, 1).await;
    let change = the_change(bench).await;
    assert!(!bench.ledger().reconcile(SALE).await.unwrap(), "a change is asked");
    bench.ledger().end_change(&change, MovementState::Refused, None).await.unwrap();

    assert!(bench.ledger().reconcile(SALE).await.unwrap());
    assert!(!bench.ledger().reconcile(SALE).await.unwrap(), "only once");
    assert_eq!(bench.state(SALE).await, SaleState::Reconciled);
    assert_eq!(bench.resource(SALE).await, STOCK + 9);
    let books = bench.books(SALE).await;
    assert_eq!((books.free, books.given_back, books.paid, books.moved), (0, 9, 1, -10));

    // Whatever comes now finds nothing free, and no change is taken.
    nothing_happened(bench.try_settle(&[orders(1, 1, vec![order(3, 1)])], false).await);
    bench.ask_change(SALE, 2).await;
    let late = the_change(bench).await;
    nothing_happened(bench.ledger().book_change(&late, None).await);
    bench.ledger().end_change(&late, MovementState::Refused, None).await.unwrap();
    assert_eq!(bench.resource(SALE).await, STOCK + 9);
    assert!(!bench.ledger().raise_generation(SALE, Generation(1)).await.unwrap());
}

async fn drain(bench: &impl Bench) {
    for (from, to) in [(SaleState::Open, SaleState::Closing), (SaleState::Closing, SaleState::Drained)] {
        assert!(bench.ledger().advance(SALE, from, to).await.unwrap());
    }
}
