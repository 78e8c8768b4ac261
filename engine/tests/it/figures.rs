//! The private listener tells its figures twice, as text and as JSON, and of a sale what it knows.

use crate::harness::{Mall, Spec, eventually};
use serde_json::Value;
use std::collections::BTreeMap;

async fn board(mall: &Mall, query: &str) -> (u16, Value) {
    let (status, document, _) =
        mall.text(&format!("{}/metrics.json{query}", mall.engine().private_url)).await;
    (status, document)
}

/// Figures that do not move by being looked at, by name and labels in any order.
fn still(name: &str) -> bool {
    !name.starts_with("engine_connections") && !name.starts_with("engine_handoffs")
}

fn of_json(document: &Value) -> BTreeMap<String, f64> {
    let mut figures = BTreeMap::new();
    for family in document["metrics"].as_array().unwrap() {
        for sample in family["samples"].as_array().unwrap() {
            let labels = sample["labels"].as_object().into_iter().flatten();
            let mut labels: Vec<String> = labels.map(|(label, value)| format!("{label}={value}")).collect();
            labels.sort();
            let name = family["name"].as_str().unwrap();
            let name = format!("{name}{} {labels:?}", sample["suffix"].as_str().unwrap_or(""));
            figures.insert(name, sample["value"].as_f64().unwrap());
        }
    }
    figures.retain(|name, _| still(name));
    figures
}

fn of_text(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let figures = lines.map(|line| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = name.split_once('{').unwrap_or((name, ""));
        let labels = labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty());
        let mut labels: Vec<String> = labels.map(str::to_owned).collect();
        labels.sort();
        (format!("{name} {labels:?}"), value.parse().unwrap())
    });
    figures.filter(|(name, _)| still(name)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_are_told_what_prometheus_is_and_what_the_keeper_counted() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec { units: 6, ..Spec::default() }).await;
    for buyer in mall.crowd(2).await {
        let sn = mall.buy(&buyer, sale).await.unwrap();
        mall.wait_status(&buyer, &sn, "settled").await;
    }
    let query = format!("?sale={sale}");
    eventually("the keeper has counted", 20, async || {
        let (_, document) = board(&mall, &query).await;
        let books = &document["sale"]["books"];
        if books["unpaid"] == 2 && books["desk_free"] == 4 {
            Ok(())
        } else {
            Err(document["sale"].to_string())
        }
    })
    .await;
    let (status, document) = board(&mall, &query).await;
    assert_eq!(status, 200);
    let told = &document["sale"];
    assert_eq!((&told["state"], &told["free"], &told["put_on_sale"]), (&"open".into(), &4.into(), &6.into()));
    assert_eq!(told["books"]["gap"], 0);
    assert!(told["books"]["counted_at_ms"].as_u64() <= document["at_ms"].as_u64());

    // Nothing happens any more, so two readings say the same.
    eventually("both say the same", 20, async || {
        let (_, _, text) = mall.text(&format!("{}/metrics", mall.engine().private_url)).await;
        let (_, document) = board(&mall, "").await;
        assert!(document.get("sale").is_none(), "none was named");
        let (text, json) = (of_text(&text), of_json(&document));
        assert!(text.len() > 120, "{text:?}");
        if text == json { Ok(()) } else { Err(format!("{text:?}\n{json:?}")) }
    })
    .await;
    let figures = of_json(&document);
    assert_eq!(figures["engine_answers_total [\"call=\\\"order\\\"\", \"code=\\\"ok\\\"\"]"], 2.0);
    assert_eq!(figures["engine_settled_orders_total []"], 2.0);
    for stage in ["lane", "token", "reserve", "append", "generation", "settle"] {
        let count = figures[&format!("engine_stage_seconds_count [\"stage=\\\"{stage}\\\"\"]")];
        assert!(count >= 1.0, "{stage}: {count}");
    }
    assert!(figures["engine_unsettled_orders_max []"] > 0.0);
    assert_eq!(board(&mall, "?sale=999999").await.1.get("sale"), None);
    assert_eq!(board(&mall, "?sale=x").await.0, 400);
    mall.finish().await;
}
