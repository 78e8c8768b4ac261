//! Counting what the test programs say.

use std::fmt;

/// How many tests ran, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) skipped: usize,
    /// What failed, as far as it said so: names, and below each what it complained of. The end of a long
    /// output is often all that is kept of it.
    pub(super) complaints: Vec<String>,
    /// The line before was the place of a panic; this one says what was wrong.
    says_why: bool,
}

impl Tally {
    /// Adds a line of output, if it is one that sums a test program up or tells of a failure.
    pub(super) fn add(&mut self, line: &str) {
        if std::mem::take(&mut self.says_why) {
            self.complaints.push(format!("    {line}"));
        } else if let Some(name) =
            line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----"))
        {
            self.complaints.push(format!("failed: {name}"));
        } else if line.starts_with("thread '") && line.contains("panicked at ") && !self.complaints.is_empty()
        {
            self.complaints.push(format!("    {line}"));
            self.says_why = true;
        }
        let Some((_, counts)) = line.split_once("test result: ").and_then(|(_, rest)| rest.split_once(". "))
        else {
            return;
        };
        for count in counts.split(';') {
            let mut words = count.split_whitespace();
            let (Some(number), Some(word)) =
                (words.next().and_then(|n| n.parse::<usize>().ok()), words.next())
            else {
                continue;
            };
            match word {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 { write!(f, ", {} skipped", self.skipped) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_programs_are_added_up() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 9 filtered out; finished in 0.01s",
            "test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s",
            "test it_says_5_failed ... ok",
        ] {
            tally.add(line);
        }
        assert_eq!(tally, Tally { passed: 7, failed: 2, skipped: 1, ..Tally::default() });
        assert_eq!(tally.to_string(), "7 passed, 2 failed, 1 skipped");
        assert_eq!(Tally { passed: 1, ..Tally::default() }.to_string(), "1 passed, 0 failed");
    }

    #[test]
    fn what_failed_is_named_with_its_reason() {
        let mut tally = Tally::default();
        for line in [
            "thread 'of_a_test_that_expects_it' panicked at a.rs:1:1:",
            "as it should",
            "---- sales::opens stdout ----",
            "2026 INFO something",
            "",
            "thread 'sales::opens' (7) panicked at engine/tests/sales.rs:9:5:",
            "assertion `left == right` failed",
            "  left: 1",
        ] {
            tally.add(line);
        }
        let told = tally.complaints.join("\n");
        assert_eq!(
            told,
            "failed: sales::opens\n    thread 'sales::opens' (7) panicked at engine/tests/sales.rs:9:5:\n    \
            assertion `left == right` failed"
        );
    }
}
