//! What can go wrong, and how often it did.

use std::fmt;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// A kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $variant,)+ }

        impl Kind {
            /// Every kind, as the report lists them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name in the report and in a story.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

kinds! {
    /// A port call fails and nothing happened; half of them cannot tell.
    ErrorBefore = "error before effect",
    /// A port call fails as unknown and everything happened, at once or some time later.
    ErrorAfter = "error after effect",
    /// A port call or its answer is slow.
    Delay = "delay",
    /// A port call happens twice.
    Duplicate = "duplicate",
    /// One partition is read later than the other.
    Reorder = "reorder between partitions",
    /// A role dies with everything it was at, and starts anew some time later.
    Crash = "crash of a role",
    /// A role stands still, longer than its leases at times, and goes on.
    Pause = "pause of a role",
    /// Redis fails over to a replica that had not heard of the last writes.
    DeskTail = "redis tail lost",
    /// Redis comes back with nothing.
    DeskEmptied = "redis emptied",
    /// A key of a sale is gone, behind the back of the scripts.
    DeskKey = "redis key lost",
    /// Redis restarts with everything it had.
    DeskRestart = "redis restarted",
    /// A partition of the order log loses its newest records, acknowledged or not.
    LogTail = "log tail lost",
    /// The ledger goes back to an older snapshot.
    LedgerBack = "ledger rolled back",
    /// A clock is set to another time.
    ClockStep = "clock step",
}

/// How often each kind fired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; Kind::ALL.len()]);

impl Counts {
    /// Counts one.
    pub fn fired(&mut self, kind: Kind) {
        self.0[kind as usize] += 1;
    }

    /// Counts those of another run.
    pub fn add(&mut self, other: &Self) {
        for (ours, theirs) in self.0.iter_mut().zip(other.0) {
            *ours += theirs;
        }
    }

    /// Kinds that never fired: what they would have shown is not known.
    pub fn missing(&self) -> Vec<&'static str> {
        Kind::ALL.iter().filter(|kind| self.0[**kind as usize] == 0).map(|kind| kind.name()).collect()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for kind in Kind::ALL {
            writeln!(f, "  {:>10}  {}", self.0[*kind as usize], kind.name())?;
        }
        Ok(())
    }
}
