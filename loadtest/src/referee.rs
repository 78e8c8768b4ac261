//! Who of the winners pays, who changes their mind, and when it is over.
//!
//! The demo has to end the same way every time: all units in live orders. So the number of those who
//! change their mind is fixed beforehand, and as many others go on trying until the units that come back
//! are sold again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// How it is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Units on sale.
    pub units: usize,
    /// Winners who pay.
    pub pay: usize,
    /// Winners who cancel.
    pub cancel: usize,
}

/// What a winner does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Cancels; the unit comes back.
    Cancel,
    /// Pays.
    Pay,
    /// Keeps the order for later.
    Keep,
}

/// How it stands.
#[derive(Clone, Debug, Default)]
pub struct Score {
    /// Orders that were settled.
    pub settled: usize,
    /// Of these cancelled.
    pub cancelled: usize,
    /// Of these paid.
    pub paid: usize,
    /// Live orders in the order of their settlement: buyer, order, what became of it.
    pub winners: Vec<(String, String, &'static str)>,
    /// What must not happen and did.
    pub wrong: Vec<String>,
}

/// Keeps the score of a crowd.
#[derive(Debug)]
pub struct Referee {
    plan: Plan,
    score: Mutex<Score>,
    over: Notify,
}

impl Referee {
    /// Before the start.
    pub fn new(plan: Plan) -> Self {
        Self { plan, score: Mutex::default(), over: Notify::new() }
    }

    /// An order was settled; what its owner does next.
    pub fn settled(&self) -> Role {
        let mut score = self.lock();
        score.settled += 1;
        let place = score.settled - 1;
        if place < self.plan.cancel {
            Role::Cancel
        } else if place < self.plan.cancel + self.plan.pay {
            Role::Pay
        } else {
            Role::Keep
        }
    }

    /// A winner has done what the role says.
    pub fn played(&self, role: Role, user: &str, order_sn: &str) {
        let mut score = self.lock();
        let became = match role {
            Role::Cancel => {
                score.cancelled += 1;
                None
            }
            Role::Pay => {
                score.paid += 1;
                Some("paid")
            }
            Role::Keep => Some("to be paid"),
        };
        score.winners.extend(became.map(|became| (user.to_owned(), order_sn.to_owned(), became)));
        if self.is_over(&score) {
            self.over.notify_waiters();
        }
    }

    /// Something that must not happen did.
    pub fn wrong(&self, what: String) {
        self.lock().wrong.push(what);
    }

    /// Whether there is nothing left to win.
    pub fn over(&self) -> bool {
        self.is_over(&self.lock())
    }

    /// Waits this long, or until it is over.
    pub async fn pause(&self, time: std::time::Duration) {
        let over = self.over.notified();
        if !self.over() {
            // Both ends of the wait are fine.
            let _ = tokio::time::timeout(time, over).await;
        }
    }

    /// How it stands.
    pub fn score(&self) -> Score {
        self.lock().clone()
    }

    fn is_over(&self, score: &Score) -> bool {
        score.winners.len() >= self.plan.units && score.cancelled >= self.plan.cancel
    }

    fn lock(&self) -> MutexGuard<'_, Score> {
        self.score.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_over_when_the_units_that_came_back_are_sold_again() {
        let referee = Referee::new(Plan { units: 3, pay: 1, cancel: 1 });
        let roles: Vec<_> = (0..3).map(|_| referee.settled()).collect();
        assert_eq!(roles, [Role::Cancel, Role::Pay, Role::Keep]);
        for role in roles {
            referee.played(role, "u", "s");
        }
        assert!(!referee.over(), "a unit is on its way back");
        assert_eq!(referee.settled(), Role::Keep);
        referee.played(Role::Keep, "v", "t");
        assert!(referee.over());
        let score = referee.score();
        assert_eq!((score.settled, score.cancelled, score.paid, score.winners.len()), (4, 1, 1, 3));
    }
}
