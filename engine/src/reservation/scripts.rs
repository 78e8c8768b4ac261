//! The shipped scripts: their text, their keys, and one constructor per script for its arguments.
//!
//! The header of each file in `lua/` is the contract; `call` fills in the arguments in its order.
//! Deliberately absent: running them, which each desk does in its own way.

pub(super) mod call;

use contract::keys::DeskKeys;

macro_rules! scripts {
    ($($(#[$doc:meta])* $variant:ident $name:literal [$($key:ident)+],)+) => {
        /// A script in `lua/`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Script { $($(#[$doc])* $variant,)+ }

        impl Script {
            /// Every script.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its verb; the file is called after it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Its text.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => include_str!(concat!("../../../lua/", $name, ".lua")),)+
                }
            }

            /// What a fault says we were doing.
            pub const fn doing(self) -> &'static str {
                match self { $(Self::$variant => concat!("running ", $name),)+ }
            }

            /// The keys it takes, in the order of its header.
            pub fn keys(self, keys: &DeskKeys) -> Vec<&str> {
                match self { $(Self::$variant => vec![$(&*keys.$key,)+],)+ }
            }
        }
    };
}

scripts! {
    /// Creates the desk of a sale anew.
    OpenSale "open_sale" [terms buyers outbox tokens changes],
    /// Fills a desk that is being built.
    LoadBuyers "load_buyers" [terms buyers changes],
    /// Newer terms, open or closed.
    Revise "revise" [terms],
    /// The right to try.
    Token "token" [terms buyers outbox tokens],
    /// Takes units.
    Reserve "reserve" [terms buyers outbox tokens],
    /// Removes settled entries from the outbox.
    Trim "trim" [terms outbox],
    /// Gives units of lapsed orders back.
    Return "return" [terms buyers],
    /// A stock change by staff.
    Change "change" [terms changes],
    /// Reads the outbox.
    Pending "pending" [terms outbox],
    /// Looks for a used token.
    Find "find" [terms buyers],
    /// Ends the desk for good.
    Close "close" [terms],
    /// The books of the desk.
    Inspect "inspect" [terms buyers outbox tokens changes],
    /// Deletes the desk.
    Archive "archive" [terms buyers outbox tokens changes],
}

impl Script {
    /// SHA-1 of the text in hexadecimal, which is how Redis names it.
    pub fn sha1(self) -> String {
        ::redis::Script::new(self.text()).get_hash().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::ids::SaleId;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn every_file_is_in_the_list() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lua");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".lua").map(str::to_owned))
            .collect();
        let list: BTreeSet<String> = Script::ALL.iter().map(|script| script.name().to_owned()).collect();
        assert_eq!(files, list);
    }

    #[test]
    fn every_header_is_a_contract_and_names_the_keys_the_caller_sends() {
        let keys = DeskKeys::new("p", SaleId(7));
        for &script in Script::ALL {
            let (name, text) = (script.name(), script.text());
            let header: Vec<&str> = text.lines().take_while(|line| line.starts_with("--")).collect();
            assert!(header[0].starts_with(&format!("-- {name}: ")), "{name}: first line");
            let mut rest = header.iter();
            for part in
                ["-- KEYS  1 terms", "-- ARGV  1 tag", "-- REPLY {word, tag", "-- KEEPS ", "-- e.g.  "]
            {
                assert!(rest.any(|line| line.starts_with(part)), "{name}: {part} is missing or out of order");
            }

            // The names after the numbers 1, 2, 3 … between KEYS and ARGV.
            let words: Vec<&str> = header
                .iter()
                .skip_while(|line| !line.starts_with("-- KEYS"))
                .take_while(|line| !line.starts_with("-- ARGV"))
                .flat_map(|line| line.split_whitespace())
                .collect();
            let named: Vec<String> = (1..)
                .map_while(|n: usize| words.iter().position(|word| *word == n.to_string()))
                .map(|at| format!("p:{{sale-7}}:{}", words[at + 1]))
                .collect();
            assert_eq!(script.keys(&keys), named, "{name}");
            assert!(text.contains(&format!("assert(#KEYS == {} and", named.len())), "{name} checks its keys");
        }
    }
}
