//! docs/features.md is true: every source and every test it names exists, every route serves a feature
//! that stands in it, and what does not hold yet is said.

use crate::harness::{World, config};
use catalog_api::router;
use catalog_api::state::App;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

struct Row {
    routes: Vec<String>,
    sources: Vec<String>,
    tests: Vec<String>,
}

fn rows() -> BTreeMap<String, Row> {
    let text = fs::read_to_string(Path::new(ROOT).join("docs/features.md")).unwrap();
    let mut rows = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| id ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [id, _, routes, sources, tests] = cells[..] else { panic!("five cells: {line}") };
        let list = |cell: &str| -> Vec<String> {
            cell.split(", ").filter(|item| *item != "–").map(str::to_owned).collect()
        };
        let row = Row { routes: list(routes), sources: list(sources), tests: list(tests) };
        assert!(rows.insert(id.to_owned(), row).is_none(), "{id} stands there twice");
    }
    rows
}

/// Whether `module::name` is a test of the crate a source belongs to: one of its own program of tests, or one
/// beside the source of that name.
fn is_a_test(source: &str, test: &str) -> bool {
    let Some((module, name)) = test.rsplit_once("::") else { return false };
    if Path::new(source).file_stem().is_some_and(|stem| stem == module) {
        let text = fs::read_to_string(Path::new(ROOT).join(source)).unwrap_or_default();
        if text.contains(&format!("    #[test]\n    fn {name}()")) {
            return true;
        }
    }
    let folder = Path::new(ROOT).join(source.split('/').next().unwrap()).join("tests/it");
    // A file that no module names is not compiled, and shows nothing.
    let outer = module.split("::").next().unwrap();
    let main = fs::read_to_string(folder.join("main.rs"));
    let compiled = outer == "main" || main.is_ok_and(|text| text.contains(&format!("mod {outer};")));
    let file = folder.join(format!("{}.rs", module.replace("::", "/")));
    let there = fs::read_to_string(file)
        .is_ok_and(|text| ["(", "<"].iter().any(|next| text.contains(&format!("fn {name}{next}"))));
    compiled && there
}

#[tokio::test]
async fn the_table_of_features_is_true() {
    let world = World::new().await;
    let registry = router::public(&App::new(config(&world)).unwrap()).registry;
    let rows = rows();
    assert_eq!(rows.len(), 290, "no feature is left out");

    let mut served: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for entry in &registry.0 {
        assert!(!entry.features.is_empty(), "{} serves a feature", entry.api());
        for id in entry.features.split(' ') {
            assert!(rows.contains_key(id), "{} serves {id}, which is not in the table", entry.api());
            served.entry(id).or_default().insert(entry.api());
        }
    }
    let apis: BTreeSet<String> = registry.0.iter().map(|entry| entry.api()).collect();
    let mut open = Vec::new();
    for (id, row) in &rows {
        if row.tests.is_empty() {
            open.push(id.as_str());
            continue;
        }
        assert!(!row.sources.is_empty(), "{id} has a source");
        for source in &row.sources {
            assert!(Path::new(ROOT).join(source).exists(), "{id}: {source}");
        }
        for test in &row.tests {
            assert!(row.sources.iter().any(|source| is_a_test(source, test)), "{id}: {test}");
        }
        for route in row.routes.iter().filter(|route| route.contains("/wx/") || route.contains("/admin/")) {
            assert!(apis.contains(route), "{id}: {route} is not routed");
            let serves = served.get(id.as_str()).is_some_and(|apis| apis.contains(route));
            assert!(serves, "{id}: {route} does not say that it serves it");
        }
    }
    println!("{} routes; {} of {} features hold", apis.len(), rows.len() - open.len(), rows.len());
    println!("not yet: {}", open.join(" "));
}

/// docs/security.md: what holds, where, and which tests show it.
#[test]
fn the_tables_of_protections_are_true() {
    let text = fs::read_to_string(Path::new(ROOT).join("docs/security.md")).unwrap();
    let mut rows = 0;
    // Tables of another kind begin with another head.
    let mut ours = false;
    for line in text.lines() {
        let is_row = line.starts_with('|');
        if !is_row || line.starts_with("| what holds ") {
            ours = is_row;
            continue;
        }
        if !ours || line.starts_with("|-") {
            continue;
        }
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [_, sources, tests] = cells[..] else { panic!("three cells: {line}") };
        let sources: Vec<&str> = sources.split(", ").collect();
        for source in &sources {
            assert!(Path::new(ROOT).join(source).exists(), "{source}");
        }
        for test in tests.split(", ") {
            assert!(sources.iter().any(|source| is_a_test(source, test)), "{test}");
        }
        rows += 1;
    }
    assert!(rows > 25, "the tables are read: {rows}");
}
