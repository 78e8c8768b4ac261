//! Route → handler → what is done → store function, as the front page of the crate says: statements stand in
//! the store, the store knows no handler, and each outside system is named by one part.

use std::fs;
use std::path::{Path, PathBuf};

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|suffix| suffix == "rs") {
                let name = path.strip_prefix(&root).unwrap().display().to_string();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

/// The part a file belongs to: its folder, or its own name.
fn part(name: &str) -> &str {
    name.split(['/', '.']).next().unwrap()
}

#[test]
fn statements_stand_in_the_store_and_the_store_knows_no_handler() {
    let sources = sources();
    assert!(sources.len() > 200, "{}", sources.len());
    let mut statements = 0;
    for (name, text) in &sources {
        let has_statement = text.contains("sqlx::query") || text.contains("QueryBuilder::new");
        statements += usize::from(has_statement);
        // Demo data is written once, beside what it is; the start asks the database whether it is there.
        assert!(
            !has_statement || ["store", "seed", "startup"].contains(&part(name)),
            "{name} has a statement"
        );
        let knows = |part: &str| {
            text.contains(&format!("crate::{part}::")) || text.contains(&format!("crate::{{{part}"))
        };
        if part(name) == "store" {
            for above in ["routes", "router", "access", "window", "orders", "carts", "catalogue", "sales"] {
                assert!(!knows(above), "{name} knows {above}");
            }
        }
        // Whoever talks to vendors, and nobody else.
        assert!(!text.contains("reqwest::") || part(name) == "provider", "{name} calls outside");
        assert!(
            !text.contains("axum::routing") || ["art", "pages", "router", "routes"].contains(&part(name)),
            "{name} routes"
        );
    }
    assert!(statements > 60, "{statements}");
}
