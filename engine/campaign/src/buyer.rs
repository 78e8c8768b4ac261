//! One buyer: a token, an order, again and again until the answer is definite, and then to pay, to
//! cancel, to pay too late, or to forget about it.

use crate::crowd::{Crowd, Fate};
use fastrand::Rng;
use hyper::Method;
use loadtest::mall::Session;
use loadtest::wire::Answer;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// An order that is unknown longer than this, in peace, breaks a promise.
const DEFINITE_WITHIN_MS: i64 = 60_000;
/// How often somebody without a token tries.
const TRIES_FOR_A_TOKEN: usize = 30;
/// Wait after an answer that does not say how long.
const PAUSE: Duration = Duration::from_millis(300);
/// Longest wait until an accepted order can be seen, faults included.
const SETTLED_WITHIN: Duration = Duration::from_secs(180);
/// A little longer than the time to pay.
const TOO_LATE: Duration = Duration::from_secs(75);

/// Buys one unit, or finds that there is none.
pub(crate) async fn shop(crowd: &Crowd, buyer: usize, sale: u64, mut luck: Rng, end: Instant) {
    let Some(token) = ask_for_a_token(crowd, buyer, sale, &mut luck).await else { return };
    let Some(order_sn) = ask_until_definite(crowd, buyer, sale, &token, &mut luck).await else { return };
    crowd.tally.accepted.fetch_add(1, Ordering::Relaxed);
    match luck.u8(..100) {
        0..30 => settle_and(crowd, buyer, &order_sn, Then::Pay).await,
        30..40 => settle_and(crowd, buyer, &order_sn, Then::Cancel).await,
        40..43 if Instant::now() + TOO_LATE < end => {
            sleep(TOO_LATE).await;
            pay(crowd, buyer, &order_sn).await;
        }
        _ => {}
    }
}

async fn ask_for_a_token(crowd: &Crowd, buyer: usize, sale: u64, luck: &mut Rng) -> Option<String> {
    for _ in 0..TRIES_FOR_A_TOKEN {
        if crowd.tally.is_over() {
            return None;
        }
        let session = crowd.session(buyer);
        let path = format!("/seckill/v1/sales/{sale}/token");
        let answer = ask(crowd, &session, "token", &path, (None, None), luck).await;
        match answer.as_ref().map(|answer| (answer.status, answer.code().unwrap_or_default())) {
            Some((200, _)) => return answer?.json()["token"].as_str().map(str::to_owned),
            Some((401, _)) => crowd.renew(buyer, &session.token).await,
            Some((404 | 409 | 410, _)) => return None,
            Some((403, code)) if code == "not_started" => return None,
            None | Some((429 | 503 | 504, _)) => rest(answer.as_ref(), luck).await,
            Some((status, code)) => {
                crowd.complain(format!("a token request was answered with {status} {code}"));
                return None;
            }
        }
    }
    None
}

/// Repeats an order until it is known what became of it; the number, if it became one.
async fn ask_until_definite(
    crowd: &Crowd,
    buyer: usize,
    sale: u64,
    token: &str,
    luck: &mut Rng,
) -> Option<String> {
    let user = crowd.session(buyer).user;
    let mut fate = Fate::Open;
    let begun = crowd.tally.now_ms();
    loop {
        crowd.note(token, sale, &user, fate.clone());
        let session = crowd.session(buyer);
        let path = format!("/seckill/v1/sales/{sale}/orders");
        let body = json!({ "token": token, "quantity": 1, "address_id": session.address_id });
        let answer = ask(crowd, &session, "order", &path, (Some(&body), Some(token)), luck).await;
        match answer.as_ref().map(|answer| (answer.status, answer.code().unwrap_or_default())) {
            Some((200 | 202, _)) => {
                let Some(sn) = answer?.json()["order_sn"].as_str().map(str::to_owned) else {
                    crowd.complain(format!("an order of {user} was accepted without a number"));
                    return None;
                };
                settle_fate(crowd, &fate);
                crowd.note(token, sale, &user, Fate::Accepted(sn.clone()));
                return Some(sn);
            }
            Some((403 | 404 | 409 | 410, _)) => {
                settle_fate(crowd, &fate);
                crowd.note(token, sale, &user, Fate::Refused);
                return None;
            }
            Some((401, _)) => crowd.renew(buyer, &session.token).await,
            // Nothing has happened, this time.
            Some((429 | 503, _)) => {}
            None | Some((504, _)) => {
                if fate == Fate::Open {
                    crowd.tally.unknown.fetch_add(1, Ordering::Relaxed);
                    fate = Fate::Unknown(crowd.tally.now_ms());
                }
            }
            Some((status, code)) => {
                crowd.complain(format!("an order was answered with {status} {code}"));
                return None;
            }
        }
        let since = if let Fate::Unknown(since) = fate { since } else { begun };
        if crowd.tally.unknown_in_peace_ms(since) > DEFINITE_WITHIN_MS {
            crowd.complain(format!("an order of buyer {user} in sale {sale} did not become definite"));
            return None;
        }
        rest(answer.as_ref(), luck).await;
    }
}

fn settle_fate(crowd: &Crowd, fate: &Fate) {
    if let Fate::Unknown(since) = fate {
        crowd.tally.definite(crowd.tally.unknown_in_peace_ms(*since));
    }
}

enum Then {
    Pay,
    Cancel,
}

/// Waits until the order is a row, then does something with it.
async fn settle_and(crowd: &Crowd, buyer: usize, order_sn: &str, then: Then) {
    let deadline = Instant::now() + SETTLED_WITHIN;
    let mut engine = 0;
    let order = loop {
        let session = crowd.session(buyer);
        engine = 1 - engine;
        let head = format!("Bearer {}", session.token);
        let path = format!("/seckill/v1/orders/{order_sn}");
        let mut connection = crowd.connection(engine);
        let answer = connection.send(Method::GET, &path, &[("authorization", &head)], None).await;
        match answer {
            Ok(answer) if answer.status == 200 && answer.json()["status"] != "queued" => {
                break answer.json();
            }
            Ok(answer) if answer.status == 401 => crowd.renew(buyer, &session.token).await,
            _ => {}
        }
        if Instant::now() >= deadline {
            // Whether it is lost is for the judge to say; a long outage is no lie.
            return;
        }
        sleep(PAUSE).await;
    };
    match (then, order["order_id"].as_u64()) {
        (Then::Pay, _) => pay(crowd, buyer, order_sn).await,
        (Then::Cancel, Some(order)) => {
            let session = crowd.session(buyer);
            let done = crowd.mall.cancel(&session, order).await.is_ok();
            told(crowd, &session, "cancel", order_sn, done);
        }
        (Then::Cancel, None) => {}
    }
}

/// The provider tells until the mall has heard it.
async fn pay(crowd: &Crowd, buyer: usize, order_sn: &str) {
    let session = crowd.session(buyer);
    for _ in 0..20 {
        let done = crowd.mall.pay(order_sn).await.is_ok();
        told(crowd, &session, "pay", order_sn, done);
        if done {
            return;
        }
        sleep(PAUSE * 3).await;
    }
}

fn told(crowd: &Crowd, session: &Session, call: &str, order_sn: &str, done: bool) {
    if !done {
        crowd.tally.mall_trouble.fetch_add(1, Ordering::Relaxed);
    }
    let mut seen = crowd.seen(&session.user, call, None, done.then_some(200));
    seen.order_sn = Some(order_sn.to_owned());
    crowd.record(seen);
}

/// One call of the engine, written down; nothing when no answer came.
async fn ask(
    crowd: &Crowd,
    session: &Session,
    call: &str,
    path: &str,
    (body, token): (Option<&Value>, Option<&str>),
    luck: &mut Rng,
) -> Option<Answer> {
    let head = format!("Bearer {}", session.token);
    let mut connection = crowd.connection(luck.usize(..2));
    let answer = connection.send(Method::POST, path, &[("authorization", &head)], body).await.ok();
    let status = answer.as_ref().map(|answer| answer.status);
    let code = answer.as_ref().and_then(Answer::code);
    let word = code.clone().or_else(|| status.map(|status| status.to_string()));
    let strange = matches!(status, None | Some(401 | 503 | 504)) || code.as_deref() == Some("token_stale");
    crowd.tally.answer(call, word.as_deref().unwrap_or("no answer"), strange);
    let mut seen = crowd.seen(&session.user, call, token, status);
    seen.order_sn = answer.as_ref().and_then(|answer| answer.json()["order_sn"].as_str().map(str::to_owned));
    seen.code = code;
    crowd.record(seen);
    answer
}

/// As long as the service says, a little spread.
async fn rest(answer: Option<&Answer>, luck: &mut Rng) {
    let said = answer.and_then(|answer| answer.retry_after).unwrap_or(PAUSE);
    sleep(said + Duration::from_millis(luck.u64(..250))).await;
}
