//! Generations, desks, images, positions, leases, and what is shown of sales and orders.

use super::bench::{Bench, LOG, UNSETTLED_MAX, barrier, nonce, order, orders, sale, sn, tally, until};
use contract::ids::{Generation, SaleId, UserId};
use contract::ledger::{FlashOrderState, MovementState, SaleState};
use engine::reservation::DeskIdentity;
use engine::settlement::{Ledger as _, Look, Position};
use std::time::Duration;

const SALE: SaleId = SaleId(1);

pub(super) async fn generation_desk_and_state_move_by_compare_and_set(bench: &impl Bench) {
    bench.add_sale(&sale(1, 10)).await;
    let ledger = bench.ledger();
    assert!(!ledger.raise_generation(SALE, Generation(0)).await.unwrap());
    assert!(!ledger.raise_generation(SaleId(9), Generation(1)).await.unwrap());
    assert!(ledger.raise_generation(SALE, Generation(1)).await.unwrap());
    assert!(!ledger.raise_generation(SALE, Generation(1)).await.unwrap());
    let raised = bench.sale(SALE).await;
    assert_eq!((raised.generation, raised.state), (Generation(2), SaleState::Recovering));
    assert_eq!(raised.desk_generation, Generation(1));
    // A recovery that starts again raises again and stays recovering.
    assert!(ledger.raise_generation(SALE, Generation(2)).await.unwrap());
    assert_eq!(bench.state(SALE).await, SaleState::Recovering);

    let desk = DeskIdentity("desk-b".into());
    assert!(!ledger.register_desk(SALE, Generation(2), &desk).await.unwrap());
    assert!(ledger.register_desk(SALE, Generation(3), &desk).await.unwrap());
    let ready = bench.sale(SALE).await;
    assert_eq!((ready.desk_generation, ready.desk, ready.state), (Generation(3), desk, SaleState::Open));

    assert!(!ledger.advance(SALE, SaleState::Recovering, SaleState::Closing).await.unwrap());
    assert!(ledger.advance(SALE, SaleState::Open, SaleState::Closing).await.unwrap());
    // A desk can be lost while closing; building it again does not reopen the sale.
    assert!(ledger.raise_generation(SALE, Generation(3)).await.unwrap());
    assert!(ledger.register_desk(SALE, Generation(4), &DeskIdentity("desk-c".into())).await.unwrap());
    assert_eq!(bench.state(SALE).await, SaleState::Closing);
    // Drained is only what is settled just as far as somebody saw, in the log where they saw it.
    assert_eq!(bench.settle(&[barrier(5, SALE.0, 4)]).await, tally(0, 0, 0, 0));
    let seen = bench.at().await;
    let other = seen.1.map(|(offset, _)| (offset, nonce(99)));
    for (partition, log, reached) in [
        (0, LOG, (7, seen.1)),
        (0, LOG, (5, seen.1)),
        (0, LOG, (6, None)),
        (0, LOG, (6, other)),
        (0, "another", seen),
        (1, LOG, (0, None)),
    ] {
        assert!(!ledger.drained(SALE, (partition, log), reached).await.unwrap(), "{reached:?}");
    }
    assert!(ledger.drained(SALE, (0, LOG), seen).await.unwrap());
    assert!(!ledger.drained(SALE, (0, LOG), seen).await.unwrap());
    assert!(!ledger.raise_generation(SALE, Generation(4)).await.unwrap());
}

pub(super) async fn an_image_is_there_once_its_barrier_is_settled(bench: &impl Bench) {
    bench.add_sale(&sale(1, 10)).await;
    let ledger = bench.ledger();
    assert_eq!(ledger.image(SaleId(9), Generation(1)).await.unwrap(), None);
    assert!(ledger.image(SALE, Generation(1)).await.unwrap().is_some());
    assert!(ledger.raise_generation(SALE, Generation(1)).await.unwrap());
    assert_eq!(ledger.image(SALE, Generation(1)).await.unwrap(), None);
    assert_eq!(ledger.image(SALE, Generation(2)).await.unwrap(), None);
    bench.settle(&[barrier(0, 1, 2)]).await;
    let image = ledger.image(SALE, Generation(2)).await.unwrap().unwrap();
    assert_eq!((image.sale, image.generation, image.free), (SALE, Generation(2), 10));
    assert_eq!(image.terms, sale(1, 10).terms);
    assert_eq!(image.terms.unsettled_max, UNSETTLED_MAX);
}

pub(super) async fn an_image_holds_orders_returns_and_changes(bench: &impl Bench) {
    bench.add_sale(&sale(1, 20)).await;
    let ledger = bench.ledger();
    let bought = [order(1, 1), order(2, 2), order(3, 1), order(4, 1)];
    bench.settle(&[orders(0, 1, bought.to_vec())]).await;
    bench.pay(sn(1, 1)).await;
    // One return is done, one booked, one only asked for.
    for n in [2, 3] {
        bench.lapse(sn(1, n)).await;
    }
    for row in ledger.returns(10).await.unwrap() {
        ledger.book_return(&row).await.unwrap();
        if row.nonce == nonce(2) {
            ledger.forget_return(&row).await.unwrap();
        }
    }
    bench.lapse(sn(1, 4)).await;
    // One change is done, one booked, one asked, one refused.
    let mut ids = Vec::new();
    for delta in [5, 6, 7, 8] {
        ids.push(bench.ask_change(SALE, delta).await);
    }
    for row in ledger.changes().await.unwrap() {
        if row.delta <= 6 {
            ledger.book_change(&row, None).await.unwrap();
        }
        if row.delta == 5 {
            ledger.end_change(&row, MovementState::Done, None).await.unwrap();
        }
        if row.delta == 8 {
            ledger.end_change(&row, MovementState::Refused, None).await.unwrap();
        }
    }

    let image = ledger.image(SALE, Generation(1)).await.unwrap().unwrap();
    assert_eq!(image.free, 20 - 5 + 3 + 11);
    assert_eq!(image.changes, ids[..2]);
    let mut held = image.orders;
    held.sort_by_key(|order| order.nonce);
    let now_s = ledger.sales().await.unwrap().now_ms / 1000;
    for (held, bought) in held.iter().zip(&bought) {
        assert_eq!((held.user, held.nonce), (bought.user, bought.nonce));
        assert_eq!((held.units, held.body_hash), (bought.quantity.into(), bought.body_hash()));
        assert_eq!(held.entry.to_string(), format!("1-{}", 1u64 << 40));
        assert!(now_s.abs_diff(held.ordered_at_s) < 60);
    }
    assert_eq!(held.iter().map(|order| order.returned).collect::<Vec<_>>(), [false, true, true, false]);
}

pub(super) async fn positions_begin_move_back_and_follow_another_log(bench: &impl Bench) {
    bench.add_sale(&sale(1, 10)).await;
    let ledger = bench.ledger();
    let at = |next, witness| Position::At { next, witness };
    assert_eq!(ledger.position(3, LOG).await.unwrap(), at(0, None));
    assert_eq!(ledger.position(3, LOG).await.unwrap(), at(0, None));
    assert_eq!(ledger.position(3, "log-b").await.unwrap(), Position::Foreign(LOG.into()));

    let _ = bench.next().await;
    bench.settle(&[orders(7, 1, vec![order(1, 1)])]).await;
    assert_eq!(ledger.position(0, LOG).await.unwrap(), at(8, Some((7, nonce(1)))));
    assert!(!ledger.rewind(0, LOG, 7, 2).await.unwrap());
    assert!(!ledger.rewind(0, "log-b", 8, 2).await.unwrap());
    assert!(ledger.rewind(0, LOG, 8, 2).await.unwrap());
    // What the witness stood in may be lost.
    assert_eq!(ledger.position(0, LOG).await.unwrap(), at(2, None));
    assert_eq!(bench.settle(&[orders(7, 1, vec![order(1, 1)])]).await, tally(0, 1, 0, 0));

    assert!(!ledger.adopt_log(0, "log-x", "log-b").await.unwrap());
    assert!(ledger.adopt_log(0, LOG, "log-b").await.unwrap());
    assert!(!ledger.adopt_log(0, LOG, "log-b").await.unwrap());
    assert_eq!(ledger.position(0, "log-b").await.unwrap(), at(0, None));
    assert_eq!(ledger.position(0, LOG).await.unwrap(), Position::Foreign("log-b".into()));
}

pub(super) async fn a_lease_has_one_owner_until_it_ends(bench: &impl Bench) {
    let ledger = bench.ledger();
    let long = Duration::from_secs(60);
    for round in 0..10 {
        let name = format!("lease {round}");
        let (one, other) = tokio::join!(ledger.lease(&name, "a", long), ledger.lease(&name, "b", long));
        assert!(one.unwrap() ^ other.unwrap(), "round {round}");
    }
    assert!(ledger.lease("short", "a", long).await.unwrap());
    assert!(!ledger.lease("short", "b", long).await.unwrap());
    // The owner renews it, for any time; when that is over, another one takes it.
    assert!(ledger.lease("short", "a", Duration::from_millis(50)).await.unwrap());
    until("the lease ends", async || ledger.lease("short", "b", long).await.unwrap()).await;
    assert!(!ledger.lease("short", "a", long).await.unwrap());
}

pub(super) async fn an_order_is_shown_to_its_buyer_only(bench: &impl Bench) {
    bench.add_sale(&sale(1, 10)).await;
    let ledger = bench.ledger();
    let buyer = UserId(1001);
    let nothing = Look { order: None, sale: Some(SaleState::Open) };
    assert_eq!(ledger.order(sn(1, 1), buyer).await.unwrap(), nothing);
    bench.settle(&[orders(0, 1, vec![order(1, 2)])]).await;
    let now_ms = ledger.sales().await.unwrap().now_ms;
    let Look { order, sale } = ledger.order(sn(1, 1), buyer).await.unwrap();
    let order = order.unwrap();
    assert_eq!(sale, Some(SaleState::Open));
    assert_eq!((order.state, order.units, order.price_minor), (FlashOrderState::Unpaid, 2, 990));
    assert!(order.order_id.is_some());
    assert!(order.pay_by_ms.unwrap().abs_diff(now_ms + 900_000) < 60_000);
    assert_eq!(ledger.order(sn(1, 1), UserId(1002)).await.unwrap(), nothing);
    assert_eq!(ledger.order(sn(2, 1), buyer).await.unwrap(), Look::default());
    bench.pay(sn(1, 1)).await;
    let paid = ledger.order(sn(1, 1), buyer).await.unwrap().order.unwrap();
    assert_eq!(paid.state, FlashOrderState::Paid);
    assert_eq!(ledger.books(SaleId(9)).await.unwrap(), None);
}

pub(super) async fn sales_are_followed_from_arming_to_archiving(bench: &impl Bench) {
    for (id, &state) in (1..).zip(SaleState::ALL) {
        bench.add_sale(&engine::settlement::Sale { state, ..sale(id, 10) }).await;
    }
    let seen = bench.ledger().sales().await.unwrap();
    let states: Vec<_> = seen.sales.iter().map(|sale| sale.state).collect();
    assert_eq!(states, SaleState::ALL[1..7]);
    assert_eq!(seen.sales[1], sale(3, 10));
    let clock = engine::clock::SystemClock::default();
    assert!(engine::clock::Clock::unix_ms(&clock).abs_diff(seen.now_ms) < 60_000);
}
