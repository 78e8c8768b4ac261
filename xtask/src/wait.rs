//! Waiting for a condition under a deadline. The only place that sleeps.

use anyhow::Result;
use std::time::{Duration, Instant};

/// Called on every look at a condition; an error ends the wait.
pub type Tick<'a> = &'a mut dyn FnMut() -> Result<()>;

/// A tick that does nothing, for callers nobody is watching.
pub fn quietly() -> Result<()> {
    Ok(())
}

/// Looks until `condition` gives something, at most `limit` long; nothing when the time is over.
pub fn until<T>(
    limit: Duration,
    tick: Tick<'_>,
    mut condition: impl FnMut() -> Result<Option<T>>,
) -> Result<Option<T>> {
    let begin = Instant::now();
    // Short looks at first: most things here are ready within milliseconds or take seconds.
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(found) = condition()? {
            return Ok(Some(found));
        }
        if begin.elapsed() >= limit {
            return Ok(None);
        }
        tick()?;
        nap(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the wait for a condition under a deadline itself")]
fn nap(pause: Duration) {
    std::thread::sleep(pause);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_that_comes_true_ends_the_wait_and_one_that_does_not_ends_at_the_deadline() {
        let mut looks = 0;
        let found = until(Duration::from_secs(5), &mut quietly, || {
            looks += 1;
            Ok((looks == 3).then_some("third"))
        });
        assert_eq!(found.unwrap(), Some("third"));
        let never = until(Duration::from_millis(5), &mut quietly, || Ok(None::<()>));
        assert_eq!(never.unwrap(), None);
    }

    #[test]
    fn a_tick_that_errs_ends_the_wait() {
        let mut tick = || anyhow::bail!("interrupted");
        assert!(until(Duration::from_secs(5), &mut tick, || Ok(None::<()>)).is_err());
    }
}
