//! Records of the log become rows.

use super::bench::{
    Bench, LOG, barrier, batch, logged, nonce, nothing_happened, order, order_by, orders, sale, sale_of,
    tally, unreadable,
};
use contract::ids::{Generation, SaleId};
use contract::ledger::SaleKind;
use contract::record::Record;
use engine::settlement::plan::Poison;
use engine::settlement::{Ledger as _, Position, Settled, Step};

pub(super) async fn orders_settle_once_however_often_and_in_whatever_order_they_come(bench: &impl Bench) {
    bench.add_sale(&sale(1, 10)).await;
    let first = orders(0, 1, vec![order(1, 1), order(2, 2)]);
    let second = orders(1, 1, vec![order(3, 1)]);
    assert_eq!(bench.settle(&[first.clone(), second.clone()]).await, tally(3, 0, 0, 0));
    let again = |offset, mut record: engine::handoff::Logged| {
        record.offset = offset;
        record
    };
    // Published again by a sweeper, out of order, twice, and mixed with something new.
    let new = orders(4, 1, vec![order(2, 2), order(4, 1), order(1, 1)]);
    let records = [again(2, second.clone()), again(3, first.clone()), new, again(5, second)];
    assert_eq!(bench.settle(&records).await, tally(1, 6, 0, 0));
    assert_eq!(bench.settle(&[again(6, first)]).await, tally(0, 2, 0, 0));

    let books = bench.books(SaleId(1)).await;
    assert_eq!((books.free, books.unpaid, books.orders), (5, 5, 4));
    assert_eq!(bench.known(SaleId(1), &[1, 4, 5]).await, [true, true, false]);
    assert_eq!(bench.known(SaleId(2), &[1]).await, [false]);
    assert_eq!(bench.next().await, 7);
}

pub(super) async fn orders_of_an_older_generation_are_void_after_the_barrier(bench: &impl Bench) {
    bench.add_sale(&sale(1, 10)).await;
    let of = |offset, generation, n| logged(offset, Record::Orders(batch(1, generation, vec![order(n, 1)])));
    assert_eq!(bench.settle(&[of(0, 1, 1), barrier(1, 1, 3), of(2, 1, 2)]).await, tally(1, 0, 1, 0));
    assert_eq!(bench.sale(SaleId(1)).await.settled_generation, Generation(3));
    // Later steps remember it, and an older barrier does not take it back.
    assert_eq!(bench.settle(&[barrier(3, 1, 2), of(4, 2, 3), of(5, 3, 4)]).await, tally(1, 0, 1, 0));
    assert_eq!(bench.sale(SaleId(1)).await.settled_generation, Generation(3));
    assert_eq!(bench.known(SaleId(1), &[1, 2, 3, 4]).await, [true, false, false, true]);
    assert_eq!(bench.books(SaleId(1)).await.free, 8);
}

pub(super) async fn a_step_from_another_offset_or_log_is_fenced(bench: &impl Bench) {
    bench.add_sale(&sale(1, 10)).await;
    let records = [orders(0, 1, vec![order(1, 1)])];
    let step = Step { partition: 0, log: LOG, from: 0, after: None, to: 1, records: &records, bury: true };
    // Without a position nobody may settle.
    assert_eq!(bench.ledger().settle(&step).await.unwrap(), Settled::Fenced);
    assert_eq!(bench.next().await, 0);
    for fenced in [
        Step { from: 1, to: 2, ..step },
        Step { after: Some((0, nonce(9))), ..step },
        Step { log: "log-b", ..step },
        Step { partition: 1, ..step },
    ] {
        assert_eq!(bench.ledger().settle(&fenced).await.unwrap(), Settled::Fenced);
    }
    assert_eq!(bench.books(SaleId(1)).await.orders, 0);
    assert_eq!(bench.ledger().settle(&step).await.unwrap(), Settled::Done(tally(1, 0, 0, 0)));
    let witness = Some((0, nonce(1)));
    assert_eq!(bench.ledger().position(0, LOG).await.unwrap(), Position::At { next: 1, witness });
    // Behind another record at the same offset nothing is settled.
    let next = [orders(1, 1, vec![order(2, 1)])];
    for after in [None, Some((0, nonce(9)))] {
        let step = Step { from: 1, after, to: 2, records: &next, ..step };
        assert_eq!(bench.ledger().settle(&step).await.unwrap(), Settled::Fenced);
    }
    // A barrier is a witness as well: what it says must still stand there, too.
    let last = barrier(1, 1, 1);
    let mark = engine::settlement::plan::mark(&last);
    assert_eq!(bench.settle(&[last]).await, tally(0, 0, 0, 0));
    let witness = mark.map(|mark| (1, mark));
    assert!(witness.is_some(), "a barrier has a mark");
    assert_eq!(bench.ledger().position(0, LOG).await.unwrap(), Position::At { next: 2, witness });
}

pub(super) async fn of_two_settlers_the_second_is_fenced(bench: &impl Bench) {
    bench.add_sale(&sale(1, 1000)).await;
    for round in 0..10 {
        let (from, after) = bench.at().await;
        let records = [orders(from, 1, vec![order(round, 1)])];
        let step = Step { partition: 0, log: LOG, from, after, to: from + 1, records: &records, bury: false };
        let (one, other) = tokio::join!(bench.ledger().settle(&step), bench.ledger().settle(&step));
        let done = [one.unwrap(), other.unwrap()].iter().filter(|it| **it != Settled::Fenced).count();
        assert_eq!(done, 1, "round {round}");
    }
    assert_eq!(bench.books(SaleId(1)).await.free, 990);
}

pub(super) async fn poison_fails_the_step_until_it_may_be_buried(bench: &impl Bench) {
    bench.add_sale(&sale(1, 10)).await;
    let good = orders(0, 1, vec![order(1, 1)]);
    let poison = [
        (unreadable(1), "unreadable: record version is unknown"),
        (orders(1, 99, vec![order(2, 1)]), "unknown sale"),
        (barrier(1, 99, 2), "unknown sale"),
        (orders(1, 1, vec![order(3, 5)]), "over the buyer's limit"),
        (orders(1, 1, vec![order(4, 11)]), "no units left"),
        (
            logged(1, Record::Control { sale: SaleId(1), generation: Generation(2) }),
            "a control record in the order log",
        ),
    ];
    for (bad, reason) in &poison {
        let fault = nothing_happened(bench.try_settle(&[good.clone(), bad.clone()], false).await);
        let why = fault.source.downcast_ref::<Poison>().unwrap();
        assert_eq!((why.offset, why.reason.as_str()), (1, *reason));
        assert_eq!((bench.next().await, bench.books(SaleId(1)).await.orders), (0, 0));
    }

    assert_eq!(bench.settle(&[good]).await, tally(1, 0, 0, 0));
    for (at, (bad, _)) in (1..).zip(poison) {
        let bad = engine::handoff::Logged { offset: at, ..bad };
        assert_eq!(bench.bury(&[bad]).await, tally(0, 0, 0, 1));
    }
    // Tokens in dead letters are definite; the units of the order over the limit are held for it.
    assert_eq!(bench.known(SaleId(1), &[1, 3, 4, 5]).await, [true, true, true, false]);
    assert_eq!(bench.known(SaleId(99), &[2]).await, [true]);
    let books = bench.books(SaleId(1)).await;
    assert_eq!((books.free, books.unpaid, books.dead), (4, 1, 5));
}

pub(super) async fn poison_is_buried_once_when_the_log_is_read_again(bench: &impl Bench) {
    bench.add_sale(&sale(1, 10)).await;
    let records = [
        unreadable(0),
        orders(1, 1, vec![order(1, 2), order(2, 5)]),
        orders(2, 99, vec![order(3, 1), order(4, 1)]),
        barrier(3, 99, 2),
    ];
    assert_eq!(bench.bury(&records).await, tally(1, 0, 0, 5));
    let books = bench.books(SaleId(1)).await;
    assert!(bench.ledger().rewind(0, LOG, 4, 0).await.unwrap());
    // Now nothing of it is poison any more.
    assert_eq!(bench.settle(&records).await, tally(0, 6, 0, 0));
    assert_eq!(bench.books(SaleId(1)).await, books);
}

pub(super) async fn units_run_out_in_log_order(bench: &impl Bench) {
    bench.add_sale(&sale(1, 5)).await;
    let records = [
        orders(0, 1, vec![order(1, 2), order(2, 2), order(3, 2)]),
        orders(1, 1, vec![order(4, 1), order(5, 1)]),
    ];
    assert_eq!(bench.bury(&records).await, tally(3, 0, 0, 2));
    let books = bench.books(SaleId(1)).await;
    assert_eq!((books.free, books.unpaid, books.dead, books.orders), (0, 5, 0, 3));
    assert_eq!(bench.known(SaleId(1), &[3, 4, 5]).await, [true, true, true]);
}

pub(super) async fn a_buyer_gets_no_more_than_the_limit_over_several_steps(bench: &impl Bench) {
    bench.add_sale(&sale(1, 100)).await;
    bench.settle(&[orders(0, 1, vec![order_by(7, 1, 2), order_by(7, 2, 2), order_by(8, 3, 2)])]).await;
    let more = |offset, n| [orders(offset, 1, vec![order_by(7, n, 1)])];
    nothing_happened(bench.try_settle(&more(1, 4), false).await);
    // Paid units count, lapsed ones do not.
    bench.pay(super::bench::sn(1, 1)).await;
    nothing_happened(bench.try_settle(&more(1, 4), false).await);
    bench.lapse(super::bench::sn(1, 2)).await;
    assert_eq!(bench.settle(&more(1, 4)).await, tally(1, 0, 0, 0));
    assert_eq!(bench.books(SaleId(1)).await.buyers_over_limit, 0);
}

pub(super) async fn a_large_step_of_several_sales_settles_every_kind(bench: &impl Bench) {
    let kinds = [SaleKind::Goods, SaleKind::Coupon, SaleKind::Ticket];
    for (id, kind) in (1..).zip(kinds) {
        bench.add_sale(&sale_of(kind, id, 800)).await;
        bench.add_sale(&sale_of(kind, id + 10, 800)).await;
    }
    // More orders than one statement holds, of each kind, once with a price and once without.
    let mut records = Vec::new();
    for id in [1, 2, 3, 11, 12, 13] {
        for part in 0..2u32 {
            let numbers = part * 200..part * 200 + 200;
            let mut batch = batch(id, 1, numbers.map(|n| order(n, 1 + (n % 2) as u16)).collect());
            batch.price_minor = if id > 10 { 0 } else { 990 };
            records.push(logged(records.len() as i64, Record::Orders(batch)));
        }
    }
    assert_eq!(bench.settle(&records).await, tally(2400, 0, 0, 0));
    for id in [1, 2, 3, 11, 12, 13] {
        let books = bench.books(SaleId(id)).await;
        let sold = if id > 10 { (0, 600) } else { (600, 0) };
        assert_eq!((books.unpaid, books.paid, books.orders, books.free), (sold.0, sold.1, 400, 200), "{id}");
    }
    let order = |id| {
        let (sn, user) = (super::bench::sn(id, 399), contract::ids::UserId(1399));
        async move { bench.ledger().order(sn, user).await.unwrap().order.unwrap() }
    };
    assert!(order(2).await.order_id.is_some() && order(11).await.order_id.is_some());
    // A coupon that costs nothing is granted, without an order in the mall.
    assert_eq!((order(12).await.order_id, order(12).await.pay_by_ms), (None, None));
    assert_eq!(bench.settle(&[]).await, tally(0, 0, 0, 0));
}
