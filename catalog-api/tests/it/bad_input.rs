//! What no client should send, for every operation of the API description: each number as nothing, negative,
//! huge, a fraction, a text, null, an array; each text as ten kilobytes, four-byte characters, another type.
//! A client's mistake is never a fault of ours: no HTTP status from 500 on, and no errno 502.

use crate::clients::demo_shop;
use crate::harness::{Answer, Call, World, config, join_all};
use axum::http::Method;
use catalog_api::session::Account;
use catalog_api::state::App;
use contract::session::Audience;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Calls on their way at a time.
const AT_A_TIME: usize = 8;
const LONG: usize = 10 * 1024;
const FOUR_BYTES: &str = "𠮷野家 👩‍🌾 🐟";

/// One operation of the description.
struct Operation {
    method: Method,
    path: String,
    /// Query parameters, and the types they may have.
    query: Vec<(String, Value)>,
    /// The shape of a JSON body.
    body: Option<Value>,
}

/// A case: what is wrong in it, and the call.
struct Case {
    wrong: String,
    query: String,
    body: Option<Vec<u8>>,
}

#[tokio::test]
async fn no_mistake_of_a_client_is_a_fault_of_ours() {
    let world = demo_shop().await;
    let app = App::new(config(&world)).unwrap();
    world.staff("tester", &["*"]).await;
    let tester: u64 = sqlx::query_scalar("select id from admin where username = 'tester'")
        .fetch_one(&world.db)
        .await
        .unwrap();
    let shopper = world.person("careless").await.id;
    let description: Value =
        serde_json::from_str(&world.call(Call::get("/openapi.json")).await.text).unwrap();
    let mut operations = operations(&description);
    // What takes things away comes last, so that there is something to be wrong about.
    operations.sort_by_key(|it| (ends_something(&it.path), it.path.clone()));
    assert!(operations.len() > 250, "{}", operations.len());

    let (mut cases_sent, mut faults) = (0, Vec::new());
    let mut codes: BTreeMap<i64, usize> = BTreeMap::new();
    let mut long_ones = BTreeSet::new();
    for operation in &operations {
        // A fresh session each: some calls end theirs.
        let accounts = [
            Account { audience: Audience::Staff, user: tester, level: 0 },
            Account { audience: Audience::Shop, user: shopper, level: 0 },
        ];
        let tokens = app.sessions.open(&app.redis, &accounts).await.unwrap();
        let cases = cases(operation, &description);
        cases_sent += cases.len();
        for some in cases.chunks(AT_A_TIME) {
            let answers = join_all(some.iter().map(|case| send(&world, operation, case, &tokens))).await;
            for (case, answer) in some.iter().zip(answers) {
                match fault_in(&answer) {
                    Ok(errno) => {
                        *codes.entry(errno).or_default() += 1;
                        if errno == 0 && case.wrong.ends_with("ten kilobytes") {
                            long_ones.insert(format!("{}: {}", operation.path, case.wrong));
                        }
                    }
                    Err(fault) => {
                        faults.push(format!(
                            "{} {}: {}: {fault}",
                            operation.method, operation.path, case.wrong
                        ));
                    }
                }
            }
        }
    }
    println!("{} operations, {cases_sent} cases; answers by errno: {codes:?}", operations.len());
    for long in &long_ones {
        println!("takes ten kilobytes: {long}");
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert!(cases_sent > 5_000 && codes[&402] > 1_000 && codes[&0] > 500, "{codes:?}");
    let ready = Call::get("/readyz").send(world.private).await.unwrap();
    assert_eq!(ready.status, 200, "and it is still there");
    world.finish().await;
}

fn ends_something(path: &str) -> bool {
    ["delete", "logout", "clear", "close", "rmnotice", "password"].iter().any(|word| path.contains(word))
}

/// What is wrong with an answer, or its errno.
fn fault_in(answer: &Option<Answer>) -> Result<i64, String> {
    let Some(answer) = answer else { return Err("no answer".into()) };
    let start: String = answer.text.chars().take(200).collect();
    if answer.status >= 500 {
        return Err(format!("HTTP {}: {start}", answer.status));
    }
    // Pages, files and what WeChat reads are no envelopes.
    let Ok(envelope) = serde_json::from_str::<Value>(&answer.text) else {
        return Ok(i64::from(answer.status));
    };
    let Some(errno) = envelope["errno"].as_i64() else { return Ok(i64::from(answer.status)) };
    if answer.status != 200 || errno == 502 {
        Err(format!("HTTP {}: {start}", answer.status))
    } else {
        Ok(errno)
    }
}

async fn send(world: &World, operation: &Operation, case: &Case, tokens: &[String]) -> Option<Answer> {
    let path = operation.path.replace("{key}", "aaaaaaaaaaaaaaaaaaaa.png");
    let path = if case.query.is_empty() { path } else { format!("{path}?{}", case.query) };
    let body = case.body.clone().unwrap_or_default();
    let call = Call::raw(operation.method.clone(), &path, body)
        .header("content-type", "application/json")
        .staff(&tokens[0])
        .shop(&tokens[1]);
    call.send(world.public).await
}

fn operations(description: &Value) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let query = parameters
                .filter(|parameter| parameter["in"] == "query")
                .map(|it| (it["name"].as_str().unwrap().to_owned(), it["schema"].clone()))
                .collect();
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let body = Some(schema.clone()).filter(|schema| !schema.is_null());
            found.push(Operation { method, path: path.clone(), query, body });
        }
    }
    found
}

/// What a schema is, with references followed.
fn resolved<'a>(schema: &'a Value, description: &'a Value) -> &'a Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        return resolved(description.pointer(pointer).expect("references lead somewhere"), description);
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let some = choices.iter().find(|it| it["type"] != "null").expect("something beside null");
            return resolved(some, description);
        }
    }
    schema
}

/// The type of a schema, null aside.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("string")
        }
        _ => "string",
    }
}

/// A body as somebody well-meaning might send it. Texts differ from call to call, so that nothing is
/// refused for being tried too often.
fn sample(schema: &Value, description: &Value, name: &str, turn: usize) -> Value {
    let schema = resolved(schema, description);
    match kind(schema) {
        "object" => {
            let members = schema["properties"].as_object().into_iter().flatten();
            let members: Map<String, Value> = members
                .map(|(name, schema)| (name.clone(), sample(schema, description, name, turn)))
                .collect();
            members.into()
        }
        "array" => json!([sample(&schema["items"], description, name, turn)]),
        "integer" => json!(1),
        "number" => json!(1.5),
        "boolean" => json!(true),
        _ => json!(text(name, turn)),
    }
}

fn text(name: &str, turn: usize) -> String {
    let tomorrow = crate::harness::shown(86_400 + turn as i64);
    match name {
        "mobile" | "tel" => format!("137{turn:08}"),
        "areaCode" => "330106".into(),
        "level" => "L2".into(),
        "date" => tomorrow[..10].into(),
        "from" => "08:00".into(),
        "to" => "09:00".into(),
        _ if name.ends_with("Time") => tomorrow,
        _ if name.ends_with("Url") || name == "url" || name == "avatar" => "/wx/art/cup-1.png".into(),
        _ => format!("a{turn}"),
    }
}

/// Values that are wrong for a type, with a name each.
fn wrong_values(kind: &str) -> Vec<(&'static str, Value)> {
    let mut values = vec![("null", Value::Null), ("an array", json!([])), ("an object", json!({}))];
    match kind {
        "integer" | "number" => values.extend([
            ("zero", json!(0)),
            ("negative", json!(-1)),
            ("the lowest", json!(i64::MIN)),
            ("beyond 32 bits", json!(4_294_967_296_i64)),
            ("beyond 64 bits", json!(u64::MAX)),
            ("huge", json!(1e300)),
            ("a fraction", json!(1.000_000_001)),
            ("text", json!("abc")),
            ("a long number", json!("9".repeat(400))),
            ("no text", json!("")),
            ("an array of numbers", json!([1, 2])),
        ]),
        "boolean" => values.extend([("text", json!("maybe")), ("seven", json!(7)), ("no text", json!(""))]),
        "array" => values.extend([
            ("text", json!("abc")),
            ("nulls", json!([null, null])),
            ("arrays", json!([[]])),
            ("a huge number", json!([1e300])),
            ("texts", json!(["abc", FOUR_BYTES])),
            ("a long text", json!(["x".repeat(LONG)])),
            ("many", json!(vec![1; 5_000])),
        ]),
        "object" => values.extend([("text", json!("abc")), ("a number", json!(7))]),
        _ => values.extend([
            ("ten kilobytes", json!("x".repeat(LONG))),
            ("ten kilobytes of four-byte characters", json!("🐟".repeat(LONG / 4))),
            ("four-byte characters", json!(FOUR_BYTES)),
            ("no text", json!("")),
            ("blanks", json!("   ")),
            ("what means something elsewhere", json!("a\u{0}\u{7}' or 1=1 -- \"\\%_%")),
            ("a date that is none", json!("2025-02-30 25:61:61")),
            ("a date far away", json!("9999-12-31 23:59:59")),
            ("a number", json!(1e300)),
        ]),
    }
    values
}

fn cases(operation: &Operation, description: &Value) -> Vec<Case> {
    let mut cases = Vec::new();
    let plain = |turn: usize| -> Vec<(String, String)> {
        let values = operation.query.iter().map(|(name, schema)| {
            let value = sample(schema, description, name, turn);
            (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        });
        // Not sent unless it is wrong: their defaults let the call get furthest.
        let usual = ["sort", "order", "export", "state", "type"];
        values.filter(|(name, _)| !usual.contains(&name.as_str())).collect()
    };
    let body = operation.body.as_ref();
    let well = |turn: usize| body.map(|schema| sample(schema, description, "", turn));
    let bytes = |value: Value| Some(value.to_string().into_bytes());
    cases.push(Case { wrong: "nothing".into(), query: shown(&plain(0)), body: well(0).and_then(bytes) });

    for (name, schema) in &operation.query {
        for (wrong, value) in wrong_values(kind(resolved(schema, description))) {
            let turn = cases.len();
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let mut query: Vec<_> = plain(turn).into_iter().filter(|(known, _)| known != name).collect();
            query.push((name.clone(), value));
            cases.push(Case {
                wrong: format!("{name}: {wrong}"),
                query: shown(&query),
                body: well(turn).and_then(bytes),
            });
        }
    }
    let Some(schema) = body else {
        // A body where none is expected harms nobody.
        cases.push(Case { wrong: "a body".into(), query: shown(&plain(1)), body: Some(b"[1, {}]".to_vec()) });
        return cases;
    };
    for (pointer, kind) in members(schema, description, "", 0) {
        for (wrong, value) in wrong_values(&kind) {
            let turn = cases.len();
            let mut form = sample(schema, description, "", turn);
            *form.pointer_mut(&pointer).expect("members of the sample") = value;
            cases.push(Case {
                wrong: format!("{pointer}: {wrong}"),
                query: shown(&plain(turn)),
                body: bytes(form),
            });
        }
        let mut form = sample(schema, description, "", cases.len());
        if let Some((parent, name)) = pointer.rsplit_once('/')
            && let Some(parent) = form.pointer_mut(parent).and_then(Value::as_object_mut)
        {
            parent.remove(name);
            cases.push(Case {
                wrong: format!("{pointer}: missing"),
                query: shown(&plain(0)),
                body: bytes(form),
            });
        }
    }
    let deep = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
    for (wrong, body) in [
        ("no body", ""),
        ("no JSON", "{\"id\":"),
        ("null", "null"),
        ("an array", "[]"),
        ("text", "\"abc\""),
        ("a form", "id=1&name=abc"),
        ("the same member twice", "{\"id\":1,\"id\":[]}"),
        ("very deep", deep.as_str()),
    ] {
        cases.push(Case {
            wrong: format!("the body: {wrong}"),
            query: shown(&plain(0)),
            body: Some(body.as_bytes().to_vec()),
        });
    }
    cases.push(Case {
        wrong: "no UTF-8".into(),
        query: shown(&plain(0)),
        body: Some(b"{\"name\":\"\xff\"}".to_vec()),
    });
    cases
}

/// Every member of a body, at every depth, as a JSON pointer into its sample, with its type.
fn members(schema: &Value, description: &Value, at: &str, depth: usize) -> Vec<(String, String)> {
    let schema = resolved(schema, description);
    let mut found = Vec::new();
    if depth > 3 {
        return found;
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let (at, member) = (format!("{at}/{name}"), resolved(member, description));
        found.push((at.clone(), kind(member).to_owned()));
        match kind(member) {
            "object" => found.extend(members(member, description, &at, depth + 1)),
            "array" => found.extend(members(&member["items"], description, &format!("{at}/0"), depth + 1)),
            _ => {}
        }
    }
    found
}

fn shown(query: &[(String, String)]) -> String {
    let escaped = |text: &str| -> String {
        let byte = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        };
        text.bytes().map(byte).collect()
    };
    let pairs = query.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
    pairs.collect::<Vec<_>>().join("&")
}
