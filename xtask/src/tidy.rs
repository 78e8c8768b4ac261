//! `tidy`: rules of this project no compiler knows.
//!
//! Every file of Rust says in its first line what it is for, and each outside system is named in one
//! stage of the engine only, so that a search finds what it expects.

use crate::console::Console;
use crate::place::Place;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// Crates that reach an outside system, and the stage of the engine they belong to. `startup` builds all
/// stages and may name any of them.
const STAGES: [(&str, &[&str]); 4] = [
    ("reservation", &["redis", "deadpool_redis", "mlua"]),
    ("handoff", &["rdkafka"]),
    ("settlement", &["sqlx"]),
    ("http", &["hyper", "hyper_util", "http_body_util"]),
];

/// Runs the command.
pub fn run(place: &Place, console: &Console) -> Result<()> {
    let step = console.step("tidy");
    let mut files = Vec::new();
    collect(&place.root, &mut files)?;
    files.sort();
    let mut complaints = Vec::new();
    for file in &files {
        let name = file.strip_prefix(&place.root).unwrap_or(file).to_string_lossy().into_owned();
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
        complaints.extend(complaints_about(&name, &text));
    }
    if !complaints.is_empty() {
        bail!("{}", complaints.join("\n"));
    }
    step.done(&format!("{} files", files.len()));
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                collect(&path, files)?;
            }
        } else if name.ends_with(".rs") {
            files.push(path);
        }
    }
    Ok(())
}

fn complaints_about(name: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if !text.starts_with("//!") {
        complaints.push(format!("{name}:1: begin with `//!` and say what the file is for"));
    }
    let Some(inside) = name.strip_prefix("engine/src/") else { return complaints };
    let stage = inside.split(['/', '.']).next().unwrap_or(inside);
    if stage == "startup" {
        return complaints;
    }
    for (home, crates) in STAGES {
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or(line);
            if stage != home && crates.iter().any(|outside| names(code, outside)) {
                let number = number + 1;
                complaints.push(format!("{name}:{number}: this belongs in {home}: {}", line.trim()));
            }
        }
    }
    complaints
}

/// Whether a line of code names this crate: as the head of a path, or in a `use` by itself. A module of
/// ours of the same name stands behind `::`, `mod` or `{`.
fn names(code: &str, outside: &str) -> bool {
    code.match_indices(outside).any(|(at, _)| {
        let before = &code[..at];
        let after = &code[at + outside.len()..];
        let head = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        let used = before.trim_end().ends_with("use") && after.starts_with([';', ' ']);
        head && (after.starts_with("::") || used)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_named_only_in_its_stage() {
        let code = "//! What.\nuse redis::Client;\nlet x: sqlx::MySqlPool;\n// about rdkafka::X\n";
        assert_eq!(
            complaints_about("engine/src/purchase.rs", code),
            [
                "engine/src/purchase.rs:2: this belongs in reservation: use redis::Client;",
                "engine/src/purchase.rs:3: this belongs in settlement: let x: sqlx::MySqlPool;",
            ]
        );
        assert!(complaints_about("engine/src/startup/stores.rs", code).is_empty());
        assert_eq!(complaints_about("engine/src/reservation/redis.rs", code).len(), 1);
        assert!(complaints_about("catalog-api/src/store.rs", code).is_empty());
    }

    #[test]
    fn a_module_of_ours_is_not_the_crate_of_that_name() {
        for ours in [
            "use crate::reservation::redis::Desk;",
            "pub mod redis;",
            "my_redis::x()",
            "reservation::{redis, embedded}",
        ] {
            assert!(!names(ours, "redis"), "{ours}");
        }
        for theirs in ["use redis;", "use redis as r;", "fn f(c: &redis::Cmd)", "redis::cmd(\"GET\")"] {
            assert!(names(theirs, "redis"), "{theirs}");
        }
    }

    #[test]
    fn a_file_without_its_purpose_is_named() {
        assert_eq!(complaints_about("lua/x.rs", "use std;\n").len(), 1);
    }
}
