//! One reading of all metrics, and the two ways it is written down: Prometheus text, and JSON for the board
//! of staff.
//!
//! Deliberately absent: any figure that is in one of the two only. Both write what is in the reading, in
//! its order.

use serde::Serialize;
use std::fmt::Write as _;

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Only goes up.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts of how long things took, by upper end.
    Histogram,
}

/// What a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A number of things.
    Whole(i64),
    /// A time.
    Seconds(f64),
}

/// Figures under one name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Family {
    /// The name.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// How it behaves.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The figures.
    pub samples: Vec<Sample>,
}

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sample {
    /// What follows the family's name; nothing but in histograms.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub suffix: &'static str,
    /// Name and value of each label.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_object")]
    pub labels: Vec<(&'static str, &'static str)>,
    /// The figure.
    pub value: Value,
}

fn as_object<S: serde::Serializer>(
    labels: &[(&'static str, &'static str)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(labels.iter().copied())
}

impl Family {
    /// A family without figures yet.
    pub fn new(name: &'static str, help: &'static str, kind: Kind) -> Self {
        Self { name, help, kind, samples: Vec::new() }
    }

    /// A family of one figure.
    pub fn single(name: &'static str, help: &'static str, kind: Kind, value: Value) -> Self {
        let mut family = Self::new(name, help, kind);
        family.push("", Vec::new(), value);
        family
    }

    /// One more figure.
    pub fn push(&mut self, suffix: &'static str, labels: Vec<(&'static str, &'static str)>, value: Value) {
        self.samples.push(Sample { suffix, labels, value });
    }
}

/// A reading as Prometheus text.
pub fn text(families: &[Family]) -> String {
    let mut text = String::with_capacity(16_384);
    for family in families {
        let kind = match family.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let name = family.name;
        let _ = writeln!(text, "# HELP {name} {}\n# TYPE {name} {kind}", family.help);
        for sample in &family.samples {
            let _ = write!(text, "{name}{}", sample.suffix);
            // Labels are words of ours: nothing in them has to be escaped.
            for (place, (label, value)) in sample.labels.iter().enumerate() {
                let _ = write!(text, "{}{label}=\"{value}\"", if place == 0 { '{' } else { ',' });
            }
            let end = if sample.labels.is_empty() { "" } else { "}" };
            let _ = match sample.value {
                Value::Whole(number) => writeln!(text, "{end} {number}"),
                Value::Seconds(seconds) => writeln!(text, "{end} {seconds}"),
            };
        }
    }
    text
}

/// A reading as JSON: a list of families.
pub fn json(families: &[Family]) -> serde_json::Value {
    serde_json::to_value(families).expect("words and finite numbers")
}

#[cfg(test)]
mod tests {
    use super::super::{Bound, Call, Count, Gauge, Metrics, Stage};
    use super::*;
    use contract::outcome::Code;
    use std::collections::BTreeMap;
    use std::time::Duration;

    /// Every figure by what Prometheus calls it.
    fn read_text(text: &str) -> BTreeMap<String, f64> {
        let figures = text.lines().filter(|line| !line.starts_with('#'));
        figures
            .map(|line| line.rsplit_once(' ').unwrap())
            .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
            .collect()
    }

    fn read_json(families: &serde_json::Value) -> BTreeMap<String, f64> {
        let mut figures = BTreeMap::new();
        for family in families.as_array().unwrap() {
            for sample in family["samples"].as_array().unwrap() {
                let suffix = sample["suffix"].as_str().unwrap_or_default();
                let mut name = format!("{}{suffix}", family["name"].as_str().unwrap());
                // Labels of an object have no order; these two stand first in the text.
                let labels = sample["labels"].as_object();
                let mut labels: Vec<_> = labels.into_iter().flatten().collect();
                labels.sort_by_key(|(label, _)| !["stage", "system"].contains(&label.as_str()));
                if !labels.is_empty() {
                    let labels = labels.iter().map(|(label, value)| format!("{label}={value}"));
                    name += &format!("{{{}}}", labels.collect::<Vec<_>>().join(","));
                }
                assert!(figures.insert(name, sample["value"].as_f64().unwrap()).is_none());
            }
        }
        figures
    }

    #[test]
    fn both_renderings_hold_the_same_figures() {
        let metrics = Metrics::default();
        metrics.answered(Call::Token, None, Duration::from_micros(1234));
        metrics.answered(Call::Order, Some(Code::SoldOut), Duration::from_millis(7));
        metrics.took(Stage::Settle, Duration::from_millis(33));
        metrics.bound(Bound::Breaker);
        metrics.count(Count::Settled, 3);
        metrics.set(Gauge::BooksGap, -2);
        metrics.fault(&crate::fault::Fault::none(crate::fault::System::Log, "a test", "it fails"));
        let reading = metrics.figures();
        let (as_text, as_json) = (read_text(&text(&reading)), read_json(&json(&reading)));
        assert!(as_text.len() > 100, "{as_text:?}");
        assert_eq!(as_text, as_json);
        assert_eq!(as_json["engine_answers_total{call=\"order\",code=\"sold_out\"}"], 1.0);
        assert_eq!(as_json["engine_books_gap_units"], -2.0);
        assert_eq!(as_json["engine_stage_seconds_sum{stage=\"settle\"}"], 0.033);
    }

    #[test]
    fn what_a_metric_is_stands_in_both() {
        let reading = Metrics::default().figures();
        let (text, json) = (text(&reading), json(&reading));
        for family in json.as_array().unwrap() {
            let name = family["name"].as_str().unwrap();
            let help = format!("# HELP {name} {}\n", family["help"].as_str().unwrap());
            let kind = format!("# TYPE {name} {}\n", family["type"].as_str().unwrap());
            assert!(text.contains(&help) && text.contains(&kind), "{name}");
        }
        assert_eq!(text.matches("# TYPE ").count(), json.as_array().unwrap().len());
    }
}
