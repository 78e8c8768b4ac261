//! Arguments, and the file of addresses that `cargo xtask up` writes.

use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Addresses, accounts and ids.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    /// Every line of the file.
    pub entries: BTreeMap<String, String>,
}

impl Addresses {
    /// Reads the file.
    pub fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}; `cargo xtask up` writes it", file.display()))?;
        Ok(Self { entries: parse(&text) })
    }

    /// A value that has to be there.
    pub fn get(&self, key: &str) -> Result<&str> {
        self.entries
            .get(key)
            .map(String::as_str)
            .with_context(|| format!("the file of addresses lacks {key}"))
    }
}

/// `KEY=value` lines as a shell would read them, single quotes included.
fn parse(text: &str) -> BTreeMap<String, String> {
    let mut entries = BTreeMap::new();
    let mut rest = text;
    while let Some((key, after)) = rest.split_once('=') {
        let mut value = String::new();
        let mut quoted = false;
        let mut end = after.len();
        let mut characters = after.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '\'' => quoted = !quoted,
                '\n' if !quoted => {
                    end = at + 1;
                    break;
                }
                '\\' if !quoted => value.extend(characters.next().map(|(_, next)| next)),
                other => value.push(other),
            }
        }
        entries.insert(key.trim().to_owned(), value);
        rest = &after[end..];
    }
    entries
}

/// `--name value` pairs.
#[derive(Clone, Debug, Default)]
pub struct Args {
    pairs: BTreeMap<String, String>,
}

impl Args {
    /// Reads them; only these names are known.
    pub fn parse(args: &[String], known: &[&str]) -> Result<Self> {
        let mut pairs = BTreeMap::new();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let name = arg.strip_prefix("--").filter(|name| known.contains(name));
            let Some(name) = name else {
                bail!("`{arg}` is not understood; known are --{}", known.join(" --"))
            };
            let value = args.next().with_context(|| format!("--{name} wants a value"))?;
            pairs.insert(name.to_owned(), value.clone());
        }
        Ok(Self { pairs })
    }

    /// A number, or what it is when it was not given.
    pub fn number<T: std::str::FromStr>(&self, name: &str, otherwise: Option<T>) -> Result<T> {
        match (self.pairs.get(name), otherwise) {
            (Some(text), _) => text.parse().ok().with_context(|| format!("--{name} wants a number")),
            (None, Some(number)) => Ok(number),
            (None, None) => bail!("--{name} is missing"),
        }
    }

    /// A word, where it was given.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.pairs.get(name).map(String::as_str)
    }

    /// A path, or what it is when it was not given.
    pub fn path(&self, name: &str, otherwise: impl Into<PathBuf>) -> PathBuf {
        self.pairs.get(name).map_or_else(|| otherwise.into(), PathBuf::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_values_are_read_as_a_shell_reads_them() {
        let entries = parse("A=mysql://u:p@h:1/d\nB='it'\\''s = \"x\"\nline two'\nC=''\nD=7");
        assert_eq!(entries["A"], "mysql://u:p@h:1/d");
        assert_eq!(entries["B"], "it's = \"x\"\nline two");
        assert_eq!(entries["C"], "");
        assert_eq!(entries["D"], "7");
    }

    #[test]
    fn unknown_arguments_and_missing_values_are_refused() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let args = Args::parse(&words("--sale 7 --env x"), &["sale", "env", "pay"]).unwrap();
        assert_eq!(args.number::<u64>("sale", None).unwrap(), 7);
        assert_eq!(args.number("pay", Some(40)).unwrap(), 40);
        assert!(args.number::<u64>("pay", None).is_err());
        assert!(args.number::<u64>("env", None).is_err());
        assert!(Args::parse(&words("--sale"), &["sale"]).is_err());
        assert!(Args::parse(&words("--sail 7"), &["sale"]).is_err());
    }
}
