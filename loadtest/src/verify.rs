//! The proof: what buyers were promised, against what their orders and the books say.

use crate::books::{self, Books};
use crate::history::Seen;
use crate::mall::{Mall, Session, Staff};
use crate::settings::Addresses;
use crate::wire::Connection;
use anyhow::{Context, Result};
use hyper::Method;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What a history promised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Promises {
    /// Orders by their numbers, with the owner.
    pub orders: BTreeMap<String, String>,
    /// Contradictions within the history itself.
    pub wrong: Vec<String>,
}

impl Promises {
    /// Reads the promises out of a history.
    pub fn of(history: &[Seen]) -> Self {
        let mut promises = Self::default();
        let mut by_token: BTreeMap<&str, &str> = BTreeMap::new();
        let mut open: BTreeSet<&str> = BTreeSet::new();
        for seen in history.iter().filter(|seen| seen.call == "order") {
            let Some(token) = seen.token.as_deref() else { continue };
            match (seen.answer, seen.order_sn.as_deref()) {
                (Some(200 | 202), Some(order_sn)) => {
                    open.remove(token);
                    let first = by_token.entry(token).or_insert(order_sn);
                    if *first != order_sn {
                        promises.wrong.push(format!("one token became two orders: {first} and {order_sn}"));
                    }
                    let owner = promises.orders.insert(order_sn.to_owned(), seen.user.clone());
                    if let Some(owner) = owner.filter(|owner| *owner != seen.user) {
                        let both = format!("{owner} and {}", seen.user);
                        promises.wrong.push(format!("order {order_sn} was promised to two buyers: {both}"));
                    }
                }
                (Some(200 | 202), None) => {
                    promises.wrong.push(format!("an order of {} was accepted without a number", seen.user));
                }
                (Some(504) | None, _) => {
                    open.insert(token);
                }
                (Some(429 | 503), _) => {}
                // A definite refusal.
                _ => {
                    open.remove(token);
                }
            }
        }
        for token in open {
            promises.wrong.push(format!("the order of token {token} is still unknown"));
        }
        promises
    }
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Live orders (settled or paid) among the promised ones.
    pub live: usize,
    /// Promised orders that have lapsed since.
    pub lapsed: usize,
    /// Units in live orders beyond those put on sale.
    pub oversold: i64,
    /// Units the books cannot explain.
    pub gap: Option<i64>,
    /// Both parties' books.
    pub books: Option<(Books, Books)>,
    /// Everything that must not be.
    pub wrong: Vec<String>,
}

/// Where to look.
#[derive(Debug)]
pub struct Case<'a> {
    /// Both services.
    pub addresses: &'a Addresses,
    /// The sale.
    pub sale: u64,
    /// The engine's program.
    pub engine: &'a Path,
    /// Longest wait for the rest to come in.
    pub limit: Duration,
    /// Whether nobody else bought in this sale, so that the books must show these orders exactly.
    pub alone: bool,
}

/// Compares promises, orders and books.
pub async fn verify(case: &Case<'_>, history: &[Seen], sessions: &[Session]) -> Result<Findings> {
    let promises = Promises::of(history);
    let mut findings = Findings { wrong: promises.wrong.clone(), ..Findings::default() };
    let mall = Mall::new(case.addresses)?;
    let mut live_of: BTreeMap<&str, i64> = BTreeMap::new();
    orders(case, &mall, &promises, sessions, &mut findings, &mut live_of).await?;
    let mut staff = mall.staff().await?;
    let per_user_max = staff.sale(case.sale).await?["limitPerUser"].as_i64().unwrap_or(1);
    for (user, live) in live_of.iter().filter(|(_, live)| **live > per_user_max) {
        findings.wrong.push(format!("buyer {user} has {live} live orders; the limit is {per_user_max}"));
    }
    check_books(case, &mut staff, &mut findings).await?;
    Ok(findings)
}

/// Every promised order, as its owner sees it.
async fn orders<'a>(
    case: &Case<'_>,
    mall: &Mall,
    promises: &'a Promises,
    sessions: &[Session],
    findings: &mut Findings,
    live_of: &mut BTreeMap<&'a str, i64>,
) -> Result<()> {
    let sessions: BTreeMap<_, _> = sessions.iter().map(|session| (session.user.as_str(), session)).collect();
    let mut connection = mall.engine();
    let deadline = Instant::now() + case.limit;
    for (order_sn, user) in &promises.orders {
        let session = sessions.get(user.as_str()).with_context(|| format!("no session of buyer {user}"))?;
        let state = final_state(&mut connection, order_sn, session, deadline).await;
        match state.as_str() {
            "settled" | "paid" => {
                findings.live += 1;
                *live_of.entry(user).or_default() += 1;
            }
            "lapsed" => findings.lapsed += 1,
            other => findings.wrong.push(format!("order {order_sn} was promised and is {other}")),
        }
    }
    Ok(())
}

/// The state of an order once it is settled, or what else there is at the deadline.
async fn final_state(
    connection: &mut Connection,
    order_sn: &str,
    session: &Session,
    deadline: Instant,
) -> String {
    let authorization = format!("Bearer {}", session.token);
    let path = format!("/seckill/v1/orders/{order_sn}");
    loop {
        let answer = connection.send(Method::GET, &path, &[("authorization", &authorization)], None).await;
        let state = match answer {
            Ok(answer) if answer.status == 200 => {
                answer.json()["status"].as_str().unwrap_or("without a status").to_owned()
            }
            Ok(answer) => format!("answered with {}", answer.status),
            Err(error) => format!("unknown: {error:#}"),
        };
        if ["settled", "paid", "lapsed"].contains(&state.as_str()) || Instant::now() >= deadline {
            return state;
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// Both books, when nothing is on its way any more.
async fn check_books(case: &Case<'_>, staff: &mut Staff, findings: &mut Findings) -> Result<()> {
    let deadline = Instant::now() + case.limit;
    let (seen_by_staff, seen_by_engine) = loop {
        let seen_by_staff = Books::read(&staff.books(case.sale).await?);
        let seen_by_engine = books::reconcile(case.engine, case.addresses, case.sale).await?;
        let agree = seen_by_staff.differences(&seen_by_engine).is_empty();
        let at_rest = seen_by_staff.at_rest() && seen_by_engine.at_rest();
        if (agree && at_rest) || Instant::now() >= deadline {
            break (seen_by_staff, seen_by_engine);
        }
        sleep(Duration::from_millis(200)).await;
    };
    judge(case.alone, &seen_by_staff, &seen_by_engine, findings);
    findings.books = Some((seen_by_staff, seen_by_engine));
    Ok(())
}

fn judge(alone: bool, staff: &Books, engine: &Books, findings: &mut Findings) {
    let wrong = &mut findings.wrong;
    for (whose, books) in [("staff's", staff), ("engine's", engine)] {
        match books.get("") {
            Some(0) => {}
            Some(gap) => wrong.push(format!("the {whose} books have a gap of {gap}")),
            None => wrong.push(format!("the {whose} books name no gap")),
        }
        for letter in ["S", "M", "U", "D"].into_iter().filter(|letter| books.get(letter).is_none()) {
            wrong.push(format!("the {whose} books lack {letter}"));
        }
        if !books.at_rest() {
            wrong.push(format!("the {whose} books do not come to rest"));
        }
    }
    wrong.extend(staff.differences(engine).into_iter().map(|what| format!("the books disagree on {what}")));
    let active = engine.active().unwrap_or_default();
    let live = findings.live as i64;
    if active < live || (alone && active != live) {
        wrong.push(format!("{live} live orders were found, the books say {active}"));
    }
    findings.oversold = (active.max(live) - engine.get("S").unwrap_or_default()).max(0);
    if findings.oversold > 0 {
        wrong.push(format!("{} units were oversold", findings.oversold));
    }
    findings.gap = staff.get("").into_iter().chain(engine.get("")).max_by_key(|gap| gap.abs());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(user: &str, token: &str, answer: Option<u16>, order_sn: Option<&str>) -> Seen {
        Seen {
            t: 0,
            user: user.to_owned(),
            call: "order".to_owned(),
            token: Some(token.to_owned()),
            answer,
            code: None,
            order_sn: order_sn.map(str::to_owned),
        }
    }

    #[test]
    fn a_504_that_became_definite_is_fine_and_one_that_did_not_is_not() {
        let fine = [
            order("a", "t1", Some(504), None),
            order("a", "t1", Some(503), None),
            order("a", "t1", Some(200), Some("7-x")),
            order("b", "t2", None, None),
            order("b", "t2", Some(410), None),
        ];
        let promises = Promises::of(&fine);
        assert!(promises.wrong.is_empty(), "{:?}", promises.wrong);
        assert_eq!(promises.orders.len(), 1);
        assert_eq!(Promises::of(&fine[..2]).wrong, ["the order of token t1 is still unknown"]);
    }

    #[test]
    fn a_token_with_two_orders_and_an_order_with_two_owners_are_named() {
        let twice = [
            order("a", "t1", Some(202), Some("7-x")),
            order("a", "t1", Some(200), Some("7-y")),
            order("b", "t2", Some(202), Some("7-x")),
        ];
        let wrong = Promises::of(&twice).wrong;
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong[0].contains("two orders") && wrong[1].contains("two buyers"));
    }
}
