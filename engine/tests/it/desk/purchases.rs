//! Buyers: tokens and purchases.

use super::seller::{Seller, done, entry, terms};
use super::stage::Stage;
use contract::ids::{AddressId, Generation};
use contract::record::{BATCH_MAX, MESSAGE_BYTES_MAX};
use engine::reservation::{Desk, ReserveItem, ReserveOutcome, Terms, TokenOutcome};
use std::time::Duration;

pub(crate) async fn a_token_is_issued_once_and_shown_again<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, terms()).await;
    let first = seller.tokens(&[1]).await;
    let TokenOutcome::Token { nonce, expires_s, fresh: true } = first.outcomes[0] else {
        panic!("{first:?}");
    };
    assert_eq!(u64::from(expires_s), first.now_ms / 1000 + 60);
    assert_eq!((first.sequence.0, first.free), (1, 10));
    let second = seller.tokens(&[1]).await;
    assert_eq!(second.outcomes, [TokenOutcome::Token { nonce, expires_s, fresh: false }]);
    assert_eq!(second.sequence.0, 1, "showing a token writes nothing");
    assert_eq!(seller.inspect().await.live_tokens, 1);
}

pub(crate) async fn a_purchase_takes_units_and_stands_in_the_outbox<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, terms()).await;
    let nonce = seller.nonce(1).await;
    let reply = seller.reserve(vec![seller.item(1, nonce, 3), seller.item(2, nonce, 1)]).await;
    assert_eq!(reply.outcomes, [ReserveOutcome::Reserved, ReserveOutcome::Stale]);
    let batch = reply.batch.unwrap();
    assert_eq!((batch.entry, batch.price_minor, batch.terms_version), (entry(Generation(3), 2), 990, 1));
    assert_eq!((batch.units(), batch.orders.len(), batch.reserved_at_ms), (3, 1, reply.now_ms));
    assert_eq!((&*batch.orders[0].message, batch.orders[0].address), ("for 1", AddressId(101)));
    assert_eq!(seller.outbox().await, [batch], "the entry is the batch of the reply");
    let books = seller.inspect().await;
    assert_eq!((books.free, books.unsettled, books.entries, books.live_tokens), (7, 1, 1, 0));
    assert_eq!(books.sequence, reply.sequence);
}

pub(crate) async fn the_same_token_again_answers_its_order_with_its_unsettled_batch<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, terms()).await;
    let (nonce, batch) = seller.order(1, 2).await;
    let again = seller.reserve(vec![seller.item(1, nonce, 2), seller.item(1, nonce, 2)]).await;
    let repeated = ReserveOutcome::Repeated { entry: batch.entry, unsettled: Some(Box::new(batch.clone())) };
    assert_eq!(again.outcomes, [repeated.clone(), repeated]);
    assert_eq!((again.batch, again.sequence), (None, batch.entry.sequence), "a repeat writes nothing");
    assert_eq!(seller.inspect().await.free, 8);
}

pub(crate) async fn after_trim_the_repeat_carries_no_batch<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, terms()).await;
    let (nonce, batch) = seller.order(1, 2).await;
    seller.trim(&[(batch.entry, 1)]).await;
    let again = seller.one(seller.item(1, nonce, 2)).await;
    assert_eq!(again, ReserveOutcome::Repeated { entry: batch.entry, unsettled: None });
}

pub(crate) async fn a_repeat_is_answered_by_a_closed_desk_too<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, terms()).await;
    let (nonce, batch) = seller.order(1, 2).await;
    let unused = seller.nonce(2).await;
    done(seller.desk().close(seller.at.clone()).await.unwrap());
    let reply = seller.reserve(vec![seller.item(1, nonce, 2), seller.item(2, unused, 1)]).await;
    let repeated = ReserveOutcome::Repeated { entry: batch.entry, unsettled: Some(Box::new(batch)) };
    assert_eq!(reply.outcomes, [repeated, ReserveOutcome::Closed]);
}

pub(crate) async fn another_body_under_the_same_token_is_a_mismatch<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, terms()).await;
    let (nonce, _) = seller.order(1, 2).await;
    let same = seller.item(1, nonce, 2);
    for other in [
        ReserveItem { quantity: 3, ..same.clone() },
        ReserveItem { address: AddressId(9), ..same.clone() },
        ReserveItem { message: "other".into(), ..same },
    ] {
        assert_eq!(seller.one(other).await, ReserveOutcome::Mismatch);
    }
    assert_eq!(seller.inspect().await.free, 8);
}

pub(crate) async fn a_double_click_in_one_batch_is_one_order<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, terms()).await;
    let nonce = seller.nonce(1).await;
    let item = seller.item(1, nonce, 2);
    let other = ReserveItem { quantity: 1, ..item.clone() };
    let reply = seller.reserve(vec![item.clone(), item, other]).await;
    let batch = reply.batch.unwrap();
    let repeated = ReserveOutcome::Repeated { entry: batch.entry, unsettled: Some(Box::new(batch.clone())) };
    assert_eq!(reply.outcomes, [ReserveOutcome::Reserved, repeated, ReserveOutcome::Mismatch]);
    assert_eq!((batch.orders.len(), reply.free), (1, 8));
    assert_eq!(seller.outbox().await, [batch]);
}

pub(crate) async fn two_tokens_asked_in_one_batch_by_one_user_are_one_token<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, terms()).await;
    let reply = seller.tokens(&[1, 2, 1]).await;
    let (
        TokenOutcome::Token { nonce: first, fresh: true, .. },
        TokenOutcome::Token { nonce: again, fresh: false, .. },
    ) = (reply.outcomes[0], reply.outcomes[2])
    else {
        panic!("{reply:?}");
    };
    assert_eq!(first, again);
    assert_eq!(seller.inspect().await.live_tokens, 2);
}

pub(crate) async fn a_replaced_token_is_stale<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, Terms { token_ttl_s: 1, ..terms() }).await;
    let old = seller.nonce(1).await;
    seller.stage.pass(Duration::from_millis(1100)).await;
    let new = seller.nonce(1).await;
    let reply = seller.reserve(vec![seller.item(1, old, 1), seller.item(1, new, 1)]).await;
    assert_eq!(reply.outcomes, [ReserveOutcome::Stale, ReserveOutcome::Reserved]);
}

pub(crate) async fn a_token_of_an_earlier_generation_is_stale<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, terms()).await;
    let nonce = seller.nonce(1).await;
    let item = ReserveItem { token_generation: Generation(2), ..seller.item(1, nonce, 1) };
    assert_eq!(seller.one(item).await, ReserveOutcome::Stale);
    assert_eq!(seller.one(seller.item(1, nonce, 1)).await, ReserveOutcome::Reserved);
}

pub(crate) async fn a_token_of_another_user_is_stale<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, terms()).await;
    let nonce = seller.nonce(1).await;
    seller.nonce(2).await;
    assert_eq!(seller.one(seller.item(2, nonce, 1)).await, ReserveOutcome::Stale);
    assert_eq!(seller.one(seller.item(3, nonce, 1)).await, ReserveOutcome::Stale);
}

pub(crate) async fn an_expired_token_is_stale_and_its_place_is_free_again<S: Stage>(stage: S) {
    let terms = Terms { token_ttl_s: 1, token_multiplier: 1, ..terms() };
    let seller = Seller::open(stage, 2, terms).await;
    let (first, _) = (seller.nonce(1).await, seller.token(2).await);
    seller.stage.pass(Duration::from_millis(1100)).await;
    assert_eq!(seller.inspect().await.live_tokens, 0);
    assert_eq!(seller.one(seller.item(1, first, 1)).await, ReserveOutcome::Stale);
    let reply = seller.tokens(&[3, 4, 5]).await;
    assert!(matches!(reply.outcomes[0], TokenOutcome::Token { fresh: true, .. }), "{reply:?}");
    assert!(matches!(reply.outcomes[1], TokenOutcome::Token { fresh: true, .. }), "{reply:?}");
    assert_eq!(reply.outcomes[2], TokenOutcome::NoTokenLeft);
    assert_eq!(seller.inspect().await.live_tokens, 2);
}

pub(crate) async fn a_buyer_has_at_most_the_units_allowed<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, Terms { per_user_max: 3, ..terms() }).await;
    seller.order(1, 2).await;
    let nonce = seller.nonce(1).await;
    assert_eq!(seller.one(seller.item(1, nonce, 2)).await, ReserveOutcome::LimitReached);
    assert_eq!(seller.one(seller.item(1, nonce, 1)).await, ReserveOutcome::Reserved);
    assert_eq!(seller.token(1).await, TokenOutcome::LimitReached);
    assert_eq!(seller.inspect().await.free, 7);
}

pub(crate) async fn an_order_has_at_most_the_units_allowed<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, Terms { per_order_max: 2, ..terms() }).await;
    let nonce = seller.nonce(1).await;
    for quantity in [0, 3, u16::MAX] {
        assert_eq!(seller.one(seller.item(1, nonce, quantity)).await, ReserveOutcome::LimitReached);
    }
    assert_eq!(seller.one(seller.item(1, nonce, 2)).await, ReserveOutcome::Reserved);
}

pub(crate) async fn a_sale_sells_out_exactly<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 3, terms()).await;
    let nonces = [seller.nonce(1).await, seller.nonce(2).await, seller.nonce(3).await];
    let items = vec![
        seller.item(1, nonces[0], 2),
        seller.item(2, nonces[1], 2),
        seller.item(3, nonces[2], 1),
        seller.item(2, nonces[1], 1),
    ];
    let reply = seller.reserve(items).await;
    let (taken, out) = (ReserveOutcome::Reserved, ReserveOutcome::SoldOut);
    assert_eq!(reply.outcomes, [taken.clone(), out.clone(), taken, out]);
    assert_eq!((reply.free, reply.batch.unwrap().units()), (0, 3));
    assert_eq!(seller.token(4).await, TokenOutcome::SoldOut);
}

pub(crate) async fn the_bound_on_unsettled_orders_makes_busy_and_trim_ends_it<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, Terms { unsettled_max: 2, ..terms() }).await;
    let (_, first) = seller.order(1, 1).await;
    seller.order(2, 1).await;
    let nonce = seller.nonce(3).await;
    assert_eq!(seller.one(seller.item(3, nonce, 1)).await, ReserveOutcome::Busy);
    assert_eq!(seller.inspect().await.free, 8, "busy moves nothing");
    seller.trim(&[(first.entry, 1)]).await;
    assert_eq!(seller.one(seller.item(3, nonce, 1)).await, ReserveOutcome::Reserved);
}

pub(crate) async fn live_tokens_are_bounded_by_the_budget<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 2, Terms { token_multiplier: 2, ..terms() }).await;
    let reply = seller.tokens(&[1, 2, 3, 4, 5]).await;
    assert!(reply.outcomes[..4].iter().all(|one| matches!(one, TokenOutcome::Token { fresh: true, .. })));
    assert_eq!(reply.outcomes[4], TokenOutcome::NoTokenLeft);
    let TokenOutcome::Token { nonce, .. } = reply.outcomes[0] else { unreachable!() };
    assert_eq!(seller.one(seller.item(1, nonce, 1)).await, ReserveOutcome::Reserved);
    // One unit and three live tokens are left; the budget is two.
    assert_eq!(seller.token(5).await, TokenOutcome::NoTokenLeft);
    let books = seller.inspect().await;
    assert_eq!((books.live_tokens, books.free), (3, 1));
}

pub(crate) async fn a_buyer_waits_after_an_order<S: Stage>(stage: S) {
    let mut seller = Seller::open(stage, 10, Terms { cooldown_s: 30, ..terms() }).await;
    seller.order(1, 1).await;
    let TokenOutcome::CoolingDown(wait_s) = seller.token(1).await else { panic!("1 cools down") };
    assert!((25..=30).contains(&wait_s), "{wait_s}");
    seller.nonce(2).await;
    seller.revise(|terms| terms.cooldown_s = 0).await;
    seller.nonce(1).await;
}

pub(crate) async fn the_window_is_judged_by_the_clock_of_the_desk<S: Stage>(stage: S) {
    let mut seller = Seller::open(stage, 10, terms()).await;
    let nonce = seller.nonce(1).await;
    let now_ms = seller.inspect().await.now_ms;
    seller.revise(|terms| terms.starts_at_ms = now_ms + 60_000).await;
    assert_eq!(seller.token(2).await, TokenOutcome::NotStarted);
    assert_eq!(seller.one(seller.item(1, nonce, 1)).await, ReserveOutcome::NotStarted);
    seller.revise(|terms| (terms.starts_at_ms, terms.ends_at_ms) = (0, now_ms)).await;
    assert_eq!(seller.token(2).await, TokenOutcome::Ended);
    assert_eq!(seller.one(seller.item(1, nonce, 1)).await, ReserveOutcome::Ended);
    seller.revise(|terms| terms.ends_at_ms = now_ms + 600_000).await;
    assert_eq!(seller.one(seller.item(1, nonce, 1)).await, ReserveOutcome::Reserved);
}

pub(crate) async fn a_token_is_not_shown_to_a_session_that_is_gone<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, terms()).await;
    seller.nonce(1).await;
    seller.stage.revoke_session("session-1").await;
    let items = [1, 2]
        .map(|user| engine::reservation::TokenItem {
            user: contract::ids::UserId(user),
            nonce: seller.fresh_nonce(),
            session: format!("session-{user}").into(),
        })
        .into();
    seller.stage.add_session("session-2").await;
    let call = engine::reservation::TokenCall { at: seller.at.clone(), items };
    let reply = done(seller.desk().token(call).await.unwrap());
    assert_eq!(reply.outcomes[0], TokenOutcome::SessionGone);
    assert!(matches!(reply.outcomes[1], TokenOutcome::Token { fresh: true, .. }), "{reply:?}");
}

pub(crate) async fn the_largest_batch_fits<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 1000, terms()).await;
    let users: Vec<u64> = (1..=BATCH_MAX as u64).collect();
    let tokens = seller.tokens(&users).await;
    let items: Vec<ReserveItem> = users
        .iter()
        .zip(&tokens.outcomes)
        .map(|(&user, outcome)| {
            let TokenOutcome::Token { nonce, .. } = *outcome else { panic!("{outcome:?}") };
            ReserveItem { message: "x".repeat(MESSAGE_BYTES_MAX), ..seller.item(user, nonce, 1) }
        })
        .collect();
    let reply = seller.reserve(items.clone()).await;
    assert!(reply.outcomes.iter().all(|outcome| *outcome == ReserveOutcome::Reserved));
    let again = seller.reserve(items).await;
    assert!(again.outcomes.iter().all(
        |outcome| matches!(outcome, ReserveOutcome::Repeated { unsettled: Some(batch), .. } if Some(&**batch) == reply.batch.as_ref())
    ));
    assert_eq!(seller.inspect().await.free, 1000 - BATCH_MAX as u64);
}
