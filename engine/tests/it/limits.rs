//! How often one may call: each user for itself, each address for itself, tokens and purchases apart. Whoever
//! calls too often is told so at once, and nobody else waits for it.

use crate::harness::{Answer, Buyer, Mall, Spec, Stores, eventually};
use contract::ids::SaleId;
use hyper::Method;

/// Calls a second of one user and of one address; twice as many pass at once.
const USER_PER_S: usize = 2;
const ADDRESS_PER_S: usize = 5;

async fn mall() -> Mall {
    let settings = [
        ("MALL_ENGINE__ADMISSION__USER_PER_S", USER_PER_S.to_string()),
        ("MALL_ENGINE__ADMISSION__ADDRESS_PER_S", ADDRESS_PER_S.to_string()),
        ("MALL_ENGINE__HTTP__TRUSTED_PROXIES", "[\"127.0.0.1\"]".to_owned()),
    ];
    let settings: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let mut mall = Mall::prepare(Stores::shared(), &settings).await;
    mall.start_engine("all").await;
    mall
}

/// A token call that came through the proxy from an address.
async fn token_from(mall: &Mall, buyer: &Buyer, sale: SaleId, address: &str) -> Answer {
    let url = format!("{}/seckill/v1/sales/{sale}/token", mall.engine().url);
    let session = format!("Bearer {}", buyer.session);
    let head = [("authorization", session.as_str()), ("x-forwarded-for", address)];
    mall.call(Method::POST, &url, &head, None).await.expect("the engine answers")
}

fn refused(answer: &Answer) -> bool {
    assert!(
        answer.status == 200 || (answer.status, answer.code()) == (429, "too_many_requests"),
        "{answer:?}"
    );
    answer.status == 429
}

#[tokio::test(flavor = "multi_thread")]
async fn one_user_or_address_that_calls_too_often_slows_nobody_else() {
    let mall = mall().await;
    let sale = mall.sale(Spec::default()).await;
    let (eager, calm) = (mall.buyer().await, mall.buyer().await);

    // One user from everywhere.
    let mut passed = 0;
    for number in 0..60 {
        let answer = token_from(&mall, &eager, sale, &format!("203.0.113.{number}")).await;
        passed += usize::from(!refused(&answer));
    }
    assert!((2 * USER_PER_S..60 / 2).contains(&passed), "{passed} of 60 passed");
    assert!(
        !refused(&token_from(&mall, &calm, sale, "203.0.113.200").await),
        "another user is not slowed down"
    );
    // A purchase is counted apart, and the token of the eager one is as good as any.
    let token = eventually("it has earned another call", 5, async || {
        let answer = mall.token(&eager, sale).await;
        answer.body["token"].as_str().map(str::to_owned).ok_or_else(|| answer.code().to_owned())
    })
    .await;
    assert_eq!(mall.order(&eager, sale, &token, 1).await.status, 202);

    // Everybody from one address.
    let crowd = mall.crowd(40).await;
    let mut passed = 0;
    for buyer in &crowd {
        passed += usize::from(!refused(&token_from(&mall, buyer, sale, "198.51.100.7").await));
    }
    assert!((2 * ADDRESS_PER_S..40).contains(&passed), "{passed} of 40 passed");
    let next = mall.buyer().await;
    assert!(!refused(&token_from(&mall, &next, sale, "198.51.100.8").await), "nor is another address");
    mall.finish().await;
}
