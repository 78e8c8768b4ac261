//! Rules and boards in `deploy/` are made for metrics that exist: each name in them is looked for in what
//! the running services say.

use super::site::Site;
use std::collections::BTreeSet;
use std::path::Path;

/// Names of metrics of ours in a text: a prefix of ours, then letters, digits and underscores.
fn names(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| {
            ["engine_", "catalog_"].iter().any(|prefix| word.starts_with(prefix) && word.len() > prefix.len())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_on_a_board_or_in_a_rule_exists() {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    let site = Site::start().await;
    let metrics = site.metrics();
    let exist = names(&metrics);
    for file in ["grafana/mall.json", "prometheus/rules.yaml"] {
        let text = std::fs::read_to_string(deploy.join(file)).unwrap();
        let used = names(&text);
        assert!(used.len() >= 8, "{file} uses {used:?} only");
        let missing: Vec<_> = used.difference(&exist).collect();
        assert!(missing.is_empty(), "{file} uses {missing:?}, which no service has");
    }
    let board = std::fs::read_to_string(deploy.join("grafana/mall.json")).unwrap();
    let board: serde_json::Value = serde_json::from_str(&board).unwrap();
    let panels = board["panels"].as_array().unwrap();
    assert!(panels.iter().all(|panel| panel["targets"][0]["expr"].is_string()), "a panel asks nothing");
    assert!(!exist.contains("engine_no_such_metric_total"), "everything seems to exist");
    site.finish().await;
}
