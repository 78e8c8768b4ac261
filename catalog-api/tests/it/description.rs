//! The API description is one that tools can use, and answers are as it says: the harness looks at every
//! answer of every test, and here is what it looks with.

use crate::harness::description::Description;
use crate::harness::{Call, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn operations_have_names_of_their_own_and_paths_are_templates() {
    let world = World::new().await;
    let description: Value =
        serde_json::from_str(&world.call(Call::get("/openapi.json")).await.text).unwrap();
    let mut names = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{method} {path}: {name} is taken");
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            for parameter in parameters.filter(|parameter| parameter["in"] == "path") {
                let template = format!("{{{}}}", parameter["name"].as_str().unwrap());
                assert!(path.contains(&template), "{path} has {template}");
            }
        }
        assert!(!path.contains('*'), "{path}");
    }
    assert!(names.contains("post_wx_cart_add"));
}

#[tokio::test]
async fn lists_that_come_as_a_file_say_so() {
    let world = World::new().await;
    let description: Value =
        serde_json::from_str(&world.call(Call::get("/openapi.json")).await.text).unwrap();
    let root = world.staff_token("root").await;
    let exports = |operation: &Value| {
        operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|parameter| parameter["name"] == "export")
    };
    let mut files = 0;
    for (path, item) in description["paths"].as_object().unwrap() {
        if item.get("get").is_some_and(exports) {
            let answer = world.call(Call::get(&format!("{path}?export=csv")).staff(&root)).await;
            assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8", "{path}");
            assert!(item["get"]["responses"]["200"]["content"]["text/csv"].is_object(), "{path}");
            files += 1;
        }
    }
    assert_eq!(files, 3, "orders, goods, shoppers");
}

/// What a client's mistake looks like to a client made from the description.
#[tokio::test]
async fn a_refused_log_in_carries_what_is_described() {
    let world = World::new().await;
    let form = json!({ "username": "root", "password": "wrong-wrong" });
    let answer = world.call(Call::post("/admin/auth/login", form)).await;
    assert_eq!(answer.errno(), 605);
    assert!(answer.envelope()["data"].as_str().unwrap().starts_with("data:image/"));
}

#[test]
fn what_is_not_as_described_is_noticed() {
    let description = Description(json!({ "components": { "schemas": {
        "Whole": { "type": "object", "required": ["id", "text"],
            "properties": { "id": { "type": "integer", "minimum": 0 }, "text": { "type": "string" } } },
        "Brief": { "type": "object", "required": ["id"], "additionalProperties": false,
            "properties": { "id": { "type": "integer" } } },
        "Any": { "oneOf": [{ "$ref": "#/components/schemas/Whole" }, { "$ref": "#/components/schemas/Brief" }] },
        "Map": { "type": "object", "propertyNames": { "type": "string" },
            "additionalProperties": { "type": ["array", "null"], "items": { "type": "number" } } },
    } } }));
    let fits = |name: &str, value: Value| {
        let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
        description.violation(&schema, &value, "it").is_none()
    };
    assert!(fits("Whole", json!({ "id": 1, "text": "", "more": null })));
    for wrong in
        [json!({ "id": 1 }), json!({ "id": -1, "text": "" }), json!({ "id": 1, "text": null }), json!([])]
    {
        assert!(!fits("Whole", wrong.clone()), "{wrong}");
    }
    assert!(fits("Brief", json!({ "id": 1 })) && !fits("Brief", json!({ "id": 1, "text": "" })));
    assert!(fits("Any", json!({ "id": 1, "text": "" })) && fits("Any", json!({ "id": 1 })));
    assert!(!fits("Any", json!({ "id": 1.5 })));
    assert!(fits("Map", json!({ "1": [1, 2.5], "2": null })) && !fits("Map", json!({ "1": ["x"] })));
}
