//! The door and the configuration against whatever comes: nothing panics, and what passes is within its
//! bounds.

use contract::record::MESSAGE_BYTES_MAX;
use engine::config::Config;
use engine::http::DoorTrust;
use engine::http::decode::{attempt, check_head, client, session};
use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use proptest::prelude::{Strategy, any, prop, proptest};
use serde_json::{Map, Value, json};
use std::io::Write as _;
use std::net::IpAddr;

/// JSON values, small and nested.
fn value() -> impl Strategy<Value = Value> {
    let leaf = proptest::prop_oneof![
        proptest::prelude::Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0..70_000_u32).prop_map(Value::from),
        "\\PC{0,600}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        proptest::prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,10}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn body() -> impl Strategy<Value = Map<String, Value>> {
    let name = proptest::prop_oneof!["token", "quantity", "address_id", "message", "[a-z_]{1,12}"];
    prop::collection::btree_map(name, value(), 0..6).prop_map(|members| members.into_iter().collect())
}

fn head() -> impl Strategy<Value = HeaderMap> {
    let name = proptest::prop_oneof![
        "host",
        "authorization",
        "x-litemall-token",
        "x-forwarded-for",
        "transfer-encoding",
        "[a-z-]{1,10}",
    ];
    let bytes = proptest::prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        "(Bearer |bearer  |Basic |)[!-~]{0,20}".prop_map(String::into_bytes),
        "([0-9.:, ]|10.0.0.1){0,10}".prop_map(String::into_bytes),
    ];
    prop::collection::vec((name, bytes), 0..8).prop_map(|fields| {
        let mut head = HeaderMap::new();
        for (name, value) in fields {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(&value)) {
                head.append(name, value);
            }
        }
        head
    })
}

proptest! {
    #[test]
    fn a_purchase_that_is_read_is_within_its_bounds(body in body()) {
        let Ok(read) = attempt(Value::Object(body.clone()).to_string().as_bytes()) else { return Ok(()) };
        assert!(read.quantity >= 1 && read.message.len() <= MESSAGE_BYTES_MAX);
        assert_eq!(body["token"], json!(read.token));
        assert_eq!(body["quantity"], json!(read.quantity));
        let known = ["token", "quantity", "address_id", "message"];
        assert!(body.keys().all(|member| known.contains(&member.as_str())), "{body:?}");
    }

    #[test]
    fn any_body_is_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = attempt(&bytes);
    }

    #[test]
    fn a_damaged_body_is_read_without_a_panic(body in body(), place in any::<prop::sample::Index>(), by in any::<u8>()) {
        let mut bytes = Value::Object(body).to_string().into_bytes();
        let place = place.index(bytes.len());
        bytes[place] = by;
        let _ = attempt(&bytes);
    }

    #[test]
    fn a_head_means_one_thing_or_is_refused(head in head(), target_bytes in 0..4000_usize) {
        if check_head(&head, target_bytes, 2000).is_ok() {
            assert_eq!(head.get_all("host").iter().count(), 1);
            assert!(!head.contains_key("transfer-encoding") && target_bytes <= 2000);
        }
        assert!(session(&head).is_none_or(|session| !session.is_empty()));
        let (peer, proxy): (IpAddr, IpAddr) = ([10, 0, 0, 9].into(), [10, 0, 0, 1].into());
        assert_eq!(client(&head, peer, &DoorTrust::default()), peer, "nobody is trusted");
        let trust = DoorTrust { proxies: vec![proxy], ..DoorTrust::default() };
        let seen = client(&head, proxy, &trust);
        let named = || head.get_all("x-forwarded-for").iter().any(|value| !value.is_empty());
        assert!(seen == proxy || named(), "{seen} was named by nobody");
    }

    #[test]
    fn a_configuration_is_refused_or_stands_within_its_bounds(
        section in "(http|admission|desk|log|ledger|lifecycle|session|token)",
        key in proptest::prop_oneof![
            "(batch_max|workers|lane_depth|handoffs_max|partitions|replication|connections|unsettled_max)",
            "(listen|url|brokers|secret|kid|answer_within_ms|message_timeout_ms|head_bytes_max)",
            "[a-z_]{1,12}",
        ],
        value in proptest::prop_oneof![
            any::<i64>().prop_map(|number| number.to_string()),
            (0..2000_u32).prop_map(|number| number.to_string()),
            "\"[ -!#-\\[\\]-~]{0,40}\"",
            "\\PC{0,20}",
        ],
    ) {
        let path = std::env::temp_dir().join(format!("engine-fuzz-{}.toml", std::process::id()));
        let mut file = std::fs::File::create(&path).expect("a temporary file");
        write!(file, "[{section}]\n{key} = {value}\n").expect("a temporary file");
        let loaded = Config::load(Some(&path));
        std::fs::remove_file(&path).expect("the file just written");
        let Ok(config) = loaded else { return Ok(()) };
        assert!((1..=contract::record::BATCH_MAX).contains(&config.admission.batch_max));
        assert!(config.admission.workers >= 1 && config.log.partitions >= 1);
        assert!(config.session.secret.len() >= 32 && config.token.secret.len() >= 32);
        assert!(!config.masked().contains(&config.token.secret), "secrets are masked");
    }
}
