//! The page of a load: what was asked for, the verdict, and how it went second by second.

use super::plot::{Line, plot};
use super::timeline::Second;
use super::{Options, Outcome};
use crate::native::Pace;
use crate::report;
use crate::verify::Findings;
use std::collections::BTreeSet;
use std::fmt::Write;

/// What was asked for, in words.
fn asked(options: &Options) -> String {
    let pace = match options.pace {
        Pace::Open(per_s) => format!(
            "open model: {per_s} visitors a second arrive whatever the mall does; latencies count from the \
             moment a visitor was due"
        ),
        Pace::Closed => format!(
            "closed model: {} visitors come again as soon as they were served; this shows the most that is \
             done and hides how long anybody would have waited",
            options.connections
        ),
    };
    format!(
        "sale {}, {:?}, {} s, {} connections, {} buyers; {pace}",
        options.sale,
        options.scenario,
        options.within.as_secs(),
        options.connections,
        options.buyers
    )
}

/// For the terminal.
pub fn text(options: &Options, outcome: &Outcome, findings: &Findings) -> String {
    let driven = &outcome.driven;
    let mut text = format!("\n{}\n\n", asked(options));
    let answers: Vec<_> =
        driven.answers.iter().map(|(status, count)| format!("{status} × {count}")).collect();
    let _ = writeln!(
        text,
        "{:.0} answers a second for {:.1} s: {}; {} without an answer",
        driven.rate(),
        driven.took.as_secs_f64(),
        answers.join(", "),
        driven.lost
    );
    text += "\nLatency in ms              p50       p90       p99     p99.9       max\n";
    for (call, latencies) in outcome.timeline.by_call() {
        let _ = write!(text, "  {call:<20}");
        for quantile in [0.5, 0.9, 0.99, 0.999, 1.0] {
            let _ = write!(text, "{:>10.1}", latencies.value_at_quantile(quantile) as f64 / 1e3);
        }
        text.push('\n');
    }
    text += &report::books(options.sale, findings);
    text += &report::wrong(&findings.wrong);
    text + &report::verdict(findings)
}

/// For a browser, with plots.
pub fn html(options: &Options, outcome: &Outcome, findings: &Findings) -> String {
    let seconds = outcome.timeline.seconds();
    let line = |name: &str, value: &dyn Fn(&Second) -> Option<f64>| Line {
        name: name.to_owned(),
        values: seconds.iter().map(value).collect(),
    };
    let answered = |second: &Second| second.total() > 0;
    let latency = [
        line("p50", &|second| answered(second).then_some(second.p50_us as f64 / 1e3)),
        line("p99", &|second| answered(second).then_some(second.p99_us as f64 / 1e3)),
    ];
    let statuses: BTreeSet<u16> =
        seconds.iter().flat_map(|second| second.answers.keys().map(|(_, status)| *status)).collect();
    let codes: Vec<Line> = statuses
        .into_iter()
        .map(|status| {
            let name = if status == 0 { "no answer".to_owned() } else { status.to_string() };
            line(&name, &|second| Some(second.count(status) as f64))
        })
        .collect();
    let throughput = [
        line("arrivals", &|second| Some(second.arrivals as f64)),
        line("answers", &|second| Some(second.total() as f64)),
        line("orders accepted", &|second| Some(second.count(202) as f64)),
    ];
    let stock = [line("free", &|second| second.free.map(|free| free as f64))];
    let verdict = if findings.wrong.is_empty() { "The books balance." } else { "The books do not balance." };
    let plots = [
        plot("Latency", "ms", &latency),
        plot("Answers by code, each second", "", &codes),
        plot("Throughput against arrivals, each second", "", &throughput),
        plot("Free units", "", &stock),
    ]
    .concat();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Load of sale {}</title>\n\
         <style>body{{font:15px sans-serif;max-width:900px;margin:2em auto}}svg text{{font-size:11px}}\
         pre{{background:#f6f6f6;padding:1em;overflow:auto}}</style></head><body>\n\
         <h1>{verdict}</h1>\n<pre>{}</pre>\n{plots}</body></html>\n",
        options.sale,
        escaped(&text(options, outcome, findings))
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
