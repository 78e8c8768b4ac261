//! The desk itself: returns, changes, trimming, the outbox, ending, and the revocation feed.

use super::seller::{SALE, Seller, done, entry, terms};
use super::stage::Stage;
use contract::ids::{Generation, Nonce, UserId};
use engine::reservation::{At, Changed, Desk, Reply, ReserveOutcome, Returned, Terms, TokenOutcome};

pub(crate) async fn a_return_frees_units_once_however_often_it_is_sent<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 3, Terms { per_user_max: 3, ..terms() }).await;
    let (nonce, batch) = seller.order(1, 3).await;
    let lapsed = [(UserId(1), nonce), (UserId(1), Nonce([9; 16])), (UserId(2), nonce), (UserId(1), nonce)];
    let first = done(seller.desk().give_back(seller.at.clone(), &lapsed).await.unwrap());
    assert_eq!(first, [Returned::Now, Returned::Unknown, Returned::Unknown, Returned::Before]);
    for _ in 0..2 {
        let again = done(seller.desk().give_back(seller.at.clone(), &lapsed[..1]).await.unwrap());
        assert_eq!(again, [Returned::Before]);
    }
    let books = seller.inspect().await;
    assert_eq!((books.free, books.sequence.0), (3, batch.entry.sequence.0 + 1));
    let again = seller.one(seller.item(1, nonce, 3)).await;
    assert!(matches!(again, ReserveOutcome::Repeated { .. }), "a returned order keeps its token: {again:?}");
    seller.order(1, 3).await;
}

pub(crate) async fn two_orders_of_one_buyer_return_in_one_call<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 5, terms()).await;
    let ((first, _), (second, _)) = (seller.order(1, 2).await, seller.order(1, 3).await);
    let lapsed = [(UserId(1), first), (UserId(1), second)];
    let returned = done(seller.desk().give_back(seller.at.clone(), &lapsed).await.unwrap());
    assert_eq!(returned, [Returned::Now, Returned::Now]);
    let again = done(seller.desk().give_back(seller.at.clone(), &lapsed).await.unwrap());
    assert_eq!(again, [Returned::Before, Returned::Before]);
    assert_eq!(seller.inspect().await.free, 5);
}

pub(crate) async fn a_change_is_applied_or_refused_once_and_never_below_zero<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 5, terms()).await;
    for (id, delta, changed, free) in [
        (17, -3, Changed::Now, 2),
        (17, -3, Changed::Before, 2),
        (18, -3, Changed::TooFew, 2),
        (19, 4, Changed::Now, 6),
        (18, -3, Changed::TooFew, 6),
        (20, -3, Changed::Now, 3),
        (20, -3, Changed::Before, 3),
    ] {
        let answer = done(seller.desk().change(seller.at.clone(), id, delta).await.unwrap());
        assert_eq!((answer, seller.inspect().await.free), (changed, free), "change {id}");
    }
    assert_eq!(seller.inspect().await.sequence.0, 3);
}

pub(crate) async fn trim_counts_an_entry_once<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, terms()).await;
    let ((_, first), (_, second)) = (seller.order(1, 1).await, seller.order(2, 1).await);
    let unknown = entry(first.entry.generation, 99);
    for _ in 0..3 {
        seller.trim(&[(first.entry, 1), (unknown, 1), (first.entry, 1)]).await;
        let books = seller.inspect().await;
        assert_eq!((books.unsettled, books.entries, books.free), (1, 1, 8));
    }
    seller.trim(&[]).await;
    assert_eq!(seller.outbox().await, [second]);
}

pub(crate) async fn a_used_token_is_found_by_its_buyer_only_and_whatever_became_of_it<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, terms()).await;
    let ((first, batch), (second, _)) = (seller.order(1, 2).await, seller.order(1, 1).await);
    let unused = seller.nonce(2).await;
    let find = async |user: u64, nonce: Nonce| {
        done(seller.desk().find(seller.at.clone(), UserId(user), nonce).await.unwrap())
    };
    assert!(find(1, first).await && find(1, second).await, "every order of a buyer is found");
    assert!(!find(2, first).await, "by nobody else");
    assert!(!find(2, unused).await, "a token that was not used has no order");
    assert!(!find(3, Nonce([9; 16])).await, "nor has a buyer nobody knows");
    seller.trim(&[(batch.entry, 1)]).await;
    done(seller.desk().give_back(seller.at.clone(), &[(UserId(1), first)]).await.unwrap());
    assert!(find(1, first).await, "settled and returned it still has its order");
    let newer = At { generation: Generation(seller.at.generation.0 + 1), ..seller.at.clone() };
    let other = seller.desk().find(newer, UserId(1), first).await.unwrap();
    assert_eq!(other, Reply::OtherGeneration(seller.at.generation));
    let before = seller.inspect().await.sequence;
    find(1, first).await;
    assert_eq!(seller.inspect().await.sequence, before, "looking writes nothing");
    seller.stage.forget_key(&seller.stage.keys(SALE).buyers).await;
    let forgotten = seller.desk().find(seller.at.clone(), UserId(1), first).await.unwrap();
    assert_eq!(forgotten, Reply::Absent, "a desk that forgot its buyers does not say no");
}

pub(crate) async fn pending_shows_the_outbox_in_order_after_a_cursor<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, terms()).await;
    let mut batches = Vec::new();
    for user in 1..=4 {
        batches.push(seller.order(user, 1).await.1);
    }
    let page = |after, limit| seller.desk().pending(seller.at.clone(), after, limit);
    let first = done(page(None, 3).await.unwrap());
    assert_eq!(first.batches, batches[..3]);
    assert!(first.now_ms >= first.batches[2].reserved_at_ms);
    let rest = done(page(Some(batches[2].entry), 3).await.unwrap());
    assert_eq!(rest.batches, batches[3..]);
    assert!(done(page(Some(batches[3].entry), 3).await.unwrap()).batches.is_empty());
}

pub(crate) async fn closing_is_final_for_the_generation<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, terms()).await;
    seller.order(1, 2).await;
    let nonce = seller.nonce(2).await;
    for _ in 0..2 {
        assert_eq!(seller.desk().close(seller.at.clone()).await.unwrap(), Reply::Done(8));
    }
    seller.let_in().await;
    assert!(!seller.inspect().await.open, "a late revise does not open it again");
    assert_eq!(seller.token(3).await, TokenOutcome::Closed);
    assert_eq!(seller.one(seller.item(2, nonce, 1)).await, ReserveOutcome::Closed);
    assert_eq!(seller.outbox().await.len(), 1, "what is in the outbox stays");
}

pub(crate) async fn older_terms_do_not_replace_newer_ones<S: Stage>(stage: S) {
    let mut seller = Seller::open(stage, 10, terms()).await;
    seller.revise(|terms| terms.price_minor = 1500).await;
    done(seller.desk().revise(seller.at.clone(), &terms(), false).await.unwrap());
    let books = seller.inspect().await;
    assert_eq!((books.version, books.open), (2, true));
    let (_, batch) = seller.order(1, 1).await;
    assert_eq!((batch.price_minor, batch.terms_version), (1500, 2));
    let shut = Terms { version: 3, ..seller.terms.clone() };
    done(seller.desk().revise(seller.at.clone(), &shut, false).await.unwrap());
    assert_eq!(seller.token(2).await, TokenOutcome::Closed);
}

pub(crate) async fn a_settled_desk_is_archived_and_an_unsettled_one_is_not<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, terms()).await;
    let (_, batch) = seller.order(1, 1).await;
    let archive = |at: At| seller.desk().archive(at);
    assert!(!archive(seller.at.clone()).await.unwrap(), "open");
    done(seller.desk().close(seller.at.clone()).await.unwrap());
    assert!(!archive(seller.at.clone()).await.unwrap(), "unsettled");
    seller.trim(&[(batch.entry, 1)]).await;
    let elsewhere =
        At { identity: engine::reservation::DeskIdentity("elsewhere".into()), ..seller.at.clone() };
    assert!(!archive(elsewhere).await.unwrap());
    let earlier = At { generation: contract::ids::Generation(2), ..seller.at.clone() };
    assert!(!archive(earlier).await.unwrap(), "a late archive of an earlier generation");
    for _ in 0..2 {
        assert!(archive(seller.at.clone()).await.unwrap());
    }
    assert_eq!(seller.desk().inspect(SALE).await.unwrap(), Reply::Absent);
}

pub(crate) async fn revocations_are_followed_by_cursor<S: Stage>(stage: S) {
    let desk = stage.desk();
    let (none, start) = desk.revocations("0").await.unwrap();
    assert!(none.is_empty());
    stage.add_session("a").await;
    stage.revoke_session("a").await;
    stage.revoke_session("b").await;
    let (both, cursor) = desk.revocations(&start).await.unwrap();
    assert_eq!(both, ["a", "b"]);
    stage.revoke_session("c").await;
    let (last, cursor) = desk.revocations(&cursor).await.unwrap();
    assert_eq!(last, ["c"]);
    assert_eq!(desk.revocations(&cursor).await.unwrap(), (vec![], cursor));
}

pub(crate) async fn a_restart_makes_another_desk_with_the_same_books<S: Stage>(stage: S) {
    let mut seller = Seller::open(stage, 10, terms()).await;
    let (nonce, batch) = seller.order(1, 2).await;
    let before = seller.inspect().await;
    seller.stage.restart().await;
    let identity = seller.desk().identity(SALE).await.unwrap();
    assert_ne!(identity, seller.at.identity);
    // A connection made before the restart is found broken by the call that meets it.
    let call =
        engine::reservation::ReserveCall { at: seller.at.clone(), items: vec![seller.item(1, nonce, 2)] };
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.extend(seller.desk().reserve(call.clone()).await.ok());
    }
    assert!(answers.len() >= 2, "{answers:?}");
    assert!(answers.iter().all(|answer| *answer == Reply::OtherDesk(identity.clone())), "{answers:?}");
    seller.at.identity = identity;
    let after = seller.inspect().await;
    assert_eq!((after.free, after.sequence, after.entries), (before.free, before.sequence, before.entries));
    let again = seller.one(seller.item(1, nonce, 2)).await;
    assert_eq!(again, ReserveOutcome::Repeated { entry: batch.entry, unsettled: Some(Box::new(batch)) });
}
