//! The crowd and the proof against a small mall in memory that can be told to cheat.
//!
//! The real services are meant to never do what is tested here: oversell, lose an order, give one token
//! two orders, or cook the books. Only a cheat shows that the proof would notice.

mod mall;

use loadtest::crowd::{self, Options, Outcome};
use loadtest::history;
use loadtest::referee::Plan;
use loadtest::report;
use loadtest::settings::Addresses;
use loadtest::verify::{Case, Findings, verify};
use mall::{Cheat, Mall};
use std::path::PathBuf;
use std::time::Duration;

/// A run against a mall; its folder is deleted at the end.
struct Run {
    dir: PathBuf,
    options: Options,
    outcome: Outcome,
    findings: Findings,
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

async fn run(name: &str, cheat: Cheat) -> Run {
    let dir = std::env::temp_dir().join(format!("loadtest-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let mall = Mall::open(&dir, 10, cheat).await;
    let addresses = Addresses { entries: mall.addresses() };
    let sale = crowd::make_sale(&addresses, 10).await.unwrap();
    let options = Options {
        sale,
        buyers: 120,
        plan: Plan { units: 10, pay: 4, cancel: 2 },
        out: dir.clone(),
        settle_limit: Duration::from_secs(2),
        limit: Duration::from_secs(6),
    };
    let outcome = crowd::run(&addresses, &options).await.unwrap();
    let engine = mall.engine();
    let case =
        Case { addresses: &addresses, sale, engine: &engine, limit: Duration::from_millis(300), alone: true };
    let seen = history::read(&dir.join("history.jsonl")).unwrap();
    let buyers = history::read(&dir.join("buyers.jsonl")).unwrap();
    let findings = verify(&case, &seen, &buyers).await.unwrap();
    Run { dir, options, outcome, findings }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_mall_ends_with_all_units_in_live_orders() {
    let run = run("honest", Cheat::No).await;
    let (score, findings) = (&run.outcome.score, &run.findings);
    assert!(score.wrong.is_empty(), "{:?}", score.wrong);
    assert!(findings.wrong.is_empty(), "{:?}", findings.wrong);
    assert_eq!((score.settled, score.cancelled, score.paid, score.winners.len()), (12, 2, 4, 10));
    assert_eq!((findings.live, findings.lapsed, findings.oversold, findings.gap), (10, 2, 0, Some(0)));
    // The mall answers some orders with 504 first; those buyers asked again.
    assert!(run.outcome.measured.answers("order").iter().any(|(outcome, _)| outcome.starts_with("504")));
    let page = report::page(&run.options, &run.outcome, findings);
    assert!(page.ends_with("\n10 settled, 0 oversold, gap 0\n"), "{page}");
    assert!(page.contains("They agree.") && !page.contains("Wrong"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oversell_is_found() {
    let run = run("oversell", Cheat::Oversell).await;
    assert!(run.findings.oversold > 0);
    assert!(run.findings.wrong.iter().any(|what| what.contains("oversold")), "{:?}", run.findings.wrong);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_order_that_is_never_settled_is_found() {
    let run = run("lost", Cheat::LoseOne).await;
    assert!(run.findings.wrong.iter().any(|what| what.contains("was promised and is queued")));
    assert!(run.outcome.score.wrong.iter().any(|what| what.contains("is not settled")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_becomes_two_orders_is_found() {
    let run = run("twice", Cheat::TwoOrdersPerToken).await;
    let wrong = &run.findings.wrong;
    assert!(wrong.iter().any(|what| what.contains("the books say")), "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn books_that_disagree_are_found() {
    let run = run("books", Cheat::CookBooks).await;
    let wrong = &run.findings.wrong;
    assert!(wrong.iter().any(|what| what.contains("the books disagree on free in the ledger")), "{wrong:?}");
}
