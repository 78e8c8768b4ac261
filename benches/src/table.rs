//! The table: what was measured, its limit, and whether the goal holds.

use crate::host;
use anyhow::{Context, Result};
use chrono::Utc;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// What the ratio of ours to the limit has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    /// At least.
    AtLeast(f64),
    /// At most.
    AtMost(f64),
    /// Ours, not the ratio, is at most this.
    Below(f64),
    /// None; shown for its own sake.
    Shown,
}

/// One row: pairs of ours and the limit, one per round.
struct Row {
    path: String,
    unit: &'static str,
    pairs: Vec<(f64, f64)>,
    goal: Goal,
}

/// All rows, and remarks below them.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    remarks: Vec<String>,
    /// Limits measured for their own row that the whole purchase adds up, as CPU µs an order.
    pub(crate) limits: Limits,
}

/// CPU per order of single steps, in µs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) one_script: Option<f64>,
    pub(crate) one_record: Option<f64>,
    pub(crate) one_row: Option<f64>,
}

impl Table {
    /// Adds a row.
    pub(crate) fn add(&mut self, path: &str, unit: &'static str, pairs: Vec<(f64, f64)>, goal: Goal) {
        self.rows.push(Row { path: path.to_owned(), unit, pairs, goal });
    }

    /// Adds a remark.
    pub(crate) fn remark(&mut self, remark: String) {
        self.remarks.push(remark);
    }

    /// As Markdown, which a terminal shows as well.
    pub(crate) fn text(&self) -> String {
        let mut text = String::from(
            "| path | ours | limit | ratio, median (worst) | goal | holds |\n|---|---|---|---|---|---|\n",
        );
        for row in &self.rows {
            let _ = writeln!(text, "{}", row.text());
        }
        for remark in &self.remarks {
            let _ = write!(text, "\n{remark}\n");
        }
        text
    }

    /// Appends it to the record of measurements, with what was measured, when and where.
    pub(crate) fn append_to(&self, file: &Path) -> Result<()> {
        append(file, &self.text())
    }
}

/// Appends a text to the record of measurements, with what was measured, when and where.
pub(crate) fn append(file: &Path, text: &str) -> Result<()> {
    let mut out = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(file)
        .with_context(|| format!("cannot write {}", file.display()))?;
    let heading = format!("{}, {}", Utc::now().format("%Y-%m-%d %H:%M UTC"), commit());
    let about = format!("{}; load {} at the end, client and stores included.", host::machine(), host::load());
    Ok(write!(out, "\n## {heading}\n\n{about}\n\n{text}")?)
}

impl Row {
    fn text(&self) -> String {
        let ours = median(self.pairs.iter().map(|pair| pair.0).collect());
        let limit = median(self.pairs.iter().map(|pair| pair.1).collect());
        let ratios: Vec<f64> = self.pairs.iter().map(|(ours, limit)| ours / limit).collect();
        let ratio = median(ratios.clone());
        let larger_is_worse = matches!(self.goal, Goal::AtMost(_) | Goal::Below(_));
        let worst = ratios.iter().copied().reduce(if larger_is_worse { f64::max } else { f64::min });
        let (goal, holds) = match self.goal {
            Goal::AtLeast(goal) => (format!("≥ {goal}"), Some(ratio >= goal)),
            Goal::AtMost(goal) => (format!("≤ {goal}"), Some(ratio <= goal)),
            Goal::Below(goal) => (format!("≤ {goal} {}", self.unit), Some(ours <= goal)),
            Goal::Shown => ("–".to_owned(), None),
        };
        let holds = holds.map_or("–", |holds| if holds { "yes" } else { "no" });
        let (limit, ratio) = if limit.is_finite() && limit > 0.0 {
            let worst = worst.unwrap_or(ratio);
            (format!("{} {}", figure(limit), self.unit), format!("{ratio:.2} ({worst:.2})"))
        } else {
            ("–".to_owned(), "–".to_owned())
        };
        format!("| {} | {} {} | {limit} | {ratio} | {goal} | {holds} |", self.path, figure(ours), self.unit)
    }
}

/// The middle one; of an even number the lower of the two, so that it is a value that was seen.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

fn figure(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

/// The commit that is checked out, and whether the tree differs from it.
fn commit() -> String {
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else { return "unknown commit".to_owned() };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_none_or(|text| !text.is_empty());
    format!("commit {commit}{}", if changed { " with changes" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_judged_by_the_median_and_the_worst_stands_beside_it() {
        let mut table = Table::default();
        table.add("cpu", "µs", vec![(5.0, 4.0), (4.0, 4.0), (8.0, 4.0)], Goal::AtMost(1.25));
        table.add("rate", "/s", vec![(80.0, 100.0), (90.0, 100.0), (70.0, 100.0)], Goal::AtLeast(0.85));
        table.add("memory", "MB", vec![(120.0, f64::NAN)], Goal::Below(200.0));
        let text = table.text();
        assert!(text.contains("| cpu | 5.0 µs | 4.0 µs | 1.25 (2.00) | ≤ 1.25 | yes |"), "{text}");
        assert!(text.contains("| rate | 80.0 /s | 100 /s | 0.80 (0.70) | ≥ 0.85 | no |"), "{text}");
        assert!(text.contains("| memory | 120 MB | – | – | ≤ 200 MB | yes |"), "{text}");
    }

    #[test]
    fn the_median_is_a_value_that_was_seen() {
        assert_eq!(median(vec![3.0, 1.0]), 1.0);
        assert_eq!(median(vec![9.0, 1.0, 5.0]), 5.0);
        assert!(median(vec![]).is_nan());
    }
}
