//! The right to try: who gets one, and what it is good for.

use crate::harness::{Mall, Spec, eventually};
use contract::ids::{Generation, Nonce, SaleId, UserId};
use contract::token::{Claims, TokenKeys};
use serde_json::json;

const TOKEN_SECRET: &[u8] = b"dev-only-token-secret-do-not-use-elsewhere";

#[tokio::test(flavor = "multi_thread")]
async fn foreign_forged_and_old_tokens_are_refused() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec::default()).await;
    let other_sale = mall.sale(Spec::default()).await;
    let (buyer, thief) = (mall.buyer().await, mall.buyer().await);
    let token = mall.token_text(&buyer, sale).await;
    let refused = async |buyer, sale, token: &str| {
        let answer = mall.order(buyer, sale, token, 1).await;
        (answer.status, answer.code().to_owned())
    };
    let invalid = (403, "token_invalid".to_owned());
    assert_eq!(refused(&thief, sale, &token).await, invalid, "another buyer's");
    assert_eq!(refused(&buyer, other_sale, &token).await, invalid, "another sale's");
    assert_eq!(refused(&buyer, sale, &token[1..]).await, invalid, "cut");
    assert_eq!(refused(&buyer, sale, "").await, invalid, "empty");
    let mut forged = token.clone().into_bytes();
    forged[20] = if forged[20] == b'A' { b'B' } else { b'A' };
    assert_eq!(refused(&buyer, sale, std::str::from_utf8(&forged).expect("text")).await, invalid, "forged");

    let keys = TokenKeys::new([TOKEN_SECRET]);
    let genuine = keys.verify(&token).expect("the dev secret");
    let signed = |claims: Claims| keys.sign(&claims);
    let stale = (403, "token_stale".to_owned());
    let other_generation = Claims { generation: Generation(genuine.generation.0 + 1), ..genuine };
    assert_eq!(refused(&buyer, sale, &signed(other_generation)).await, stale, "another generation's");
    let replaced = Claims { nonce: Nonce([7; 16]), ..genuine };
    assert_eq!(refused(&buyer, sale, &signed(replaced)).await, stale, "not the one this buyer holds");
    assert_eq!(refused(&buyer, sale, &token).await.0, 202, "the genuine one");
    assert_eq!(genuine.sale, SaleId(sale.0));
    assert_eq!(genuine.user, UserId(buyer.user.0));
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_stale_and_its_place_is_free_again() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec { units: 1, multiplier: 1, token_ttl_s: 2, ..Spec::default() }).await;
    let (holder, next) = (mall.buyer().await, mall.buyer().await);
    // The probe that waited for the desk holds the only token for its two seconds.
    let token = eventually("a token", 10, async || {
        let answer = mall.token(&holder, sale).await;
        answer.body["token"].as_str().map(str::to_owned).ok_or(answer.code().to_owned())
    })
    .await;
    assert_eq!(mall.token_text(&holder, sale).await, token, "the live one again");
    let full = mall.token(&next, sale).await;
    assert_eq!((full.status, full.code()), (429, "no_token_left"));
    assert!(full.head.contains_key("retry-after"));
    eventually("its place is free", 10, async || {
        let answer = mall.token(&next, sale).await;
        answer.body["token"].as_str().map(|_| ()).ok_or(answer.code().to_owned())
    })
    .await;
    let late = mall.order(&holder, sale, &token, 1).await;
    assert_eq!((late.status, late.code()), (403, "token_stale"));
    assert_eq!(mall.buy(&next, sale).await.map(|_| ()), Ok(()));
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_of_the_sale_are_told() {
    let mall = Mall::start().await;
    let buyer = mall.buyer().await;
    let future = mall.sale(Spec { starts_in_ms: 600_000, ends_in_ms: 700_000, ..Spec::default() }).await;
    let early = mall.token(&buyer, future).await;
    assert_eq!((early.status, early.code()), (403, "not_started"));
    assert!(early.body["starts_at"].is_string());

    let vip = mall.sale(Spec { min_level: 1, ..Spec::default() }).await;
    let refused = mall.token(&buyer, vip).await;
    assert_eq!((refused.status, refused.code()), (403, "not_eligible"));
    assert_eq!(mall.token(&mall.buyer_of_level(1).await, vip).await.status, 200);

    let cool = mall.sale(Spec { per_user: 2, cooldown_s: 60, ..Spec::default() }).await;
    mall.buy(&buyer, cool).await.expect("the first");
    let cooling = mall.token(&buyer, cool).await;
    assert_eq!((cooling.status, cooling.code()), (409, "cooling_down"));
    assert!((55..=60).contains(&cooling.body["retry_after_s"].as_u64().expect("seconds")), "{cooling:?}");

    let two = mall.sale(Spec { per_order: 2, per_user: 3, ..Spec::default() }).await;
    let token = mall.token_text(&buyer, two).await;
    let many = mall.order(&buyer, two, &token, 3).await;
    assert_eq!((many.status, many.code()), (409, "limit_reached"));
    assert_eq!(mall.order(&buyer, two, &token, 2).await.status, 202);
    let token = mall.token_text(&buyer, two).await;
    let over = mall.order(&buyer, two, &token, 2).await;
    assert_eq!((over.status, over.code()), (409, "limit_reached"), "two and two are more than three");
    assert_eq!(mall.order(&buyer, two, &token, 1).await.status, 202);
    let full = mall.token(&buyer, two).await;
    assert_eq!((full.status, full.code()), (409, "limit_reached"));
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_needed_and_end() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec::default()).await;
    let buyer = mall.buyer().await;
    let token_url = format!("{}/seckill/v1/sales/{sale}/token", mall.engine().url);
    let post = hyper::Method::POST;
    for head in [
        vec![],
        vec![("authorization", "Bearer nonsense")],
        vec![("authorization", "Basic x")],
        vec![("x-litemall-token", "")],
    ] {
        let answer = mall.call(post.clone(), &token_url, &head, None).await.expect("an answer");
        assert_eq!((answer.status, answer.code()), (401, "unauthorized"), "{head:?}");
    }
    let own_header =
        mall.call(post, &token_url, &[("x-litemall-token", &buyer.session)], None).await.expect("an answer");
    let token = own_header.body["token"].as_str().expect("the front ends' header is as good").to_owned();
    mall.log_out(&buyer).await;
    // The token call looks at the session's record at once; the order call follows the feed.
    assert_eq!(mall.token(&buyer, sale).await.code(), "unauthorized");
    eventually("the feed is followed", 5, async || {
        let body = json!({ "token": "x", "quantity": 1 });
        match mall.try_order(&buyer, sale, body).await.expect("an answer").code() {
            "unauthorized" => Ok(()),
            other => Err(other.to_owned()),
        }
    })
    .await;
    assert_eq!(mall.order(&buyer, sale, &token, 1).await.code(), "unauthorized");
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_shown_to_its_owner_only() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec::default()).await;
    let (buyer, other) = (mall.buyer().await, mall.buyer().await);
    let sn = mall.buy(&buyer, sale).await.expect("a unit");
    assert!(
        ["queued", "settled"]
            .contains(&mall.status(&buyer, &sn).await.body["status"].as_str().expect("a status"))
    );
    assert_eq!(mall.status(&other, &sn).await.status, 404);
    mall.wait_status(&buyer, &sn, "settled").await;
    assert_eq!(mall.status(&other, &sn).await.status, 404);
    for wrong in ["0", "x", "1-0000000000000000000000000", &sn.to_uppercase(), &format!("{sn}0")] {
        assert_eq!(mall.status(&buyer, wrong).await.status, 404, "{wrong}");
    }
    let anonymous = mall
        .call(hyper::Method::GET, &format!("{}/seckill/v1/orders/{sn}", mall.engine().url), &[], None)
        .await;
    assert_eq!(anonymous.expect("an answer").status, 401);
    mall.finish().await;
}
