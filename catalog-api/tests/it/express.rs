//! Where a parcel is: the local service, and kdniao as its documents describe it.

use crate::harness::loopback::{Loopback, Seen};
use crate::harness::{Bought, Call, Person, World};
use axum::body::Bytes;
use axum::http::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde_json::{Value, json};
use std::collections::HashMap;

async fn shipped(world: &World) -> (Person, Bought) {
    let tea = world.goods("tea", 5).await;
    let lin = world.person("lin").await;
    let order = world.ordinary(lin.id, tea, 1, 301).await;
    (lin, order)
}

#[tokio::test]
async fn a_shipped_order_is_tracked_by_its_owner_and_by_nobody_else() {
    let world = World::new().await;
    let (lin, order) = shipped(&world).await;
    let query = async |query: &str, token: &str| {
        world.call(Call::get(&format!("/wx/express/query?{query}")).shop(token)).await
    };
    let by_id = format!("orderId={}", order.id);
    let track = query(&by_id, &lin.token).await.data();
    assert_eq!((&track["ShipperCode"], &track["LogisticCode"]), (&json!("ZTO"), &json!("773")));
    assert_eq!((&track["Success"], &track["shipperName"]), (&json!(true), &json!("ZTO Express")));
    let step = &track["Traces"][0];
    assert!(step["AcceptStation"].is_string() && step["AcceptTime"].as_str().unwrap().len() == 19);
    assert_eq!(query("expCode=ZTO&expNo=773", &lin.token).await.data(), track);
    let path = format!("/wx/order/detail?orderId={}", order.id);
    let detail = world.ok(Call::get(&path).shop(&lin.token)).await;
    assert_eq!(detail["expressInfo"], track);
    let info = &detail["orderInfo"];
    assert_eq!(
        (&info["expCode"], &info["expName"], &info["expNo"]),
        (&json!("ZTO"), &json!("ZTO Express"), &json!("773"))
    );

    let mei = world.person("mei").await;
    for foreign in [by_id.as_str(), "expCode=ZTO&expNo=773", "orderId=999999", "orderId=-1"] {
        assert_eq!(query(foreign, &mei.token).await.errno(), 402, "{foreign}");
    }
    for wrong in ["", "orderId=x", "expCode=ZTO", "expNo=773"] {
        assert_eq!(query(wrong, &lin.token).await.errno(), 402, "{wrong}");
    }
    assert_eq!(world.call(Call::get(&format!("/wx/express/query?{by_id}"))).await.errno(), 501);
    let waiting = world.ordinary(lin.id, world.goods("cup", 1).await, 1, 201).await;
    let nowhere = query(&format!("orderId={}", waiting.id), &lin.token).await.data();
    assert_eq!((&nowhere["Success"], &nowhere["Traces"]), (&json!(false), &json!([])));
    world.finish().await;
}

#[tokio::test]
async fn without_a_tracking_service_the_call_says_so_and_the_detail_goes_on() {
    let world = World::with(&[("MALL_CATALOG__COURIER__PROVIDER", "none")]).await;
    let (lin, order) = shipped(&world).await;
    let query = Call::get(&format!("/wx/express/query?orderId={}", order.id)).shop(&lin.token);
    assert_eq!(world.call(query).await.errno(), 503);
    let path = format!("/wx/order/detail?orderId={}", order.id);
    assert_eq!(world.ok(Call::get(&path).shop(&lin.token)).await["expressInfo"], json!([]));
    world.finish().await;
}

const API_KEY: &str = "key-of-the-shop";

/// The form of a call, if its signature is right.
fn checked(seen: &Seen) -> Option<Value> {
    let text = String::from_utf8(seen.body.clone()).unwrap();
    let fields: HashMap<String, String> = text
        .split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            (name.to_owned(), unescaped(value))
        })
        .collect();
    let data = &fields["RequestData"];
    let digest = catalog_api::random::hex(&Md5::digest(format!("{data}{API_KEY}")));
    let right = fields["DataSign"] == STANDARD.encode(digest)
        && fields["EBusinessID"] == "1237100"
        && fields["RequestType"] == "1002"
        && fields["DataType"] == "2";
    right.then(|| serde_json::from_str(data).unwrap())
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte == b'%' {
            let hex = std::str::from_utf8(&tail[..2]).unwrap();
            bytes.push(u8::from_str_radix(hex, 16).unwrap());
            rest = &tail[2..];
        } else {
            bytes.push(byte);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn kdniao(seen: &Seen) -> Response<Bytes> {
    let answer = match checked(seen) {
        None => json!({ "EBusinessID": "1237100", "Success": false, "Reason": "signature", "Traces": [] }),
        Some(data) if data["LogisticCode"] == "broken" => return Response::new(Bytes::from("no json")),
        Some(data) => json!({
            "EBusinessID": "1237100", "ShipperCode": data["ShipperCode"], "LogisticCode": data["LogisticCode"],
            "Success": true, "State": "3", "Reason": null,
            "Traces": [{ "AcceptTime": "2025-11-11 10:00:00", "AcceptStation": "杭州 picked up", "Remark": null }],
        }),
    };
    Response::new(Bytes::from(answer.to_string()))
}

async fn mall_with_kdniao(server: &Loopback, api_key: &str) -> World {
    World::with(&[
        ("MALL_CATALOG__COURIER__PROVIDER", "kdniao"),
        ("MALL_CATALOG__COURIER__ENDPOINT", &format!("http://{}/track", server.address)),
        ("MALL_CATALOG__COURIER__BUSINESS_ID", "\"1237100\""),
        ("MALL_CATALOG__COURIER__API_KEY", api_key),
    ])
    .await
}

#[tokio::test]
async fn kdniao_is_asked_with_a_signature_and_not_more_often_than_needed() {
    let server = Loopback::start(kdniao).await;
    let world = mall_with_kdniao(&server, API_KEY).await;
    let (lin, order) = shipped(&world).await;
    let query = || Call::get(&format!("/wx/express/query?orderId={}", order.id)).shop(&lin.token);
    for _ in 0..3 {
        let track = world.ok(query()).await;
        assert_eq!((&track["Success"], &track["State"]), (&json!(true), &json!("3")));
        assert_eq!(
            track["Traces"],
            json!([{ "AcceptStation": "杭州 picked up", "AcceptTime": "2025-11-11 10:00:00" }])
        );
        assert_eq!(track["EBusinessID"], "1237100");
    }
    assert_eq!(server.calls("/track").len(), 1, "the answer is kept for a while");

    sqlx::query("update orders set ship_sn = 'broken' where id = ?")
        .bind(order.id)
        .execute(&world.db)
        .await
        .unwrap();
    let track = world.ok(query()).await;
    assert_eq!((&track["Success"], &track["Traces"]), (&json!(false), &json!([])));
    let path = format!("/wx/order/detail?orderId={}", order.id);
    assert_eq!(world.ok(Call::get(&path).shop(&lin.token)).await["expressInfo"], json!([]));
    world.finish().await;
}

#[tokio::test]
async fn a_wrong_key_is_noticed_by_the_service() {
    let server = Loopback::start(kdniao).await;
    let world = mall_with_kdniao(&server, "another-key").await;
    let (lin, order) = shipped(&world).await;
    let query = Call::get(&format!("/wx/express/query?orderId={}", order.id)).shop(&lin.token);
    let track = world.ok(query).await;
    assert_eq!((&track["Success"], &track["Reason"]), (&json!(false), &json!("signature")));
    world.finish().await;
}
