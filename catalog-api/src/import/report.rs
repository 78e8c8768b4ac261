//! What is said of an import: rows that do not come along as they are, a bounded number of each table with
//! id and reason, the rest counted; and one line per table.

use super::tables;
use crate::store::import::progress::ProgressRow;
use std::collections::HashMap;
use std::io::Write;

/// Rows listed of a table.
pub const LISTED: usize = 20;

/// Of all tables.
#[derive(Debug, Default)]
pub struct Report(HashMap<&'static str, Told>);

/// Of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Rows read now.
    pub read: u64,
    /// Rows that came along, or would.
    pub copied: u64,
    /// Rows that an earlier run copied.
    pub there: u64,
    /// Rows that cannot come along.
    pub left_out: u64,
    /// Rows ours does not keep, or has already.
    pub not_kept: u64,
    /// Rows that come along with a loss.
    pub changed: u64,
    /// The first of those that cannot, or with a loss.
    listed: Vec<String>,
    /// How many were not listed.
    unlisted: u64,
    /// Whether what is wrong with rows was listed before.
    quiet: bool,
}

impl Told {
    /// A row does not come along.
    pub fn left_out(&mut self, table: &str, id: u64, reason: &str) {
        self.left_out += 1;
        if !self.quiet {
            self.list(format!("{table} {id}: left out: {reason}"));
        }
    }

    /// A row that was thought to come along does not: our database said no.
    pub fn refused(&mut self, table: &str, id: u64, reason: &str) {
        self.copied -= 1;
        self.left_out += 1;
        self.list(format!("{table} {id}: refused: {reason}"));
    }

    /// A row comes along with a loss.
    pub fn changed(&mut self, table: &str, id: u64, losses: &[String]) {
        self.changed += 1;
        if !self.quiet {
            self.list(format!("{table} {id}: comes with a loss: {}", losses.join("; ")));
        }
    }

    /// Rows came to a table of theirs since it was copied.
    pub fn newer(&mut self, table: &str, rows: i64) {
        self.list(format!("{table}: {rows} rows are newer than the import, which does not follow them"));
    }

    fn list(&mut self, line: String) {
        if self.listed.len() < LISTED {
            self.listed.push(line);
        } else {
            self.unlisted += 1;
        }
    }

    /// As an earlier run left it. What is wrong with rows was listed when they were looked at.
    pub fn there(row: &ProgressRow) -> Self {
        Self { there: row.copied_rows, quiet: true, ..Self::default() }
    }
}

impl Report {
    /// A table of it.
    pub fn of(&mut self, table: &'static str) -> &mut Told {
        self.0.entry(table).or_default()
    }

    fn rows(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for table in tables::ALL {
            let Some(told) = self.0.get(table.from) else { continue };
            lines.extend(told.listed.iter().cloned());
            if told.unlisted > 0 {
                lines.push(format!("{}: and {} more rows", table.from, told.unlisted));
            }
        }
        lines
    }

    /// Prints the rows that do not come along as they are.
    pub fn print_rows(&self) {
        print(&self.rows());
    }

    /// Prints a line for each table. `came` is what the rows did, or would do.
    pub fn print_summary(&self, came: &str) {
        print(&self.summary(came));
    }

    fn summary(&self, came: &str) -> Vec<String> {
        let line = |name: &str, cells: [&str; 6]| {
            let cells: String = cells.iter().map(|cell| format!(" {cell:>13}")).collect();
            format!("{name:<30}{cells}")
        };
        let head = ["read", came, "already there", "left out", "not kept", "with a loss"];
        let mut lines = vec![line("table", head)];
        for table in tables::ALL {
            let told = self.0.get(table.from).cloned().unwrap_or_default();
            let counts = [told.read, told.copied, told.there, told.left_out, told.not_kept, told.changed];
            let counts = counts.map(|count| count.to_string());
            lines.push(line(table.from, counts.each_ref().map(String::as_str)));
        }
        lines
    }
}

fn print(lines: &[String]) {
    let mut out = std::io::stdout().lock();
    for line in lines {
        // Nobody may be reading.
        let _ = writeln!(out, "{line}");
    }
}

/// Tells on standard error how far a table is.
pub fn tell(doing: &str, table: &str, done: u64, of: u64) {
    // Nobody may be listening.
    let _ = writeln!(std::io::stderr(), "… {doing} {table}: {done} of {of}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bounded_number_is_listed_and_the_rest_is_counted() {
        let mut report = Report::default();
        let told = report.of("litemall_cart");
        (1..=25).for_each(|id| told.left_out("litemall_cart", id, "user_id: nobody"));
        report.of("litemall_user").changed("litemall_user", 3, &["a".into(), "b".into()]);
        let rows = report.rows();
        assert_eq!(rows.len(), 1 + LISTED + 1);
        assert_eq!(rows[0], "litemall_user 3: comes with a loss: a; b");
        assert_eq!(rows[1], "litemall_cart 1: left out: user_id: nobody");
        assert_eq!(rows[LISTED + 1], "litemall_cart: and 5 more rows");
        let summary = report.summary("copied");
        assert_eq!(summary.len(), 1 + tables::ALL.len());
        let cells = |name: &str| -> Vec<String> {
            let line = summary.iter().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().map(str::to_owned).collect()
        };
        assert_eq!(cells("litemall_cart")[1..], ["0", "0", "0", "25", "0", "0"]);
    }
}
