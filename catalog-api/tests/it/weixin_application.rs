//! WeChat's calls that need an access token, as its documents describe them: codes of the mini-program, and
//! texts to customers.

use crate::harness::loopback::{Loopback, Seen};
use crate::harness::{Call, World};
use axum::body::Bytes;
use axum::http::{Method, Response};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use std::sync::atomic::{AtomicU32, Ordering};

/// Gives a new token for every question, and takes the second one only.
fn weixin(given: &AtomicU32, seen: &Seen) -> Response<Bytes> {
    let body: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
    let answer = match seen.path.as_str() {
        "/cgi-bin/stable_token" if body["secret"] == "the-secret" && body["appid"] == "wx1" => {
            let number = given.fetch_add(1, Ordering::Relaxed) + 1;
            json!({ "access_token": format!("token-{number}"), "expires_in": 7200 })
        }
        _ if seen.query != "access_token=token-2" => {
            json!({ "errcode": 40001, "errmsg": "invalid credential" })
        }
        "/wxa/getwxacodeunlimit" if body["page"] == "pages/index/index" && body["scene"].is_string() => {
            let mut bytes = std::io::Cursor::new(Vec::new());
            image::GrayImage::from_pixel(20, 20, image::Luma([0]))
                .write_to(&mut bytes, image::ImageFormat::Jpeg)
                .unwrap();
            return Response::new(bytes.into_inner().into());
        }
        "/cgi-bin/message/custom/send" if body["msgtype"] == "text" => {
            json!({ "errcode": 0, "errmsg": "ok" })
        }
        _ => json!({ "errcode": 47001, "errmsg": "data format error" }),
    };
    Response::new(Bytes::from(answer.to_string()))
}

async fn server() -> Loopback {
    let given = AtomicU32::new(0);
    Loopback::start(move |seen| weixin(&given, seen)).await
}

async fn mall(server: &Loopback) -> World {
    World::with(&[
        ("MALL_CATALOG__WEIXIN__PROVIDER", "weixin"),
        ("MALL_CATALOG__WEIXIN__ENDPOINT", &format!("http://{}", server.address)),
        ("MALL_CATALOG__WEIXIN__APP_ID", "wx1"),
        ("MALL_CATALOG__WEIXIN__APP_SECRET", "the-secret"),
        ("MALL_CATALOG__WEIXIN__MESSAGE_TOKEN", "a token"),
    ])
    .await
}

#[tokio::test]
async fn a_customers_text_is_said_back_and_handed_to_customer_service() {
    let server = server().await;
    let world = mall(&server).await;
    let mut parts = ["a token", "1700000000", "nonce"];
    parts.sort_unstable();
    let signature = catalog_api::random::hex(&Sha1::digest(parts.concat()));
    let send = async |kind: &str, content: &str, signature: &str| {
        let path = format!("/wx/msg/config?signature={signature}&timestamp=1700000000&nonce=nonce");
        let message = format!(
            "<xml><ToUserName>shop</ToUserName><FromUserName>openid-of-lin</FromUserName><CreateTime>12</CreateTime>\
             <MsgType><![CDATA[{kind}]]></MsgType><Content><![CDATA[{content}]]></Content></xml>"
        );
        world.call(Call::raw(Method::POST, &path, message.into_bytes())).await.text
    };
    for text in ["几点开门? 🐟", "<b>hello</b>"] {
        assert!(send("text", text, &signature).await.contains("transfer_customer_service"));
    }
    let said = server.calls("/cgi-bin/message/custom/send");
    // The first try was with a token WeChat did not take.
    let bodies: Vec<Value> = said.iter().map(|seen| serde_json::from_slice(&seen.body).unwrap()).collect();
    let text =
        |text: &str| json!({ "touser": "openid-of-lin", "msgtype": "text", "text": { "content": text } });
    assert_eq!(bodies, [text("几点开门? 🐟"), text("几点开门? 🐟"), text("<b>hello</b>")]);
    assert_eq!(server.calls("/cgi-bin/stable_token").len(), 2, "a token is kept");
    assert_eq!(said.last().unwrap().query, "access_token=token-2");

    assert!(send("image", "no text", &signature).await.contains("transfer_customer_service"));
    assert_eq!(send("text", "forged", "0000").await, "");
    assert_eq!(server.calls("/cgi-bin/message/custom/send").len(), 3, "neither is said back");
    // Where WeChat is away the customer is handed over all the same.
    drop(server);
    assert!(send("text", "anybody?", &signature).await.contains("transfer_customer_service"));
    world.finish().await;
}

#[tokio::test]
async fn a_poster_holds_the_code_weixin_makes_and_is_tried_again_without_one() {
    let server = server().await;
    let world = mall(&server).await;
    let staff = world.staff_token("root").await;
    world.ok(Call::post("/admin/config/wx", json!({ "litemall_wx_share": true })).staff(&staff)).await;
    let create = async |name: &str| {
        let form = json!({ "goods": { "goodsSn": name, "name": name }, "specifications": [], "attributes": [],
            "products": [{ "specifications": ["one"], "price": 40, "number": 9 }] });
        world.ok(Call::post("/admin/goods/create", form).staff(&staff)).await;
        let rows = world.ok(Call::get(&format!("/admin/goods/list?goodsSn={name}")).staff(&staff)).await;
        rows["list"][0]["id"].as_u64().unwrap()
    };
    let id = create("net").await;
    let page = format!("/wx/goods/detail?id={id}");
    world
        .until("there is a poster", async || world.ok(Call::get(&page)).await["shareImage"].is_string())
        .await;
    let asked = server.calls("/wxa/getwxacodeunlimit");
    let body: Value = serde_json::from_slice(&asked.last().unwrap().body).unwrap();
    assert_eq!(body["scene"], format!("goods,{id}"));

    drop(server);
    let second = create("rod").await;
    let tried = "select count(*) from due_task where kind = 'goods_poster' and attempts > 0 and last_error <> '' \
        and subject_id = ?";
    world.until("it is tried", async || world.number(tried, second).await == 1).await;
    let page = world.ok(Call::get(&format!("/wx/goods/detail?id={second}"))).await;
    assert!(page.get("shareImage").is_none(), "the goods are sold without");
    world.finish().await;
}
