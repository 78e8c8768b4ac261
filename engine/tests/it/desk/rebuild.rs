//! Building a desk from an image of the ledger, generations, and what is missing.

use super::seller::{GENERATION, SALE, Seller, done, entry, image, terms};
use super::stage::Stage;
use contract::ids::{AddressId, Generation, Nonce, UserId};
use contract::record::BodyHash;
use engine::fault::Effect;
use engine::reservation::{
    At, Changed, Desk, DeskImage, HeldOrder, Reply, ReserveCall, ReserveOutcome, Returned, Terms, TokenCall,
    TokenItem, TokenOutcome,
};

fn held(user: u64, nonce: u8, units: u32, returned: bool) -> HeldOrder {
    HeldOrder {
        user: UserId(user),
        nonce: Nonce([nonce; 16]),
        entry: entry(Generation(2), u64::from(nonce)),
        units,
        body_hash: BodyHash::of(units as u16, AddressId(user + 100), &format!("for {user}")),
        returned,
        ordered_at_s: 1_600_000_000,
    }
}

pub(crate) async fn a_desk_is_rebuilt_from_its_image<S: Stage>(stage: S) {
    let mut seller = Seller::open(stage, 10, Terms { per_user_max: 4, ..terms() }).await;
    let (lost, _) = seller.order(5, 1).await;
    let rebuilt = DeskImage {
        generation: Generation(4),
        orders: vec![held(1, 11, 3, false), held(2, 12, 2, true), held(1, 13, 1, true)],
        changes: vec![17, 18],
        ..image(6, &seller.terms)
    };
    seller.at.identity = done(seller.desk().open(&rebuilt).await.unwrap());
    seller.at.generation = Generation(4);
    assert!(!seller.inspect().await.open, "it is built closed");
    assert_eq!(seller.token(9).await, TokenOutcome::Closed);
    seller.let_in().await;

    let books = seller.inspect().await;
    assert_eq!((books.free, books.entries, books.unsettled, books.live_tokens), (6, 0, 0, 0));
    for order in &rebuilt.orders {
        let again = seller.one(seller.item(order.user.0, order.nonce, order.units as u16)).await;
        assert_eq!(again, ReserveOutcome::Repeated { entry: order.entry, unsettled: None });
    }
    assert_eq!(seller.one(seller.item(5, lost, 1)).await, ReserveOutcome::Stale, "not in the image");
    let nonce = seller.nonce(1).await;
    assert_eq!(seller.one(seller.item(1, nonce, 2)).await, ReserveOutcome::LimitReached, "3 of 4 are taken");
    let returns = [(UserId(1), Nonce([11; 16])), (UserId(2), Nonce([12; 16])), (UserId(5), lost)];
    let returned = done(seller.desk().give_back(seller.at.clone(), &returns).await.unwrap());
    assert_eq!(returned, [Returned::Now, Returned::Before, Returned::Unknown]);
    assert_eq!(seller.one(seller.item(1, nonce, 4)).await, ReserveOutcome::Reserved);
    let changed = done(seller.desk().change(seller.at.clone(), 17, 5).await.unwrap());
    assert_eq!((changed, seller.inspect().await.free), (Changed::Before, 5));
}

pub(crate) async fn a_desk_in_use_is_not_opened_again_in_its_generation<S: Stage>(stage: S) {
    let desk_image = image(10, &terms());
    // Not in use yet: doing it again is the same as doing it once.
    for _ in 0..2 {
        done(stage.desk().open(&desk_image).await.unwrap());
    }
    let seller = Seller::open(stage, 10, terms()).await;
    let fault = seller.desk().open(&desk_image).await.unwrap_err();
    assert_eq!(fault.effect, Effect::None, "open");
    seller.order(1, 4).await;
    done(seller.desk().close(seller.at.clone()).await.unwrap());
    seller.desk().open(&desk_image).await.unwrap_err();
    assert_eq!(seller.inspect().await.free, 6, "the refused builds changed nothing");
}

pub(crate) async fn an_older_generation_does_not_replace_a_newer_one<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, terms()).await;
    let older = DeskImage { generation: Generation(2), ..image(99, &terms()) };
    assert_eq!(seller.desk().open(&older).await.unwrap(), Reply::OtherGeneration(GENERATION));
    assert_eq!(seller.inspect().await.free, 10);
}

pub(crate) async fn a_call_of_another_generation_moves_nothing<S: Stage>(stage: S) {
    let seller = Seller::open(stage, 10, terms()).await;
    let (nonce, batch) = seller.order(1, 1).await;
    let before = seller.inspect().await;
    let desk = seller.desk();
    for generation in [Generation(2), Generation(4)] {
        let at = At { generation, ..seller.at.clone() };
        let session = "session-2".into();
        let items = vec![TokenItem { user: UserId(2), nonce: seller.fresh_nonce(), session }];
        let answer = desk.token(TokenCall { at: at.clone(), items }).await.unwrap();
        assert_eq!(answer, Reply::OtherGeneration(GENERATION));
        let items = vec![seller.item(1, nonce, 1)];
        let answer = desk.reserve(ReserveCall { at: at.clone(), items }).await.unwrap();
        assert_eq!(answer, Reply::OtherGeneration(GENERATION));
        let other = Reply::OtherGeneration(GENERATION);
        assert_eq!(desk.trim(at.clone(), &[(batch.entry, 1)]).await.unwrap(), other);
        assert_eq!(desk.revise(at.clone(), &Terms { version: 9, ..terms() }, false).await.unwrap(), other);
        let other = Reply::OtherGeneration(GENERATION);
        assert_eq!(desk.give_back(at.clone(), &[(UserId(1), nonce)]).await.unwrap(), other);
        assert_eq!(desk.change(at.clone(), 1, 5).await.unwrap(), Reply::OtherGeneration(GENERATION));
        assert_eq!(desk.close(at).await.unwrap(), Reply::OtherGeneration(GENERATION));
    }
    let after = seller.inspect().await;
    assert_eq!(after, engine::reservation::Inspection { now_ms: after.now_ms, ..before });
}

pub(crate) async fn every_missing_key_makes_the_desk_absent<S: Stage>(stage: S) {
    let keys = stage.keys(SALE);
    // Never opened.
    assert_eq!(stage.desk().inspect(SALE).await.unwrap(), Reply::Absent);
    let mut seller = Seller::open(stage, 10, terms()).await;
    for (generation, key) in
        (10..).zip([&keys.terms, &keys.buyers, &keys.outbox, &keys.tokens, &keys.changes])
    {
        let anew = DeskImage { generation: Generation(generation), ..image(10, &terms()) };
        done(seller.desk().open(&anew).await.unwrap());
        seller.at.generation = anew.generation;
        seller.let_in().await;
        let nonce = seller.nonce(1).await;
        seller.stage.forget_key(key).await;

        let (desk, at) = (seller.desk(), || seller.at.clone());
        assert_eq!(desk.inspect(SALE).await.unwrap(), Reply::Absent, "{key}");
        if *key != keys.changes {
            let items = vec![TokenItem { user: UserId(1), nonce, session: "session-1".into() }];
            assert_eq!(desk.token(TokenCall { at: at(), items }).await.unwrap(), Reply::Absent, "{key}");
            let items = vec![seller.item(1, nonce, 1)];
            assert_eq!(desk.reserve(ReserveCall { at: at(), items }).await.unwrap(), Reply::Absent, "{key}");
        }
        if *key == keys.terms || *key == keys.outbox {
            assert_eq!(desk.trim(at(), &[]).await.unwrap(), Reply::Absent, "{key}");
            assert_eq!(desk.pending(at(), None, 10).await.unwrap(), Reply::Absent, "{key}");
        }
        if *key == keys.terms || *key == keys.buyers {
            assert_eq!(desk.give_back(at(), &[(UserId(1), nonce)]).await.unwrap(), Reply::Absent, "{key}");
        }
        if *key == keys.terms || *key == keys.changes {
            assert_eq!(desk.change(at(), 1, 1).await.unwrap(), Reply::Absent, "{key}");
        }
        if *key == keys.terms {
            assert_eq!(desk.revise(at(), &terms(), true).await.unwrap(), Reply::Absent);
            assert_eq!(desk.close(at()).await.unwrap(), Reply::Absent);
        }
    }
}

pub(crate) async fn many_buyers_are_loaded_in_parts<S: Stage>(stage: S) {
    let orders = (1..=1300u64).flat_map(|user| {
        (0..user % 3 + 1).map(move |nth| {
            let mut nonce = [nth as u8; 16];
            nonce[..8].copy_from_slice(&user.to_be_bytes());
            HeldOrder { nonce: Nonce(nonce), ..held(user, 1, 1, false) }
        })
    });
    let desk_image =
        DeskImage { orders: orders.collect(), changes: (1..=2500).collect(), ..image(100, &terms()) };
    let mut seller = Seller::open(stage, 1, terms()).await;
    let generation = Generation(4);
    done(seller.desk().open(&DeskImage { generation, ..desk_image.clone() }).await.unwrap());
    seller.at.generation = generation;
    seller.let_in().await;
    let repeats = desk_image.orders.iter().map(|order| seller.item(order.user.0, order.nonce, 1));
    for batch in repeats.collect::<Vec<_>>().chunks(256) {
        let reply = seller.reserve(batch.to_vec()).await;
        assert!(reply.outcomes.iter().all(|one| matches!(one, ReserveOutcome::Repeated { .. })));
    }
    for id in [1, 1000, 1001, 2500] {
        let changed = done(seller.desk().change(seller.at.clone(), id, 1).await.unwrap());
        assert_eq!(changed, Changed::Before, "{id}");
    }
    assert_eq!(done(seller.desk().change(seller.at.clone(), 2501, 1).await.unwrap()), Changed::Now);
}
