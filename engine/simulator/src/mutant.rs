//! Rules taken out, one at a time: a simulation that does not miss them shows nothing.
//!
//! They are taken out in the ports of the simulator; the engine knows nothing of this. Three live in
//! a script of the desk: there one line of the shipped text is replaced.

use engine::reservation::scripts::Script;
use std::borrow::Cow;

macro_rules! mutants {
    ($($(#[$doc:meta])* $variant:ident = $name:literal $rule:literal,)+) => {
        /// A rule taken out.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Mutant { $($(#[$doc])* $variant,)+ }

        impl Mutant {
            /// Every mutant.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The rule that is missing.
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$variant => $rule,)+ }
            }
        }
    };
}

mutants! {
    /// The look at the control topic finds the generation the batch was reserved in.
    GenerationCheck = "generation-check" "a promise is given only while the generation stands",
    /// An entry leaves the outbox when the log acknowledged it.
    TrimAfterSettlement = "trim-after-settlement" "an entry is trimmed after the ledger has its orders",
    /// `return` does not see that the order was returned.
    OnceOnlyReturn = "once-only-return" "units of an order come back once",
    /// Units of a batch whose publication is unknown go back.
    NoGiveBack = "no-give-back" "units of an unknown publication stay taken",
    /// The barrier counts as settled as soon as somebody asks for the image.
    RebuildFence = "rebuild-fence" "a desk is rebuilt when the barrier is settled",
    /// The position is written by itself and compared with nothing.
    PositionCas = "position-cas" "rows and position move together, from the expected position",
    /// `reserve` does not look whether there are enough units.
    CheckBeforeWrite = "check-before-write" "reserve checks before it writes",
    /// `reserve` does not know a used token.
    UsedToken = "used-token" "a used token answers with its order",
    /// Records of an older generation settle behind the barrier.
    LateSkip = "late-skip" "what stands behind the barrier of a newer generation is void",
}

impl Mutant {
    /// The mutant of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|mutant| mutant.name() == name)
    }

    /// A script's text without the rule.
    pub fn script(mutant: Option<Self>, script: Script) -> Cow<'static, str> {
        let (without, line, by) = match mutant {
            Some(Self::OnceOnlyReturn) => {
                (Script::Return, "if sub(record, o + 51, o + 51) == \"R\" then", "if false then")
            }
            Some(Self::CheckBeforeWrite) => {
                (Script::Reserve, "elseif free < quantity then", "elseif false then")
            }
            Some(Self::UsedToken) => (Script::Reserve, "  if used then", "  if false then"),
            _ => return script.text().into(),
        };
        if script != without {
            return script.text().into();
        }
        assert_eq!(script.text().matches(line).count(), 1, "the line a mutant replaces stands there once");
        script.text().replacen(line, by, 1).into()
    }
}
