//! Counting answers and measuring how long they took.

use std::collections::BTreeMap;
use std::time::Duration;

/// Answers by call and outcome, and times by what they measure.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    answers: BTreeMap<(&'static str, String), u64>,
    times: BTreeMap<&'static str, Vec<Duration>>,
}

impl Measured {
    /// Counts an answer.
    pub fn answer(&mut self, call: &'static str, outcome: String) {
        *self.answers.entry((call, outcome)).or_default() += 1;
    }

    /// Keeps a time.
    pub fn time(&mut self, of: &'static str, took: Duration) {
        self.times.entry(of).or_default().push(took);
    }

    /// Answers of a call, most frequent first.
    pub fn answers(&self, call: &str) -> Vec<(&str, u64)> {
        let of_call = self.answers.iter().filter(|((name, _), _)| *name == call);
        let mut answers: Vec<_> = of_call.map(|((_, outcome), count)| (outcome.as_str(), *count)).collect();
        answers.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        answers
    }

    /// Answers to buyers altogether.
    pub fn total(&self) -> u64 {
        self.answers.values().sum()
    }

    /// Distribution of a time; nothing when it was never measured.
    pub fn spread(&self, of: &str) -> Option<Spread> {
        Spread::of(self.times.get(of)?.clone())
    }
}

/// A distribution in four numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// Half were not slower.
    pub p50: Duration,
    /// Nine of ten were not slower.
    pub p90: Duration,
    /// 99 of 100 were not slower.
    pub p99: Duration,
    /// The slowest.
    pub max: Duration,
}

impl Spread {
    /// By nearest rank, so that each is a time that was really seen.
    pub fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort_unstable();
        let max = *times.last()?;
        let rank = |percent: usize| times[(times.len() * percent).div_ceil(100).max(1) - 1];
        Some(Self { p50: rank(50), p90: rank(90), p99: rank(99), max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_seen() {
        let ms = Duration::from_millis;
        let hundred = Spread::of((1..=100).rev().map(ms).collect()).unwrap();
        assert_eq!(hundred, Spread { p50: ms(50), p90: ms(90), p99: ms(99), max: ms(100) });
        let three = Spread::of(vec![ms(7), ms(1), ms(3)]).unwrap();
        assert_eq!(three, Spread { p50: ms(3), p90: ms(7), p99: ms(7), max: ms(7) });
        assert_eq!(Spread::of(vec![ms(4)]).unwrap().p50, ms(4));
        assert_eq!(Spread::of(Vec::new()), None);
    }

    #[test]
    fn answers_are_listed_by_frequency() {
        let mut measured = Measured::default();
        for outcome in ["200", "410 sold_out", "410 sold_out"] {
            measured.answer("token", outcome.to_owned());
        }
        measured.answer("order", "202".to_owned());
        assert_eq!(measured.answers("token"), [("410 sold_out", 2), ("200", 1)]);
        assert_eq!(measured.total(), 4);
    }
}
