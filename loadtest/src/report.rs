//! What happened, on one page.

use crate::books::{Books, TERMS};
use crate::crowd::{Options, Outcome};
use crate::measure::Measured;
use crate::verify::Findings;
use std::fmt::Write;
use std::path::Path;

/// Winners named; the others are a number.
const NAMED_MAX: usize = 10;
/// Complaints shown; the others are a number.
const WRONG_MAX: usize = 10;

/// The page of a crowd.
pub fn page(options: &Options, outcome: &Outcome, findings: &Findings) -> String {
    let score = &outcome.score;
    let mut text = format!(
        "\n{} buyers, {} units, {:.1} s: {} orders settled, {} cancelled and sold again, {} paid\n",
        options.buyers,
        options.plan.units,
        outcome.took.as_secs_f64(),
        score.settled,
        score.cancelled,
        score.paid,
    );
    winners(&mut text, &score.winners);
    answers(&mut text, &outcome.measured);
    text += &books(options.sale, findings);
    let out = options.out.display();
    let _ = write!(
        text,
        "
Where to look next
  {out}/history.jsonl   every answer every buyer saw
  target/dev/*.log      what the services said
  cargo xtask up        prints all addresses; /metrics is on the private ones
"
    );
    text += &wrong(&findings.wrong);
    text + &verdict(findings)
}

/// The last line.
pub fn verdict(findings: &Findings) -> String {
    let gap = findings.gap.map_or_else(|| "unknown".to_owned(), |gap| gap.to_string());
    format!("\n{} settled, {} oversold, gap {gap}\n", findings.live, findings.oversold)
}

fn winners(text: &mut String, winners: &[(String, String, &'static str)]) {
    text.push_str("\nWho won\n");
    for (place, (user, order_sn, became)) in winners.iter().take(NAMED_MAX).enumerate() {
        let _ = writeln!(text, "  {:>2}. {user:<10} {order_sn}  {became}", place + 1);
    }
    if winners.len() > NAMED_MAX {
        let _ = writeln!(text, "      and {} more", winners.len() - NAMED_MAX);
    }
}

fn answers(text: &mut String, measured: &Measured) {
    text.push_str("\nAnswers\n");
    for call in ["token", "order", "status"] {
        let list: Vec<_> =
            measured.answers(call).iter().map(|(outcome, count)| format!("{outcome} × {count}")).collect();
        let _ = writeln!(text, "  {call:<8}{}", list.join(", "));
    }
    text.push_str("\nTimes in ms                p50       p90       p99       max\n");
    for of in ["token", "order", "accepted → settled"] {
        if let Some(spread) = measured.spread(of) {
            let _ = write!(text, "  {of:<20}");
            for time in [spread.p50, spread.p90, spread.p99, spread.max] {
                let _ = write!(text, "{:>10.1}", time.as_secs_f64() * 1e3);
            }
            text.push('\n');
        }
    }
}

/// Both books side by side.
pub fn books(sale: u64, findings: &Findings) -> String {
    let Some((staff, engine)) = &findings.books else { return String::new() };
    let mut text = format!("\nBooks of sale {sale:<18} /admin   engine reconcile\n");
    let figure = |books: &Books, at: usize| books.0[at].map_or_else(|| "–".to_owned(), |n| n.to_string());
    for (at, term) in TERMS.iter().enumerate() {
        let _ = writeln!(
            text,
            "  {:<1} {:<28} {:>6} {:>18}",
            term.letter,
            term.words,
            figure(staff, at),
            figure(engine, at)
        );
    }
    let agree = staff.differences(engine).is_empty();
    text.push_str(if agree { "  They agree.\n" } else { "  They do not agree.\n" });
    text
}

/// What must not be and is.
pub fn wrong(wrong: &[String]) -> String {
    if wrong.is_empty() {
        return String::new();
    }
    let mut text = String::from("\nWrong\n");
    for what in wrong.iter().take(WRONG_MAX) {
        let _ = writeln!(text, "  {what}");
    }
    if wrong.len() > WRONG_MAX {
        let _ = writeln!(text, "  and {} more", wrong.len() - WRONG_MAX);
    }
    text
}

/// The page of a verification by itself.
pub fn verified(sale: u64, history: &Path, findings: &Findings) -> String {
    let mut text = format!(
        "{}: {} promised orders are live, {} have lapsed since\n",
        history.display(),
        findings.live,
        findings.lapsed
    );
    text += &books(sale, findings);
    text += &wrong(&findings.wrong);
    text + &verdict(findings)
}
