//! Whether people who see, hear or point differently can use a page: axe-core looks at it, in light and in
//! dark. What it cannot judge is in the tests that use a keyboard only.

use super::chromium::Tab;
use serde_json::{Value, json};

const AXE: &str = include_str!("../../assets/axe-core/axe.min.js");

/// Asserts that nothing serious is in anybody's way on the page as it is now.
pub(crate) async fn nobody_is_shut_out(tab: &Tab, page: &str) {
    let mut found = Vec::new();
    for scheme in ["light", "dark"] {
        tab.scheme(scheme).await;
        let loaded = tab.is("typeof window.axe === 'object'").await;
        if loaded != true {
            tab.run(AXE).await;
        }
        let result = tab
            .is("axe.run(document, { resultTypes: ['violations'] }).then(({ violations, passes }) => ({ \
                 checked: passes.length, violations: violations.map(({ id, impact, help, nodes }) => \
                 ({ id, impact, help, nodes: nodes.map((node) => node.html + ' ' + node.failureSummary) })) }))")
            .await;
        assert!(result["checked"].as_u64().unwrap() > 5, "it looked: {result}");
        let serious =
            |rule: &&Value| ["serious", "critical"].contains(&rule["impact"].as_str().unwrap_or(""));
        let rules = result["violations"].as_array().unwrap();
        found.extend(rules.iter().filter(serious).map(|rule| json!({ "scheme": scheme, "rule": rule })));
        let lesser: Vec<&Value> =
            rules.iter().filter(|rule| !serious(rule)).map(|rule| &rule["id"]).collect();
        println!("{page}, {scheme}: {} serious or critical, lesser: {lesser:?}", found.len());
    }
    tab.scheme("light").await;
    assert!(found.is_empty(), "{page}: {}", serde_json::to_string_pretty(&found).unwrap());
}
