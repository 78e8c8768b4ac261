//! `KEY=value` lines that a shell can source.

use std::collections::BTreeMap;
use std::fmt::Write;

/// The text of such a file.
pub fn render<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    entries.into_iter().fold(String::new(), |mut text, (key, value)| {
        writeln!(text, "{key}={}", quoted(value)).expect("a String takes everything");
        text
    })
}

/// The value as one word of a shell, whatever it contains.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.,:/@%+".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

/// The `KEY=value` lines a program printed last; lines of another form before them are passed over.
pub fn trailing(output: &str) -> BTreeMap<String, String> {
    output
        .lines()
        .rev()
        .skip_while(|line| line.trim().is_empty())
        .map_while(|line| line.split_once('='))
        .take_while(|(key, _)| {
            !key.is_empty() && key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        })
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_shell_reads_back_what_was_written() {
        let nasty = "it's $HOME `id` \"x\" \\ ; & \n end";
        let dir = std::env::temp_dir().join(format!("xtask-env-{}", std::process::id()));
        std::fs::write(&dir, render([("A", "mysql://mall:x@127.0.0.1:1/mall"), ("B", nasty), ("C", "")]))
            .unwrap();
        let script = format!(". {}; printf '%s|%s|%s' \"$A\" \"$B\" \"$C\"", dir.display());
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        std::fs::remove_file(&dir).unwrap();
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            format!("mysql://mall:x@127.0.0.1:1/mall|{nasty}|")
        );
    }

    #[test]
    fn only_the_last_block_of_assignments_counts() {
        let found = trailing("X=0\nseeding users=20\nDEMO_SALE_ID=7\nCAPTCHA_ANSWER=a=b\n\n");
        assert_eq!(found.len(), 2);
        assert_eq!(found["DEMO_SALE_ID"], "7");
        assert_eq!(found["CAPTCHA_ANSWER"], "a=b");
    }
}
